"""The console paints on the terminal, wherever standard error goes."""

import os
import sys
from pathlib import Path

import pytest

from tests import ROOT
from tests.fixtures.terminal import Terminal


@pytest.mark.pty
@pytest.mark.parametrize("line", ["", "replay {nothing}"])
def test_standard_error_in_a_file_leaves_no_blank_screen(tmp_path: Path, line: str) -> None:
    errors = tmp_path / "err.log"
    program = (
        f"exec {sys.executable} -m console.cli.main {line.format(nothing=tmp_path / 'none.db')} 2>{errors}"
    )
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "WATCHFLOOR_HOME": str(tmp_path / "home"),
        "WATCHFLOOR_BROKER": "mqtt://127.0.0.1:1", "HOME": str(tmp_path), "WATCHFLOOR_OPERATOR": "op-1",
    }  # fmt: skip
    with Terminal(["/bin/sh", "-c", program], environment) as screen:
        if not line:
            screen.shows("Fleet")
            screen.press("q")
        screen.ended()
    said = errors.read_text("utf-8")
    if line:
        assert said.startswith("watchfloor: ")  # what is no picture goes where it was sent
        assert bytes(screen.received) == b""
    else:
        assert "\x1b" not in said

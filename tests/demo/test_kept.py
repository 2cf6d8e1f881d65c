"""Where an operator's files of a demo go: its own folder is gone with it."""

from pathlib import Path

import pytest

from console.cli.agents.demo import _facts, _lasting, _lines
from console.demo.plan import Plan
from console.tui.settings import Settings


def test_what_is_kept_as_a_file_outlasts_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(kept="/demo/kept")
    assert _lasting(settings, Plan(root=Path("/demo"))).kept == str(tmp_path)
    assert _lasting(settings, Plan(root=Path("/demo"), keep=True)).kept == "/demo/kept"


def test_what_is_kept_is_shown_by_the_site_that_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = _facts(Plan(root=tmp_path, site="abc", keep=True), 0, None)
    assert _lines(facts)[-1].endswith(f"WATCHFLOOR_HOME={tmp_path}/home watchfloor --site abc sessions")

"""What the console does before its first paint: what it loads and parses, beside an application that shows one word."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import ROOT
from tests.fixtures.terminal import Terminal

EMPTY = """
import json, sys
from tests.bench.empty_app import Empty

class Watched(Empty):
    def on_mount(self):
        self.call_after_refresh(self.look)

    def look(self):
        with open(sys.argv[1], "w") as file:
            json.dump([[*sys.modules], 0, False], file)
        self.exit()

Watched().run()
"""

OURS = """
import gc, json, sys
from console.cli.main import main
from console.tui import app

prepare, opened, parsed, collected = app.prepare, app._run, [], []

def prepared(settings):
    collected.append(gc.isenabled())
    prepare(settings)

async def watched(*args, **how):
    from textual.css.stylesheet import Stylesheet
    from console.tui.apps.floor_app import FloorApp

    parse = Stylesheet.reparse

    def reparse(sheet):
        parsed.append(sheet)
        parse(sheet)

    async def look(console):  # stands where the floor is loaded after the first paint
        collected.append(gc.isenabled())
        with open(found, "w") as file:
            json.dump([[*sys.modules], len(parsed), any(collected)], file)
        console.exit(0)

    Stylesheet.reparse, FloorApp._start = reparse, look
    return await opened(*args, **how)

app.prepare, app._run = prepared, watched
found = sys.argv.pop()
main()
"""


class Before(NamedTuple):
    """What had been done when the first paint was made."""

    loaded: set[str]
    parsed_anew: int
    collecting: bool


@pytest.fixture
def before(tmp_path: Path) -> Callable[[str], Before]:
    def run(program: str) -> Before:
        found = tmp_path / "found.json"
        ours = {name: value for name, value in os.environ.items() if not name.startswith("WATCHFLOOR_")}
        environment = ours | {"WATCHFLOOR_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
        with Terminal([sys.executable, "-c", program, found], environment) as terminal:
            assert terminal.ended(30.0) == 0, terminal.text
        loaded, parsed, collecting = json.loads(found.read_text("utf-8"))
        return Before(set(loaded), parsed, collecting)

    return run


@pytest.mark.pty
def test_of_others_the_first_paint_loads_the_toolkit_and_the_command_line_alone(
    before: Callable[[str], Before],
) -> None:
    beyond = before(OURS).loaded - before(EMPTY).loaded
    tops = {name.partition(".")[0] for name in beyond} - sys.stdlib_module_names
    assert tops == {"bus", "click", "console", "rich"}
    assert {name.rpartition(".")[0] for name in beyond if name.startswith("rich.")} == {"rich._unicode_data"}
    heavy = {"dataclasses", "decimal", "json", "random", "secrets", "sqlite3", "subprocess", "tomllib"}
    assert heavy & beyond == set()


@pytest.mark.pty
def test_the_first_paint_knows_no_record_and_no_screen_of_the_floor(before: Callable[[str], Before]) -> None:
    found = before(OURS)
    ours = {name for name in found.loaded if name.startswith(("bus.", "console."))}
    assert "console.tui.apps.opening" in ours
    assert {name for name in ours if name.startswith("bus.")} == {
        f"bus.{name}" for name in ("home", "limits", "topics", "url")
    }
    assert {name for name in ours if name.startswith("console.core.")} == {
        f"console.core.{name}"
        for name in ("fleet", "fleet.alarm_standing", "fleet.due", "fleet.holding", "fleet.lifecycle", "text")
    }
    rooms = {".".join(name.split(".")[:3]) for name in ours if name.startswith("console.")}
    late = ("link", "policy", "recording", "supervisor", "tui.screens", "tui.sheets", "tui.replay")
    assert rooms & {f"console.{name}" for name in late} == set()


@pytest.mark.pty
def test_no_style_sheet_is_parsed_twice_and_no_garbage_searched_for(before: Callable[[str], Before]) -> None:
    found = before(OURS)
    assert (found.parsed_anew, found.collecting) == (0, False)

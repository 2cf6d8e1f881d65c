"""Sessions on screen: what is recorded on this machine, counted from its files, with or without a supervisor."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from console.cli.screens.archive import LateArchive
from console.cli.screens.archived import Archived
from console.recording.files import session_paths
from console.recording.tallies import counted
from tests.fixtures.console import Console, console
from tests.fixtures.floor import Script, busy
from tests.fixtures.replay import eventful, record, replaying
from tests.tui.test_screens import SCREENS, WRITE


@pytest.fixture(scope="module")
def script() -> Script:
    return eventful(600)


@pytest.fixture
async def folder(script: Script, tmp_path: Path) -> Path:
    await record(script.rows, tmp_path, rotate_after=(300,))
    return tmp_path


async def read(it: Console) -> None:
    """Wait until all is listed and counted."""
    await it.settle()
    await it.screen.reading  # type: ignore[attr-defined]
    await it.settle()


def spoil(folder: Path) -> None:
    (folder / "20990101T000000Z-0009.sqlite").write_bytes(b"no session at all")


def gone(path: Path) -> None:
    path.unlink()


def damage(path: Path, pos: int) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM log WHERE pos = ?", (pos,))


@pytest.mark.parametrize("name, size", [("sessions", (80, 24)), ("sessions-wide", (120, 36))])
async def test_the_screen_is_as_pictured(folder: Path, name: str, size: tuple[int, int]) -> None:
    spoil(folder)
    async with console(busy(), size=size, archive=Archived(folder)) as it:
        await it.press("7", *(["down"] if size[0] > 80 else []))
        await read(it)
        shown = it.text()
    path = SCREENS / f"{name}.txt"
    if WRITE:
        path.write_text(shown, "utf-8")
    assert shown == path.read_text("utf-8")


async def test_what_stands_in_a_session_is_counted(script: Script, folder: Path) -> None:
    first, second = session_paths(folder)
    both = [await counted(first), await counted(second)]
    kinds = [row.event for row in script.rows]
    assert sum(one.asks for one in both) == sum(b'"type":"action.asked"' in event for event in kinds)
    assert sum(one.alarms for one in both) == sum(b'"type":"alarm.raised"' in event for event in kinds)
    assert sum(one.lost for one in both) == sum(b'"type":"agent.lost"' in event for event in kinds)
    assert both[0].runs == len({(row.agent, row.run) for row in script.rows[:300] if row.run})
    assert [one.problem for one in both] == ["", ""]


async def test_damage_is_named_and_the_rest_is_counted(folder: Path) -> None:
    first = session_paths(folder)[0]
    damage(first, 200)
    found = await counted(first)
    assert found.problem == "positions 200 to 200 are missing"
    assert found.asks > 0


async def test_a_session_whose_wal_is_gone_is_not_called_whole(folder: Path) -> None:
    last = session_paths(folder)[-1]
    connection = sqlite3.connect(last)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    for path in (last.with_name(f"{last.name}-wal"), last.with_name(f"{last.name}-shm")):
        path.unlink(missing_ok=True)
    async with console(busy(), size=(120, 36), archive=Archived(folder)) as it:
        await it.press("7")
        await read(it)
        text = it.text()
        assert "torn" in text, text
        assert "WAL is missing" in " ".join(text.split())


async def test_it_works_without_a_supervisor_and_enter_names_the_command(folder: Path) -> None:
    async with console(busy(), archive=LateArchive(folder)) as it:
        it.source.turn(bus="down", bus_since=88.0, supervisor="unknown", joined=False)
        await it.press("7")
        await read(it)
        await it.press("enter")
        name = session_paths(folder)[-1].stem
        assert f"in another window: watchfloor replay {name}" in it.text()
        assert it.said == []


async def test_a_folder_without_sessions_and_a_console_without_a_folder_say_so(tmp_path: Path) -> None:
    async with console(busy(), archive=Archived(tmp_path)) as it:
        await it.press("7")
        await read(it)
        assert "No session in" in it.text()
    async with console(busy()) as it:
        await it.press("7", "enter")
        assert "given no recordings" in it.text()


async def test_in_a_replay_enter_opens_another_session_in_the_same_window(folder: Path) -> None:
    first, second = session_paths(folder)
    async with replaying(second) as it:
        it.app.archive = Archived(folder)
        await it.strike("S")
        await read(it)
        await it.strike("down", "enter")
        assert it.replayed.session == first.stem
        assert it.mode() == "fleet"
        assert it.pos == 0
        await it.strike("S")
        await read(it)
        await it.strike("k", "enter")
        assert it.replayed.session == second.stem


async def test_a_session_that_is_gone_meanwhile_leaves_the_one_that_is_shown(folder: Path) -> None:
    first, second = session_paths(folder)
    async with replaying(second) as it:
        it.app.archive = Archived(folder)
        await it.strike("S")
        await read(it)
        gone(first)
        await it.strike("down", "enter")
        assert it.replayed.session == second.stem
        assert "there is no such session" in it.text()

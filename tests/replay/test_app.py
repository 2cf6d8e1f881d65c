"""The replay on screen: its keys, its bar, what it says, and that nothing in it can send anything."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path

import pytest
from click.testing import CliRunner

from console.cli.exits import CliError
from console.cli.main import cli
from console.cli.screens.replayed import Replayed, opened, start
from console.core.replay.marks import TURNS
from console.core.replay.timeline import Timeline
from console.recording.schema import RecordingError
from console.tui.drawing.paint import text_of
from console.tui.keys.actions import ACTIONS, find, offered
from console.tui.replay.replay_app import ReplayApp
from console.tui.replay.replay_source import PlaybackError
from console.tui.replay.replay_time import MOVES
from console.tui.rows.frame_rows import NOWHERE, key_line
from console.tui.rows.frame_rows import offers as laid
from console.tui.sheets.confirm_sheets import Wish
from tests import ROOT
from tests.fixtures.floor import START, Script
from tests.fixtures.replay import ReplayConsole, eventful, record, replaying

RECORDS = 1_000


@pytest.fixture(scope="module")
def script() -> Script:
    return eventful(RECORDS)


@pytest.fixture
async def path(script: Script, tmp_path: Path) -> Path:
    (path,) = await record(script.rows, tmp_path)
    return path


def share(it: ReplayConsole) -> float:
    return round(it.replayed.timeline.share, 6)


# ---- keys --------------------------------------------------------------------------------------------------------------


async def test_keys_step_and_seek(path: Path) -> None:
    async with replaying(path) as it:
        assert it.pos == 0
        await it.strike("full_stop", "full_stop", "full_stop", "comma")
        assert it.pos == 2
        await it.strike("5")
        assert share(it) == 0.5
        middle = it.replayed.timeline.moment
        await it.strike("right")
        assert it.replayed.timeline.moment == middle + 5_000
        await it.strike("left", "shift+right")
        assert share(it) == 0.6
        await it.strike("shift+left", "0")
        assert it.pos == 0


async def test_space_plays_by_the_clock_and_stands_still(path: Path, script: Script) -> None:
    async with replaying(path) as it:
        it.replayed.timeline.go_to_pos(300)
        at = script.rows[299].at
        await it.strike("greater_than_sign", "greater_than_sign", "space")
        it._clock[0] += 2.0
        it.app._tick()
        await it.arrive()
        moment = it.replayed.timeline.moment
        assert moment == at + 8_000  # four times as fast
        assert it.pos == max(row.pos for row in script.rows if row.at <= moment)
        assert "4× playing" in it.text()
        await it.strike("space")
        it._clock[0] += 60.0
        it.app._tick()
        await it.arrive()
        assert it.replayed.timeline.moment == moment
        assert "4× paused" in it.text()
        await it.strike("less_than_sign", "i")
        assert "2× paused  skips idle" in it.text()


async def test_what_plays_from_the_start_starts_at_its_beginning(path: Path) -> None:
    async with replaying(path, plays=True) as it:
        it.app._tick()
        await it.arrive()
        assert it.replayed.timeline.moment == it.replayed.timeline.first_at
        it._clock[0] += 1.0
        it.app._tick()
        assert it.replayed.timeline.moment == it.replayed.timeline.first_at + 1_000


async def test_time_does_not_run_on_while_the_fleet_is_on_its_way(path: Path) -> None:
    async with replaying(path) as it:
        await it.strike("space")
        await it.key("5")
        moment = it.replayed.timeline.moment
        assert it.app.busy or it.pos == it.replayed.timeline.pos
        it._clock[0] += 1_000.0
        if it.app.busy:
            it.app._tick()
            assert it.replayed.timeline.moment == moment
        await it.arrive()


async def test_marks_are_gone_to_and_said(path: Path) -> None:
    async with replaying(path) as it:
        marks = it.replayed.marks
        await it.strike("right_square_bracket")
        first = marks.found[0]
        assert it.pos == first.pos
        assert first.text[:40] in it.text()
        await it.strike("e")
        turn = marks.after(first.pos, TURNS)
        assert turn is not None
        assert it.pos == turn.pos
        await it.strike("left_square_bracket")
        assert it.pos < turn.pos
        await it.strike("0", "left_square_bracket")
        assert "there is none before this" in it.text()
        await it.strike("9", "shift+right", "e")
        assert "there is none after this" in it.text()


async def test_t_asks_where_to_and_takes_every_key_meanwhile(path: Path, script: Script) -> None:
    async with replaying(path) as it:
        await it.strike("t", "5", "0", "%")
        assert "go to  50%_" in it.text()
        assert it.pos == 0  # the digits were typed, not pressed
        await it.strike("enter")
        assert share(it) == 0.5
        await it.strike("t", "q", "escape")
        assert share(it) == 0.5
        assert "go to" not in it.text()
        await it.strike("t")
        for character in "later":
            await it.key(character)
        await it.strike("backspace", "enter")
        assert "go to: 'late' is no place in time" in it.text()


async def test_every_screen_opens_and_the_same_keys_hold(path: Path) -> None:
    async with replaying(path) as it:
        await it.go(100)
        for _ in range(2):
            await it.settle()
            await it.key("enter")
            await it.settle()
            before = it.pos
            await it.strike("full_stop")
            assert it.pos == before + 1
            assert "REPLAY  nothing here can act" in it.text()
        await it.settle()
        await it.key("escape")
        await it.settle()
        await it.key("question_mark")
        await it.settle()
        assert "play, or stand still" in it.text()
        assert "half, twice as fast" in it.text()


async def test_rows_move_at_once_when_time_does(path: Path) -> None:
    async with replaying(path) as it:
        await it.strike("9")
        late = it.text()
        await it.strike("1", "9")
        assert it.text() == late


async def test_the_header_and_the_bar_say_where_we_are(path: Path, script: Script) -> None:
    async with replaying(path, size=(120, 36)) as it:
        await it.go(500)
        lines = it.lines()
        assert lines[0].startswith(" harbour › Fleet ")
        assert lines[0].endswith(" REPLAY  nothing here can act")
        assert "1× paused   500 of" in lines[-2]
        assert lines[-1].startswith(
            " space play  , . step  [ ] mark  e alarm  t time  < > speed  i skip idle  q quit"
        )


async def test_no_time_on_the_screen_is_the_present(path: Path) -> None:
    async with replaying(path) as it:
        await it.go(400)
        before = it.text()
        it._clock[0] += 86_400.0
        await it.settle()
        assert it.text() == before


# ---- sessions ----------------------------------------------------------------------------------------------------------


async def test_a_session_goes_on_in_the_next_one(script: Script, tmp_path: Path) -> None:
    first, second = await record(script.rows, tmp_path, rotate_after=[600])
    async with replaying(first) as it:
        it.replayed.timeline.go_to_pos(600)
        await it.strike("less_than_sign", "space")
        assert f"the log goes on in {second.stem}: N opens it" in it.text()
        await it.strike("N")
        assert (it.replayed.session, it.pos) == (second.stem, 600)
        assert it.replayed.timeline.speed == 0.5
        await it.strike("full_stop", "P")
        assert (it.replayed.session, it.pos) == (first.stem, 600)
        await it.strike("P")
        assert "there is no session before this one" in it.text()


async def test_playing_goes_on_into_the_next_session(script: Script, tmp_path: Path) -> None:
    first, second = await record(script.rows, tmp_path, rotate_after=[600])
    async with replaying(first) as it:
        it.replayed.timeline.go_to_pos(595)
        await it.strike("space")
        it._clock[0] += 3_600.0
        it.app._tick()
        await it.arrive()
        assert it.replayed.session == second.stem
        assert it.replayed.timeline.playing
        assert f"session {second.stem}" in it.text()


async def test_a_missing_session_is_said(script: Script, tmp_path: Path) -> None:
    first, second, third = await record(script.rows, tmp_path, rotate_after=[600, 700])
    second.unlink()
    async with replaying(first) as it:
        await it.strike("N")
        assert it.replayed.session == third.stem
        assert "100 records are missing between the two sessions" in it.text()


async def test_a_broken_neighbour_leaves_this_session_open(script: Script, tmp_path: Path) -> None:
    first, second = await record(script.rows, tmp_path, rotate_after=[600])
    second.write_bytes(b"nothing of ours" * 100)
    async with replaying(first) as it:
        await it.strike("full_stop", "N")
        assert (it.replayed.session, it.pos) == (first.stem, 1)
        assert f"{second.name}: not a Watchfloor recording" in it.text()


# ---- nothing can act ---------------------------------------------------------------------------------------------------


def test_no_acting_key_is_there_at_all() -> None:
    for mode in ("fleet", "queue", "run", "decide", "help"):
        offers = list(offered(mode, read_only=False, replay=True))
        assert [action.id for action in offers if action.acting] == []
        line = text_of(key_line(laid(mode, NOWHERE._replace(replay=True)), lambda _: ""))
        assert len(line) <= 79
        assert not {"approve", "reject", "pause", "kill", "hold all"} & set(line.split())
    assert [
        action.id
        for action in ACTIONS
        if action.winds and find("fleet", action.keys[0], read_only=False) == action
    ] == []
    assert {action.id for action in ACTIONS if action.winds} >= set(MOVES)


async def test_every_key_there_is_states_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_args: object, **_binding: object) -> None:
        raise AssertionError("something was said")

    monkeypatch.setattr(Replayed, "say", never)
    async with replaying(path) as it:
        for key in sorted({key for action in ACTIONS for key in action.keys} - {"q", "t", "N", "P"}):
            await it.go(100)
            await it.strike(key)
            if it.app.front is not it.app.screen:
                await it.strike("escape")  # the palette, or a filter, would take the keys that come
            assert it.screen.sheet is None
            if it.screen.mode == "filter":
                await it.strike("escape")
        it.app.state(Wish("kill r1", "kill", "a", "r1"))
        await it.settle(0.0)
        assert "kill r1: this is a replay, nothing here can act" in it.text()


async def test_the_source_refuses_to_speak(path: Path) -> None:
    async with await Replayed.open(path) as source:
        with pytest.raises(PlaybackError, match="nothing here can act"):
            await source.say("kill", agent="a", run="r")


WHOLE_REPLAY = """
import asyncio, json, sys
from datetime import UTC
from pathlib import Path
from contextlib import asynccontextmanager
from console.cli.screens import replayed
from console.tui.replay.replay_app import ReplayApp

@asynccontextmanager
async def given(source):
    yield source

async def main(path):
    async with await replayed.Replayed.open(Path(path)) as source:
        app = ReplayApp(lambda: given(source), site="harbour", zone=UTC)
        async with app.run_test(size=(80, 24)) as pilot:
            while app.front is None or app._batch_count:
                await pilot.pause(0)
            for key in ("5", "full_stop", "comma", "enter", "d", "a", "y", "p", "K", "H", "e", "escape", "space"):
                await pilot.press(key)
        await app.left()

asyncio.run(main(sys.argv[1]))
print(json.dumps(sorted(sys.modules)))
"""


def test_a_whole_replay_loads_no_transport(script: Script, tmp_path: Path) -> None:
    (path,) = asyncio.run(record(script.rows, tmp_path))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WATCHFLOOR_")}
    command = [sys.executable, "-c", WHOLE_REPLAY, str(path)]
    child = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr
    loaded = set(json.loads(child.stdout.splitlines()[-1]))
    assert "console.tui.screens.decide_screen" in loaded or "console.tui.screens.run_screen" in loaded
    ours = {name for name in loaded if name.startswith(("bus.", "console."))}
    transports = {
        "bus.transports.mqtt",
        "bus.transports.mqtt_link",
        "bus.transports.transport",
        "bus.transports.memory",
        "bus.broker",
        "bus.signing",
    }
    assert not transports & ours
    assert not {name for name in ours if name.startswith(("console.link.f", "console.supervisor"))}
    assert not {
        name for name in loaded if name.partition(".")[0] in ("aiomqtt", "paho", "iotcore", "cryptography")
    }


# ---- the command -------------------------------------------------------------------------------------------------------


def test_the_command_needs_a_terminal_and_says_what_does_not() -> None:
    result = CliRunner().invoke(cli, ["replay"])
    assert result.exit_code == 2
    assert (
        result.stderr
        == "watchfloor: replay needs a terminal; in a pipe: watchfloor replay --plain, or export\n"
    )
    result = CliRunner().invoke(cli, ["replay", "--json"])
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert CliRunner().invoke(cli, ["replay", "--speed", "100"]).exit_code == 2


@pytest.mark.parametrize(
    "at, moment, playing",
    [
        (None, START, True),
        ("50%", START + 50_000, False),
        ("+10", START + 10_000, False),
        ("-10", START + 90_000, False),
    ],
)
def test_where_it_starts(at: str | None, moment: int, playing: bool) -> None:
    timeline = Timeline(0, START, [START, START + 100_000])
    start(timeline, 3.0, at, None)
    assert (timeline.moment, timeline.playing, timeline.speed) == (moment, playing, 3.0)


def test_a_place_that_is_none_is_refused() -> None:
    with pytest.raises(CliError, match="--at: 'noon' is no place"):
        start(Timeline(0, START, [START]), 1.0, "noon", None)


# ---- reading -----------------------------------------------------------------------------------------------------------


def shown(app: ReplayApp) -> list[str]:
    return ["".join(part.text for part in strip).rstrip() for strip in app.screen._compositor.render_strips()]


async def test_a_frame_stands_there_before_the_recording_is_read(path: Path) -> None:
    read = asyncio.Event()

    @asynccontextmanager
    async def slowly() -> AsyncIterator[Replayed]:
        await read.wait()
        async with await Replayed.open(path) as source:
            yield source

    app = ReplayApp(slowly, site="harbour", reading="20251009T085320Z-0001, 41 MB", zone=UTC, paced=False)
    async with app.run_test(size=(80, 24)) as pilot:
        while app._following is None:
            await pilot.pause(0)
        first = shown(app)
        assert first[0].startswith(" harbour › Fleet")
        assert "REPLAY" in first[0]
        assert first[1].strip() == "reading the recording"
        assert first[3:5] == ["   Reading the recording.", "   20251009T085320Z-0001, 41 MB"]
        read.set()
        while app.front is None or app._batch_count:
            await pilot.pause(0)
        await pilot.pause(0)
        assert "Reading" not in "\n".join(shown(app))
    await app.left()


async def test_q_leaves_while_the_recording_is_read() -> None:
    @asynccontextmanager
    async def never() -> AsyncIterator[Replayed]:
        await asyncio.Event().wait()
        yield  # type: ignore[misc]

    app = ReplayApp(never, site="harbour", zone=UTC, paced=False)
    async with app.run_test(size=(80, 24)) as pilot:
        while app._following is None:
            await pilot.pause(0)
        await pilot.press("q")
    await app.left()
    assert app.return_code == 0


async def test_a_recording_that_cannot_be_read_ends_the_replay_with_its_reason(tmp_path: Path) -> None:
    bad = tmp_path / "20251009T085320Z-0001.sqlite"
    bad.write_bytes(b"not a recording")
    app = ReplayApp(lambda: opened(bad, 1.0, None), site="harbour", zone=UTC, paced=False)
    async with app.run_test(size=(80, 24)) as pilot:
        while app.failure is None:
            await pilot.pause(0)
    await app.left()
    assert isinstance(app.failure, RecordingError)


def test_the_command_loads_neither_screens_nor_recording_before_its_first_paint() -> None:
    code = "import sys, console.cli.replay, console.tui.replay.replay_app; print(*sys.modules)"
    child = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(child.stdout.split())
    late = {
        "console.core.reducing.reduce",
        "console.core.fleet.state",
        "console.recording.player",
        "console.tui.screens.fleet_screen",
    }
    assert not late & loaded


async def test_help_and_palette_name_the_keys_that_wind_whole_and_apart_from_their_words(path: Path) -> None:
    async with replaying(path) as it:
        await it.strike("question_mark")
        text = it.text()
        assert "   shift+left 10 %: a tenth back, shift+right on " in text
        assert "   0-9        share: to 0 %, 10 % ... 90 % " in text
        await it.strike("escape", "colon")
        await it.app.workers.wait_for_complete()
        for character in "tenth":
            await it.strike(character)
        await it.app.workers.wait_for_complete()
        await it.strike()
        assert "   shift+left 10 %" in it.text()

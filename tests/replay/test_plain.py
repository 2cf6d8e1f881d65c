"""A recording in line mode: its lines as recorded time passes, what can be typed, and that it works where nobody types."""

from __future__ import annotations

import io
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from bus.events import ActionProposed, RunFinished, RunStarted
from console.cli.main import cli
from console.cli.plain import recorded_words, replay_words
from console.cli.plain.playback import Playback
from console.cli.plain.printer import Printer
from console.cli.plain.replaying import Stretch, played
from console.cli.screens.replayed import Replayed
from console.core.text import legible
from console.tui.keys.actions import ACTIONS
from tests.fixtures.replay import eventful, record
from tests.fixtures.terminal import Terminal

RECORDS = 400


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import asyncio

    folder = tmp_path_factory.mktemp("sessions")
    [path] = asyncio.run(record(eventful(RECORDS).rows, folder))
    return path


class Sitting:
    """A replay whose clock is in our hands, and what it printed since it was last asked."""

    def __init__(self, playback: Playback, source: Replayed, out: io.StringIO, clock: list[float]) -> None:
        self.playback, self.source = playback, source
        self._out, self._clock = out, clock

    def printed(self) -> list[str]:
        text = self._out.getvalue()
        self._out.seek(0)
        self._out.truncate()
        return text.splitlines()

    async def after(self, seconds: float) -> list[str]:
        self._clock[0] += seconds
        await self.playback.pass_time()
        return self.printed()

    async def typed(self, line: str) -> list[str]:
        assert await self.playback.take(line)
        return self.printed()


@asynccontextmanager
async def sitting(path: Path, *, upto: int | None = None) -> AsyncIterator[Sitting]:
    out, clock = io.StringIO(), [50.0]
    async with await Replayed.open(path) as source:
        source.timeline.toggle(clock[0])
        last = source.timeline.last if upto is None else upto
        playback = Playback(source, Printer(out), upto=last, clock=lambda: clock[0], zone=UTC)
        await playback.begin(alone=False)
        yield Sitting(playback, source, out, clock)


async def printed(path: Path, stretch: Stretch) -> list[str]:
    out = io.StringIO()
    assert await played(path, stretch, None, out, zone=UTC) == 0
    return out.getvalue().splitlines()


# ---- as time passes --------------------------------------------------------------------------------------------------


async def test_lines_come_when_their_time_does(session: Path) -> None:
    async with sitting(session) as it:
        first, where, _counts = it.printed()
        assert first == f"replay of session {session.stem}; nothing here can act; help says what can be typed"
        assert where.startswith("08:53:20, record 0 of ")
        begun = await it.after(0.01)
        assert "08:53:20 begins crawler run c000: work 0" in begun
        assert not [line for line in begun if "waits 12" in line]
        told = await it.after(26 * 60 + 10)
        assert [line for line in told if "09:19:27 waits 12: priority stop, hold, S4" in line]
        assert await it.after(0.0) == []


async def test_what_is_printed_at_once_is_what_is_printed_in_time(session: Path) -> None:
    at_once = (await printed(session, Stretch(speed=0.0)))[3:-1]
    async with sitting(session) as it:
        it.printed()
        in_time: list[str] = []
        while not it.playback.ended:
            in_time += await it.after(7.0)
    assert in_time[:-1] == at_once
    assert in_time[-1].endswith("100%: what was to be played ends here")


async def test_every_record_is_a_line_where_that_is_wanted(session: Path) -> None:
    lines = await printed(session, Stretch(speed=0.0, events=True))
    numbered = [line for line in lines if line[:7].strip().isdecimal() and line[7:8] == " "]
    async with await Replayed.open(session) as source:
        assert len(numbered) == len(source.timeline.times)


async def test_a_stretch_begins_with_what_stood_there(session: Path) -> None:
    whole = await printed(session, Stretch(speed=0.0))
    part = await printed(session, Stretch("99%", "99.5%", 0.0))
    assert len(part) < len(whole)
    assert ", 99%, all at once from here" in part[1]
    assert [line for line in part if " waits 11: " in line]
    assert part[-1].endswith("what was to be played ends here")


# ---- what is typed ---------------------------------------------------------------------------------------------------


async def test_it_stands_still_goes_on_and_is_as_fast_as_it_is_told(session: Path) -> None:
    async with sitting(session) as it:
        await it.after(0.01)
        assert (await it.typed("pause"))[0].startswith("stands still at 08:53:20")
        assert await it.after(3_600) == []
        await it.typed("play")
        await it.typed("speed 64")
        assert it.source.timeline.speed == 64
        assert await it.after(1.0) == []
        assert it.source.timeline.moment - it.source.timeline.first_at >= 64_000
        assert await it.typed("speed 1000") == ["speed 1000: 0.25 to 64, or all"]
        assert await it.typed("speed much") == ["speed much: 0.25 to 64, or all"]
        await it.typed("speed all")
        lines: list[str] = []
        while not it.playback.ended:
            lines += await it.after(0.0)
        assert lines[-1].endswith("what was to be played ends here")
        assert await it.typed("play") == ["nothing is left to play; go 0% leads to the beginning"]


async def test_next_and_previous_go_to_alarms_and_decisions_as_the_screens_do(session: Path) -> None:
    async with sitting(session) as it:
        it.printed()
        *_, first = await it.typed("next")
        assert first == "08:53:20 approved by op-1: indexer/44zt/a0"
        *_, second = await it.typed("e")
        assert second.startswith("09:19:29 alarm: 2 messages were not understood")
        assert not it.source.timeline.playing
        *_, back = await it.typed("previous")
        assert back == first
        assert await it.typed("previous") == ["there is none before this"]
        *_, asked = await it.typed("mark")
        assert asked == "09:19:27 hold: refunds/7q4f/a1"


async def test_going_somewhere_tells_how_things_stood_there_and_not_the_way(session: Path) -> None:
    async with sitting(session) as it:
        it.printed()
        there = await it.typed("go 09:19:28")
        assert "begins" not in " ".join(there)
        assert [line for line in there if line.startswith("09:19:28 waits ")]
        assert await it.typed("go nowhere") == [
            "go: 'nowhere' is no place in time: HH:MM:SS, +30, -2m or 50%"
        ]
        again = await it.typed("go 0%")
        assert again[0].startswith("08:53:20, record 0 of ")
        assert (await it.typed("step"))[-2].startswith("08:53:20, record 1 of ")
        assert (await it.typed(","))[0].startswith("08:53:20, record 0 of ")


async def test_what_was_there_can_be_read_and_nothing_can_be_done(session: Path) -> None:
    async with sitting(session) as it:
        await it.typed("go 09:19:28")
        queue = await it.typed("queue")
        assert queue[-1] == "queue: 3 of 3"
        number = next(line for line in queue if "issue_refund" in line).partition(":")[0]
        card = await it.typed(number)
        assert card[0].startswith("ask  issue_refund")
        assert "  reaches  what the tool does is unknown: it is in no catalogue, EUR 480.00" in "\n".join(
            card
        )
        assert "choose" not in "\n".join(card)
        assert (await it.typed("alarms"))[-1] == "alarms: nothing"
        assert (await it.typed("fleet"))[-1].startswith("fleet: ")
        assert (await it.typed("open refunds/7q4f"))[0].startswith("refunds/7q4f  ")
        for word in ("approve 11", "reject 11", "kill 11", "H", "a"):
            assert (await it.typed(word))[0].endswith("no such word; help says what can be typed")
        assert not await it.playback.take("quit")


async def test_nothing_is_shown_beyond_the_end_that_was_asked_for(session: Path) -> None:
    async with sitting(session, upto=60) as it:
        it.printed()
        await it.typed("go 100%")
        assert it.source.fleet.pos == it.source.timeline.pos == 60
        assert await it.after(60.0) != []
        assert it.source.fleet.pos == 60


LEFT_OUT: Final[dict[str, str]] = {
    "seconds": "go -5 and go +5 do it",
    "tenth": "go 50% and the like do it",
    "share": "go 50% and the like do it",
    "idle": "a line is printed when something happens; speed all waits for nothing",
    "session": "watchfloor replay --plain SESSION opens another",
}
"""What winds the screens of a replay and has no word here, and why."""


def test_every_way_to_wind_the_screens_has_a_word_or_a_reason() -> None:
    winding = {key.id for key in ACTIONS if key.winds}
    words = {word.winds for word in replay_words.WORDS} - {""}
    assert words | LEFT_OUT.keys() == winding
    assert not words & LEFT_OUT.keys()
    names = [name for word in replay_words.WORDS for name in (word.name, *word.keys)]
    assert len(names) == len(set(names))


# ---- what is said of a record ----------------------------------------------------------------------------------------


def test_hostile_words_of_a_record_stay_one_line() -> None:
    from tests.fixtures.floor import Script

    script = Script()
    bad = "\x1b]0;owned\x07\n\u202e"
    script.agent("evil", "e1", RunStarted(goal=bad))
    script.agent("evil", "e1", ActionProposed(action="a1", tool=bad))
    script.agent("evil", "e1", RunFinished(outcome="failed", text=bad))
    from bus import codec

    for row in script.rows:
        text, _level = recorded_words.told(
            codec.record(row.pos, row.at, codec.decode_envelope(row.event)), script.fleet
        )
        assert legible(text)


# ---- the command -----------------------------------------------------------------------------------------------------


def test_without_a_terminal_all_of_it_is_printed(session: Path) -> None:
    result = CliRunner().invoke(cli, ["replay", str(session), "--plain"])
    assert result.exit_code == 0
    assert result.output.splitlines()[0] == f"replay of session {session.stem}; nothing here can act"
    assert result.output.splitlines()[-1].endswith("what was to be played ends here")


@pytest.mark.parametrize(
    "options, words",
    [
        (["--from", "50%"], "--from, --to, --events, --colour and --speed all are for --plain"),
        (["--speed", "all"], "--from, --to, --events, --colour and --speed all are for --plain"),
        (["--plain", "--from", "100%", "--to", "20%"], "--from is after --to"),
        (["--plain", "--to", "soon"], "--to: 'soon' is no place in time"),
        (["--plain", "--at", "50%"], "--at stands still where somebody can play on"),
        (["--plain", "--speed", "-1"], "is not 0, all, or 0.25 to 64"),
        (["--plain", "--json"], "replay is for eyes"),
    ],
)
def test_what_makes_no_sense_is_one_line(session: Path, options: list[str], words: str) -> None:
    result = CliRunner().invoke(cli, ["replay", str(session), *options])
    assert result.exit_code == 2
    assert words in result.output
    assert len(result.output.splitlines()) == 1


def test_at_a_terminal_it_can_be_wound(session: Path) -> None:
    import os

    command: list[str | Path] = [
        sys.executable,
        "-m",
        "console.cli.main",
        "replay",
        session,
        "--plain",
        "--at",
        "0%",
    ]
    with Terminal(command, os.environ, columns=160, rows=50) as terminal:
        terminal.shows("stands still")
        terminal.press("next\r")
        terminal.shows("approved by op-1: indexer/44zt/a0")
        terminal.press("quit\r")
        assert terminal.ended() == 0

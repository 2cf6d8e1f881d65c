"""`watchfloor replay --plain`: opens a recording and plays it in lines. It has a file, and no connection to anything."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import suppress
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from console.cli.exits import CliError, Exit, bad, complain
from console.cli.plain.lines_in import Typed
from console.cli.plain.opening import STDIN, on_signals
from console.cli.plain.playback import Playback
from console.cli.plain.printer import Printer
from console.cli.screens.replayed import Replayed
from console.core.replay.seek import BadPlaceError, moment_of
from console.core.replay.timeline import Timeline
from console.tui.drawing import signs
from console.tui.replay.replay_source import PlaybackError

if TYPE_CHECKING:
    from typing import TextIO

TICK: Final = 0.1
"""Seconds between two looks at how far the recorded time has come."""


class Stretch(NamedTuple):
    """What is to be played: from where, up to where, how fast (0: all at once), whether it stands still at first,
    and whether every record is a line.
    """

    begin: str | None = None
    end: str | None = None
    speed: float = 1.0
    still: bool = False
    events: bool = False


def attended() -> bool:
    """Whether somebody is there who may wind it."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def replay_plain(path: Path, stretch: Stretch, *, coloured: bool, ascii_only: bool) -> int:
    """Play a recording in lines on standard output. Without a terminal all of it is printed. Returns the exit code.

    Raises:
        RecordingError: it cannot be read.
        CliError: a place is none in it.
    """
    signs.show_ascii_only(ascii_only)
    typed = Typed(STDIN) if attended() else None
    return asyncio.run(played(path, stretch, typed, sys.stdout, coloured=coloured))


async def played(
    path: Path,
    stretch: Stretch,
    typed: Typed | None,
    output: TextIO,
    *,
    coloured: bool = False,
    zone: tzinfo | None = None,
) -> int:
    """Play a recording. With `typed` an operator may wind it; without, it is printed to its end and that is all.

    Raises:
        RecordingError: it cannot be read.
        CliError: a place is none in it.
    """
    leave = asyncio.Event()
    ends: list[int] = []

    def end(code: int) -> None:
        ends.append(code)
        leave.set()

    printer = Printer(output, coloured=coloured, gone=lambda: end(Exit.PIPE))
    async with await Replayed.open(path) as source:
        if remark := source.remark():
            complain(f"{path}: {remark}")
        timeline = source.timeline
        upto = _place(timeline, "--to", stretch.end, zone) if stretch.end else timeline.last
        start = _place(timeline, "--from", stretch.begin, zone) if stretch.begin else timeline.base
        if start > upto:
            raise bad("--from is after --to")
        timeline.go_to_pos(start)
        playback = Playback(source, printer, upto=upto, clock=time.monotonic, zone=zone)
        on_signals(end, lambda: False)
        if stretch.events:
            playback.show_events()
        try:
            await _begin(playback, timeline, stretch, alone=typed is None)
            tasks: list[asyncio.Task[Any]] = [asyncio.create_task(leave.wait(), name="wait for the end")]
            if typed is None:
                tasks.append(asyncio.create_task(_play(playback), name="play"))
            else:
                typed.start()
                tasks += _attended(playback, typed)
            await _first_of(tasks)
        except PlaybackError as error:
            raise CliError(Exit.USAGE, str(error)) from None
    return ends[0] if ends else Exit.DONE


async def _begin(playback: Playback, timeline: Timeline, stretch: Stretch, *, alone: bool) -> None:
    if stretch.speed:
        timeline.set_speed(stretch.speed)
    if not stretch.still:
        timeline.toggle(time.monotonic())
    if not (stretch.speed or stretch.still):
        playback.rush()
    await playback.begin(alone=alone)


def _attended(playback: Playback, typed: Typed) -> list[asyncio.Task[Any]]:
    """Let time pass, and take what is typed, one after the other; damage ends neither."""
    turn = asyncio.Lock()

    async def play() -> None:
        while True:
            async with turn:
                try:
                    await playback.pass_time()
                except PlaybackError as error:
                    playback.damaged(error)
            await asyncio.sleep(0 if playback.rushes else TICK)

    async def take() -> None:
        with suppress(EOFError):
            going = True
            while going:
                line = await typed.next()
                async with turn:
                    try:
                        going = await playback.take(line)
                    except PlaybackError as error:
                        playback.damaged(error)

    return [asyncio.create_task(play(), name="play"), asyncio.create_task(take(), name="take lines")]


async def _first_of(tasks: list[asyncio.Task[Any]]) -> None:
    """Wait until one of them ends, and end the others. What it raised is raised."""
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _play(playback: Playback) -> None:
    """Let time pass until the end.

    Raises:
        PlaybackError: the recording is damaged on the way.
    """
    while playback.rushes or not playback.ended:
        await playback.pass_time()
        await asyncio.sleep(0 if playback.rushes else TICK)


def _place(timeline: Timeline, option: str, text: str, zone: tzinfo | None) -> int:
    """The position that a place names; `-2m` counts back from the end."""
    timeline.go_to_share(1.0 if text.strip().startswith("-") else 0.0)
    try:
        timeline.go_to(moment_of(text, timeline, zone))
    except BadPlaceError as error:
        raise bad(f"{option}: {error}") from None
    return timeline.pos

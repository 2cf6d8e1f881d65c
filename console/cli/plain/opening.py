"""`watchfloor --plain`: joins the floor and takes lines until there are no more, or the operator leaves."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from console.cli.exits import Exit, bad
from console.cli.live import unreachable
from console.cli.options import Place
from console.cli.plain.lines_in import Typed
from console.cli.plain.printer import Printer
from console.cli.plain.session import Session
from console.link.floor import Floor, NoAnswerError
from console.tui.drawing import signs
from console.tui.terminal.calling import BELL_EVERY, BadSettingError, ways
from console.tui.terminal.terminals import BELL

if TYPE_CHECKING:
    from typing import TextIO

STDIN: Final = 0
LEAVE: Final = 10.0
"""Seconds that the end of a script waits for what it said to be settled."""

LOOK: Final = 1.0
"""Seconds between two looks at what time alone changes, such as a shelved alarm that comes back."""


def open_plain(place: Place, *, read_only: bool, coloured: bool, ascii_only: bool = False) -> int:
    """Serve one sitting on standard input and output. Returns the exit code.

    Raises:
        CliError: `--json` was asked for; a script's floor cannot be reached.
    """
    if place.json:
        raise bad("--plain is for people; for programs: watchfloor tail --follow --json, and the verbs")
    signs.show_ascii_only(ascii_only)
    typed = Typed(STDIN)
    return asyncio.run(
        sitting(
            place, typed, sys.stdout, read_only=read_only, coloured=coloured, script=not sys.stdin.isatty()
        )
    )


async def sitting(
    place: Place, typed: Typed, output: TextIO, *, read_only: bool, coloured: bool = False, script: bool
) -> int:
    """One sitting. A `script` waits for the floor before its first line and for its deeds after its last one.

    When nobody reads any more, a person's sitting ends, and what he said is still waited for. A script is taken to its end,
    for the stops in it; what would let something run is not sent.

    Raises:
        CliError: a script's floor cannot be reached in time.
    """
    leave = asyncio.Event()
    ends: list[int] = []

    def end(code: int) -> None:
        ends.append(code)
        leave.set()

    printer = Printer(output, coloured=coloured, gone=lambda: None if script else end(Exit.PIPE))
    where = place.connect or place.url()
    key = place.key()
    async with Floor(
        where, home=place.home(), operator=place.who(), key=key, watching=not read_only or not script
    ) as floor:
        try:
            await floor.join(place.timeout if script else 1.0)
        except NoAnswerError as error:
            if script:
                raise unreachable(place, floor, str(error)) from None
        signed, ring = key is not None, bell(output)
        session = Session(
            floor, printer, read_only=read_only, signed=signed, timeout=place.timeout, ring=ring
        )
        on_signals(end, session.abandon)
        typed.start()
        session.begin()
        looking = asyncio.create_task(_look(session), name="look at the floor")
        taking = asyncio.create_task(_take(session, typed, script=script), name="take lines")
        leaving = asyncio.create_task(leave.wait(), name="wait for the end")
        try:
            await asyncio.wait([looking, taking, leaving], return_when=asyncio.FIRST_COMPLETED)
            if taking.done():
                taking.result()
            if looking.done():
                looking.result()
            if script and not ends:
                return await _end_of_script(session, printer)
            if printer.lost:
                await session.deeds.settled(LEAVE)
        finally:
            for task in (looking, taking, leaving):
                task.cancel()
            session.close()
    return ends[0] if ends else Exit.DONE


async def _take(session: Session, typed: Typed, *, script: bool) -> None:
    """Take lines until there are no more. A script was written before; at a terminal it counts when a line was."""
    with suppress(EOFError):
        going = True
        while going:
            line = await typed.next()
            going = await session.take(line, float("inf") if script else typed.ended_at)
    session.abandon()


async def _look(session: Session) -> None:
    while True:
        await asyncio.sleep(LOOK)
        session.look()


async def _end_of_script(session: Session, printer: Printer) -> int:
    """Wait for what a script said, and say by the exit code what became of it."""
    left = await session.deeds.settled(LEAVE)
    if left:
        printer.line(f"still open: {left}")
    if session.deeds.refused or session.deeds.disobeyed:
        return Exit.REFUSED
    if session.deeds.unanswered:
        return Exit.NO_ANSWER
    if session.deeds.unfinished:
        return Exit.UNCONFIRMED
    if session.mistakes or session.deeds.withheld:
        return Exit.USAGE
    return Exit.PIPE if printer.lost and not session.deeds.said else Exit.DONE


def bell(output: TextIO) -> Callable[[], None]:
    """What rings on a terminal, not too often; nothing elsewhere, or where the setting says so.

    Raises:
        CliError: the setting means nothing.
    """
    try:
        allowed = "bell" in ways(os.environ)
    except BadSettingError as error:
        raise bad(str(error)) from None
    if not allowed or not output.isatty():
        return lambda: None
    clock = asyncio.get_running_loop().time
    rang = float("-inf")

    def ring() -> None:
        nonlocal rang
        if clock() - rang >= BELL_EVERY:
            rang = clock()
            with suppress(OSError):
                output.write(BELL)
                output.flush()

    return ring


def on_signals(end: Callable[[int], None], abandon: Callable[[], bool]) -> None:
    """Leave in order when asked to. An interrupt takes back an open question first."""
    loop = asyncio.get_running_loop()

    def interrupted() -> None:
        if not abandon():
            end(Exit.INTERRUPTED)

    with suppress(
        NotImplementedError, ValueError, RuntimeError
    ):  # not on every system, nor off the main thread
        loop.add_signal_handler(signal.SIGINT, interrupted)
        loop.add_signal_handler(signal.SIGTERM, end, 128 + signal.SIGTERM)
        if sys.platform != "win32":
            loop.add_signal_handler(signal.SIGHUP, end, 128 + signal.SIGHUP)

"""`watchfloor oncall`: the shift report, out of the recording of this machine. Nothing is connected."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from bus import codec
from bus.codec import DecodeError
from console.cli import printing
from console.cli.exits import CliError, Exit, bad, complain
from console.cli.oncall.markdown import report
from console.cli.oncall.shape import report_shape
from console.cli.oncall.shift import Shift
from console.cli.options import Place, common
from console.cli.records.session_file import session_path
from console.core.fleet.lifecycle import IllegalTransitionError
from console.core.fleet.state import Fleet
from console.core.reducing.reduce import HoleInLogError
from console.recording.bodies import Row
from console.recording.history import SessionInfo, history
from console.recording.history import sessions as sessions_of
from console.recording.player import Player
from console.recording.reader import Reader
from console.recording.schema import wal_lost

SHIFT: Final = "12h"
UNITS: Final = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}


@click.command()
@click.argument("session", required=False, metavar="[SESSION|FILE]")
@click.option(
    "--since",
    metavar="TIME",
    help=f"From when: 8h, 90m or 2d ago, or 2026-03-01T22:00. [{SHIFT}; with a SESSION: all of it]",
)
@common
def oncall(place: Place, session: str | None, since: str | None) -> None:
    """Print who did what as a report in Markdown: the last shift, or a recorded SESSION."""
    now = printing.now_ms()
    if session is not None:
        path = session_path(place.home(), session)
        began = None if since is None else moment(since, now)
        shift, start, end = asyncio.run(_of_session(path, began))
    else:
        folder = place.home().sessions
        start, end = moment(since or SHIFT, now), now
        shift = asyncio.run(_of_folder(folder, start))
    if place.json:
        printing.say_json(report_shape(shift, start, end))
    else:
        printing.say(report(shift, start, end))


def moment(text: str, now: int) -> int:
    """The time (ms) that is meant by so long ago, or by a date and time of this machine's zone.

    Raises:
        CliError: neither.
    """
    ago = re.fullmatch(r"(\d{1,6})([mhd])", text)
    if ago:
        return now - int(ago[1]) * UNITS[ago[2]]
    try:
        return int(datetime.fromisoformat(text).astimezone().timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise bad(f"--since {text}: give 8h, 90m or 2d, or a time such as 2026-03-01T22:00") from None


async def _of_folder(folder: Path, since: int) -> Shift:
    found = await sessions_of(folder)
    if not found:
        raise bad(f"no recording in {folder}: it is where the supervisor runs; a file can be named instead")
    first = _begun_by(found, since)
    fleet, pos = await _floor_at(first.path, since)
    shift = await _counted(fleet, history(folder, pos))
    shift.lost = [wal_lost(info.path) for info in found if info.wal_missing and info.last_at >= since]
    return shift


def _begun_by(infos: list[SessionInfo], since: int) -> SessionInfo:
    """The last session that had begun by then, or the first of all.

    Raises:
        CliError: one that is needed cannot be read.
    """
    for info in reversed(infos):
        if info.problem:
            raise CliError(
                Exit.USAGE, f"{info.problem}; name a SESSION that can be read (see: watchfloor sessions)"
            )
        if info.first_at <= since:
            return info
    return infos[0]


async def _of_session(path: Path, since: int | None) -> tuple[Shift, int, int]:
    async with await Reader.open(path) as reader:
        if reader.wal_missing:
            complain(wal_lost(path))
        extent = await reader.extent()
        start = extent.first_at if since is None else since
        fleet, pos = await _floor_at(path, start - 1)
        shift = await _counted(fleet, reader.rows(pos))
        shift.lost = [wal_lost(path)] if reader.wal_missing else []
    return shift, start, extent.last_at


async def _floor_at(path: Path, at: int) -> tuple[Fleet, int]:
    """The floor as it stood at a time, and the position of that."""
    async with await Reader.open(path) as reader:
        pos = await reader.pos_at(at)
    async with await Player.open(path) as player:
        await player.go(pos)
        return player.fleet, player.fleet.pos


async def _counted(fleet: Fleet, rows: AsyncIterator[Row]) -> Shift:
    shift = Shift(fleet)
    async for row in rows:
        try:
            shift.take(codec.record(row.pos, row.at, codec.decode_envelope(row.event)))
        except DecodeError as error:
            raise CliError(Exit.USAGE, f"position {row.pos} of the log is no record: {error}") from None
        except (HoleInLogError, IllegalTransitionError) as error:
            raise CliError(Exit.USAGE, f"position {row.pos} of the log contradicts it: {error}") from None
    return shift

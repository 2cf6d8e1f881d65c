"""`watchfloor tail`: the log, a line a record; out of the recording, and live with `--follow`."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import click
import msgspec

from bus import codec
from bus.codec import DecodeError, Invalid, Record, Unknown
from bus.events import Data
from console.cli import printing
from console.cli.exits import CliError, Exit, bad, complain
from console.cli.live import joined
from console.cli.names import find_run
from console.cli.numbers import Whole
from console.cli.options import Place, common
from console.cli.records.recorded_run import find_subject
from console.core.reducing.reduce import Change
from console.core.text import plain
from console.link.floor import Floor
from console.link.follower import REPLACED, Applied
from console.recording.bodies import Row
from console.recording.export import line
from console.recording.files import session_paths
from console.recording.history import SessionInfo, history, sessions, torn_ends
from console.recording.schema import RecordingError, wal_lost

LINES: Final = 20
VALUE_CHARS: Final = 100
"""Longest value of a field on a line; the rest is in the recording."""

Subject = tuple[str, str]


class _Upto(NamedTuple):
    """The fleet was joined anew, at a position."""

    pos: int


@click.command()
@click.argument("run", required=False)
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes, until interrupted.")
@click.option(
    "--lines",
    "-n",
    type=Whole(min=0),
    default=LINES,
    show_default=True,
    help="How many records of the past, where the recording is at hand.",
)
@common
def tail(place: Place, run: str | None, *, follow: bool, lines: int) -> int:
    """Print the last records of the log, or of RUN: from the recording of this machine, with --follow also as they come."""
    if follow:
        return asyncio.run(joined(place, lambda floor: _follow(place, floor, run, lines)))
    return asyncio.run(_past(place, run, lines))


async def _past(place: Place, run: str | None, lines: int) -> int:
    folder = place.home().sessions
    if not session_paths(folder):
        raise bad(
            f"no recording in {folder}: it is where the supervisor runs; to see what comes: watchfloor tail --follow"
        )
    subject = None if run is None else await find_subject(folder, run)
    for row in await _last(place, subject, lines, None):
        _print(place, row)
    return Exit.DONE


async def _last(place: Place, subject: Subject | None, lines: int, upto: int | None) -> list[Row]:
    """The last rows of the recording, up to a position."""
    folder = place.home().sessions
    if not lines or not session_paths(folder):
        return []
    infos = await sessions(folder)
    end = upto if upto is not None else max((info.last_pos for info in infos), default=0)
    start = 0 if subject is not None else _start(infos, end, lines)
    for info in torn_ends(infos):
        if info.last_pos > start:
            complain(wal_lost(info.path))
    kept: deque[Row] = deque(maxlen=lines)
    async for row in history(folder, start, end, subject=subject, lost=complain):
        kept.append(row)
    return list(kept)


def _start(infos: list[SessionInfo], end: int, lines: int) -> int:
    """The position after which so many records come up to `end`, wherever positions were passed over."""
    for info in reversed(infos):
        there = max(0, min(end, info.last_pos) - info.first_pos + 1)
        if there >= lines or info.problem:
            return max(0, min(end, info.last_pos or end) - lines)
        lines -= there
    return 0


async def _follow(place: Place, floor: Floor, run: str | None, lines: int) -> int:
    found = None if run is None else find_run(floor.fleet, run)
    subject = None if found is None else (found.agent, found.run)
    seen = floor.fleet.pos
    news: asyncio.Queue[Applied | _Upto | str] = asyncio.Queue()
    floor.listen_to_records(lambda applied: _put(news, applied))
    floor.listen(_notes(floor, news))
    try:
        past = await _last(place, subject, lines, seen)
    except RecordingError as error:
        complain(str(error))
        past = []
    for row in past:
        _print(place, row)
    while True:
        item = await news.get()
        if isinstance(item, str):
            complain(item)
            continue
        pos = item.pos if isinstance(item, _Upto) else item.record.pos - 1
        if pos > seen:
            await _missed(place, subject, seen, pos)
            seen = pos
        if isinstance(item, Applied) and item.record.pos > seen:
            seen = item.record.pos
            _print_applied(place, subject, item)


def _put(news: asyncio.Queue[Applied | _Upto | str], applied: list[Applied]) -> None:
    for one in applied:
        news.put_nowait(one)


def _notes(floor: Floor, news: asyncio.Queue[Applied | _Upto | str]) -> Callable[[list[Change]], None]:
    """Make a listener that reports when the link breaks and when the floor is joined anew."""
    told = floor.trouble

    def note(changes: list[Change]) -> None:
        nonlocal told
        if REPLACED in changes:
            news.put_nowait(_Upto(floor.fleet.pos))
        if floor.trouble != told:
            told = floor.trouble
            news.put_nowait(told or "following again")

    return note


async def _missed(place: Place, subject: Subject | None, after: int, upto: int) -> None:
    """Print what was recorded while nobody listened, from the recording, or say that it was not seen."""
    try:
        rows = [row async for row in history(place.home().sessions, after, upto)]
    except RecordingError:
        rows = []
    if len(rows) < upto - after:
        complain(f"positions {after + 1} to {upto} were not seen here; the recording has them")
        return
    for row in rows:
        if subject is None or (row.agent, row.run) == subject:
            _print(place, row)


def _print_applied(place: Place, subject: Subject | None, applied: Applied) -> None:
    record = applied.record
    if subject is None or (record.agent, record.run) == subject:
        _print(place, Row(record.pos, record.at, record.agent, record.run, applied.event))


def _print(place: Place, row: Row) -> None:
    if place.json:
        click.echo(line(row), nl=False)
        return
    try:
        record = codec.record(row.pos, row.at, codec.decode_envelope(row.event))
    except DecodeError as error:
        raise CliError(Exit.USAGE, f"position {row.pos} of the log is no record: {error}") from None
    click.echo(record_line(record))


def record_line(record: Record) -> str:
    """A record as one printable line: position, time, whom it is about, type, and the fields that say something."""
    about = f"{record.agent}/{record.run}" if record.run else record.agent or "site"
    data = record.data
    kind = data.type if isinstance(data, Unknown | Invalid) else data.TYPE
    return f"{record.pos:>7} {printing.clock(record.at)} {about:<24} {plain(kind, 64):<20} {_fields(data)}".rstrip()


def _fields(data: Data) -> str:
    if isinstance(data, Unknown):
        return f"unknown type: {plain(bytes(data.raw).decode('utf-8', 'replace'), VALUE_CHARS)}"
    if isinstance(data, Invalid):
        return f"not valid: {plain(data.problem, VALUE_CHARS)}"
    words = []
    for name in data.__struct_fields__:
        value = getattr(data, name)
        if value not in (None, "", [], {}, False):
            words.append(f"{name}={_value(value)}")
    return " ".join(words)


def _value(value: Any) -> str:
    if isinstance(value, str):
        text = plain(value, VALUE_CHARS)
        return text if text and " " not in text and '"' not in text else f'"{text}"'
    return plain(printing.safe_json(msgspec.to_builtins(value)), VALUE_CHARS)

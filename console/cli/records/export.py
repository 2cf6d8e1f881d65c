"""The recording's files: `sessions` and `export`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Collection
from pathlib import Path

import click
import msgspec

from console.cli import printing
from console.cli.exits import Exit, bad, complain
from console.cli.options import Place, common
from console.cli.records.recorded_run import find_subject, subject_in
from console.cli.records.session_file import session_path
from console.cli.whole_file import check_new, whole_file
from console.core.amounts import size
from console.recording.bodies import Row
from console.recording.export import export_jsonl
from console.recording.files import session_paths
from console.recording.history import SessionInfo, Told, describe, history, torn_ends
from console.recording.history import sessions as sessions_of
from console.recording.reader import Reader
from console.recording.schema import wal_lost


@click.command()
@common
def sessions(place: Place) -> None:
    """List the recorded sessions of this machine, oldest first."""
    folder = place.home().sessions
    found = asyncio.run(sessions_of(folder))
    if place.json:
        printing.say_json([msgspec.to_builtins(info, enc_hook=str) for info in found])
        return
    if not found:
        printing.say([f"no sessions in {folder}"])
        return
    rows = [
        (
            info.name,
            printing.clock(info.first_at, day=True),
            printing.clock(info.last_at, day=True),
            str(info.records),
            _positions(info),
            size(info.bytes),
            _standing(info),
        )
        for info in found
    ]
    printing.say(printing.columns(("SESSION", "FROM", "TO", "RECORDS", "POSITIONS", "SIZE", ""), rows))


def _positions(info: SessionInfo) -> str:
    """The first and the last position; of a session without a record there is neither."""
    return f"{info.first_pos}-{info.last_pos}" if info.last_pos >= info.first_pos else printing.NOTHING


def _standing(info: SessionInfo) -> str:
    if info.problem:
        return f"cannot be read: {info.problem}"
    if info.wal_missing:
        return "its WAL is missing: the newest records may be lost"
    return "open" if info.open else ""


@click.command()
@click.argument("session", required=False, metavar="[SESSION|FILE]")
@click.option(
    "--output", "-o", default="-", metavar="FILE", help="Where to; an existing file is not replaced. [-]"
)
@click.option("--run", metavar="RUN", help="Only the records of one run.")
@click.option(
    "--agentack",
    is_flag=True,
    help="As traces that `agentack check` judges, each of one run: with --run into a file, else into a new folder.",
)
@common
def export(place: Place, *, session: str | None, output: str, run: str | None, agentack: bool) -> int:
    """Write the recording as JSON lines: one session (a name, `last`, or a file), or else the whole log."""
    home = place.home()
    if session is None and not session_paths(home.sessions):
        raise bad(
            f"no recording in {home.sessions}: it is where the supervisor runs; a file can be named instead"
        )
    if output != "-":
        check_new(Path(output))
    path = None if session is None else session_path(home, session)
    lost: dict[str, None] = {}  # each once
    code = _told_what_is_missing(home.sessions, path)
    if agentack:
        from console.cli.records.trace import export_traces

        export_traces(home, path, run, output, lost.setdefault, as_json=place.json)
        return _told(lost) or code
    rows = _rows(home.sessions, path, run, lost.setdefault)
    if output == "-":
        asyncio.run(export_jsonl(rows, sys.stdout.buffer))
        return _told(lost) or code
    count = asyncio.run(_to_file(rows, Path(output)))
    code = _told(lost) or code
    if place.json:
        printing.say_json({"file": output, "records": count})
    else:
        printing.say([f"{count} records in {output}"])
    return code


def _told_what_is_missing(folder: Path, path: Path | None) -> Exit:
    """Say of which files records may be missing, the one or all; returns what to exit with for that."""
    if path is None:
        torn = torn_ends(asyncio.run(sessions_of(folder)))
    else:
        torn = [info for info in [asyncio.run(describe(path))] if info.wal_missing]
    return _told([wal_lost(info.path) for info in torn])


def _told(lost: Collection[str]) -> Exit:
    for text in lost:
        complain(text)
    return Exit.REFUSED if lost else Exit.DONE


async def _rows(folder: Path, path: Path | None, run: str | None, lost: Told) -> AsyncIterator[Row]:
    if path is None:
        subject = None if run is None else await find_subject(folder, run)
        async for row in history(folder, subject=subject, lost=lost):
            yield row
        return
    async with await Reader.open(path) as reader:
        subject = None if run is None else await subject_in(reader, run)
        async for row in reader.rows(subject=subject):
            yield row


async def _to_file(rows: AsyncIterator[Row], target: Path) -> int:
    with whole_file(target) as file:
        return await export_jsonl(rows, file)

"""`watchfloor export --agentack`: recorded runs as traces for an outside judge, one file a run."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from bus.home import Home
from console.cli import printing
from console.cli.exits import bad
from console.cli.records.recorded_run import Subject, find_subject, subject_in, subjects_of
from console.cli.whole_file import check_new, whole_file
from console.recording.agentack import Trace
from console.recording.bodies import Row
from console.recording.files import session_paths
from console.recording.history import Told, history
from console.recording.reader import Reader


def export_traces(
    home: Home, path: Path | None, run: str | None, output: str, lost: Told, *, as_json: bool
) -> None:
    """Write the trace of one run to standard output or a file, or those of all runs that have one into a new folder.

    `lost` is told where the log has lost records.

    Raises:
        CliError: no such run, nothing in it that could be judged, several runs for one output, or `output` exists.
        RecordingError: a session cannot be read.
        OSError: `output` cannot be written.
    """
    if output != "-":
        check_new(Path(output))
    if run is not None or output == "-":
        count = asyncio.run(_one(home, path, run, output, lost))
        if output == "-":
            return
        said: dict[str, object] = {"file": output, "lines": count}
        text = f"{count} lines in {output}"
    else:
        names = asyncio.run(_all(home, path, Path(output), lost))
        said = {"folder": output, "files": names}
        text = f"{len(names)} runs in {output}"
    if as_json:
        printing.say_json(said)
    else:
        printing.say([text])


async def _one(home: Home, path: Path | None, run: str | None, output: str, lost: Told) -> int:
    if run is None:
        subjects = await _subjects(home, path)
        if len(subjects) != 1:
            raise bad(f"{len(subjects)} runs: a trace is of one; name it with --run, or a new folder with -o")
        subject = subjects[0]
    elif path is None:
        subject = await find_subject(home.sessions, run)
    else:
        async with await Reader.open(path) as reader:
            subject = await subject_in(reader, run)
    lines = await _trace(home, path, subject, lost)
    if not lines:
        raise bad(
            f"{'/'.join(subject)} has proposed nothing yet, and has not ended: there is nothing to judge"
        )
    if output == "-":
        sys.stdout.buffer.writelines(lines)
    else:
        with whole_file(Path(output)) as file:
            file.writelines(lines)
    return len(lines)


async def _all(home: Home, path: Path | None, folder: Path, lost: Told) -> list[str]:
    """Write the traces of all runs, and return the names of the files. The folder is there whole or not at all."""
    partial = folder.with_name(f".{folder.name}.partial")
    partial.mkdir(mode=0o700)
    names: list[str] = []
    try:
        for subject in await _subjects(home, path):
            lines = await _trace(home, path, subject, lost)
            if lines:
                # No id has this sign, so that no two runs share a name.
                names.append("~".join(subject) + ".jsonl")
                with os.fdopen(
                    os.open(partial / names[-1], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
                ) as file:
                    file.writelines(lines)
        partial.rename(folder)
    except BaseException:
        for name in names:
            (partial / name).unlink(missing_ok=True)
        partial.rmdir()
        raise
    return names


async def _subjects(home: Home, path: Path | None) -> list[Subject]:
    found: dict[Subject, None] = {}
    for session in session_paths(home.sessions) if path is None else [path]:
        async with await Reader.open(session) as reader:
            found.update(dict.fromkeys(await subjects_of(reader)))
    return sorted(found)


async def _trace(home: Home, path: Path | None, subject: Subject, lost: Told) -> list[bytes]:
    trace, lines, at = Trace("/".join(subject)), list[bytes](), 0
    async for row in _rows(home, path, subject, lost):
        lines.extend(trace.lines(row))
        at = row.at
    return [*lines, *trace.last(at)]


async def _rows(home: Home, path: Path | None, subject: Subject, lost: Told) -> AsyncIterator[Row]:
    if path is None:
        async for row in history(home.sessions, subject=subject, lost=lost):
            yield row
        return
    async with await Reader.open(path) as reader:
        async for row in reader.rows(subject=subject):
            yield row

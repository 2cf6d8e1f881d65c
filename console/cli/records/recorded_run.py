"""The floor as a recorded session has it: nothing here can send anything."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from bus import codec
from bus.codec import DecodeError
from bus.home import Home
from console.cli.exits import CliError, Exit, bad, complain
from console.cli.names import find_run
from console.cli.records.session_file import session_path
from console.core.fleet.lifecycle import IllegalTransitionError
from console.core.fleet.state import Action, Fleet, KeyframeError, Run, decode
from console.core.reducing.reduce import HoleInLogError, reduce
from console.recording.files import session_paths
from console.recording.reader import Reader
from console.recording.schema import wal_lost

NAMED = 5
"""How many candidates an error names."""

Subject = tuple[str, str]
"""Agent and run."""


async def find_subject(folder: Path, text: str) -> Subject:
    """The recorded run meant by `run`, `agent/run`, or an unambiguous beginning of one.

    Raises:
        CliError: there is none, or more than one.
        RecordingError: a session cannot be read.
    """
    known: dict[Subject, None] = {}
    for path in session_paths(folder):
        async with await Reader.open(path) as reader:
            known.update(dict.fromkeys(await subjects_of(reader)))
    return _chosen(known, text, str(folder))


async def subject_in(reader: Reader, text: str) -> Subject:
    """As `find_subject`, in one session.

    Raises:
        CliError: there is none, or more than one.
    """
    return _chosen(await subjects_of(reader), text, str(reader.path))


async def subjects_of(reader: Reader) -> list[Subject]:
    """The runs that a session has records of.

    Raises:
        RecordingError: it cannot be read.
    """
    found = await reader.query("SELECT agent, run FROM subjects WHERE run != ''")
    return [(str(agent), str(run)) for agent, run in found]


def _fits(known: Iterable[Subject], text: str) -> list[Subject]:
    exact = [name for name in known if text in (name[1], "/".join(name))]
    return exact or [name for name in known if name[1].startswith(text) or "/".join(name).startswith(text)]


def _chosen(known: Iterable[Subject], text: str, where: str) -> Subject:
    fits = _fits(known, text)
    if len(fits) == 1:
        return fits[0]
    if not fits:
        raise bad(f"no run {text!r} in {where}")
    some = ", ".join("/".join(name) for name in sorted(fits)[:NAMED])
    raise bad(f"{text!r} fits {len(fits)} runs ({some}): name it as agent/run")


def run_in_session(home: Home, session: str, text: str) -> tuple[Fleet, Run]:
    """The fleet of a session at the last record of a run, and that run.

    Raises:
        CliError: no such session or run, or the session contradicts itself.
        RecordingError: the file cannot be read.
    """
    return asyncio.run(_run_in(session_path(home, session), text))


def action_in_session(path: Path, text: str) -> Action:
    """An action, `run/action` or `agent/run/action`, as it stood at the last record of its run in a session.

    Raises:
        CliError: no such run or action, or the session contradicts itself.
        RecordingError: the file cannot be read.
    """
    whose, slash, name = text.rpartition("/")
    if not slash:
        raise bad(f"{text!r}: in a session an action is named as run/action or agent/run/action")
    _, run = asyncio.run(_run_in(path, whose))
    action = run.actions.get(name)
    if action is None:
        raise bad(f"{path}: no action {name!r} is left of {run.key}; see: watchfloor export {path.stem}")
    return action


async def _run_in(path: Path, text: str) -> tuple[Fleet, Run]:
    async with await Reader.open(path) as reader:
        if reader.wal_missing:
            complain(wal_lost(path))
        if not _fits(await subjects_of(reader), text):
            # What ended before the session began stands in its first keyframe only.
            fleet = await _fleet_at(reader, (await reader.first_keyframe()).pos)
            return fleet, find_run(fleet, text)
        name = await subject_in(reader, text)
        last = 0
        async for row in reader.rows(subject=name):
            last = row.pos
        fleet = await _fleet_at(reader, last)
        run = fleet.run(*name)
        if run is None:
            raise CliError(Exit.USAGE, f"{path}: {'/'.join(name)} is not in the state of the session")
        return fleet, run


async def _fleet_at(reader: Reader, pos: int) -> Fleet:
    segment = await reader.segment(pos)
    try:
        fleet = decode(segment.keyframe.body)
        async for row in segment.rows:
            reduce(fleet, codec.record(row.pos, row.at, codec.decode_envelope(row.event)))
    except (DecodeError, HoleInLogError, IllegalTransitionError, KeyframeError) as error:
        raise bad(f"{reader.path}: {error}; check it with: watchfloor doctor") from None
    return fleet

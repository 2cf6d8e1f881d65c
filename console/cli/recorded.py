"""The floor as a recorded session has it: nothing here can send anything."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bus import codec
from bus.codec import DecodeError
from bus.home import Home
from console.cli.exits import CliError, Exit, bad
from console.cli.names import find_run
from console.core.lifecycle import IllegalTransitionError
from console.core.reduce import HoleInLogError, reduce
from console.core.state import Fleet, KeyframeError, Run, decode
from console.recording.files import SUFFIX, session_paths
from console.recording.reader import Reader


def session_path(home: Home, name: str) -> Path:
    """The file of a session, given by its name, an unambiguous beginning of it, `last`, or a path.

    Raises:
        CliError: there is none such.
    """
    as_path = Path(name).expanduser()
    if as_path.suffix == SUFFIX or as_path.is_file():
        if not as_path.is_file():
            raise bad(f"{as_path}: no such file")
        return as_path
    paths = session_paths(home.sessions)
    fits = paths[-1:] if name == "last" else [path for path in paths if path.stem == name]
    fits = fits or [path for path in paths if path.stem.startswith(name)]
    if len(fits) == 1:
        return fits[0]
    what = f"{len(fits)} sessions begin with {name!r}" if fits else f"no session {name!r} in {home.sessions}"
    raise bad(f"{what}; see: watchfloor sessions")


def run_in_session(home: Home, session: str, text: str) -> tuple[Fleet, Run]:
    """The fleet of a session at the last record of a run, and that run.

    Raises:
        CliError: no such session or run, or the session contradicts itself.
        RecordingError: the file cannot be read.
    """
    return asyncio.run(_run_in(session_path(home, session), text))


async def _run_in(path: Path, text: str) -> tuple[Fleet, Run]:
    async with await Reader.open(path) as reader:
        names = await reader.query("SELECT agent, run FROM subjects WHERE run != ''")
        runs = [(str(agent), str(run)) for agent, run in names]
        for fits in (
            [name for name in runs if text in (name[1], "/".join(name))],
            [name for name in runs if name[1].startswith(text) or "/".join(name).startswith(text)],
        ):
            if len(fits) > 1:
                some = ", ".join("/".join(name) for name in sorted(fits)[:5])
                raise bad(f"{text!r} fits {len(fits)} runs ({some}): name it as agent/run")
            if fits:
                return await _at_its_end(reader, fits[0])
        # What ended before the session began stands in its first keyframe only.
        fleet = await _fleet_at(reader, (await reader.first_keyframe()).pos)
        return fleet, find_run(fleet, text)


async def _at_its_end(reader: Reader, name: tuple[str, str]) -> tuple[Fleet, Run]:
    last = 0
    async for row in reader.rows(subject=name):
        last = row.pos
    fleet = await _fleet_at(reader, last)
    run = fleet.run(*name)
    if run is None:
        raise CliError(Exit.USAGE, f"{reader.path}: {'/'.join(name)} is not in the state of the session")
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

"""What a supervisor takes up from before it began: the fleet, what detectors had seen, what is known of reliability."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import Final

from bus import codec
from bus.home import Home
from console.core.fleet.lifecycle import ENDED
from console.core.fleet.state import Fleet, KeyframeError, decode, encode, of_another_reducer
from console.recording.history import GIVEN_MOST, sessions
from console.recording.known import Known
from console.recording.reader import Reader
from console.recording.schema import RecordingError
from console.recording.writer import Recording
from console.supervisor.desk import Desk
from console.supervisor.process.recalling import events_of
from console.supervisor.watching.memory import Polls
from console.supervisor.watching.past import Past, beginning

RECALLED: Final = 500
"""Living runs, the newest, whose texts are read again at the start; of others the origin of values is unknown."""

LOGGER: Final = logging.getLogger(__name__)


async def opened_known(home: Home, stack: contextlib.AsyncExitStack) -> Known:
    """The site database, with what the sessions hold beyond it. It outlives them: a new recording begins with what it knows.

    Raises:
        RecordingError: it cannot be used.
    """
    known = await stack.enter_async_context(await Known.open(home.reliability))
    try:
        await known.catch_up(home.sessions)
    except RecordingError as error:
        LOGGER.warning(
            "the reliability database is behind; rebuild it: watchfloor reliability rebuild: %s", error
        )
    return known


async def restored(recording: Recording, polls: Polls) -> Past:
    """The fleet as the recording has it, and what detectors had seen: a keyframe and all records since, through the reducer.

    From the keyframe that `beginning` names. Where that or a record after it is damaged, from the last keyframe: what
    detectors remember may be missing, the fleet may not. Where keyframes are of another reducer it begins at the first one,
    and what comes is a new session's: a file has keyframes of one reducer after its first. If none can be made, the old one
    goes on; keyframes of both are told apart.
    """
    async with await Reader.open(recording.path) as reader:
        keyframes = await reader.keyframe_positions() or [recording.pos]  # without any, the reader says so
        another = of_another_reducer((await reader.keyframe_before(recording.pos)).body)
        begin = keyframes[0] if another else beginning(keyframes, recording.pos)
        try:
            past = await _lived(reader, begin, recording.pos, polls)
        except (RecordingError, KeyframeError) as error:
            if another or begin == keyframes[-1]:
                raise
            LOGGER.warning("detectors begin with less than they knew: %s", error)
            past = await _lived(reader, recording.pos, recording.pos, polls)
    if another:
        LOGGER.warning(
            "session %s was kept by another version; what comes from now on is in a new one",
            recording.session,
        )
        with contextlib.suppress(RecordingError):
            await recording.rotate(encode(past.fleet))
    return past


async def lost(recording: Recording, known: Known, fleet: Fleet) -> str:
    """See whether records are gone that were recorded: what there is to say of it, or nothing.

    Then a new session begins, and positions go on beyond all that can have been given, so that none means two records.

    Raises:
        RecordingError: the new session cannot be made, or the site database not read.
    """
    given = await known.beyond(recording.session, recording.pos, recording.at)
    if recording.wal_missing:
        why = "the newest records may be lost: the session was not closed in order, and its WAL is missing"
    elif given > recording.pos:
        why = f"the newest records are lost: the session ends at position {recording.pos}, and {given} was recorded"
    else:
        return ""
    path, fleet.pos = recording.path, given + GIVEN_MOST
    await recording.rotate(encode(fleet), above=fleet.pos)
    said = f"{why}; positions go on after {fleet.pos}: {path}"  # words first: a row has room for the beginning alone
    await known.skip(recording.session, fleet.pos)
    LOGGER.error("%s", said)
    return said


async def _lived(reader: Reader, begin: int, end: int, polls: Polls) -> Past:
    """What the records since the last keyframe at or before `begin` lead to."""
    keyframe = await reader.keyframe_before(begin)
    past = Past(decode(keyframe.body), polls)
    async for row in reader.rows(keyframe.pos, end):
        past.take(codec.record(row.pos, row.at, codec.decode_envelope(row.event)))
    return past


async def recall(desk: Desk, folder: Path) -> None:
    """Give the desk the recorded events of living runs again: large values, and what the runs were told and have read.

    From the session that each run began in. A damaged one leaves values incomplete, which nobody can approve, and stops
    nobody from starting.
    """
    living = [run for run in desk.fleet.runs.values() if run.state not in ENDED]
    runs = [run for number, run in enumerate(reversed(living)) if run.blobs or number < RECALLED]
    known = await sessions(folder) if runs else []
    for run in runs:
        try:
            async for record in events_of(folder, known, run):
                desk.recall(record)
        except RecordingError as error:
            desk.gates.trails.ended(run.key)  # half of what it read is worse than nothing
            if run.blobs:
                text = f"{run.key}: its large values cannot be read back and cannot be approved: {error}"
                desk.alarms.raise_("blobs-unread", text, run.agent, run.run)

"""The supervisor process: `python -m console.supervisor.process.serve`. Started and kept alive by `watchfloor up`.

Takes the site and the broker from the environment (`WATCHFLOOR_SITE`, `WATCHFLOOR_BROKER`), so that no password stands in
the process list. Ends in order on SIGTERM, SIGINT, SIGHUP, and when its standard input closes: its parent is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Coroutine
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Final

import click

from bus import codec
from bus.home import Home
from bus.signing import KeyFileError, PrivateKey
from bus.topics import BadIdError, Topics
from bus.transports.mqtt import MqttTransport
from bus.transports.transport import Will
from bus.url import BadBrokerUrlError, BrokerUrl
from console.core.fleet.lifecycle import ENDED
from console.core.fleet.state import Fleet, KeyframeError, decode, encode, of_another_reducer
from console.policy.files import PolicyFileError
from console.recording import lock
from console.recording.history import sessions
from console.recording.known import Known
from console.recording.reader import Reader
from console.recording.schema import RecordingError
from console.recording.writer import Recording
from console.supervisor.clock import Clock
from console.supervisor.desk import Desk, Identity
from console.supervisor.intents.operators import OperatorsFileError
from console.supervisor.process.emergency import EmergencyLog
from console.supervisor.process.files import SiteFiles
from console.supervisor.process.look import Look, UnusableError
from console.supervisor.process.recalling import events_of
from console.supervisor.process.service import Service
from console.supervisor.watching.memory import Polls
from console.supervisor.watching.past import Past, beginning

EXIT_UNUSABLE: Final = 64
"""Something a restart cannot mend: a key, a policy, an operators file, a recording, another supervisor."""

RECALLED: Final = 500
"""Living runs, the newest, whose texts are read again at the start; of others the origin of values is unknown."""

LOGGER: Final = logging.getLogger(__name__)


def main() -> int:
    """Run the supervisor process; returns its exit code."""
    logging.basicConfig(
        level=logging.WARNING, format="watchfloor supervisor: %(levelname)s: %(message)s", stream=sys.stderr
    )
    try:
        home = Home.of()
        # What links need, add_reader, is not in the loop that Windows has by default.
        with lock.hold(home.lock), asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(_serve(home))
    except (
        UnusableError,
        RecordingError,
        KeyFileError,
        OperatorsFileError,
        PolicyFileError,
        BadIdError,
        BadBrokerUrlError,
        KeyframeError,
    ) as error:
        click.echo(f"watchfloor supervisor: {error}", err=True)
        return EXIT_UNUSABLE
    return 0


async def _serve(home: Home) -> None:
    stopping = asyncio.Event()
    _stop_on_signals(stopping)  # first of all: the parent may go while we wait for a broker
    topics = Topics(home.site)
    url = BrokerUrl.parse(home.broker())
    identity = Identity(
        topics=topics,
        epoch=secrets.token_hex(8),
        instance=secrets.token_hex(8),
        key=PrivateKey.load(home.supervisor_key),
        version=version("watchfloor"),
    )
    files = SiteFiles(home)
    async with contextlib.AsyncExitStack() as stack:
        known = await _known(home, stack)
        initial = encode(Fleet(site=home.site, reliability=await known.folded()))
        recording = await stack.enter_async_context(await Recording.open(home.sessions, initial=initial))
        past = await restored(recording, files.rulebook.judge.polls)
        fleet = past.fleet
        look = Look(topics, identity.key.public, fleet.at + fleet.pos)
        if not await _unless(stopping, look.around(url)):
            return
        identity = replace(identity, above=look.era)
        desk = Desk(
            fleet,
            identity,
            files.rulebook.judge,
            files.operators,
            clock=Clock(lambda: int(time.time() * 1000), time.monotonic),
            new_id=lambda: secrets.token_hex(8),
        )
        desk.log.not_before = recording.at
        desk.health.remember(past)
        await _recall(desk, home.sessions)
        emergency = EmergencyLog(home.emergency_log)
        desk.begin(recording.session, time.monotonic(), late=emergency.left(), stranger=look.stranger)
        emergency.reserve()
        files.tell(desk)
        service = Service(
            desk,
            recording,
            MqttTransport(
                url,
                client_id=f"watchfloor-{home.site}-control",
                subscriptions=[topics.all_intents, topics.all_status, topics.state],
                will=lambda _: Will(topics.state, desk.outbox.signed_state(desk.state("lost"))),
            ),
            MqttTransport(url, client_id=f"watchfloor-{home.site}-bulk", subscriptions=[topics.all_events]),
            emergency,
            files,
            stopping,
            known,
        )
        telling = asyncio.create_task(_tell_when_ready(service, home.site))
        await service.run()
        telling.cancel()


async def _tell_when_ready(service: Service, site: str) -> None:
    await service.ready.wait()
    click.echo(f"watchfloor supervisor: up, site {site}")


async def _unless(stopping: asyncio.Event, work: Coroutine[object, object, None]) -> bool:
    """Do `work` unless told to stop meanwhile; returns whether it was done."""
    working, stopped = asyncio.create_task(work), asyncio.create_task(stopping.wait())
    await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not working.done():
        working.cancel()
        await asyncio.wait({working})
        return False
    working.result()
    return True


def _stop_on_signals(stopping: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(getattr(signal, name), stopping.set)
    threading.Thread(target=wait_for_parent, args=(loop, stopping), daemon=True).start()


def wait_for_parent(loop: asyncio.AbstractEventLoop, stopping: asyncio.Event) -> None:
    """Set `stopping` when standard input ends: whoever started us is gone. For a thread."""
    # Not through sys.stdin: its lock, held here, would abort the interpreter's shutdown.
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(stopping.set)


async def _known(home: Home, stack: contextlib.AsyncExitStack) -> Known:
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


async def _lived(reader: Reader, begin: int, end: int, polls: Polls) -> Past:
    """What the records since the last keyframe at or before `begin` lead to."""
    keyframe = await reader.keyframe_before(begin)
    past = Past(decode(keyframe.body), polls)
    async for row in reader.rows(keyframe.pos, end):
        past.take(codec.record(row.pos, row.at, codec.decode_envelope(row.event)))
    return past


async def _recall(desk: Desk, folder: Path) -> None:
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


if __name__ == "__main__":
    sys.exit(main())

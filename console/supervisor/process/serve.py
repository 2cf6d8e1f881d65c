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
from typing import Final

import click

from bus.home import Home
from bus.signing import KeyFileError, PrivateKey
from bus.topics import BadIdError, Topics
from bus.transports.mqtt import MqttTransport
from bus.transports.transport import Will
from bus.url import BadBrokerUrlError, BrokerUrl
from console.core.fleet.state import Fleet, KeyframeError, encode
from console.policy.files import PolicyFileError
from console.recording import lock
from console.recording.schema import RecordingError
from console.recording.writer import Recording
from console.supervisor.clock import Clock
from console.supervisor.desk import Desk, Identity
from console.supervisor.intents.operators import OperatorsFileError
from console.supervisor.process.emergency import EmergencyLog
from console.supervisor.process.files import SiteFiles
from console.supervisor.process.look import Look, UnusableError
from console.supervisor.process.service import Service
from console.supervisor.process.taking_up import lost, opened_known, recall, restored

EXIT_UNUSABLE: Final = 64
"""Something a restart cannot mend: a key, a policy, an operators file, a recording, another supervisor."""


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
    files.keep()
    async with contextlib.AsyncExitStack() as stack:
        known = await opened_known(home, stack)
        initial = encode(Fleet(site=home.site, reliability=await known.folded()))
        recording = await stack.enter_async_context(await Recording.open(home.sessions, initial=initial))
        past = await restored(recording, files.rulebook.judge.polls)
        fleet = past.fleet
        gone = await lost(recording, known, fleet)
        look = Look(topics, identity.key.public, fleet.at + fleet.pos)
        if not await _unless(stopping, look.around(url)):
            return
        identity = replace(identity, above=look.era, stranger=look.stranger)
        desk = Desk(
            fleet,
            identity,
            files.rulebook.judge,
            files.operators.value,
            clock=Clock(lambda: int(time.time() * 1000), time.monotonic),
            new_id=lambda: secrets.token_hex(8),
        )
        desk.log.not_before = recording.at
        desk.health.remember(past)
        await recall(desk, home.sessions)
        emergency = EmergencyLog(home.emergency_log)
        desk.begin(recording.session, time.monotonic(), late=emergency.left())
        emergency.reserve()
        files.tell(desk)
        if gone:
            desk.alarms.raise_("records-lost", gone)
        service = Service(
            desk,
            recording,
            *_links(url, topics, desk),
            emergency,
            files,
            stopping,
            known,
        )
        telling = asyncio.create_task(_tell_when_ready(service, home.site))
        await service.run()
        telling.cancel()


def _links(url: BrokerUrl, topics: Topics, desk: Desk) -> tuple[MqttTransport, MqttTransport]:
    """The link for control, which says that the supervisor is lost when it dies, and the one for bulk."""
    control = MqttTransport(
        url,
        client_id=f"watchfloor-{topics.site}-control",
        subscriptions=[topics.all_intents, topics.all_status, topics.state],
        will=lambda _: Will(topics.state, desk.outbox.signed_state(desk.state("lost"))),
    )
    bulk = MqttTransport(url, client_id=f"watchfloor-{topics.site}-bulk", subscriptions=[topics.all_events])
    return control, bulk


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


if __name__ == "__main__":
    sys.exit(main())

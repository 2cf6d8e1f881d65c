"""Sending by apprise, and the record of what was sent. The one place that knows the library; addresses never leave it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from bus.extras import cure
from console.notify.plan import Target

WITHIN: Final = 30.0
"""Seconds that one delivery may take."""

LOG_BYTES: Final = 1_000_000
"""Where the record of deliveries goes on in a new file; one older file is kept."""


class NoAppriseError(Exception):
    """The library is not installed. The text says what to do."""


class BadTargetError(ValueError):
    """An address that apprise does not understand. The text names the target, never the address."""


Send = Callable[[int, str, str], bool]
"""Sends to the target of this number a title and a body; blocks. Returns whether the service took it."""


def by_apprise(targets: tuple[Target, ...]) -> Send:
    """Prepare to send to some targets.

    Raises:
        NoAppriseError: the extra is not installed.
        BadTargetError: an address means nothing.
    """
    try:
        apprise: Any = import_module("apprise")  # an extra: types are checked without it, too
    except ImportError:
        raise NoAppriseError(f"messages to people need an extra; {cure('notify')}") from None
    services: list[Any] = []
    for target in targets:
        service = apprise.Apprise()
        if not service.add(target.url):
            raise BadTargetError(
                f"{target.name}: its url is none that apprise knows; see the services it lists on its pages"
            )
        services.append(service)

    def send(number: int, title: str, body: str) -> bool:
        said = services[number].notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT)
        return bool(said)

    return send


class Courier:
    """Sends one message at a time to each target, on a thread of its own: a service that hangs holds up no other, no end."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._under_way: dict[int, threading.Thread] = {}

    async def deliver(self, number: int, title: str, body: str) -> str:
        """Send one message without holding up the loop. Returns what went wrong, empty if nothing did."""
        before = self._under_way.get(number)
        if before is not None and before.is_alive():
            return "still busy with the message before"
        loop = asyncio.get_running_loop()
        said: asyncio.Future[str] = loop.create_future()

        def tell(problem: str) -> None:
            if not said.done():
                said.set_result(problem)

        def speak() -> None:
            problem = self._spoken(number, title, body)
            with contextlib.suppress(RuntimeError):  # the loop ended while the service took its time
                loop.call_soon_threadsafe(tell, problem)

        thread = threading.Thread(target=speak, name=f"notify {number}", daemon=True)
        self._under_way[number] = thread
        thread.start()
        try:
            async with asyncio.timeout(WITHIN):
                return await said
        except TimeoutError:
            return f"no answer within {WITHIN:g} s"

    def _spoken(self, number: int, title: str, body: str) -> str:
        try:
            taken = self._send(number, title, body)
        except Exception as error:  # noqa: BLE001  (a service's plug-in may raise anything; its text may hold the address)
            return f"the service failed: {type(error).__name__}"
        return "" if taken else "the service did not take it"


class Deliveries:
    """The record of deliveries: JSON lines in a private file of its own, since the log is the supervisor's alone."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def note(self, **fields: Any) -> str:
        """Write one line. Returns what went wrong, empty if nothing did."""
        line = json.dumps(fields, ensure_ascii=True) + "\n"
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.path.exists() and self.path.stat().st_size + len(line) > LOG_BYTES:
                self.path.replace(self.path.with_name(self.path.name + ".1"))
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(descriptor, line.encode("ascii"))
            finally:
                os.close(descriptor)
        except OSError as error:
            return f"{self.path}: {error.strerror or error}"
        return ""

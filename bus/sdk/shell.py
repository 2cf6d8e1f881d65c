"""What moves bytes between an `AgentCore` and a transport, and wakes whoever waits.

By default it lives in a thread of its own with its own event loop: agent code that blocks its loop starves neither
heartbeats nor decisions. Agent code enters the core from any thread, under one lock; only the shell's loop sends.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, Final, TypeVar

from bus.sdk.agent_core import AgentCore
from bus.sdk.forked import OneProcess
from bus.sdk.goodbye import publish_last, wait_until_stored
from bus.sdk.waiting import Waiting, release
from bus.transports.transport import Item, LinkDown, LinkUp, Message, Transport

log = logging.getLogger("watchfloor")

T = TypeVar("T")
LOOK_WITHIN: Final = 0.001
"""Seconds after which the loop looks at the core once somebody's wait is over, if that does not make it look before."""


class BusStoppedError(RuntimeError):
    """The agent is closed, or its bus thread failed: no decision can arrive any more."""


class Shell(OneProcess):
    """Runs one core. `connect` makes the transport, on the shell's loop; `started` is done when it is connecting."""

    def __init__(self, core: AgentCore, connect: Callable[[], Transport]) -> None:
        super().__init__()
        self.core = core
        self._connect = connect
        self._lock = threading.Lock()
        self._waiting = Waiting()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._transport: Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._armed = math.inf
        self._woken = False
        self._over = False
        self._lost = False  # the link, and that was said
        self._within: float | None = None  # how long the rest may take, once it is to close
        self._close: asyncio.Future[float] | None = None
        self._empty: asyncio.Event | None = None
        self.started: Future[None] = Future()
        self._ended: Future[None] = Future()

    # ---- from any thread ---------------------------------------------------------------------------------------------

    def start_thread(self) -> Future[None]:
        """Run in a thread of its own. Return `started`, which fails if no transport could be made."""
        threading.Thread(target=self._run, name="watchfloor", daemon=True).start()
        return self.started

    def _run(self) -> None:
        # What links need, add_reader, is not in the loop that Windows has by default.
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(self.main())

    def close(self, within: float) -> Future[None]:
        """Stop, after everything is stored or `within` seconds. The future is done when the link is closed."""
        self._within = within
        loop = self._loop
        if loop is not None:  # else `main` sees it when it begins
            with contextlib.suppress(RuntimeError):  # the loop is closed: it failed before
                loop.call_soon_threadsafe(self._begin_close, within)
        return self._ended

    def call(self, work: Callable[[AgentCore, float], T]) -> T:
        """Do something with the core, and see to it that what comes of it is sent.

        Raises:
            ForkedError: this process is a fork of the one that the shell was made in.
        """
        self.check_process()  # before the lock, which a thread that is not here may hold for ever
        with self._lock:
            try:
                return work(self.core, time.monotonic())
            finally:
                self._wake()

    def enter(
        self, run: str, work: Callable[[AgentCore, float], tuple[str, T | None]]
    ) -> tuple[str, T | Future[None] | None]:
        """Do something that has a token and perhaps an answer; where it has none, return what `ask` would.

        The loop is told last, so that whoever calls has only to go to sleep. None for an answer: `ask` says why.

        Raises:
            ForkedError: see `call`.
        """

        def both(core: AgentCore, now: float) -> tuple[str, T | Future[None] | None]:
            token, answer = work(core, now)
            return token, self._waiting.of(run, token) if answer is None and not self._over else answer

        return self.call(both)

    def ask(self, run: str, token: str, work: Callable[[AgentCore, float], T | None]) -> T | Future[None]:
        """Ask the core something; where it answers None, return what is done when asking again makes sense.

        Raises:
            BusStoppedError: it answered None, and nothing will ever change that.
            ForkedError: see `call`.
        """
        self.check_process()
        with self._lock:
            try:
                answer = work(self.core, time.monotonic())
                if answer is not None:
                    return answer
                if self._over:
                    raise BusStoppedError("the agent's bus has stopped")
                return self._waiting.of(run, token)
            finally:
                self._wake()

    def is_here(self) -> bool:
        """Whether this is called on the shell's own loop."""
        try:
            return asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return False

    def _wake(self) -> None:
        """Let the loop look at the core, if there is anything to see and it was not told before. Under the lock."""
        loop, core = self._loop, self.core
        if loop is None or self._woken or not (core.has_output or core.next_deadline() < self._armed):
            return
        self._woken = True
        with contextlib.suppress(RuntimeError):  # the loop is closed; everything is in the spool
            loop.call_soon_threadsafe(self._pump)

    # ---- on the shell's loop -----------------------------------------------------------------------------------------

    async def main(self) -> None:
        """Live until `close`."""
        try:
            self._loop = asyncio.get_running_loop()
            self._close = self._loop.create_future()
            self._empty = asyncio.Event()
            if self._within is not None:
                self._begin_close(self._within)
            async with self._connect() as transport:
                self._transport = transport
                self.started.set_result(None)
                self._pump()
                await self._live(transport, self._close, self._empty)
        except Exception as error:
            if self.started.done():
                log.exception("the agent's bus has failed; its gates stay shut, its events stay in the spool")
            else:
                self.started.set_exception(error)
        finally:
            self._end()

    async def _live(self, transport: Transport, close: asyncio.Future[float], empty: asyncio.Event) -> None:
        reader = asyncio.create_task(self._read(transport), name="watchfloor reader")
        try:
            both: set[asyncio.Future[Any]] = {reader, close}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if not close.done():
                await reader  # raises what went wrong
                return
            self._pump()  # what was written since the last look makes `empty` untrue
            await wait_until_stored(self.core, empty, close.result())
            with self._lock:
                self.core.stop(time.monotonic())
                rest = self.core.take_publishes()
            await publish_last(transport, rest)
        finally:
            reader.cancel()
            await asyncio.wait({reader})

    async def _read(self, transport: Transport) -> None:
        transport.at_once(self._work)
        async for batch in transport.batches():
            self._work(batch)

    def _work(self, items: Sequence[Item]) -> None:
        called = False
        for item in items:
            try:
                called |= self._take(item)
            except Exception:
                # One bad item must not end the bus, and with it every gate of this process.
                log.exception("agent %s: what came in could not be taken in", self.core.identity.agent)
                self.core.ignored["fault"] += 1
        if not called:
            self._pump()

    def _take(self, item: Item) -> bool:
        """Act on what came in. Return whether somebody waited for it: then `_pump` is to come."""
        match item:
            case Message(topic, payload, retained):
                # Without the lock: no agent code waits for a signature.
                heard = self.core.ear.read(topic, payload, retained=retained)
                if heard is not None:
                    with self._lock:
                        self.core.take(heard, time.monotonic())
                        waiters = self._waiting.called(self.core.take_notices())
                    if waiters and self._loop is not None:
                        # First, for they need the interpreter now: nothing is done between their call and our sleep.
                        self._loop.call_later(LOOK_WITHIN, self._pump)
                        release(waiters)
                        return True
            case LinkUp(connection):
                # As loud as the loss: who saw that the link went must see that it is back.
                level = logging.WARNING if self._lost else logging.INFO
                again = " again" if self._lost else ""
                log.log(level, "agent %s: linked%s", self.core.identity.agent, again)
                self._lost = False
                with self._lock:
                    self.core.link_up(connection, time.monotonic())
            case LinkDown(reason):
                log.warning("agent %s: no link: %s", self.core.identity.agent, reason)
                self._lost = True
                with self._lock:
                    self.core.link_down(time.monotonic())
        return False

    def _pump(self) -> None:
        """Send what is to be sent, do what is due, wake whom it concerns, and set the timer anew."""
        self._send()  # first of all: somebody waits for what comes of it
        with self._lock:
            self._woken = False
            now = time.monotonic()
            if now >= self.core.next_deadline():
                self.core.tick(now)
            waiters = self._waiting.called(self.core.take_notices())
            words = self._waiting.take_words()
            self._armed = self.core.next_deadline()
            if self._empty is not None and self.core.unstored == 0:
                self._empty.set()
            elif self._empty is not None:
                self._empty.clear()
        release(waiters)
        self._send()
        if self._transport is not None and self._loop is not None:
            if self._timer is not None:
                self._timer.cancel()
            wait = max(0.0, self._armed - now)
            self._timer = self._loop.call_later(wait, self._pump) if wait < math.inf else None
        for text in words:
            log.error("agent %s: %s", self.core.identity.agent, text)

    def _send(self) -> None:
        with self._lock:
            publishes = self.core.take_publishes()
        transport = self._transport
        if transport is None or not publishes:
            return  # the spool has it
        for topic, payload, retain in publishes:
            try:
                transport.send(topic, payload, retain=retain)
            except ValueError as error:
                # One message that no broker takes must not end the bus, and with it every gate of this process.
                log.exception("agent %s: a message on %s cannot be sent", self.core.identity.agent, topic)
                self.call(partial(_unsendable, topic, str(error)))
        transport.flush()

    def _begin_close(self, within: float) -> None:
        if self._close is not None and not self._close.done():
            self._close.set_result(within)

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            self._over = True
            self._transport = None
            waiters = self._waiting.all()
        release(waiters)
        if not self._ended.done():
            self._ended.set_result(None)


def _unsendable(topic: str, why: str, core: AgentCore, now: float) -> None:
    core.unsendable(topic, why, now)

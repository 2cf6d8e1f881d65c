"""The floor of a site as a program holds it: follows it, says what the operator wants, waits for effects."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Literal, Self, TypedDict, Unpack, cast

import msgspec

from bus.home import Home
from bus.inquiry import HealthReport, HistoryPage
from bus.limits import INTENT_REPEAT, INTENT_TIMEOUT, PAYLOAD_BYTES
from bus.messages import Answer, Intent, Verb
from bus.signing import PrivateKey
from bus.topics import Topics, check_id
from bus.transports.transport import Will
from bus.url import BrokerUrl
from console.core.fleet.state import Fleet
from console.core.reducing.reduce import Change
from console.link.follower import Applied, Effects, Follower, Report
from console.link.reaching import Connect, over_mqtt, pinned_key
from console.link.status import LinkStatus, trouble

GOODBYE: Final = 0.5
"""Seconds a closing console waits for the broker to take its goodbye."""

_ANSWERED_BY: Final[dict[Verb, type]] = {"health": HealthReport, "history": HistoryPage}
"""What answers these intents; all others are answered by an `Answer`."""


class NoAnswerError(Exception):
    """Nobody answered in time. The text says who did not, and what still holds without them."""


class TooLargeError(ValueError):
    """An intent that does not fit into a payload of the bus."""


class Wanted(TypedDict, total=False):
    """What an intent is about; see `bus.messages.Intent` for what is what."""

    agent: str
    run: str
    action: str
    digest: str
    args: dict[str, Any] | None
    reason: str
    code: str
    alarm: str
    seconds: int
    group: bool
    ok: bool
    before: int
    scope: Literal["once", "run"]
    grant: str


class Floor:
    """A site, live. Use it as an async context; nothing is connected before.

    `where` is a broker's address or a way to connect. Intents are signed by `key`; without one they go out unsigned and
    may only pause, reject and hold. A `watching` console is listed among the operators until it leaves. `clock` is
    monotonic, in seconds: what every `since` of the status counts by.
    """

    def __init__(
        self,
        where: BrokerUrl | Connect,
        *,
        home: Home,
        operator: str,
        key: PrivateKey | None = None,
        watching: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Raises:
            BadIdError: `operator` is not a legal id.
            KeyFileError: the supervisor's pinned public key cannot be used.
            BadBrokerUrlError: a TLS file of the address cannot be used.
        """
        self.topics = Topics(home.site)
        self.operator = check_id(operator, "operator")
        self.console = f"console-{secrets.token_hex(6)}"
        self._key = key
        self._watching = watching
        self._clock = clock
        self._follower = Follower(
            self.topics,
            operator=operator,
            console=self.console,
            new_id=_new_id,
            now=clock(),
            pinned=pinned_key(home),
            watching=watching,
        )
        connect = over_mqtt(where) if isinstance(where, BrokerUrl) else where
        self._transport = connect(
            self.console, self._follower.subscriptions, self._will if watching else None
        )
        self._listeners: list[Callable[[list[Change]], None]] = []
        self._record_listeners: list[Callable[[list[Applied]], None]] = []
        self._answers: dict[str, tuple[type, asyncio.Future[Answer | Report]]] = {}
        self._conditions: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._failure: BaseException | None = None

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        self._task = asyncio.create_task(self._run(), name=f"floor {self.topics.site}")
        self._task.add_done_callback(self._ended)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watching and self.status.bus == "up":
            with suppress(TimeoutError, ConnectionError):
                goodbye = self._transport.publish(self.topics.intents(self.operator), self._goodbye())
                # Not wait_for: before Python 3.12 it swallows a cancellation that meets its answer.
                async with asyncio.timeout(GOODBYE):
                    await goodbye
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        await self._transport.__aexit__(kind, error, trace)

    # ---- what is there -----------------------------------------------------------------------------------------------

    @property
    def fleet(self) -> Fleet:
        """The state of the site, as far as the log was followed. Another object after each joining; never change it."""
        return self._follower.fleet

    @property
    def status(self) -> LinkStatus:
        """How the link stands."""
        return self._follower.status

    @property
    def trouble(self) -> str:
        """What is wrong with the link and what still holds, in one line; empty while nothing is."""
        return trouble(self.status)

    def listen(self, callback: Callable[[list[Change]], None]) -> Callable[[], None]:
        """Have `callback` told what changed, on the event loop, after it changed. Returns what stops it.

        Besides the changes of `reduce` there are `REPLACED` and `LINK` of `console.link.follower`.
        """
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def listen_to_records(self, callback: Callable[[list[Applied]], None]) -> Callable[[], None]:
        """Have `callback` given each record after it was applied, but none that a keyframe held. Returns as `listen`."""
        self._record_listeners.append(callback)
        return lambda: self._record_listeners.remove(callback)

    def sign_with(self, key: PrivateKey) -> None:
        """Sign what is said from now on: the operator's key was made while this was open."""
        self._key = key

    # ---- what is wanted ----------------------------------------------------------------------------------------------

    async def reach(self, timeout: float) -> None:
        """Wait until the bus is there.

        Raises:
            NoAnswerError: not within `timeout` seconds.
        """
        if not await self._until(lambda: self.status.bus == "up", timeout):
            raise NoAnswerError(self.trouble)

    async def join(self, timeout: float = INTENT_TIMEOUT) -> None:
        """Wait until the fleet follows the log.

        Raises:
            NoAnswerError: not within `timeout` seconds.
        """
        if not await self._until(lambda: self._follower.joined, timeout):
            raise NoAnswerError(self.trouble or "the supervisor has not answered")

    async def until(self, predicate: Callable[[Fleet], bool], timeout: float) -> bool:
        """Wait until the fleet fulfils `predicate`, at most `timeout` seconds. Returns whether it does."""
        return await self._until(lambda: predicate(self._follower.fleet), timeout)

    async def say(
        self, verb: Verb, *, intent: str = "", timeout: float = INTENT_TIMEOUT, **wanted: Unpack[Wanted]
    ) -> Answer:
        """State an intent, repeated until it is answered. `intent` is its id, a new one by default.

        The answer tells what was recorded, not what has taken effect.

        Raises:
            NoAnswerError: nobody answered within `timeout` seconds. It may have been carried out all the same.
            NotCanonicalError: `args` cannot be signed: a number beyond 2**53, say.
            TooLargeError: it does not fit into a payload.
        """
        return cast("Answer", await self.ask(verb, intent=intent, timeout=timeout, **wanted))

    async def ask(
        self, verb: Verb, *, intent: str = "", timeout: float = INTENT_TIMEOUT, **wanted: Unpack[Wanted]
    ) -> Answer | Report:
        """The same, whatever the answer is: some verbs ask for a report."""
        message = Intent(
            verb=verb,
            id=intent or _new_id(),
            operator=self.operator,
            console=self.console,
            epoch=self._follower.epoch or self.status.epoch,
            pos=self.fleet.pos,
            **wanted,
        )
        payload = _fitting(self._seal(message))
        answer: asyncio.Future[Answer | Report] = asyncio.get_running_loop().create_future()
        self._answers[message.id] = _ANSWERED_BY.get(verb, Answer), answer
        try:
            async with asyncio.timeout(timeout):
                while not answer.done():
                    self._publish(payload)
                    await asyncio.wait({answer}, timeout=INTENT_REPEAT)
                return answer.result()
        except TimeoutError:
            what = self.trouble or "the supervisor is there and does not answer"
            raise NoAnswerError(f"no answer to {verb} within {timeout:g} s: {what}") from None
        finally:
            del self._answers[message.id]

    # ---- inside ------------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        async for batch in self._transport.batches():
            for item in batch:
                self._carry_out(self._follower.receive(item, self._clock()))

    def _carry_out(self, effects: Effects) -> None:
        for intent in effects.intents:
            self._publish(self._seal(intent))
        for answer in (*effects.answers, *effects.reports):
            # By kind as well: whoever read the id may ask something else under it, and is answered truly.
            kind, waiting = self._answers.get(answer.intent, (None, None))
            if waiting is not None and type(answer) is kind and not waiting.done():
                waiting.set_result(answer)
        if effects.applied:
            for tell_records in list(self._record_listeners):
                tell_records(effects.applied)
        if effects.changes:
            for tell in list(self._listeners):
                tell(effects.changes)
            for predicate, met in self._conditions:
                if not met.done() and predicate():
                    met.set_result(None)
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        wake_at = self._follower.wake_at()
        if wake_at is not None:
            delay = max(0.0, wake_at - self._clock())
            self._timer = asyncio.get_running_loop().call_later(delay, self._tick)

    def _tick(self) -> None:
        self._carry_out(self._follower.tick(self._clock()))

    async def _until(self, predicate: Callable[[], bool], timeout: float) -> bool:
        if predicate():
            return True
        if self._failure is not None:
            raise self._failure
        met: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        condition = (predicate, met)
        self._conditions.append(condition)
        try:
            await asyncio.wait({met}, timeout=timeout)
            if met.done():
                met.result()
            return met.done()
        finally:
            self._conditions.remove(condition)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        self._failure = task.exception()
        if self._failure is not None:
            answers: list[asyncio.Future[Any]] = [answer for _, answer in self._answers.values()]
            for future in [*answers, *(met for _, met in self._conditions)]:
                if not future.done():
                    future.set_exception(self._failure)

    def _publish(self, payload: bytes) -> None:
        self._transport.send(self.topics.intents(self.operator), payload)

    def _seal(self, intent: Intent) -> bytes:
        return self._key.sign(intent) if self._key else msgspec.json.encode(intent)

    def _goodbye(self) -> bytes:
        return self._seal(Intent(verb="leave", id=_new_id(), operator=self.operator, console=self.console))

    def _will(self, _connection: str) -> Will:
        return Will(self.topics.intents(self.operator), self._goodbye(), retain=False)


def _fitting(payload: bytes) -> bytes:
    if len(payload) > PAYLOAD_BYTES:
        raise TooLargeError(f"the intent takes {len(payload)} bytes; at most {PAYLOAD_BYTES} may be sent")
    return payload


def _new_id() -> str:
    return secrets.token_hex(8)

"""The floor of a site as a program holds it: follows it over a transport, says what the operator wants, waits for effects."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from bus.home import Home
from bus.limits import INTENT_REPEAT, INTENT_TIMEOUT, PAYLOAD_BYTES
from bus.messages import Answer, Intent, Verb
from bus.signing import KeyFileError, PrivateKey, PublicKey
from bus.topics import Topics, check_id
from bus.transport import Transport, Will, WillFor
from bus.url import BrokerUrl
from console.core.reduce import Change
from console.core.state import Fleet
from console.link.follower import Applied, Effects, Follower
from console.link.status import LinkStatus, trouble

GOODBYE: Final = 0.5
"""Seconds a closing console waits for the broker to take its goodbye."""

Connect = Callable[[str, Sequence[str], WillFor | None], Transport]
"""Makes a transport out of a client id, subscriptions and a will."""


class NoAnswerError(Exception):
    """Nobody answered in time. The text says who did not, and what still holds without them."""


class TooLargeError(ValueError):
    """An intent that does not fit into a payload of the bus."""


def over_mqtt(url: BrokerUrl) -> Connect:
    """Connect by a broker."""

    def connect(client_id: str, subscriptions: Sequence[str], will: WillFor | None) -> Transport:
        from bus.mqtt import MqttTransport

        return MqttTransport(url, client_id=client_id, subscriptions=subscriptions, will=will)

    return connect


def pinned_key(home: Home) -> PublicKey | None:
    """The supervisor's public key in this machine's files, or None if there is none.

    Raises:
        KeyFileError: the file is there and cannot be used.
    """
    path = home.supervisor_key.with_name(home.supervisor_key.name + ".pub")
    try:
        return PublicKey.parse(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, KeyFileError) as error:
        raise KeyFileError(f"{path}: {error}") from None


class Floor:
    """A site, live. Use it as an async context; nothing is connected before.

    `where` is a broker's address or a way to connect. Intents are signed by `key`; without one they go out unsigned and
    may only pause, reject and hold. A `watching` console is listed among the operators until it leaves.
    """

    def __init__(
        self,
        where: BrokerUrl | Connect,
        *,
        home: Home,
        operator: str,
        key: PrivateKey | None = None,
        watching: bool = False,
        console: str = "",
    ) -> None:
        """Prepare.

        Raises:
            BadIdError: `operator` or `console` is not a legal id.
            KeyFileError: the supervisor's pinned public key cannot be used.
        """
        self.topics = Topics(home.site)
        self.operator = check_id(operator, "operator")
        self.console = check_id(console or f"console-{secrets.token_hex(6)}", "console")
        self._connect = over_mqtt(where) if isinstance(where, BrokerUrl) else where
        self._key = key
        self._pinned = pinned_key(home)
        self._watching = watching
        self._listeners: list[Callable[[list[Change]], None]] = []
        self._record_listeners: list[Callable[[list[Applied]], None]] = []
        self._answers: dict[str, asyncio.Future[Answer]] = {}
        self._conditions: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._follower: Follower | None = None
        self._transport: Transport | None = None
        self._task: asyncio.Task[None] | None = None
        self._failure: BaseException | None = None

    async def __aenter__(self) -> Self:
        self._follower = Follower(
            self.topics,
            operator=self.operator,
            console=self.console,
            new_id=_new_id,
            now=_now(),
            pinned=self._pinned,
            watching=self._watching,
        )
        will: WillFor | None = self._will if self._watching else None
        self._transport = self._connect(self.console, self._follower.subscriptions, will)
        await self._transport.__aenter__()
        self._task = asyncio.create_task(self._run(self._transport), name=f"floor {self.topics.site}")
        self._task.add_done_callback(self._ended)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        assert self._transport is not None
        if self._watching and self.status.bus == "up":
            with suppress(TimeoutError, ConnectionError):
                goodbye = self._transport.publish(self.topics.intents(self.operator), self._goodbye())
                await asyncio.wait_for(goodbye, GOODBYE)
        if self._timer is not None:
            self._timer.cancel()
        self._task.cancel()
        await asyncio.wait({self._task})
        await self._transport.__aexit__(kind, error, trace)

    # ---- what is there -----------------------------------------------------------------------------------------------

    @property
    def fleet(self) -> Fleet:
        """The state of the site, as far as the log was followed. Another object after each joining; never change it."""
        return self._core.fleet

    @property
    def status(self) -> LinkStatus:
        """How the link stands."""
        return self._core.status

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
        """Have `callback` given each record after it was applied. What a keyframe holds does not come. Returns as `listen`."""
        self._record_listeners.append(callback)
        return lambda: self._record_listeners.remove(callback)

    # ---- what is wanted ----------------------------------------------------------------------------------------------

    async def join(self, timeout: float = INTENT_TIMEOUT) -> None:
        """Wait until the fleet follows the log.

        Raises:
            NoAnswerError: not within `timeout` seconds.
        """
        if not await self._until(lambda: self._core.joined, timeout):
            raise NoAnswerError(self.trouble or "the supervisor has not answered")

    async def until(self, predicate: Callable[[Fleet], bool], timeout: float) -> bool:
        """Wait until the fleet fulfils `predicate`, at most `timeout` seconds. Returns whether it does."""
        return await self._until(lambda: predicate(self._core.fleet), timeout)

    async def say(
        self,
        verb: Verb,
        *,
        agent: str = "",
        run: str = "",
        action: str = "",
        digest: str = "",
        args: dict[str, Any] | None = None,
        reason: str = "",
        code: str = "",
        alarm: str = "",
        intent: str = "",
        timeout: float = INTENT_TIMEOUT,
    ) -> Answer:
        """State an intent, repeated until it is answered; see `bus.messages.Intent` for what is what.

        The answer tells what was recorded, not what has taken effect. `intent` is its id, a new one by default.

        Raises:
            NoAnswerError: nobody answered within `timeout` seconds. It may have been carried out all the same.
            NotCanonicalError: `args` cannot be signed: a number beyond 2**53, say.
            TooLargeError: it does not fit into a payload.
        """
        wanted = Intent(
            verb=verb,
            id=intent or _new_id(),
            operator=self.operator,
            console=self.console,
            epoch=self._core.epoch or self.status.epoch,
            pos=self.fleet.pos,
            agent=agent,
            run=run,
            action=action,
            digest=digest,
            args=args,
            reason=reason,
            code=code,
            alarm=alarm,
        )
        payload = self._seal(wanted)
        if len(payload) > PAYLOAD_BYTES:
            raise TooLargeError(f"the intent takes {len(payload)} bytes; at most {PAYLOAD_BYTES} may be sent")
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._answers[wanted.id] = answer
        try:
            async with asyncio.timeout(timeout):
                return await self._repeat(payload, answer)
        except TimeoutError:
            what = self.trouble or "the supervisor is there and does not answer"
            raise NoAnswerError(f"no answer to {verb} within {timeout:g} s: {what}") from None
        finally:
            del self._answers[wanted.id]

    async def _repeat(self, payload: bytes, answer: asyncio.Future[Answer]) -> Answer:
        while not answer.done():
            self._publish(payload)
            await asyncio.wait({answer}, timeout=INTENT_REPEAT)
        return answer.result()

    # ---- inside ------------------------------------------------------------------------------------------------------

    @property
    def _core(self) -> Follower:
        if self._follower is None:
            raise RuntimeError("enter the floor before using it")
        return self._follower

    async def _run(self, transport: Transport) -> None:
        async for batch in transport.batches():
            for item in batch:
                self._carry_out(self._core.receive(item, _now()))

    def _carry_out(self, effects: Effects) -> None:
        for intent in effects.intents:
            self._publish(self._seal(intent))
        for answer in effects.answers:
            waiting = self._answers.get(answer.intent)
            if waiting is not None and not waiting.done():
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
        wake_at = self._core.wake_at()
        loop = asyncio.get_running_loop()
        self._timer = None if wake_at is None else loop.call_at(wake_at, self._tick)

    def _tick(self) -> None:
        self._carry_out(self._core.tick(_now()))

    async def _until(self, predicate: Callable[[], bool], timeout: float) -> bool:
        if predicate():
            return True
        met: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._failure is not None:
            raise self._failure
        condition = (predicate, met)
        self._conditions.append(condition)
        try:
            await asyncio.wait({met}, timeout=timeout)
            if met.done():
                met.result()
            return met.done() or predicate()
        finally:
            self._conditions.remove(condition)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or task.exception() is None:
            return
        self._failure = task.exception()
        for future in [*self._answers.values(), *(met for _, met in self._conditions)]:
            if not future.done():
                future.set_exception(self._failure)

    def _publish(self, payload: bytes) -> None:
        assert self._transport is not None
        self._transport.send(self.topics.intents(self.operator), payload)

    def _seal(self, intent: Intent) -> bytes:
        return self._key.sign(intent) if self._key else msgspec.json.encode(intent)

    def _goodbye(self) -> bytes:
        return self._seal(Intent(verb="leave", id=_new_id(), operator=self.operator, console=self.console))

    def _will(self, _connection: str) -> Will:
        return Will(self.topics.intents(self.operator), self._goodbye(), retain=False)


def _new_id() -> str:
    return secrets.token_hex(8)


def _now() -> float:
    return asyncio.get_running_loop().time()

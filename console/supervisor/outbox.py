"""What the supervisor wants to publish, in order, each held back until what it speaks of is committed."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from bus.messages import Answer, Command, SupervisorState
from bus.signing import PrivateKey
from bus.topics import Topics

LOGGER: Final = logging.getLogger(__name__)


class Out(Struct):
    """A message to publish once everything up to `after` is recorded.

    `payload` is empty until it is signed. `command` is the id whose `command.sent` fact its delivery proves, empty for none.
    `stops` marks what goes out even while the recording fails: reject, pause, hold, kill. `anyway` goes out then as well
    and stops nothing: the floor for a console that comes in, so that it can.
    """

    topic: str
    payload: bytes
    after: int
    retain: bool = False
    command: str = ""
    stops: bool = False
    anyway: bool = False


class Outbox:
    """Ordered, held-back messages. `position` gives the log's newest position."""

    def __init__(self, topics: Topics, key: PrivateKey, position: Callable[[], int]) -> None:
        self._topics = topics
        self._key = key
        self._position = position
        self._held: deque[Out] = deque()
        self._anyway: deque[Out] = deque()  # of what is held, that which a failing recording does not hold
        self._now: list[Out] = []
        self._unsigned = deque[tuple[Out, Command]]()

    def command(self, command: Command, *, stops: bool = False, fact: bool = False) -> None:
        """Queue a command behind the newest record. `fact`: its delivery is a fact of the ledger.

        What `stops` is signed now, as it goes out when nothing else does; the rest when `sign` is called or when it is due.
        """
        topic = self._topics.commands(command.agent)
        out = Out(topic, b"", self._position(), command=command.id if fact else "", stops=stops)
        self._unsigned.append((out, command))
        self._add(out)
        if stops:
            self.sign()

    def sign(self) -> None:
        """Sign the commands that are queued. What cannot be signed is never sent."""
        while self._unsigned:
            out, command = self._unsigned.popleft()
            try:
                out.payload = self._key.sign(command)
            except Exception:
                LOGGER.exception("a %s for %s cannot be signed and was not sent", command.id, command.agent)

    def state(self, state: SupervisorState) -> None:
        """Queue the lease; it waits for nothing."""
        self._add(Out(self._topics.state, self._key.sign(state), 0, retain=True))

    def signed_state(self, state: SupervisorState) -> bytes:
        """A signed state as a payload, for the will."""
        return self._key.sign(state)

    def journal(self, payload: bytes) -> None:
        """Queue committed records. They wait for nothing, least of all behind a command about what no disk takes."""
        self._add(Out(self._topics.journal, payload, 0))

    def answer(self, console: str, answer: Answer, *, at_once: bool = False) -> None:
        """Sign an answer and queue it behind the newest record, or `at_once`."""
        self._add(
            Out(self._topics.console(console), self._key.sign(answer), 0 if at_once else self._position())
        )

    def plain(self, topic: str, payload: bytes, after: int | None = None, *, anyway: bool = False) -> None:
        """Queue an unsigned message behind `after`, the newest record by default; `anyway` as in `Out`."""
        self._add(Out(topic, payload, self._position() if after is None else after, anyway=anyway))

    def ready(self, committed: int, *, failing: bool = False) -> list[Out]:
        """Take what may go out now: everything recorded, and while the recording fails also what must not wait."""
        ready, self._now = self._now, []
        if failing:
            ready.extend(self._anyway)
            gone = {id(out) for out in self._anyway}
            self._held = deque(out for out in self._held if id(out) not in gone)
            self._anyway.clear()
        while self._held and self._held[0].after <= committed:
            ready.append(self._held.popleft())
        if not failing:
            self._anyway = deque(out for out in self._anyway if out.after > committed)
        if any(not out.payload for out in ready):
            self.sign()
        return [out for out in ready if out.payload]

    def _add(self, out: Out) -> None:
        if out.after == 0:
            self._now.append(out)
            return
        self._held.append(out)
        if out.stops or out.anyway:
            self._anyway.append(out)

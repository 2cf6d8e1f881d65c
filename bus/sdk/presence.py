"""How an agent process shows that it is there: birth, heartbeat, goodbye, and the will that speaks when it cannot."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

from bus.codec import encode
from bus.identity import Identity
from bus.limits import HEARTBEAT
from bus.messages import AgentStatus, RunStanding
from bus.sdk.courier import Publish
from bus.sdk.era import Era

Goodbye = Literal["stopped", "lost"]


class Presence:
    """The status of one agent process. `connection` is that of the link, empty while there is none."""

    def __init__(
        self,
        identity: Identity,
        send: Callable[[Publish], object],
        goodbye: Goodbye = "stopped",
        era: Era | None = None,
    ) -> None:
        self.topic = identity.topics.status(identity.agent)
        self.connection = ""
        self.beat_at = math.inf
        self.over = False
        self._identity = identity
        self._send = send
        self._goodbye: Goodbye = goodbye
        self._era = era or Era()

    def linked(self, connection: str, now: float) -> None:
        """Note a new link."""
        self.connection = connection
        self.beat_at = now + HEARTBEAT

    def announce(self, runs: Sequence[RunStanding]) -> None:
        """Publish the retained birth."""
        self._say("online", runs, retain=True)

    def beat(self, now: float) -> None:
        """Publish a heartbeat if one is due."""
        if now >= self.beat_at:
            self.beat_at = now + HEARTBEAT
            self._say("alive", (), retain=False)

    def leave(self) -> None:
        """Publish the retained goodbye. Nothing is published afterwards."""
        self._say(self._goodbye, (), retain=True)
        self.over = True

    def will(self, connection: str) -> Publish:
        """What the broker must publish when the link of that connection dies without a goodbye."""
        return Publish(self.topic, self._status("lost", connection, ()), retain=True)

    def _say(
        self,
        status: Literal["online", "alive", "stopped", "lost"],
        runs: Sequence[RunStanding],
        *,
        retain: bool,
    ) -> None:
        if self.connection and not self.over:
            self._send(Publish(self.topic, self._status(status, self.connection, runs), retain))

    def _status(
        self,
        status: Literal["online", "alive", "stopped", "lost"],
        connection: str,
        runs: Sequence[RunStanding],
    ) -> bytes:
        return encode(
            AgentStatus(
                status=status,
                incarnation=self._identity.incarnation,
                connection=connection,
                sdk=self._identity.sdk,
                control=self._identity.control,
                runs=list(runs),
                era=self._era.highest,
            )
        )

"""What an agent hears: messages are read here, and believed or not, before its core acts on them.

That takes a signature's time and touches nothing that agent code asks the core for, so that nobody has to wait for it.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple, Protocol

from bus.codec import DecodeError, decode, decode_command
from bus.identity import Identity
from bus.messages import AgentStatus, AnyCommand, SupervisorState


class Trust(Protocol):
    """Who decides whether something comes from the site's supervisor."""

    def state(self, payload: bytes, state: SupervisorState) -> bool:
        """Whether a state is the supervisor's. May pin its key on first use."""

    def command(self, payload: bytes) -> bool:
        """Whether a command is the supervisor's."""


class Heard(NamedTuple):
    """A message that was read and believed."""

    what: AnyCommand | SupervisorState | AgentStatus
    retained: bool


class Ear:
    """Reads what comes in for one agent. For one thread; `ignored` counts what is thrown away, by reason."""

    def __init__(self, identity: Identity, trust: Trust, ignored: Counter[str]) -> None:
        self.trust = trust
        self._ignored = ignored
        self._agent = identity.agent
        self._commands = identity.topics.commands(identity.agent)
        self._state = identity.topics.state
        self._status = identity.topics.status(identity.agent)

    @property
    def topics(self) -> tuple[str, str, str]:
        """Topics that this agent must receive."""
        return (self._state, self._commands, self._status)

    def read(self, topic: str, payload: bytes, *, retained: bool) -> Heard | None:
        """Read what was received, if it is from whom it should be. Whatever it is, it never raises."""
        try:
            if topic == self._commands:
                command = decode_command(payload)
                if retained or command.agent != self._agent:
                    self._ignored["retained" if retained else "address"] += 1
                elif self.trust.command(payload):
                    return Heard(command, retained)
                else:
                    self._ignored["untrusted"] += 1
            elif topic == self._state:
                state = decode(payload, SupervisorState)
                if self.trust.state(payload, state):
                    return Heard(state, retained)
                self._ignored["untrusted"] += 1
            elif topic == self._status:
                return Heard(decode(payload, AgentStatus), retained)
            else:
                self._ignored["topic"] += 1
        except DecodeError:
            self._ignored["unreadable"] += 1
        return None

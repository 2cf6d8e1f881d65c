"""The topic tree: the only place that builds or parses a topic.

Everything stands under `watchfloor/v1/{site}`. Ids match `[A-Za-z0-9_.-]{1,64}`, so no id can carry a wildcard,
a level separator or a space. No topic has more than seven slashes (AWS IoT Core's limit).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from bus.limits import ID_CHARS

VERSION: Final = "v1"
_ID: Final = re.compile(rf"[A-Za-z0-9_.-]{{1,{ID_CHARS}}}")

Kind = Literal["state", "status", "events", "commands", "journal", "intents", "console"]


class BadIdError(ValueError):
    """An id that the contract does not allow. The message names the field and the value."""


def check_id(value: str, field: str) -> str:
    """Return `value` if it is a legal id.

    Raises:
        BadIdError: it is empty, too long, or holds a character outside `A-Z a-z 0-9 _ . -`.
    """
    if not _ID.fullmatch(value):
        msg = f"{field} {value!r} is not an id: 1 to {ID_CHARS} characters out of A-Z a-z 0-9 _ . -"
        raise BadIdError(msg)
    return value


@dataclass(frozen=True, slots=True)
class Address:
    """What a topic means: its kind and the ids in it. `agent`, `run`, `name` are empty where the kind has none.

    `name` is the operator of an intents topic or the console of a console topic.
    """

    kind: Kind
    agent: str = ""
    run: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Topics:
    """Topics of one site."""

    site: str

    def __post_init__(self) -> None:
        check_id(self.site, "site")

    @property
    def root(self) -> str:
        """The prefix of every topic of the site."""
        return f"watchfloor/{VERSION}/{self.site}"

    @property
    def state(self) -> str:
        """Retained: the supervisor's epoch, lease, window and key."""
        return f"{self.root}/supervisor/state"

    @property
    def journal(self) -> str:
        """Batches of the log, for consoles."""
        return f"{self.root}/journal"

    def status(self, agent: str) -> str:
        """Retained: an agent's birth, clean stop or loss. Heartbeats travel here unretained."""
        return f"{self.root}/agents/{check_id(agent, 'agent')}/status"

    def events(self, agent: str, run: str) -> str:
        """A run's events."""
        return f"{self.root}/agents/{check_id(agent, 'agent')}/events/{check_id(run, 'run')}"

    def commands(self, agent: str) -> str:
        """Decisions, commands and watermarks for one agent. Never retained."""
        return f"{self.root}/agents/{check_id(agent, 'agent')}/commands"

    def intents(self, operator: str) -> str:
        """What an operator wants."""
        return f"{self.root}/intents/{check_id(operator, 'operator')}"

    def console(self, console: str) -> str:
        """Keyframe parts, pages and answers for one console."""
        return f"{self.root}/consoles/{check_id(console, 'console')}"

    @property
    def all_status(self) -> str:
        """Filter: every agent's status."""
        return f"{self.root}/agents/+/status"

    @property
    def all_events(self) -> str:
        """Filter: every run's events."""
        return f"{self.root}/agents/+/events/+"

    @property
    def all_intents(self) -> str:
        """Filter: every operator's intents."""
        return f"{self.root}/intents/+"

    def parse(self, topic: str) -> Address | None:
        """Say what `topic` means, or None if it is not one of this site's topics."""
        return _parse(self.root, topic)


@lru_cache(maxsize=8_192)
def _parse(root: str, topic: str) -> Address | None:
    if not topic.startswith(root + "/"):
        return None
    levels = topic[len(root) + 1 :].split("/")
    if not all(_ID.fullmatch(level) for level in levels):
        return None
    match levels:
        case ["supervisor", "state"]:
            return Address("state")
        case ["journal"]:
            return Address("journal")
        case ["intents", operator]:
            return Address("intents", name=operator)
        case ["consoles", console]:
            return Address("console", name=console)
        case ["agents", agent, "status"]:
            return Address("status", agent=agent)
        case ["agents", agent, "commands"]:
            return Address("commands", agent=agent)
        case ["agents", agent, "events", run]:
            return Address("events", agent=agent, run=run)
        case _:
            return None

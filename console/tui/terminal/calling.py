"""When a person is called by bell, notification and title, and with which words. Pure: time is passed in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from console.tui.floor.attention import Level, wants_answer
from console.tui.terminal.terminals import BELL, Terminal, notification, title_back, title_kept, titled

if TYPE_CHECKING:
    from console.core.fleet.alarm_state import Alarm
    from console.core.fleet.state import Action

SETTING: Final = "WATCHFLOOR_ATTENTION"
"""`off`, or some of the words of `WAYS`; all of them without it."""

WAYS: Final = ("bell", "notify", "title")
BELL_EVERY: Final = 10.0
"""Seconds between two bells at least."""

NOTIFY_EVERY: Final = 60.0
"""Seconds between two notifications at least."""

TITLE_EVERY: Final = 1.0


class BadSettingError(ValueError):
    """A setting that means nothing. The text names it and says what may stand there."""


def ways(environment: Mapping[str, str]) -> frozenset[str]:
    """How a person may be called.

    Raises:
        BadSettingError: the setting has a word that is none of ours.
    """
    said = environment.get(SETTING, "").replace(",", " ").casefold().split()
    if not said:
        return frozenset(WAYS)
    wrong = [word for word in said if word not in (*WAYS, "off")]
    if wrong or ("off" in said and len(said) > 1):
        raise BadSettingError(f"{SETTING}={environment[SETTING]}: off, or some of {', '.join(WAYS)}")
    return frozenset(said) - {"off"}


class Standing(NamedTuple):
    """What wants a person now: the keys of what waits with their levels and tools, and alarms that nobody has seen."""

    waits: dict[str, tuple[Level, str]]
    alarms: dict[str, str]


def standing_of(waiting: Iterable[tuple[Action, Level]], alarms: Iterable[Alarm], now: int) -> Standing:
    """Sum up what wants a person at `now` (ms); of the alarms those of priority 1."""
    return Standing(
        {action.key: (level, action.tool) for action, level in waiting},
        {alarm.id: alarm.kind for alarm in alarms if alarm.priority == 1 and wants_answer(alarm, now)},
    )


class Caller:
    """Remembers what was called for, and when. What was there at the first look is called for too."""

    def __init__(self, terminal: Terminal, allowed: frozenset[str], site: str) -> None:
        self._terminal = terminal
        self._allowed = allowed
        self._site = site
        self._known: frozenset[str] = frozenset()
        self._due: dict[str, tuple[Level, str]] = {}
        self._rang = self._notified = self._named = float("-inf")
        self._title = ""

    def begin(self) -> str:
        """What to write before anything else."""
        return title_kept(self._terminal) if "title" in self._allowed else ""

    def end(self) -> str:
        """What to write on leaving: the title as it was."""
        return title_back(self._terminal) if "title" in self._allowed and self._title else ""

    def look(self, standing: Standing, now: float) -> str:
        """What to write now, by a monotonic clock in seconds; nothing for most calls.

        A bell for whatever is new. A notification for holds and alarms of priority 1; those that come within
        `NOTIFY_EVERY` are told by the next one if they are still there then.
        """
        there = dict(standing.waits)
        there.update({f"alarm {name}": ("stop", kind) for name, kind in standing.alarms.items()})
        new = {key: what for key, what in there.items() if key not in self._known}
        self._known = frozenset(there)
        self._due = {
            key: what for key, what in (self._due | new).items() if key in there and what[0] == "stop"
        }
        written = self._name(len(standing.waits), now)
        if new and "bell" in self._allowed and now - self._rang >= BELL_EVERY:
            self._rang = now
            written += BELL
        if self._due and "notify" in self._allowed and now - self._notified >= NOTIFY_EVERY:
            self._notified = now
            written += notification(self._terminal, f"watchfloor {self._site}", self._words(standing))
            self._due = {}
        return written

    def _words(self, standing: Standing) -> str:
        first = next(iter(self._due.values()))[1]
        more = f" and {len(self._due) - 1} more" if len(self._due) > 1 else ""
        waits = len(standing.waits)
        return f"{first}{more}, {waits} {'waits' if waits == 1 else 'wait'}"

    def _name(self, waits: int, now: float) -> str:
        text = f"({waits}) watchfloor {self._site}" if waits else f"watchfloor {self._site}"
        if "title" not in self._allowed or text == self._title or now - self._named < TITLE_EVERY:
            return ""
        self._title, self._named = text, now
        return titled(self._terminal, text)

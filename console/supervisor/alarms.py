"""Raising and clearing alarms through the log, without repeating what stands already."""

from __future__ import annotations

from typing import Final

from bus.records import AlarmCleared, AlarmRaised
from console.supervisor.log import Log

PRIORITY: Final[dict[str, int]] = {
    "ungated-action": 1,
    "kill-unconfirmed": 1,
    "recording-failing": 1,
    "second-supervisor": 1,
    "recorded-late": 1,
    "internal-error": 1,
    "agent-lost": 2,
    "duplicate-agent": 2,
    "gap": 2,
    "events-dropped": 2,
    "command-failed": 2,
    "passed": 2,
    "catalogue-file": 2,
    "policy-file": 2,
    "operators-file": 2,
    "stalled": 3,
    "run-refused": 3,
    "misdeed": 3,
    "bad-input": 3,
    "intent-flood": 3,
}
"""Every kind of alarm and its priority, 1 the highest."""

LATCHED: Final = frozenset(
    {
        "ungated-action",
        "kill-unconfirmed",
        "second-supervisor",
        "recorded-late",
        "internal-error",
        "duplicate-agent",
        "gap",
        "events-dropped",
    }
)
"""Kinds that stay until an operator resets them with a reason."""


ALARMS_A_KIND: Final = 200
"""Alarms of one kind that stand apart; further ones are counted together."""

COUNTS_SPARE: Final = 1_000
"""Counts of alarms that are over which may be kept."""

MORE_KEPT: Final = 10_000
"""Alarms of one kind counted together whose names are remembered, to see when the last of their troubles is gone."""


class Alarms:
    """The alarm desk. An alarm's id is its kind and what it is about, so that the same trouble is one alarm."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._counts: dict[str, int] = {}
        self._more: dict[str, set[str]] = {}

    def raise_(self, kind: str, text: str, agent: str = "", run: str = "", *, about: str = "") -> None:
        """Raise an alarm. Raised again while it stands, it is written at its 1st, 2nd, 5th, 10th, 20th, ... time only."""
        name = self._name(kind, agent, run, about)
        standing = name in self._log.fleet.alarms
        if not standing:
            self._forget()
        count = self._counts[name] = self._counts.get(name, 0) + 1 if standing else 1
        if standing and not _round(count):
            return
        raised = AlarmRaised(
            alarm=name, kind=kind, priority=PRIORITY[kind], text=text, latched=kind in LATCHED, count=count
        )
        self._log.write(raised, agent, run)

    def _name(self, kind: str, agent: str, run: str, about: str) -> str:
        """The alarm's id; one for all the rest where somebody makes up names by the hundred."""
        name = "/".join(part for part in (kind, agent, run, about) if part)[:200]
        alarms = self._log.fleet.alarms
        if name not in alarms and sum(alarm.kind == kind for alarm in alarms.values()) >= ALARMS_A_KIND:
            more = self._more.setdefault(kind, set())
            if len(more) < MORE_KEPT:
                more.add(name)
            return f"{kind}/more"
        return name

    def _forget(self) -> None:
        """Let go of the counts of alarms that are over, now and then."""
        alarms = self._log.fleet.alarms
        if len(self._counts) > len(alarms) + COUNTS_SPARE:
            self._counts = {name: count for name, count in self._counts.items() if name in alarms}

    def clear(self, kind: str, agent: str = "", run: str = "", *, about: str = "") -> None:
        """Say that the condition is gone; a latched alarm stays."""
        name = "/".join(part for part in (kind, agent, run, about) if part)[:200]
        self._clear(name, agent, run)
        more = f"{kind}/more"
        if more not in self._log.fleet.alarms or name == more:
            return
        # What an earlier supervisor counted together nobody can name; it goes with the last alarm of its kind.
        counted = self._more.get(kind, set())
        counted.discard(name)
        alarms = self._log.fleet.alarms.values()
        if not counted and not any(
            one.kind == kind and one.id != more and one.state != "returned" for one in alarms
        ):
            self._clear(more, "", "")

    def _clear(self, name: str, agent: str, run: str) -> None:
        alarm = self._log.fleet.alarms.get(name)
        if alarm is not None and not alarm.latched and alarm.state != "returned":
            self._log.write(AlarmCleared(alarm=name), agent, run)


def _round(count: int) -> bool:
    while count >= 10 and count % 10 == 0:
        count //= 10
    return count in (1, 2, 5)

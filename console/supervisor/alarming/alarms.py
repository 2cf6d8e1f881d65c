"""Raising and clearing alarms through the log, without repeating what stands already."""

from __future__ import annotations

import hashlib
from typing import Final, Protocol

from bus.alarm_records import AlarmCleared, AlarmRaised, AlarmRestored, AlarmSuppressed
from console.core.alarms.alarm_kinds import LATCHED, PRIORITY, REST
from console.core.fleet.alarm_state import Alarm
from console.core.reducing.apply_alarm import unhideable
from console.supervisor.log import Log

ID_CHARS_MAX: Final = 200
"""Longest id of an alarm; a longer one ends in a digest of the whole."""

ALARMS_A_KIND: Final = 200
"""Alarms of one kind that stand apart; further ones are counted together."""

FROM_STRANGERS: Final = 10
"""The same of `bad-input` for names that are no agent's of the fleet: anybody who reaches the broker makes them up."""

COUNTS_SPARE: Final = 1_000
"""Counts of alarms that are over which may be kept."""

MORE_KEPT: Final = 10_000
"""Alarms of one kind counted together whose names are remembered, to see when the last of their troubles is gone."""


def alarm_id(kind: str, agent: str = "", run: str = "", about: str = "") -> str:
    """The id of the alarm of a kind about something. Never cut: two troubles are two alarms."""
    name = "/".join(part for part in (kind, agent, run, about) if part)
    if len(name) <= ID_CHARS_MAX:
        return name
    mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{name[: ID_CHARS_MAX - 17]}~{mark}"


class Suppressing(Protocol):
    """Rules of the site; `console.policy.suppressions.Suppressions` is it."""

    def why(self, kind: str, agent: str) -> str:
        """Why an alarm of a kind about an agent is kept from people, or nothing."""


class Alarms:
    """The alarm desk. An alarm's id is its kind and what it is about, so that the same trouble is one alarm."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self._counts: dict[str, int] = {}
        self._more: dict[str, set[str]] = {}
        self._known: set[str] = set()  # kinds whose alarm for all the rest this process began
        self.suppressions: Suppressing | None = None

    def raise_(
        self, kind: str, text: str, agent: str = "", run: str = "", *, about: str = "", news: bool = False
    ) -> None:
        """Raise an alarm. Raised again while its cause goes on, it is written at its 1st, 2nd, 5th, 10th, ... time only.

        `news`: the text says something else than before, and is not of a stranger's making; it is written in any case.
        """
        name = self._name(kind, agent, run, about)
        known = self.log.fleet.alarms.get(name)
        if known is None:
            self._forget()
        count = self._counts[name] = self._counts.get(name, 0) + 1 if known is not None else 1
        if known is not None and is_so(known) and not (news or _round(count)):
            return
        raised = AlarmRaised(
            alarm=name, kind=kind, priority=PRIORITY[kind], text=text, latched=kind in LATCHED, count=count
        )
        self.log.write(raised, agent, run)
        alarm = self.log.fleet.alarms[name]
        if alarm.shown == "shown" and (why := self.why_suppressed(alarm)):
            self.log.write(AlarmSuppressed(alarm=name, why=why), agent, run)

    def why_suppressed(self, alarm: Alarm) -> str:
        """Why a rule of the site keeps an alarm from people, or nothing."""
        if self.suppressions is None or unhideable(alarm):
            return ""
        return self.suppressions.why(alarm.kind, alarm.agent)

    def when(self, trouble: bool, kind: str, text: str) -> None:  # noqa: FBT001  (it reads as a sentence)
        """Raise the alarm of a kind when there is trouble, clear it when there is none."""
        if trouble:
            self.raise_(kind, text)
        else:
            self.clear(kind)

    def _name(self, kind: str, agent: str, run: str, about: str) -> str:
        """The alarm's id; one for all the rest where somebody makes up names by the hundred."""
        name = alarm_id(kind, agent, run, about)
        alarms = self.log.fleet.alarms
        strange = kind == "bad-input" and agent not in self.log.fleet.agents
        most = FROM_STRANGERS if strange else ALARMS_A_KIND
        if name in alarms or sum(alarm.kind == kind for alarm in alarms.values()) < most:
            return name
        rest = f"{kind}/{REST}"
        if rest not in alarms:  # there was none, or an operator reset it: what that stood for is over
            self._more.pop(kind, None)
            self._known.add(kind)
        more = self._more.setdefault(kind, set())
        if len(more) < MORE_KEPT:
            more.add(name)
        return rest

    def _forget(self) -> None:
        """Let go of the counts of alarms that are over, now and then."""
        alarms = self.log.fleet.alarms
        if len(self._counts) > len(alarms) + COUNTS_SPARE:
            self._counts = {name: count for name, count in self._counts.items() if name in alarms}

    def clear(self, kind: str, agent: str = "", run: str = "", *, about: str = "") -> None:
        """Say that the condition is gone; a latched alarm stays."""
        name = alarm_id(kind, agent, run, about)
        self._clear(name, agent, run)
        rest = f"{kind}/{REST}"
        if rest not in self.log.fleet.alarms:
            return
        counted = self._more.get(kind, set())
        last = kind in self._known and counted == {name}
        counted.discard(name)
        # What an earlier supervisor counted together nobody can name; it goes with the last alarm of its kind.
        if last or (not counted and not self._stands(kind, rest)):
            self._clear(rest, "", "")

    def into_service(self, kind: str, agent: str) -> None:
        """Show an alarm again that was taken out of service because an agent was not to come back, and is."""
        alarm = self.log.fleet.alarms.get(alarm_id(kind, agent))
        if alarm is not None and alarm.shown == "out-of-service":
            self.log.write(AlarmRestored(alarm=alarm.id, by="agent"), agent)

    def _stands(self, kind: str, rest: str) -> bool:
        """Whether an alarm of a kind stands, that for all the rest apart."""
        alarms = self.log.fleet.alarms.values()
        return any(one.kind == kind and one.id != rest and is_so(one) for one in alarms)

    def _clear(self, name: str, agent: str, run: str) -> None:
        alarm = self.log.fleet.alarms.get(name)
        if alarm is not None and not alarm.latched and is_so(alarm):
            self.log.write(AlarmCleared(alarm=name), agent, run)


def is_so(alarm: Alarm) -> bool:
    """Whether the cause of an alarm is there, as far as the log says."""
    return alarm.state not in ("returned", "normal") and not alarm.gone


def _round(count: int) -> bool:
    while count >= 10 and count % 10 == 0:
        count //= 10
    return count in (1, 2, 5)

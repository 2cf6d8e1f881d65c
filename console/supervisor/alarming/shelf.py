"""What operators and the site's rules hide: acknowledging, resetting, shelving, taking out of service, and coming back.

What is hidden always comes back: a shelf ends by the clock, a suppression with its rule or its cause, and what is out of
service when an operator puts it back. Priority 1 and latched alarms cannot be hidden at all.
"""

from __future__ import annotations

from typing import Final, Literal

from bus.alarm_records import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmRemoved,
    AlarmRestored,
    AlarmShelved,
    AlarmSuppressed,
)
from bus.events import Data
from bus.limits import SHELVE_DEFAULT
from bus.messages import Intent
from console.core.alarms.alarm_groups import folded
from console.core.alarms.alarm_kinds import OF_RUN, OF_SITE
from console.core.fleet.alarm_state import Alarm
from console.core.fleet.lifecycle import ENDED
from console.core.reducing.apply_alarm import unhideable
from console.core.text import plain
from console.supervisor.alarming.alarms import Alarms, alarm_id, is_so
from console.supervisor.log import Log

HIDDEN_MOST: Final = 500
"""Alarms that operators may have hidden at once: beyond that the rule is wrong and not the alarms."""

LOOK: Final = 0.5
"""Seconds between looks at what is hidden."""

STILL_LOST: Final = (
    "{agent} is still lost, and the alarm goes when it is back: acknowledge it, "
    "or take it out of service if the agent is not to come back"
)

Refused = tuple[Literal["conflict", "illegal"], str]
"""How a wish is refused, and why."""


class Shelf:
    """Carries out what operators want of alarms, and brings back what was hidden."""

    def __init__(self, log: Log, alarms: Alarms) -> None:
        self._log = log
        self._fleet = log.fleet
        self._alarms = alarms
        self._next = 0.0
        self._rules: object = None  # those last applied to what stands

    def carry_out(self, intent: Intent, by: str) -> Refused | None:
        """Do what an operator wants of an alarm. Returns (outcome, reason) of a refusal, else None."""
        alarm = self._fleet.alarms.get(intent.alarm)
        if alarm is None:
            return "conflict", f"no alarm {plain(intent.alarm)}"
        if why := self._hindrance(intent, alarm):
            return why
        match intent.verb:
            case "acknowledge":
                for one in (alarm, *(self._followers(alarm, intent.pos) if intent.group else ())):
                    self._write(one, AlarmAcknowledged(alarm=one.id, by=by))
            case "reset":
                self._write(alarm, AlarmCleared(alarm=alarm.id, by=by, reason=intent.reason))
            case "shelve":
                seconds = float(intent.seconds or SHELVE_DEFAULT)
                shelved = AlarmShelved(alarm=alarm.id, by=by, seconds=seconds, reason=intent.reason)
                self._write(alarm, shelved)
            case "remove":
                self._write(alarm, AlarmRemoved(alarm=alarm.id, by=by, reason=intent.reason))
            case _:
                self._restore(alarm, by)
        return None

    def _hindrance(self, intent: Intent, alarm: Alarm) -> Refused | None:
        if intent.verb in ("reset", "shelve", "remove") and not intent.reason.strip():
            return "illegal", f"to {intent.verb} an alarm needs a reason"
        if intent.verb in ("acknowledge", "reset") and alarm.state == "normal":
            return "conflict", "the alarm is not so at present"
        if intent.verb == "reset" and self._goes_by_itself(alarm):
            return "illegal", "its cause is still there, and the alarm goes with it: acknowledge it instead"
        if intent.verb == "reset" and self._still_lost(alarm):
            return "illegal", STILL_LOST.format(agent=alarm.agent)
        if intent.verb == "restore":
            if alarm.shown == "shown":
                return "conflict", "nothing hides the alarm"
            if alarm.shown == "suppressed":
                return "illegal", "a rule of the site hides it: change alarms.toml"
        return self._unhidable(intent, alarm) if intent.verb in ("shelve", "remove") else None

    def _goes_by_itself(self, alarm: Alarm) -> bool:
        """Whether the supervisor sees that the cause of an alarm is there, and will see it go."""
        if alarm.latched or not is_so(alarm):
            return False
        run = self._fleet.runs.get(f"{alarm.agent}/{alarm.run}")
        lives = run is not None and run.state not in ENDED and run.state != "lost"
        return alarm.kind in OF_SITE or (alarm.kind in OF_RUN and lives)

    def _still_lost(self, alarm: Alarm) -> bool:
        """Whether an alarm says that an agent is lost, and it is. One that the fleet has forgotten is not waited for."""
        life = self._fleet.agents.get(alarm.agent)
        one = alarm.id == alarm_id("agent-lost", alarm.agent)  # and not all the rest
        return one and is_so(alarm) and life is not None and life.status == "lost"

    def _unhidable(self, intent: Intent, alarm: Alarm) -> Refused | None:
        """Why an alarm may not be hidden by an operator, or None."""
        if why := unhideable(alarm):
            return "illegal", why
        if alarm.shown == "suppressed":
            return "conflict", "a rule of the site hides it already"
        if intent.verb == "shelve" and alarm.shown == "out-of-service":
            return "conflict", f"it is out of service, by {alarm.hidden_by}"
        hidden = sum(one.shown in ("shelved", "out-of-service") for one in self._fleet.alarms.values())
        if alarm.shown == "shown" and hidden >= HIDDEN_MOST:
            return "illegal", f"{hidden} alarms are hidden already; no more may be"
        return None

    def _followers(self, alarm: Alarm, seen: int) -> list[Alarm]:
        """What stands folded under an alarm, as consoles fold it, and was so where the operator looked.

        Nobody acknowledges what came later.
        """
        listed = (
            one for one in self._fleet.alarms.values() if one.shown == "shown" and one.state != "normal"
        )
        return [
            one
            for one in folded(listed).get(alarm.id, ())
            if one is not alarm and one.pos <= seen and one.state in ("unacknowledged", "returned")
        ]

    def _restore(self, alarm: Alarm, by: str) -> None:
        """Show an alarm again, unless a rule of the site came meanwhile that hides it."""
        self._write(alarm, AlarmRestored(alarm=alarm.id, by=by))
        if alarm.id in self._fleet.alarms and (why := self._alarms.why_suppressed(alarm)):
            self._write(alarm, AlarmSuppressed(alarm=alarm.id, why=why))

    def _write(self, alarm: Alarm, data: Data) -> None:
        self._log.write(data, alarm.agent, alarm.run)

    def tick(self, now: float) -> None:
        """Bring back what was shelved long enough, and what no rule hides any more; hide what a new rule says.

        Shelves are measured by the log's clock, as consoles show them.
        """
        if now < self._next:
            return
        self._next = now + LOOK
        at = self._log.now()
        for alarm in list(self._fleet.alarms.values()):
            if alarm.shown == "shelved" and (alarm.shelved_until or 0) <= at:
                self._restore(alarm, "clock")
        if self._rules is not self._alarms.suppressions:
            self._rules = self._alarms.suppressions
            self._apply_rules()

    def _apply_rules(self) -> None:
        for alarm in list(self._fleet.alarms.values()):
            why = self._alarms.why_suppressed(alarm)
            if alarm.shown == "suppressed" and not why:
                self._write(alarm, AlarmRestored(alarm=alarm.id, by="policy"))
            elif why and alarm.shown == "shown":
                self._write(alarm, AlarmSuppressed(alarm=alarm.id, why=why))

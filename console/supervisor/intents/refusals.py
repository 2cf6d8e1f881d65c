"""What was refused is told: in the log, unless that is flooded, and by an alarm where no console of ours would say it."""

from __future__ import annotations

from collections import deque
from typing import Final

from bus.messages import Intent
from bus.records import IntentRefused
from console.core.text import plain
from console.supervisor.alarming.alarms import Alarms
from console.supervisor.intents.bound import RefusedError
from console.supervisor.intents.operators import Operators
from console.supervisor.log import Log

FORGED: Final = {
    "unsigned": "without a signature",
    "unknown-key": "under a signature that no enrolled key of that name made",
    "replayed": "with other bytes under the id of what was answered long ago",
}
"""Refusals that no console of ours brings about, and what was tried. `stale` is none: whoever looked away says the same."""

NOBODY_ENROLLED: Final = "~strangers"
"""Stands in the id of an alarm for all whose names are not enrolled. No name has such a letter in it."""

REFUSALS_A_MINUTE: Final = 60
"""Refused intents that are recorded; beyond, an alarm says that there are more."""


class Refusals:
    """Tells of refused intents and of messages that are none."""

    def __init__(self, log: Log, alarms: Alarms) -> None:
        self._log = log
        self._alarms = alarms
        self._at: deque[float] = deque()

    def tell(
        self,
        intent: Intent,
        payload: bytes,
        refused: RefusedError,
        operators: Operators,
        now: float,
        *,
        copy: bool,
    ) -> None:
        """Record a refusal. `copy`: these bytes were answered before. Messages come late, and twice: that is no forgery."""
        if (how := FORGED.get(refused.outcome)) and not copy:
            text = f"somebody wants to {intent.verb} as {intent.operator}, {how}; refused"
            self._alarms.raise_("forged-intent", text, about=_about(intent.operator, operators))
        self._at.append(now)
        while now - self._at[0] >= 60:
            self._at.popleft()
        if len(self._at) > REFUSALS_A_MINUTE:
            self._alarms.raise_("intent-flood", f"more than {REFUSALS_A_MINUTE} refused intents a minute")
            return
        standing = operators.standing(intent, payload)
        record = IntentRefused(
            intent=intent.id,
            operator=intent.operator,
            verb=intent.verb,
            outcome=refused.outcome,
            reason=str(refused),
            action=intent.action,
            standing=standing,
            key=intent.key if standing == "signed" else "",
        )
        self._log.write(record, intent.agent, intent.run)

    def bad(self, name: str, problem: str, operators: Operators) -> None:
        """Tell of a message on the topic of an operator that is no intent of theirs."""
        text = f"intents/{name}: {plain(problem)}"
        self._alarms.raise_("bad-input", text, about=_about(name, operators))


def _about(operator: str, operators: Operators) -> str:
    """Whom an alarm is about: an enrolled operator. Names that anybody makes up have one alarm between them."""
    return operator if operator in operators.keys else NOBODY_ENROLLED

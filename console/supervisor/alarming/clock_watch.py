"""The alarm that says when this machine's clock and the log's time differ."""

from __future__ import annotations

from typing import Final

from console.supervisor.alarming.alarms import Alarms, is_so
from console.supervisor.clock import FOLLOW, JUMP
from console.supervisor.log import Log

ALARM: Final = "clock"


class ClockWatch:
    """Says when this machine's clock and the log's time differ."""

    def __init__(self, log: Log, alarms: Alarms) -> None:
        self._log = log
        self._alarms = alarms

    def look(self) -> None:
        """Look at the clock: a jump is seen now and not when the next record comes."""
        self._log.now()
        off = self._log.clock.off
        if abs(off) <= JUMP:
            self._alarms.clear(ALARM)
            return
        alarm = self._log.fleet.alarms.get(ALARM)
        if alarm is None or not is_so(alarm):
            self._alarms.raise_(ALARM, _words(off), news=True)


def _words(off: int) -> str:
    """What happened and what to do."""
    if off > 0:
        return (
            f"this machine's clock jumped {_span(off)} forward: it was set, or the machine slept; the log follows if it is "
            f"still so after {FOLLOW:.0f} s. Set it right if it is wrong"
        )
    return (
        f"this machine's clock is {_span(-off)} behind the log: it was set back, or was ahead before; the log's time goes "
        "on by itself, a little slower, until the clock has caught up. Set it right if it is wrong"
    )


def _span(ms: int) -> str:
    """A length of time in its largest unit: `48 s`, `2 min`, `3 h`, `2 days`."""
    for unit, name in ((86_400_000, "days"), (3_600_000, "h"), (60_000, "min")):
        if ms >= 2 * unit:
            return f"{round(ms / unit)} {name}"
    return f"{round(ms / 1_000)} s"

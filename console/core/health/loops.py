"""Going in circles: the same call with the same result again and again, a short cycle, a call that keeps failing.

A call is the same if tool, arguments and result are. The same arguments with another result is polling, and is none of
our business. Text of the model is never looked at: a paraphrased thought would hide a loop, and chatter repeats itself.
Thresholds: after those of the StuckDetector in the OpenHands SDK and its known false alarms.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from console.core.health.finding import Deed, Finding

WINDOW: Final = 20
"""Calls among which the same call with the same result is counted."""

REPEATS: Final = 4
"""Times that the same call gives the same result, among the last `WINDOW`, that are a loop."""

PAUSES: Final = 6
"""Times at which the run is paused."""

FAILURES: Final = 3
"""Times in a row that the same call may fail, with whatever error, before it is a loop."""

POLLING: Final = 5
"""How many times as patient with a tool that is declared to poll."""

CYCLE: Final = 12
"""Calls that a cycle of two or three calls must fill to be one."""


class Loops:
    """The loop detector of one run."""

    def __init__(self) -> None:
        self._last: deque[Deed] = deque(maxlen=WINDOW)
        self._calls: deque[tuple[str, str, str]] = deque(maxlen=WINDOW)
        self._failing = 0
        self._polls = 0

    def take(self, deed: Deed) -> Finding | None:
        """Look at a call that ended. Returns what is wrong now, or None."""
        if not deed.args:
            return None
        before = self._last[-1] if self._last else None
        again = before is not None and before.failed and before[:2] == deed[:2]
        self._failing = 0 if not deed.failed else self._failing + 1 if again else 1
        self._last.append(deed)
        self._calls.append(_call(deed))
        if deed.polls:
            return self._polled(deed)
        same = self._calls.count(_call(deed))
        if same >= REPEATS:
            text = (
                f"the same call of {deed.tool} gave the same result {same} times in {len(self._last)} calls"
            )
            return Finding(kind="loop", text=text, pause=same >= PAUSES)
        if self._failing >= FAILURES:
            return Finding(
                kind="loop", text=f"the same call of {deed.tool} failed {self._failing} times in a row"
            )
        return self._cycle()

    def _polled(self, deed: Deed) -> Finding | None:
        """A tool that is declared to poll may be patient: `POLLING` times as long, in a row. It never pauses a run.

        Whoever waits long for something looks again and again; a run that is paused for it waits for ever.
        """
        before = self._last[-2] if len(self._last) > 1 else None
        self._polls = self._polls + 1 if before is not None and _call(before) == _call(deed) else 1
        if self._polls < REPEATS * POLLING:
            return None
        text = f"{deed.tool} was polled {self._polls} times in a row, always with the same result"
        return Finding(kind="loop", text=text)

    def _cycle(self) -> Finding | None:
        calls = list(self._calls)[-CYCLE:]
        if len(calls) < CYCLE:
            return None
        for period in (2, 3):
            if calls[period:] == calls[:-period]:
                tools = ", ".join(tool for tool, _, _ in calls[-period:])
                text = f"the same {period} calls ({tools}) with the same results {CYCLE // period} times over"
                return Finding(kind="loop", text=text)
        return None


def _call(deed: Deed) -> tuple[str, str, str]:
    return deed.tool, deed.args, deed.result

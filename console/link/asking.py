"""When a console asks for a keyframe, and under which id. No clock: times are seconds of the caller's monotonic one."""

from __future__ import annotations

from collections.abc import Callable

from bus.limits import INTENT_REPEAT, INTENT_TIMEOUT


class KeyframeRequest:
    """One request until it is answered. `due` is when to say it next, None while nothing is wanted.

    `ids` are the ids whose answers count: the present one, and the one before it, whose answer may still be on its way.
    """

    def __init__(self, new_id: Callable[[], str], now: float) -> None:
        self.ids: list[str] = []
        self.due: float | None = None
        self._new_id = new_id
        self._first = now
        self._last: float | None = None
        self._heard = False

    def begin(self, now: float, *, at_once: bool = False) -> None:
        """Want a keyframe; soon, if one was asked for a moment ago."""
        self.ids.clear()
        soonest = now if at_once or self._last is None else self._last + INTENT_REPEAT
        self.due = max(now, soonest)

    def ask(self, now: float) -> str:
        """Return the id to ask under now.

        The same request is repeated as such, in case it was lost; once it was heard, or is too old to be, it is a new one.
        """
        if not self.ids or self._heard or now - self._first >= INTENT_TIMEOUT:
            self.ids = [*self.ids[-1:], self._new_id()]
            self._first = now
            self._heard = False
        self._last = now
        self.due = now + INTENT_REPEAT
        return self.ids[-1]

    def heard(self, now: float) -> None:
        """A part of the answer came: while it comes, however slowly, nobody is asked for another."""
        self._heard = True
        self.due = now + INTENT_REPEAT

    def end(self) -> None:
        """The keyframe is here."""
        self.ids.clear()
        self.due = None
        self._heard = False

"""Where a replay stands on its recording: position, recorded moment, speed, playing or not. Pure: its driver brings time.

Two things are kept apart: `moment` is the recorded time that is looked at (ms since 1970 UTC), `pos` the last record
that was accepted by then. Several may share one millisecond, so stepping moves `pos` and seeking moves `moment`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, Literal

SLOWEST: Final = 0.25
FASTEST: Final = 64.0

IDLE: Final = 1.0
"""Seconds on the screen that a gap between two records lasts at most while idle time is skipped."""

State = Literal["playing", "paused", "ended"]


class Timeline:
    """One session's time. `times` are those of its records, the first of which stands at `base + 1`.

    `began` is the time of the keyframe that the session begins with: what there is to see of a session without records.
    """

    def __init__(self, base: int, began: int, times: Sequence[int]) -> None:
        self.base = base
        self.times = times
        self.first_at = times[0] if times else began
        self.last_at = times[-1] if times else began
        self.pos = base
        self.speed = 1.0
        self.playing = False
        self.skips_idle = False
        self._moment = float(self.first_at)
        self._now = 0.0

    @property
    def last(self) -> int:
        """The position of the last record."""
        return self.base + len(self.times)

    @property
    def moment(self) -> int:
        """The recorded time that is looked at, in ms since 1970 UTC."""
        return int(self._moment)

    @property
    def state(self) -> State:
        """Whether it plays, stands, or has come to its end."""
        if self.ended:
            return "ended"
        return "playing" if self.playing else "paused"

    @property
    def ended(self) -> bool:
        """Whether nothing is left to play."""
        return self.pos >= self.last

    @property
    def share(self) -> float:
        """How far the moment is between the first and the last record, 0 to 1."""
        span = self.last_at - self.first_at
        return min(1.0, max(0.0, (self._moment - self.first_at) / span)) if span else 1.0

    def at(self, pos: int) -> int:
        """When the record at `pos` was accepted; before the first one, when that was."""
        return self.times[max(0, min(pos - self.base, len(self.times)) - 1)] if self.times else self.first_at

    # ---- time passes -------------------------------------------------------------------------------------------------

    def toggle(self, now: float) -> None:
        """Play, or stand still. `now` is of a monotonic clock, in seconds, here and in `advance` and `hold`."""
        self.playing, self._now = not self.playing, now

    def advance(self, now: float) -> bool:
        """Let time pass until `now`. Returns whether the moment moved."""
        passed, self._now = max(0.0, now - self._now), now
        if not self.playing or self.pos >= self.last:
            return False
        self._moment += passed * 1000 * self.speed
        if self.skips_idle and self._moment - self.at(self.pos) >= IDLE * 1000 * self.speed:
            self._moment = max(self._moment, float(self.at(self.pos + 1)))
        self.pos = max(self.pos, self._pos_at(self._moment))
        if self.ended:
            self._moment = float(self.last_at)
        return True

    def hold(self, now: float) -> None:
        """Let the time until `now` pass without moving: what is shown has not come after yet."""
        self._now = now

    # ---- going somewhere ---------------------------------------------------------------------------------------------

    def go_to_pos(self, pos: int) -> None:
        """Go to right after the record at `pos`; the nearest end if it is outside."""
        self.pos = max(self.base, min(pos, self.last))
        self._moment = float(self.at(self.pos))

    def step(self, records: int) -> None:
        """Go on or back by records, and stand there."""
        self.playing = False
        self.go_to_pos(self.pos + records)

    def go_to(self, moment: float) -> None:
        """Go to a recorded time; the nearest end if it is outside. The very beginning is before the first record."""
        self._moment = max(float(self.first_at), min(moment, float(self.last_at)))
        self.pos = self.base if moment <= self.first_at else self._pos_at(self._moment)

    def shift(self, seconds: float) -> None:
        """Go on or back by recorded seconds."""
        self.go_to(self._moment + seconds * 1000)

    def go_to_share(self, share: float) -> None:
        """Go to a share of the recorded time, 0 to 1."""
        self.go_to(self.first_at + share * (self.last_at - self.first_at))

    def set_speed(self, speed: float) -> None:
        """Play so many times as fast, within what is sensible."""
        self.speed = max(SLOWEST, min(speed, FASTEST))

    def skip_idle(self) -> None:
        """Let no gap between two records last long on the screen, or let them last again."""
        self.skips_idle = not self.skips_idle

    def density(self, columns: int) -> list[int]:
        """How many records fall into each of so many equal parts of the time."""
        span = max(1, self.last_at - self.first_at)
        edges = [
            bisect_left(self.times, self.first_at + span * part / columns) for part in range(columns)
        ] + [len(self.times)]
        return [after - before for before, after in pairwise(edges)]

    def _pos_at(self, moment: float) -> int:
        return self.base + bisect_right(self.times, moment)

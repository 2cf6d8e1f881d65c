"""How keys move a replay's time line, and what time it is on a recorded floor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from console.core.replay.timeline import Timeline
    from console.tui.replay.replay_source import Playback

SECONDS: Final = 5.0

MOVES: Final[dict[str, Callable[[Timeline, str], None]]] = {
    "step": lambda timeline, key: timeline.step(-1 if key == "comma" else 1),
    "seconds": lambda timeline, key: timeline.shift(-SECONDS if key == "left" else SECONDS),
    "tenth": lambda timeline, key: timeline.go_to_share(
        timeline.share + (-0.1 if key == "shift+left" else 0.1)
    ),
    "share": lambda timeline, key: timeline.go_to_share(int(key) / 10),
    "speed": lambda timeline, key: timeline.set_speed(
        timeline.speed * (0.5 if key == "less_than_sign" else 2)
    ),
    "idle": lambda timeline, _key: timeline.skip_idle(),
}
"""What keys do to the time line, by their names in the table of actions."""


class RecordedTime:
    """The time of the floor, by the time line alone."""

    def __init__(self, playback: Playback) -> None:
        self._playback = playback

    def follow(self, at: int, *, live: bool) -> None:
        """Take no note: the records do not drive the time, it drives them."""

    @property
    def now(self) -> int:
        """Milliseconds since 1970 UTC."""
        return self._playback.timeline.moment

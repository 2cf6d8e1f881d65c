"""Numbers as the console writes them: ages, time left, times, bars, money. Times are milliseconds since 1970 UTC."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Final

from console.tui.drawing.theme import Ink

NOTHING: Final = "–"
_SPARK: Final = "▁▂▃▄▅▆▇"
_SECOND: Final = 1_000
_MINUTE: Final = 60 * _SECOND
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
URGENT: Final = 2 * _MINUTE
"""Time left below which seconds count."""


def earned(least: float | None) -> str:
    """The share that is right at least: `≥0.91`, cut and not rounded, since it is a bound; a dash for unknown."""
    return NOTHING if least is None else f"≥{int(least * 100) / 100:.2f}"


def age(ms: int) -> str:
    """`48s`, `2m`, `3h`, `2d`: one digit of news."""
    ms = max(0, ms)
    for unit, sign in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m")):
        if ms >= unit:
            return f"{ms // unit}{sign}"
    return f"{ms // _SECOND}s"


def left(ms: int) -> str:
    """Time until a deadline: `1h05m`, `6m`, and with a colon below two minutes."""
    ms = max(0, ms)
    if ms < URGENT:
        return f"{ms // _MINUTE}:{ms % _MINUTE // _SECOND:02d}"
    if ms < _HOUR:
        return f"{ms // _MINUTE}m"
    return f"{ms // _HOUR}h{ms % _HOUR // _MINUTE:02d}m"


def urgency(ms: int) -> Ink:
    """The ink of a time left."""
    return "urgent" if ms < URGENT else "text"


def took(ms: int | None) -> str:
    """How long something lasted: `0.2s`, `48s`, `12m`."""
    if ms is None:
        return NOTHING
    return f"{ms / _SECOND:.1f}s" if ms < 10 * _SECOND else age(ms)


def after(ms: int | None, before: int) -> str:
    """A later fact beside an earlier one: `+0.1s`, or a dash while it is not so."""
    return NOTHING if ms is None else f"+{took(max(0, ms - before))}"


def clock(ms: int, zone: tzinfo | None, *, tenths: bool = False) -> str:
    """The wall time of a recorded moment, in the operator's zone."""
    when = datetime.fromtimestamp(ms / _SECOND, UTC).astimezone(zone)
    return f"{when:%H:%M:%S}.{when.microsecond // 100_000}" if tenths else f"{when:%H:%M:%S}"


def day(ms: int, zone: tzinfo | None) -> str:
    """The date and wall time of a recorded moment, to the minute."""
    return f"{datetime.fromtimestamp(ms / _SECOND, UTC).astimezone(zone):%Y-%m-%d %H:%M}"


def moment(ms: int, now: int, zone: tzinfo | None) -> str:
    """The wall time of a recorded moment, and its date instead of the seconds where that is not today's."""
    then, today = (datetime.fromtimestamp(at / _SECOND, UTC).astimezone(zone) for at in (ms, now))
    return f"{then:%H:%M:%S}" if then.date() == today.date() else f"{then:%m-%d %H:%M}"


def filled(share: float, cells: int) -> int:
    """Cells of a bar; at least one while anything is there."""
    return 0 if share <= 0 else max(1, min(cells, round(share * cells)))


def spark(share: float | None) -> str:
    """One bar for a share from 0 to 1; the lowest when unknown."""
    if share is None:
        return _SPARK[0]
    return _SPARK[max(0, min(len(_SPARK) - 1, int(share * len(_SPARK))))]


def probability(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2f}"


def tokens(count: int) -> str:
    if count < 1_000:
        return f"{count} tokens"
    if count < 10_000_000:
        return f"{count // 1_000}k tokens"
    return f"{count // 1_000_000}M tokens"


def size(chars: int) -> str:
    return counted(chars, "character") if chars < 1_000 else f"{chars / 1_000:.1f}k characters"


def counted(number: int, name: str) -> str:
    """A number of things, in one or many: `1 run`, `2 runs`."""
    return f"{grouped(number)} {name}" if number == 1 else f"{grouped(number)} {name}s"


def grouped(number: int) -> str:
    """A large count in groups of three, apart by a blank."""
    return f"{number:,}".replace(",", " ")


def short(name: str, cells: int = 4) -> str:
    """The short form of an id, the part an operator types: its end, where ids differ most."""
    return name if len(name) <= cells + 1 else name[-cells:]


def shown(name: str, cells: int = 4) -> str:
    """A short id as it stands in a list: with a mark where something was left out before it."""
    return name if len(name) <= cells + 1 else "…" + name[-cells:]


def digest(hexadecimal: str) -> str:
    """The first eight characters of a digest in two groups."""
    return f"{hexadecimal[:4]} {hexadecimal[4:8]}" if hexadecimal else NOTHING


def joined(words: Sequence[str]) -> str:
    """Words that are there, two blanks apart."""
    return "  ".join(word for word in words if word)

"""The plan (`notify.toml`): whom to tell, of what, when not, and how often at most."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta, Struct, field

from console.policy.files import convert, read_toml, refuse

TARGETS: Final = 20
_HOURS: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")

_Seconds = Annotated[float, Meta(ge=0.0, le=86_400.0)]


class _To(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `[[to]]` as it stands in the file."""

    url: Annotated[str, Meta(min_length=1, max_length=2_000)]
    name: Annotated[str, Meta(max_length=64)] = ""
    after: _Seconds = 0.0


class _Written(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file."""

    to: list[_To]
    alarms: bool = True
    asks_after: _Seconds = 120.0
    escalations: bool = True
    link_after: _Seconds = 60.0
    quiet: list[str] = field(default_factory=list)
    hourly: Annotated[int, Meta(ge=1, le=3_600)] = 12


class Target(Struct, frozen=True, kw_only=True):
    """Somebody to tell. `after` is how long (s) a thing must have gone unanswered before it is their turn."""

    name: str
    url: str
    after: float


class Plan(Struct, frozen=True, kw_only=True):
    """What is in force. `quiet` are spans of the day, in minutes since midnight; one may go over midnight."""

    targets: tuple[Target, ...]
    alarms: bool = True
    asks_after: float = 120.0
    escalations: bool = True
    link_after: float = 60.0
    quiet: tuple[tuple[int, int], ...] = ()
    hourly: int = 12

    def is_quiet(self, minute: int) -> bool:
        """Whether a minute of the day is one in which only what is gravest is told."""
        return any(
            start <= minute < end if start < end else (minute >= start or minute < end)
            for start, end in self.quiet
        )


def load_plan(path: Path) -> Plan:
    """Read the plan.

    Raises:
        PolicyFileError: it cannot be put in force, or others may read it: it holds secrets.
    """
    content = read_toml(path)
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise refuse(path, "", f"others may read it, and it holds secrets: chmod 600 {path}")
    written = convert(path, "", content, _Written)
    if not written.to or len(written.to) > TARGETS:
        raise refuse(path, "to", f"write each as [[to]] with its url, 1 to {TARGETS} of them")
    quiet = []
    for span in written.quiet:
        found = _HOURS.fullmatch(span)
        if found is None:
            raise refuse(path, "quiet", f'{span!r}: write "22:00-07:00"')
        start, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
        if start == end:
            raise refuse(path, "quiet", f"{span!r}: begins when it ends")
        quiet.append((start, end))
    targets = tuple(
        Target(name=to.name or f"to {number}", url=to.url, after=to.after)
        for number, to in enumerate(written.to, 1)
    )
    if [target.after for target in targets] != sorted(target.after for target in targets):
        raise refuse(path, "to", "after: those who are told later stand later")
    return Plan(
        targets=targets,
        alarms=written.alarms,
        asks_after=written.asks_after,
        escalations=written.escalations,
        link_after=written.link_after,
        quiet=tuple(quiet),
        hourly=written.hourly,
    )

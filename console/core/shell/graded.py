"""What grading a shell command finds."""

from __future__ import annotations

from msgspec import Struct, field


class Graded(Struct, frozen=True, kw_only=True):
    """What a command does at worst: severity, whether it reaches outside and carries something there, and why.

    `leaves` are the values that say where to or what from: hosts, links, mail addresses, packages. `removes` is what it
    takes away without a way back: files as written, or the command that drops work.
    """

    severity: int
    outside: bool = False
    sends: bool = False
    why: str = ""
    problem: str = ""
    leaves: list[tuple[str, str]] = field(default_factory=list)
    removes: list[str] = field(default_factory=list)

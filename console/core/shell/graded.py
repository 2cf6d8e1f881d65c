"""What grading a shell command finds."""

from __future__ import annotations

from msgspec import Struct, field


class Graded(Struct, frozen=True, kw_only=True):
    """What a command does at worst: severity, whether it reaches outside and carries something there, and why.

    `leaves` are the values that say where to or what from: hosts, links, mail addresses, packages. `removes` is what it
    takes away without a way back: files as written, or the command that drops work. `verbs` are what programs that have many
    deeds are told to do: `push`, `install`.
    """

    severity: int
    outside: bool = False
    sends: bool = False
    why: str = ""
    problem: str = ""
    leaves: list[tuple[str, str]] = field(default_factory=list)
    removes: list[str] = field(default_factory=list)
    verbs: list[str] = field(default_factory=list)


def worst(grades: list[Graded]) -> Graded:
    """Return all that some commands do as one: as grave as the worst, reaching and taking away what any does."""
    most = max(grades, key=lambda one: one.severity, default=Graded(severity=0, why="does nothing"))
    return Graded(
        severity=most.severity,
        outside=any(one.outside for one in grades),
        sends=any(one.sends for one in grades),
        why=most.why,
        problem=next((one.problem for one in grades if one.problem), ""),
        leaves=list(dict.fromkeys(leaf for one in grades for leaf in one.leaves)),
        removes=list(dict.fromkeys(target for one in grades for target in one.removes)),
        verbs=list(dict.fromkeys(verb for one in grades for verb in one.verbs)),
    )


def late(why: str, problem: str = "what it runs is only known when it runs", severity: int = 3) -> Graded:
    """What is not seen before it runs: a person is asked."""
    return Graded(severity=severity, outside=True, why=why, problem=problem)

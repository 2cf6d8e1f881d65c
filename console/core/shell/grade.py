"""How grave a shell command is: the worst of its simple commands, and what they reach.

Code that an interpreter is given runs as the agent's user and can do whatever that user can; here it counts as local unless
it names a network, a secret or a folder of somebody else's. Where an agent's user may do more than its work needs, grade the
shell in the catalogue by hand.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from console.core.shell import programs
from console.core.shell.behind import behind
from console.core.shell.folder import entered, led
from console.core.shell.graded import Graded
from console.core.shell.parse import ParseError, Simple, parse
from console.core.shell.program import program
from console.core.shell.reached import SECRET, reached
from console.core.shell.removal import far, found


def grade(command: str, *folders: str) -> Graded:
    """Grade a command. One that is not understood is S3, with the problem named.

    `folders`: where it is said to run. They, and what it changes to by itself, can only make it graver: nobody proves them.
    """
    try:
        commands = parse(command)
    except ParseError as error:
        return Graded(
            severity=3, outside=True, why="is not understood", problem=str(error), leaves=reached(command)
        )
    worst = _worst(commands)
    for folder in folders or ("",):
        there = [*_entering(commands, folder)]
        if any(one.folder for one in there) and (somewhere := _worst(there)).severity > worst.severity:
            worst = somewhere
    return worst


def _entering(commands: list[Simple], folder: str) -> Iterator[Simple]:
    """The commands, each in the folder that the ones before it changed to."""
    for one in commands:
        yield replace(one, folder=folder)
        if one.program in ("cd", "pushd"):
            folder = entered((one.words[1:] or ["~"])[-1], folder)


def _worst(commands: list[Simple]) -> Graded:
    grades = [_simple(one, 0) for one in commands]
    worst = max(grades, key=lambda one: one.severity, default=Graded(severity=0, why="does nothing"))
    leaves = list(dict.fromkeys(leaf for one in grades for leaf in one.leaves))
    return Graded(
        severity=worst.severity,
        outside=any(one.outside for one in grades),
        sends=any(one.sends for one in grades),
        why=worst.why,
        problem=next((one.problem for one in grades if one.problem), ""),
        leaves=leaves,
        removes=list(dict.fromkeys(target for one in grades for target in one.removes)),
    )


def _simple(one: Simple, depth: int) -> Graded:
    if depth > 4:
        return Graded(severity=3, why="is nested too deep", problem="it is nested too deep")
    base = _program(one, depth)
    severity, why = base.severity, base.why
    if one.writes and severity < 1:
        severity, why = 1, "writes a file"
    distant = next((target for target in one.writes if far(led(target, one.folder))), "")
    if distant and severity < 3:
        severity, why = 3, f"writes outside its workspace, {distant}"
    secret = next((word for word in [*one.words[1:], *one.reads] if SECRET.search(word)), "")
    if secret and severity < 3:
        severity, why = 3, f"touches what may be a secret, {secret}"
    return replace(base, severity=severity, why=why)


def _program(one: Simple, depth: int) -> Graded:
    """Grade a program by the command that it runs, or by itself where it runs none."""
    name, args = one.program, one.words[1:]
    if name in programs.ROOT:
        return _as_root(one, depth)
    if name in programs.SHELLS and args[:1] == ["-c"] and len(args) > 1:
        return _inside(args[1], one.folder)
    if name in programs.SHELLS and one.fed:
        return _inside(one.fed, one.folder)
    if name == "find" and {"-delete", "-exec", "-execdir", "-ok"} & set(args):
        return _find(args, depth, one.folder)
    if name in programs.WRAPPERS:
        wrapped = behind(name, args, one.folder)
        if name == "env" and wrapped.text is not None:
            return Graded(
                severity=3,
                why="env takes apart what it runs",
                problem="what env -S runs is only known when it runs",
                leaves=reached(wrapped.text),
            )
        if wrapped.text is not None:
            return _inside(wrapped.text, wrapped.folder)
        if wrapped.words:
            by_pipe = one.behind or name == "xargs"
            words, folder = wrapped.words, wrapped.folder
            return _simple(
                Simple(words=words, fed=one.fed, piped=one.piped, behind=by_pipe, folder=folder), depth + 1
            )
    return program(one)


def _as_root(one: Simple, depth: int) -> Graded:
    """Grade what acts for the whole machine, by what it is told to run there as far as that is known."""
    inner = _told(one, depth)
    return replace(inner, severity=max(3, inner.severity), why=f"{one.program} acts for the whole machine")


def _told(one: Simple, depth: int) -> Graded:
    name, args = one.program, one.words[1:]
    if name == "su":
        told = next((args[at + 1] for at, arg in enumerate(args[:-1]) if arg in ("-c", "--command")), None)
        return Graded(severity=3) if told is None else _inside(told, one.folder)
    if name not in ("sudo", "doas"):
        return Graded(severity=3)
    wrapped = behind(name, args, one.folder)
    if wrapped.text is not None:
        return _inside(wrapped.text, wrapped.folder)
    return _simple(Simple(words=wrapped.words, fed=one.fed, folder=wrapped.folder), depth + 1)


def _find(args: list[str], depth: int, folder: str) -> Graded:
    if "-delete" in args:
        return found(args, folder=folder)
    at = next(at for at, arg in enumerate(args) if arg in ("-exec", "-execdir", "-ok"))
    words = [arg for arg in args[at + 1 :] if arg not in (";", "\\;", "+")]
    if words and words[0].rpartition("/")[2] in ("rm", "unlink"):
        return found(args[:at], folder=folder)
    if not words:
        return Graded(severity=1, why="runs something")
    return _simple(Simple(words=words, folder=folder), depth + 1)


def _inside(command: str, folder: str) -> Graded:
    inner = grade(command, folder)
    return replace(inner, severity=max(1, inner.severity))

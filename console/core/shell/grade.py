"""How grave a shell command is: the worst of its simple commands, of all that they run in turn, and what they reach.

Code that an interpreter is given runs as the agent's user and can do whatever that user can; here it counts as local unless
it runs or removes something, or names a network, a secret or a folder of somebody else's. Where an agent's user may do more
than its work needs, grade the shell in the catalogue by hand.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from console.core.shell import programs
from console.core.shell.folder import entered, led
from console.core.shell.graded import Graded, late, worst
from console.core.shell.opened import opened
from console.core.shell.parse import parse
from console.core.shell.program import program
from console.core.shell.reached import SECRET, reached
from console.core.shell.removal import far
from console.core.shell.simple import ParseError, Simple
from console.core.shell.variables import assigned

DEPTH: Final = 8
"""How many programs may run one another before nobody follows them."""

MOST: Final = 250_000
"""How much is looked at, about a microsecond each, before a command counts as too long to follow."""

_ASSIGNING: Final = frozenset(
    ["export", "declare", "typeset", "readonly", "local", "env", "sudo", "doas", "let", "[[", "(("]
)
_LOOSE_CHARS: Final = 20_000
_LOOSE_WORDS: Final = 400

_LATE_NAME: Final = re.compile(r"[$`*?{}\[]")
_SOCKET: Final = re.compile(r"/dev/(?:tcp|udp)/")
_USUAL: Final = re.compile(r"(?:/usr(?:/local)?)?/s?bin/[^/]+$")
_CUT: Final = re.compile(r"[;&|\n]+")
_BLANK: Final = str.maketrans(dict.fromkeys("'\",()[]{}`\\<>=!", " "))


def grade(command: str, *folders: str) -> Graded:
    """Grade a command. One that is not understood is S3 or worse, with the problem named.

    `folders`: where it is said to run. They, and what it changes to by itself, can only make it graver: nobody proves them.
    """
    grades = [_Grading(moving=False).text(command, "", 0)]
    moves = re.search(r"cd|pushd", command) is not None
    grades += [
        _Grading(moving=True).text(command, folder, 0) for folder in folders or ("",) if folder or moves
    ]
    return max(grades, key=lambda one: one.severity)


class _Grading:
    """Grades one command; `moving`, each part in every folder that a part before it may have changed to."""

    def __init__(self, *, moving: bool) -> None:
        self._moving = moving
        self._left = MOST
        self._functions: set[str] = set()
        self._written: dict[str, str] = {}

    def text(self, command: str, folder: str, depth: int) -> Graded:
        """Grade a command that is a text."""
        self._left -= 3 * len(command)
        if depth > DEPTH or self._left < 0:
            return late("is nested too deep", "it is nested too deep, or runs too many programs")
        try:
            commands = parse(command)
        except ParseError as error:
            unread = replace(late("is not understood", str(error)), leaves=reached(command))
            inside = self._loose(command, folder, depth)
            return worst([inside, unread]) if inside.severity > unread.severity else unread
        self._functions |= {one.words[1] for one in commands if one.program == "function"}
        for one in commands:
            files = one.writes + [word for word in one.words[1:] if one.program == "tee"]
            if files:
                said = "\n".join([" ".join(one.words[1:]), one.fed, one.said])
                self._written |= dict.fromkeys(files, said.strip())
        folders = [folder]
        grades = []
        for one in commands:
            there = [self._simple(replace(one, folder=where), depth) for where in folders]
            grades.append(max(there, key=lambda graded: graded.severity))
            if self._moving and one.program in ("cd", "pushd"):
                folders = self._entered(one, folders)
        return worst(grades)

    @staticmethod
    def _entered(one: Simple, folders: list[str]) -> list[str]:
        """The folders that a command may be in behind `cd`: it may fail, and may have been in a shell of its own."""
        target = (one.words[1:] or ["~"])[-1]
        more = [entered(target, folder) for folder in folders[-1:]]
        return list(dict.fromkeys([*folders[:7], *(folder for folder in more if folder)]))

    def _simple(self, one: Simple, depth: int) -> Graded:
        self._left -= 50 + 6 * len(one.words) + len(one.fed) + len(one.said)
        if depth > DEPTH or self._left < 0:
            return late("is nested too deep", "it is nested too deep, or runs too many programs")
        base = worst([*self._program(one, depth), *self._variables(one, depth)])
        severity, why = base.severity, base.why
        if one.writes and severity < 1:
            severity, why = 1, "writes a file"
        distant = next((target for target in one.writes if far(led(target, one.folder))), "")
        if distant and severity < 3:
            severity, why = 3, f"writes outside its workspace, {distant}"
        secret = next((word for word in [*one.words[1:], *one.reads] if SECRET.search(word)), "")
        if secret and severity < 3:
            severity, why = 3, f"touches what may be a secret, {secret}"
        socket = any(_SOCKET.search(word) for word in [*one.words[1:], *one.reads, *one.writes])
        if socket:
            base = replace(base, outside=True, sends=True)
            severity, why = (severity, why) if severity > 2 else (3, "opens a connection")
        args = one.words[3:] if one.words[1:2] == ["-m"] else one.words[1:]  # `python -m pip install`
        told = [word for word in args[:2] if word.isalpha()][:1] if severity else []
        return replace(base, severity=severity, why=why, verbs=[*told, *base.verbs])

    def _variables(self, one: Simple, depth: int) -> list[Graded]:
        assigns = list(one.assigns)
        if one.program in _ASSIGNING:
            assigns += [word for word in one.words[1:] if "=" in word or "[" in word]
        commands, grades = assigned(assigns)
        return [*grades, *(self.text(command, one.folder, depth + 1) for command in commands if command)]

    def _program(self, one: Simple, depth: int) -> list[Graded]:
        """Grade a program by itself and by all that it runs."""
        name = one.program
        if (
            one.words
            and name not in ("[", "[[", "((", "function")
            and (one.words[0] in one.live or _LATE_NAME.search(one.words[0]))
        ):
            return [
                late("runs a program whose name is only known when it runs"),
                self._loose(" ".join(one.words), one.folder, depth),
            ]
        if name in self._functions and name not in programs.KNOWN:
            return [self._loose(" ".join(one.words[1:]), one.folder, depth)]
        found = opened(one)
        grades = [program(one) if found is None or found.own is None else found.own]
        if "/" in (one.words or [""])[0] and not _USUAL.match(one.words[0]) and not grades[0].severity:
            grades.append(Graded(severity=1, why=f"runs {one.words[0]}"))
        grades += self._scripts(one, depth)
        if found is None:
            return grades
        grades += found.beside
        grades += [self.text(text, found.folder, depth + 1) for text in found.texts if text]
        grades += [self._simple(inner, depth + 1) for inner in found.commands]
        grades += [self._loose(text, one.folder, depth) for text in found.loose if text]
        return grades

    def _scripts(self, one: Simple, depth: int) -> list[Graded]:
        """Grade a file that the same command wrote, where it is run."""
        runs = one.program in programs.SHELLS | programs.CODE | {"source", ".", "make"}
        named = [
            self._written.get(word) or self._written.get(word.removeprefix("./"))
            for word in one.words[: 4 if runs else 1]
        ]
        texts = [text for text in named if text]
        shell = one.program in programs.SHELLS | {"source", "."} or named[:1] != [None]
        if shell and not any(re.match(r"\s*#!(?!.*sh\b)", text) for text in texts):
            read = [self.text(text, one.folder, depth + 1) for text in texts]
        else:
            read = []
        return read + [self._loose(text, one.folder, depth) for text in texts]

    def _loose(self, text: str, folder: str, depth: int) -> Graded:
        """Grade a text that may hold commands: whatever begins with the name of a grave program counts as one."""
        grades = [late("holds more than is read")] if len(text) > _LOOSE_CHARS or depth > DEPTH else []
        for part in _CUT.split(text[:_LOOSE_CHARS]) if depth <= DEPTH else ():
            words = part.translate(_BLANK).split()
            self._left -= 10 + 2 * len(words)
            if len(words) > _LOOSE_WORDS or self._left < 0:
                grades.append(late("holds more than is read"))
                words = words[:_LOOSE_WORDS]
            for at, word in enumerate(words):
                if self._left < 0:
                    break
                if programs.family(word.rpartition("/")[2]) in programs.GRAVE:
                    grades.append(self._simple(Simple(words=words[at : at + 40], folder=folder), depth + 2))
        most = worst(grades)
        return Graded(severity=most.severity, why=most.why, removes=most.removes if most.severity > 3 else [])

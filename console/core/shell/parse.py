"""A POSIX shell command cut into its simple commands. What this does not understand it refuses, so that a person looks.

Nothing is expanded: a word with a variable in it keeps it, and a program whose name is a variable is refused.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct, field

COMMAND_CHARS: Final = 100_000
"""Longest command that is taken apart."""

DEPTH: Final = 6
"""How deep a command may stand inside a command."""

_OPERATORS: Final = ("&&", "||", ";;", "|&", "|", ";", "&", "\n")
_REDIRECTS: Final = re.compile(r"(?:\d+|&)?(?:<<<|<<-?|>>|>\||<>|>&|<&|>|<)")
_WORD_ENDS: Final = frozenset(" \t\n;|&<>()")
_OPENERS: Final = frozenset({"if", "then", "else", "elif", "while", "until", "do", "!", "{", "time", "("})
_CLOSERS: Final = frozenset({"fi", "done", "}", "esac"})
_ASSIGNMENT: Final = re.compile(r"[A-Za-z_]\w*\+?=")


class ParseError(ValueError):
    """A command that is not understood. The text says what is odd about it."""


class Simple(Struct, kw_only=True):
    """One program called: its name and words as written, what it writes to, what it is fed, and by whom."""

    words: list[str] = field(default_factory=list)
    assigns: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    fed: str = ""
    piped: bool = False
    behind: bool = False
    """Whether what is piped becomes words of the command, as behind xargs."""
    folder: str = ""
    """Where it runs; empty: unknown."""

    @property
    def program(self) -> str:
        """The name of the program without its folder."""
        return self.words[0].rpartition("/")[2] if self.words else ""


def parse(command: str) -> list[Simple]:
    """Return the simple commands of a command, those inside substitutions included.

    Raises:
        ParseError: it is not understood.
    """
    if len(command) > COMMAND_CHARS:
        raise ParseError(f"it has more than {COMMAND_CHARS} characters")
    return _Reader(command, 0).run()


class _Reader:
    def __init__(self, text: str, depth: int) -> None:
        if depth > DEPTH:
            raise ParseError("it is nested too deep")
        self._text = text
        self._at = 0
        self._depth = depth
        self._found: list[Simple] = []
        self._now = Simple()
        self._heredocs: list[tuple[Simple, str, bool]] = []
        self._skip_to_do = False

    def run(self) -> list[Simple]:
        text = self._text
        while self._at < len(text):
            rest = text[self._at : self._at + 3]
            if rest[0] in " \t":
                self._at += 1
            elif rest.startswith("\\\n"):
                self._at += 2
            elif rest[0] == "#":
                end = text.find("\n", self._at)
                self._at = len(text) if end < 0 else end
            elif self._redirected():
                continue
            elif operator := next((one for one in _OPERATORS if rest.startswith(one)), ""):
                self._at += len(operator)
                self._end(piped=operator in ("|", "|&"))
                if operator == "\n":
                    self._take_heredocs()
            elif rest[0] in "()":
                self._parenthesis(rest)
            else:
                self._take(self._word())
        self._end(piped=False)
        if self._heredocs:
            self._take_heredocs()
        return self._found

    def _parenthesis(self, rest: str) -> None:
        if rest[0] == "(" and self._now.words:
            raise ParseError("it defines a function, or has a parenthesis where a word should be")
        if rest.startswith("(("):
            raise ParseError("it computes")
        self._at += 1
        self._end(piped=False)

    def _take(self, word: str) -> None:
        now = self._now
        if not now.words:
            if word in _OPENERS or word in _CLOSERS:
                return
            if word in ("for", "select", "case", "function"):
                if word != "for":
                    raise ParseError(f"it has {word!r}")
                self._skip_to_do = True
                return
            if self._skip_to_do:
                if word == "do":
                    self._skip_to_do = False
                return
            if _ASSIGNMENT.match(word):
                now.assigns.append(word)
                return
            if "$" in word or "`" in word or "*" in word:
                raise ParseError("the program it runs has a name that is only known when it runs")
        now.words.append(word)

    def _end(self, *, piped: bool) -> None:
        now = self._now
        if now.words or now.writes or now.assigns:
            self._found.append(now)
        self._now = Simple(piped=piped)

    def _redirected(self) -> bool:
        match = _REDIRECTS.match(self._text, self._at)
        if match is None or (
            match[0][0].isdigit() and self._at and self._text[self._at - 1] not in _WORD_ENDS
        ):
            return False
        if self._text.startswith(("<(", ">("), match.end() - 1):
            raise ParseError("it substitutes a process")
        sign = match[0].lstrip("0123456789&") or match[0]
        self._at = match.end()
        self._blanks()
        target = self._word()
        if sign in ("<<", "<<-"):
            self._heredocs.append((self._now, target, sign == "<<-"))
        elif sign == "<<<":
            self._now.fed += target
        elif sign in ("<", "<>"):
            self._now.reads.append(target)
        elif not (sign in (">&", "<&") and (target.isdigit() or target == "-")):
            self._now.writes.append(target)
        return True

    def _take_heredocs(self) -> None:
        for command, delimiter, tabs in self._heredocs:
            lines: list[str] = []
            while True:
                if self._at >= len(self._text):
                    raise ParseError(f"the text up to {delimiter!r} has no end")
                end = self._text.find("\n", self._at)
                end = len(self._text) if end < 0 else end
                line = self._text[self._at : end]
                self._at = end + 1
                if (line.lstrip("\t") if tabs else line) == delimiter:
                    break
                lines.append(line)
            command.fed += "\n".join(lines)
        self._heredocs = []

    def _blanks(self) -> None:
        while self._text[self._at : self._at + 1] in (" ", "\t") and self._at < len(self._text):
            self._at += 1

    def _word(self) -> str:
        """Read one word: quotes taken off, substitutions read as commands of their own and left in place."""
        text, parts, start = self._text, [], self._at
        while self._at < len(text) and text[self._at] not in _WORD_ENDS:
            char = text[self._at]
            if char == "'":
                end = text.find("'", self._at + 1)
                if end < 0:
                    raise ParseError("a quote has no end")
                parts.append(text[self._at + 1 : end])
                self._at = end + 1
            elif char == '"':
                parts.append(self._double())
            elif char == "\\":
                parts.append(
                    "" if text[self._at + 1 : self._at + 2] == "\n" else text[self._at + 1 : self._at + 2]
                )
                self._at += 2
            elif char == "`" or text.startswith("$(", self._at):
                parts.append(self._substitution())
            elif text.startswith("${", self._at):
                end = text.find("}", self._at)
                if end < 0:
                    raise ParseError("a variable has no end")
                parts.append(text[self._at : end + 1])
                self._at = end + 1
            else:
                parts.append(char)
                self._at += 1
        if self._at == start:
            raise ParseError("a word is missing")
        return "".join(parts)

    def _double(self) -> str:
        text, parts = self._text, []
        self._at += 1
        while self._at < len(text) and text[self._at] != '"':
            if text[self._at] == "\\" and self._at + 1 < len(text):
                parts.append(
                    text[self._at + 1] if text[self._at + 1] in '"\\$`' else text[self._at : self._at + 2]
                )
                self._at += 2
            elif text[self._at] == "`" or text.startswith("$(", self._at):
                parts.append(self._substitution())
            else:
                parts.append(text[self._at])
                self._at += 1
        if self._at >= len(text):
            raise ParseError("a quote has no end")
        self._at += 1
        return "".join(parts)

    def _substitution(self) -> str:
        text, start = self._text, self._at
        if text[start] == "`":
            end = text.find("`", start + 1)
            if end < 0:
                raise ParseError("a substitution has no end")
            inner, self._at = text[start + 1 : end], end + 1
        else:
            end, open_ones = start + 2, 1
            while end < len(text) and open_ones:
                open_ones += {"(": 1, ")": -1}.get(text[end], 0)
                end += 1
            if open_ones:
                raise ParseError("a substitution has no end")
            inner, self._at = text[start + 2 : end - 1], end
        if inner.startswith("("):
            return "$((…))"
        self._found += _Reader(inner, self._depth + 1).run()
        return "$(…)"

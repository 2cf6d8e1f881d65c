"""The words and redirections of one program called, and the texts that it is fed."""

from __future__ import annotations

import re
from typing import Final

from console.core.shell.signs import WORD_ENDS
from console.core.shell.simple import UNSEEN, ParseError, Simple
from console.core.shell.words import Word, Words

_REDIRECTS: Final = re.compile(r"(?:\d+|&)?(?:<<<|<<-?|>>|>\||<>|>&|<&|>|<)")
_ASSIGNMENT: Final = re.compile(r"[A-Za-z_]\w*(?:\[[^\]]*\])?\+?=")


class Arguments(Words):
    """Reads what stands behind a program, and what is fed to it."""

    def __init__(self, text: str, depth: int) -> None:
        super().__init__(text, depth)
        self._heredocs: list[tuple[Simple, Word, bool]] = []
        self._fed: list[tuple[Simple, list[Simple]]] = []
        """Commands, each with those that it is fed by."""

    def _function(self, name: Word) -> None:
        """Read a function from its name on."""
        raise NotImplementedError

    def _within(self, text: str) -> tuple[list[Simple], bool]:
        """Read a text that is fed: the commands inside it, and whether it is only known when it runs."""
        raise NotImplementedError

    def _lines(self) -> None:
        """Pass over blanks, comments and ends of lines; behind one stand the texts that commands before it are fed."""
        while True:
            self._blanks()
            if self._comment():
                continue
            if self._text.startswith("\n", self._at):
                self._at += 1
                self._take_heredocs()
            else:
                return

    def _feeds(self, now: Simple) -> bool:
        return any(one is now for one, _word, _tabs in self._heredocs)

    def _arguments(self, now: Simple, *, begins: bool = False) -> None:
        """Read words and redirections up to what ends them."""
        while True:
            self._blanks()
            text, at = self._text, self._at
            if at >= len(text) or (text[at] in "\n;&|)#" and not text.startswith("&>", at)):
                break
            if self._redirected(now):
                continue
            if text.startswith(("<(", ">("), at):
                self._process(now)
                now.words.append(UNSEEN)
                now.live |= {UNSEEN}
                continue
            if text[at] == "(":
                self._parenthesis(now, begins=begins)
                return
            word = self._word()
            if begins and not now.words and _ASSIGNMENT.match(word.text):
                self._assigned(now, word)
                continue
            made = word.made()
            now.words += made
            now.live |= frozenset(made if word.live else ())
        if begins and not (
            now.words or now.assigns or now.writes or now.reads or now.fed or self._feeds(now)
        ):
            raise ParseError("a command is missing")

    def _parenthesis(self, now: Simple, *, begins: bool) -> None:
        if not begins or len(now.words) != 1 or now.assigns or self._text[self._at - 1] == "=":
            raise ParseError("it has a parenthesis where a word should be")
        [name] = now.words
        now.words = []
        self._function(Word(name, plain=True, live=name in now.live))

    def _assigned(self, now: Simple, word: Word) -> None:
        value = word.written
        if self._text.startswith("(", self._at) and value.endswith("="):
            self._at += 1
            values = Simple()
            while True:
                self._lines()
                if self._sign(")"):
                    break
                values.words += (inner := self._word()).made()
                values.live |= frozenset([inner.written] if inner.live else ())
            now.assigns += [f"{value}{one}" for one in values.words]
        else:
            now.assigns.append(value)
        now.live |= frozenset([value] if word.live else ())

    def _process(self, now: Simple) -> None:
        """Read a process that is put in the place of a file."""
        reads, begun = self._text.startswith("<", self._at), len(self._found)
        self._at += 2
        self._commands_until(")")
        inner = self._found[begun:]
        if self._at < len(self._text) and self._text[self._at] not in WORD_ENDS:
            raise ParseError("a word goes on behind a process")
        if reads:
            self._fed.append((now, inner))
        for one in () if reads else inner:
            one.piped = True
            self._fed.append((one, [now]))

    def _redirected(self, now: Simple) -> bool:
        match = _REDIRECTS.match(self._text, self._at)
        if match is None or (
            self._text.startswith(("<(", ">("), match.start()) and match.end() - match.start() == 1
        ):
            return False
        sign = match[0].lstrip("0123456789&") or match[0]
        self._at = match.end()
        self._blanks()
        if self._text.startswith(("<(", ">("), self._at):
            self._process(now)
            now.reads.append(UNSEEN)
            return True
        word = self._word()
        target = word.written
        if sign in ("<<", "<<-"):
            self._heredocs.append((now, word, sign == "<<-"))
        elif sign == "<<<":
            now.fed += target + "\n"
            now.live |= frozenset([now.fed] if word.live else ())
        elif sign == "<":
            now.reads.append(target)
        elif not (sign in (">&", "<&") and re.fullmatch(r"\d+-?|-", target)):
            now.writes.append(target)
        return True

    def _around(self, begun: int) -> None:
        """Read the redirections of a construct: what is inside it reads and writes by them."""
        inner = self._found[begun:]
        outer = Simple()
        self._blanks()
        while self._redirected(outer):
            self._blanks()
        if outer.writes or outer.reads or outer.fed or self._feeds(outer):
            for one in inner:
                one.piped = one.piped or bool(outer.reads or outer.fed or self._feeds(outer))
                self._fed.append((one, [outer]))
            self._found.append(outer)

    def _take_heredocs(self) -> None:
        for command, delimiter, tabs in self._heredocs:
            body = self._body(delimiter, tabs=tabs)
            if delimiter.plain:
                inner, live = self._within(body)
                self._found += inner
                command.live |= frozenset([body] if live else ())
            command.fed += body
        self._heredocs = []

    def _body(self, delimiter: Word, *, tabs: bool) -> str:
        lines: list[str] = []
        while True:
            if self._at >= len(self._text):
                raise ParseError(f"the text up to {delimiter.written!r} has no end")
            end = self._text.find("\n", self._at)
            end = len(self._text) if end < 0 else end
            line = self._text[self._at : end]
            self._at = end + 1
            if (line.lstrip("\t") if tabs else line) == delimiter.written:
                if delimiter.plain and lines and lines[-1].endswith("\\"):
                    raise ParseError("the end of a text that is fed stands behind a line that goes on")
                self._at = min(self._at, len(self._text))
                return "\n".join(lines)
            lines.append(line)

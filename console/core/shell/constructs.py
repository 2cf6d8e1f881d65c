"""The constructs of a shell: conditions, loops, cases, tests and functions. What stands in any of them counts as run."""

from __future__ import annotations

import re
from typing import Final

from console.core.shell.arguments import Arguments
from console.core.shell.braces import OPEN
from console.core.shell.simple import ParseError, Simple
from console.core.shell.words import Word

LOOPS: Final = frozenset({"while", "until"})
CLOSING: Final = frozenset({"then", "elif", "else", "fi", "do", "done", "esac", "}"})
"""Words that end a list of commands."""

OPENING: Final = LOOPS | {"if", "for", "select", "case", "function", "{", "[[", "coproc", "!", "time"}
"""Words that begin a construct where a command may begin."""

_NAME: Final = re.compile(r"[A-Za-z_][\w.:-]*")
_SIGNS: Final = frozenset("()<>&|!")


class Constructs(Arguments):
    """Reads a construct, given what reads the lists of commands in it."""

    def _list(self) -> None:
        """Read commands up to what ends a list."""
        raise NotImplementedError

    def _command(self) -> None:
        """Read one command."""
        raise NotImplementedError

    def _compound(self, word: str) -> None:
        if word == "{":
            self._list()
            self._reserved("}")
        elif word in LOOPS:
            self._list()
            self._reserved("do")
            self._list()
            self._reserved("done")
        elif word == "if":
            self._list()
            self._reserved("then")
            self._list()
            while (following := self._reserved("fi", "else", "elif")) != "fi":
                self._list()
                if following == "elif":
                    self._reserved("then")
                    self._list()
        elif word == "case":
            self._case()
        elif word == "[[":
            self._test()
        elif word == "function":
            self._blanks()
            self._function(self._word())
        else:
            self._for()

    def _for(self) -> None:
        self._blanks()
        if self._sign("(("):
            self._computed("))")
        else:
            name = self._word()
            if not _NAME.fullmatch(name.text):
                raise ParseError("a loop has no name")
            self._lines()
            values = Simple()
            if self._ahead() == "in":
                self._word()
                self._arguments(values)
            values.assigns = [f"{name.text}={value}" for value in values.words]
            values.words = []
            self._found += [values] if values.assigns else []
        self._blanks()
        self._sign(";")
        self._lines()
        closing = "}" if self._ahead() == "{" else "done"
        self._reserved("do", "{")
        self._list()
        self._reserved(closing)

    def _case(self) -> None:
        self._blanks()
        self._word()
        self._lines()
        self._reserved("in")
        self._lines()
        while self._ahead() != "esac":
            self._sign("(")
            self._blanks()
            self._word()
            self._blanks()
            while self._sign("|"):
                self._blanks()
                self._word()
                self._blanks()
            self._expect(")")
            self._list()
            if not (self._sign(";;&") or self._sign(";;") or self._sign(";&")) and self._ahead() != "esac":
                raise ParseError("a case has no end")
            self._lines()
        self._reserved("esac")

    def _test(self) -> None:
        """Read `[[ … ]]`: its signs compare and join, and are no redirections."""
        now = Simple(words=["[["])
        while True:
            self._lines()
            if self._at >= len(self._text) or self._text[self._at] == ";":
                raise ParseError("a test has no end")
            if self._text[self._at] in _SIGNS and not self._text.startswith(("<(", ">("), self._at):
                self._at += 1
                continue
            word = self._word()
            if word.plain and word.text == "]]":
                break
            now.words.append(word.written)
        self._found.append(now)

    def _function(self, name: Word) -> None:
        """Read a function from its name on: what it does counts as done."""
        if not name.plain or name.live or not name.text or OPEN in name.text:
            raise ParseError("a function has no name")
        self._blanks()
        if self._sign("("):
            self._blanks()
            self._expect(")")
        self._lines()
        if self._ahead() not in OPENING and not self._text.startswith("(", self._at):
            raise ParseError("a function has no body")
        self._found.append(Simple(words=["function", name.text]))
        self._command()

    def _expect(self, sign: str) -> None:
        self._lines()
        if not self._sign(sign):
            raise ParseError(f"{sign!r} is missing")

    def _reserved(self, *words: str) -> str:
        self._lines()
        self._sign(";")
        self._lines()
        word = self._ahead()
        if word not in words:
            raise ParseError(f"{words[0]!r} is missing")
        self._at += len(word)
        return word

"""A shell command cut into its simple commands. What this does not understand it refuses, so that a person looks.

Read to the end, by the grammar: every command inside a construct is among those returned, whether it would run or not.
Nothing is expanded but braces: a word with a variable in it keeps it.
"""

from __future__ import annotations

import re
from typing import Final

from console.core.shell.constructs import CLOSING, OPENING, Constructs
from console.core.shell.simple import ParseError, Simple

COMMAND_CHARS: Final = 100_000
"""Longest command that is taken apart."""

FED_BY: Final = frozenset({"echo", "printf", "cat", "tee", "yes"})
"""Programs that say what is written in their words, or what they are fed."""

_OWN: Final = re.compile("[\ue000-\ue0ff\0]")
_NAME: Final = re.compile(r"[A-Za-z_][\w.:-]*")
_SEPARATORS: Final = (";", "&", "\n")


def parse(command: str) -> list[Simple]:
    """Return the simple commands of a command, those inside substitutions included.

    Raises:
        ParseError: it is not understood.
    """
    if len(command) > COMMAND_CHARS:
        raise ParseError(f"it has more than {COMMAND_CHARS} characters")
    if _OWN.search(command):
        raise ParseError("it holds characters that no command needs")
    reader = Reader(command, 0)
    reader.all()
    return reader.found


class Reader(Constructs):
    """Reads the commands of a text by the grammar of a shell."""

    @property
    def found(self) -> list[Simple]:
        """The simple commands that were read."""
        return self._found

    def all(self) -> None:
        """Read the text to its end.

        Raises:
            ParseError: it does not end where a command may.
        """
        self._list()
        if self._at < len(self._text):
            raise ParseError(f"nothing begins what {self._text[self._at : self._at + 8]!r} ends")
        if self._heredocs:
            raise ParseError(f"the text up to {self._heredocs[0][1].written!r} has no end")

        said: dict[int, str] = {}
        for one, sayers in self._fed:
            if id(sayers) not in said:
                said[id(sayers)] = _said(sayers)
            one.said += said[id(sayers)]

    def _commands_until(self, end: str) -> None:
        waiting, self._heredocs = self._heredocs, []
        begun = self._at
        self._deeper(1)
        self._list()
        self._deeper(-1)
        if self._heredocs or (waiting and "\n" in self._text[begun : self._at]):
            raise ParseError("shells do not agree where a text that is fed begins")
        self._expect(end)
        self._heredocs = waiting

    def _text_of_commands(self, text: str) -> None:
        inner = Reader(text, self._depth + 1)
        inner.all()
        self._found += inner.found

    def _within(self, text: str) -> tuple[list[Simple], bool]:
        inner = Reader(text, self._depth + 1)
        _text, live = inner._double("")
        return inner.found, live

    # ---- lists and pipes ---------------------------------------------------------------------------------------------

    def _list(self) -> None:
        """Read pipes up to what ends a list: a closing word or sign, `;;`, or the end of the text."""
        while True:
            self._lines()
            if self._ended():
                return
            self._pipe()
            self._blanks()
            while self._sign("&&") or self._sign("||"):
                self._lines()
                self._pipe()
                self._blanks()
            self._comment()
            if self._at < len(self._text) and not self._text.startswith(";;", self._at):
                if self._text[self._at] in ")}":
                    return
                if self._text[self._at] not in _SEPARATORS:
                    raise ParseError(f"no command goes on with {self._text[self._at : self._at + 8]!r}")
                if self._text[self._at] != "\n":
                    self._at += 1

    def _ended(self) -> bool:
        if (
            self._at >= len(self._text)
            or self._text[self._at] == ")"
            or self._text.startswith(";;", self._at)
        ):
            return True
        return self._ahead() in CLOSING or self._text.startswith(";&", self._at)

    def _pipe(self) -> None:
        before, pipes = len(self._found), 0
        self._command()
        self._blanks()
        while not self._text.startswith("||", self._at) and (self._sign("|&") or self._sign("|")):
            pipes += 1
            if pipes > 32:
                raise ParseError("it has too many pipes")
            sayers, begun = self._found[before:], len(self._found)
            self._lines()
            self._command()
            self._blanks()
            before = begun
            for one in self._found[begun:]:
                one.piped = True
                self._fed.append((one, sayers))

    # ---- commands ----------------------------------------------------------------------------------------------------

    def _command(self) -> None:
        self._deeper(1)
        word = self._ahead()
        begun = len(self._found)
        if self._sign("(("):
            start = self._at
            self._computed("))")
            self._found.append(Simple(words=["((", self._text[start : self._at - 2]]))
        elif self._sign("("):
            self._list()
            self._expect(")")
        elif word in CLOSING:
            raise ParseError(f"nothing begins what {word!r} ends")
        elif word not in OPENING:
            self._simple()
            self._deeper(-1)
            return
        else:
            self._word()
            if word in ("!", "time", "coproc"):
                self._prefixed(word)
                self._deeper(-1)
                return
            self._compound(word)
        self._around(begun)
        self._deeper(-1)

    def _prefixed(self, word: str) -> None:
        self._blanks()
        while word == "time" and self._ahead() in ("-p", "--"):
            self._word()
            self._blanks()
        if word == "coproc" and _NAME.fullmatch(self._ahead()) and self._ahead() not in OPENING:
            start = self._at
            self._word()
            self._blanks()
            if self._ahead() not in OPENING and not self._text.startswith("(", self._at):
                self._at = start
        begun = len(self._found)
        if not (word in ("time", "!") and self._idle()):
            self._command()
        for one in self._found[begun:] if word == "coproc" else ():
            one.piped = True

    def _idle(self) -> bool:
        return self._at >= len(self._text) or self._text[self._at] in ";&|\n)"

    def _simple(self) -> None:
        now = Simple()
        self._arguments(now, begins=True)
        if now.words or now.assigns or now.writes or now.reads or self._feeds(now):
            self._found.append(now)


def _said(before: list[Simple]) -> str:
    """What commands say into a pipe, as far as it is written in them."""
    return "\n".join(
        text
        for one in before
        if one.program in FED_BY or not one.words
        for text in (" ".join(one.words[1:]).replace("\\n", "\n"), one.fed, one.said)
        if text
    )

"""The words of a shell command: quotes taken off, what stands inside substitutions read as commands of their own.

Nothing is expanded but braces: a word with a variable in it keeps it, and is marked as only known when it runs.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from console.core.shell.braces import MARKED, expanded, unmarked
from console.core.shell.signs import WORD_ENDS, Signs
from console.core.shell.simple import UNSEEN, ParseError, Simple

_NAMES: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789@*#?$!-")
_ESCAPES: Final = {"n": "\n", "t": "\t", "\\": "\\", '"': '"', "r": "\r", "a": "\a", "e": "\x1b"}


class Word(Struct, frozen=True):
    """A word: its text, unquoted braces marked; whether no quote is in it; whether part of it is only known at run time."""

    text: str
    plain: bool
    live: bool

    @property
    def written(self) -> str:
        """Its text as it was written."""
        return unmarked(self.text)

    def made(self) -> list[str]:
        """The words that a shell makes of it.

        Raises:
            ParseError: too many.
        """
        return expanded(self.text)


class Words(Signs):
    """Reads words from a place in a text on. Who inherits it reads the commands inside them."""

    def __init__(self, text: str, depth: int) -> None:
        super().__init__(text, depth)
        self._found: list[Simple] = []
        self._deeper(0)

    def _commands_until(self, end: str) -> None:
        """Read commands up to a closing sign, and take it."""
        raise NotImplementedError

    def _text_of_commands(self, text: str) -> None:
        """Read a text of commands that stands in quotes of its own."""
        raise NotImplementedError

    def _word(self) -> Word:
        """Read one word.

        Raises:
            ParseError: there is none, or it does not end.
        """
        text, start = self._text, self._at
        parts: list[str] = []
        plain, live = True, False
        while self._at < len(text) and text[self._at] not in WORD_ENDS:
            char = text[self._at]
            if char == "'":
                parts.append(self._single())
                plain = False
            elif char == '"':
                part, inner = self._double('"')
                parts.append(part)
                plain, live = False, live or inner
            elif char == "\\":
                following = text[self._at + 1 : self._at + 2]
                parts.append("" if following == "\n" else following)
                self._at += 2
                plain = False
            elif char in "$`":
                part, inner, quoted = self._dollar()
                parts.append(part)
                plain, live = plain and not quoted, live or inner
            else:
                parts.append(MARKED.get(char, char))
                self._at += 1
        if self._at == start:
            raise ParseError("a word is missing")
        return Word("".join(parts), plain, live)

    def _single(self) -> str:
        end = self._text.find("'", self._at + 1)
        if end < 0:
            raise ParseError("a quote has no end")
        inner, self._at = self._text[self._at + 1 : end], end + 1
        return inner

    def _double(self, end: str) -> tuple[str, bool]:
        """Read what stands between double quotes, or a text to its end like that, and whether it is only known later."""
        text, parts, live = self._text, [], False
        self._at += len(end)
        while self._at < len(text) and text[self._at] != end:
            char = text[self._at]
            if char == "\\" and self._at + 1 < len(text):
                following = text[self._at + 1]
                parts.append(
                    "" if following == "\n" else following if following in '"\\$`' else char + following
                )
                self._at += 2
            elif char == "`" or (char == "$" and text[self._at + 1 : self._at + 2] not in ("'", '"')):
                begun = self._at
                part, inner, _quoted = self._dollar()
                if char == "`" and '"' in text[begun : self._at]:
                    raise ParseError("shells do not agree on a quote inside of backticks inside of quotes")
                parts.append(part)
                live = live or inner
            else:
                parts.append(char)
                self._at += 1
        if end:
            if self._at >= len(text):
                raise ParseError("a quote has no end")
            self._at += 1
        return "".join(parts), live

    def _dollar(self) -> tuple[str, bool, bool]:
        """Read what begins with `$` or a backtick: its text, whether it is only known later, whether it was a quote."""
        text, at = self._text, self._at
        if text[at] == "`":
            self._backticks()
            return UNSEEN, True, False
        if text.startswith("$((", at):
            self._at += 3
            self._computed("))")
            return "$((…))", True, False
        if text.startswith("$(", at):
            self._at += 2
            self._commands_until(")")
            return UNSEEN, True, False
        if text.startswith("${", at):
            self._at += 2
            self._computed("}")
            return text[at : self._at], True, False
        if text.startswith("$[", at):
            raise ParseError("it computes in an old way")
        if text.startswith("$'", at):
            return self._escaped(), False, True
        if text.startswith('$"', at):
            self._at += 1
            return *self._double('"'), True
        self._at += 1
        return "$", text[at + 1 : at + 2] in _NAMES and at + 1 < len(text), False

    def _computed(self, end: str) -> None:
        """Pass over a sum, or what stands behind a variable, up to its end; what is run inside is read."""
        text, opened = self._text, 0
        self._deeper(1)
        while self._at < len(text):
            char = text[self._at]
            if not opened and text.startswith(end, self._at):
                self._at += len(end)
                self._deeper(-1)
                return
            if char == "\\":
                self._at += 2
            elif char == "'":
                raise ParseError("shells do not agree on a quote inside of a variable or a sum")
            elif char == '"':
                if "}" in self._double('"')[0]:
                    raise ParseError("shells do not agree on a quote inside of a variable or a sum")
            elif char in "$`":
                self._dollar()
            elif text.startswith(("<(", ">("), self._at) and end == "}":
                raise ParseError("it substitutes a process inside of a variable")
            else:
                opened += {"(": 1, ")": -1}.get(char, 0) if end == "))" else 0
                self._at += 1
                if opened < 0:
                    break
        raise ParseError("a variable or a sum has no end")

    def _backticks(self) -> None:
        text, parts = self._text, []
        self._at += 1
        while self._at < len(text) and text[self._at] != "`":
            if text[self._at] == "\\" and text[self._at + 1 : self._at + 2] in ("\\", "`", "$"):
                self._at += 1
            parts.append(text[self._at : self._at + 1])
            self._at += 1
        if self._at >= len(text):
            raise ParseError("a substitution has no end")
        self._at += 1
        self._text_of_commands("".join(parts))

    def _escaped(self) -> str:
        """Read `$'…'`.

        Raises:
            ParseError: it names a character in a way that is not read.
        """
        text, parts = self._text, []
        self._at += 2
        while self._at < len(text) and text[self._at] != "'":
            if text[self._at] == "\\":
                self._at += 1
                escape = text[self._at : self._at + 1]
                if escape not in _ESCAPES:
                    raise ParseError("it names characters in a way on which shells do not agree")
                parts.append(_ESCAPES[escape])
            else:
                parts.append(text[self._at])
            self._at += 1
        if self._at >= len(text):
            raise ParseError("a quote has no end")
        self._at += 1
        return "".join(parts)

"""A place in the text of a command, and the signs that stand there."""

from __future__ import annotations

from typing import Final

from console.core.shell.simple import ParseError

DEPTH: Final = 24
"""How deep a command may stand inside a command."""

WORD_ENDS: Final = frozenset(" \t\n;|&<>()")
"""What ends a word, where no quote is open."""


class Signs:
    """Reads single signs of a text, from a place in it on."""

    def __init__(self, text: str, depth: int) -> None:
        self._text = text
        self._at = 0
        self._depth = depth

    def _deeper(self, levels: int) -> None:
        self._depth += levels
        if self._depth > DEPTH:
            raise ParseError("it is nested too deep")

    def _blanks(self) -> None:
        text = self._text
        while self._at < len(text):
            if text[self._at] in " \t":
                self._at += 1
            elif text.startswith("\\\n", self._at):
                self._at += 2
            else:
                return

    def _sign(self, sign: str) -> bool:
        if not self._text.startswith(sign, self._at):
            return False
        self._at += len(sign)
        return True

    def _comment(self) -> bool:
        """Pass over a comment, if one begins here: behind a word it is none."""
        if not self._text.startswith("#", self._at):
            return False
        if self._at and self._text[self._at - 1] not in WORD_ENDS:
            raise ParseError("a comment begins inside of a word")
        end = self._text.find("\n", self._at)
        self._at = len(self._text) if end < 0 else end
        return True

    def _ahead(self) -> str:
        """The characters of the next word, up to the first that may end one: reserved words have no quotes."""
        at = self._at
        while at < len(self._text) and self._text[at] not in WORD_ENDS:
            if at - self._at > 64:
                return ""
            at += 1
        return self._text[self._at : at]

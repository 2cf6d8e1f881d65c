"""One program called, as a command's text says it."""

from __future__ import annotations

from typing import Final

from msgspec import Struct, field

UNSEEN: Final = "$(…)"
"""What stands in a word for what a command inside it brings."""


class ParseError(ValueError):
    """A command that is not understood. The text says what is odd about it."""


class Simple(Struct, kw_only=True):
    """One program called: its name and words as written, what it writes to, what it is fed, and by whom."""

    words: list[str] = field(default_factory=list)
    assigns: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    fed: str = ""
    live: frozenset[str] = frozenset()
    """The words, and what is fed, that hold what is only known when it runs: a variable, what a command brings."""
    piped: bool = False
    said: str = ""
    """What the programs before it in a pipe say, as far as it is written there."""
    behind: bool = False
    """Whether what is piped becomes words of the command, as behind xargs."""
    folder: str = ""
    """Where it runs; empty: unknown."""

    @property
    def program(self) -> str:
        """The name of the program without its folder."""
        return self.words[0].rpartition("/")[2] if self.words else ""

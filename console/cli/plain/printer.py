"""What line mode prints: one line at a time, through the sanitiser, coloured only when asked to be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TextIO

from console.cli.outlet import drop
from console.core.text import visible
from console.tui.drawing import signs
from console.tui.floor.attention import Level

_COLOURS: Final[dict[Level, str]] = {"stop": "\x1b[1;31m", "act": "\x1b[33m", "watch": "\x1b[36m"}
_PLAIN: Final = "\x1b[0m"


class Printer:
    """Writes lines, each with nothing in it that a terminal would act upon. `gone` is called once nobody reads any more."""

    def __init__(
        self, stream: TextIO, *, coloured: bool = False, gone: Callable[[], None] = lambda: None
    ) -> None:
        self._stream = stream
        self._coloured = coloured
        self._gone = gone
        self.lost = False
        """Whether nobody reads any more."""

    def line(self, text: str, level: Level | None = None) -> None:
        """Print one line, whatever is in the text."""
        if self.lost:
            return
        text = signs.fitting(visible(text))
        if self._coloured and level is not None:
            text = f"{_COLOURS[level]}{text}{_PLAIN}"
        try:
            self._stream.write(text + "\n")
            self._stream.flush()
        except (OSError, ValueError):  # a pipe without a reader, a terminal that is gone, a closed file
            self.lost = True
            drop(self._stream)
            self._gone()

    def lines(self, texts: Iterable[str]) -> None:
        """Print lines."""
        for text in texts:
            self.line(text)

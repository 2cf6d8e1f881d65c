"""The console on a terminal that may take text along: the subject to the clipboard, the screen into files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from console.core.text import plain
from console.tui.apps.stacked_app import StackedApp
from console.tui.rows.frame_rows import Note
from console.tui.terminal.terminals import CLIPBOARD_BYTES, clipboard

if TYPE_CHECKING:
    from console.tui.settings import Settings


ROW_CHARS: Final = 4_000
"""Longest row that is kept; no terminal is as wide."""


class KeepingApp(StackedApp, inherit_bindings=False):
    """Base of the application: what leaves the console besides intents, all of it to this user and this terminal only."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._copied = ""

    def tell(self, note: Note) -> None:
        """Show a note in its row."""
        raise NotImplementedError

    def copy(self, what: str, text: str) -> None:
        """Give a text to the terminal's clipboard. The same once more, or what no clipboard takes, goes into a file."""
        again, self._copied = text == self._copied, text
        terminal = self.settings.terminal
        sequence = clipboard(terminal, text)
        if sequence and not again and self._driver is not None:
            self._driver.write(sequence)
            self._driver.flush()
            self.tell(Note(f"copied {what}, if your terminal lets it; once more writes it to a file"))
            return
        self._copied = ""
        if again:
            why = ""
        elif len(text) > CLIPBOARD_BYTES:
            why = "too long for a clipboard, "
        else:
            why = "no clipboard here, "
        self._keep("copy", f"{why}{what} is in", [("txt", text + "\n")])

    def keep_screen(self) -> None:
        """Write what is on the screen, as text and as a picture."""
        from console.tui.terminal.keeping import standalone

        strips = self.screen._compositor.render_strips()  # noqa: SLF001  (the toolkit's own screenshots read it so)
        rows = (plain("".join(segment.text for segment in strip), ROW_CHARS) for strip in strips)
        text = "".join(f"{row.rstrip()}\n" for row in rows)
        svg = standalone(self.export_screenshot(title="watchfloor"))
        self._keep("screen", "the screen is in", [("txt", text), ("svg", svg)])

    def _keep(self, name: str, words: str, files: list[tuple[str, str]]) -> None:
        from console.tui.terminal.keeping import keep, shown_path

        if not self.settings.kept:
            self.tell(Note("no folder to write to", "act"))
            return
        try:
            path = keep(Path(self.settings.kept), name, files)
        except OSError as error:
            self.tell(Note(f"not written: {error.strerror or error}, {self.settings.kept}", "act"))
            return
        more = "".join(f" and .{ending}" for ending, _ in files[1:])
        folder = shown_path(path.parent, str(Path.home()))
        self.tell(Note(f"{words} {path.name}{more}, folder {folder}"))

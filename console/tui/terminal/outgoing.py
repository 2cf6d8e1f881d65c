"""What goes out to the terminal, and how the terminal takes it. A terminal that stops reading stops nothing here."""

from __future__ import annotations

import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Final

from textual.drivers.linux_driver import LinuxDriver

if TYPE_CHECKING:
    from textual.drivers._writer_thread import WriterThread

STALLED: Final = 0.5
"""Seconds after which what the terminal has not taken makes every further frame one too many."""

ENDS_WITHIN: Final = 1.0
"""Seconds that the terminal has at the end to take what is left; a process that quits waits no longer for it."""


class Outgoing(threading.Thread):
    """Writes in a thread of its own, for which nobody waits.

    It writes past the file's buffer: a thread that hangs in there keeps the buffer's lock, and the interpreter, which
    flushes its files when it ends, would die of that.
    """

    def __init__(self, file: IO[str], took: Callable[[float], None]) -> None:
        super().__init__(daemon=True, name="to the terminal")
        self._file, self._took = file, took
        self._pieces: deque[str | None] = deque()
        self._there = threading.Condition()
        self._since = float("inf")  # when the oldest piece came that is not yet taken

    @property
    def stalled(self) -> bool:
        """Whether the terminal has not taken for too long what was written."""
        return time.monotonic() - self._since >= STALLED

    def write(self, text: str) -> None:
        """Have a text written, some time."""
        with self._there:
            self._pieces.append(text)
            self._since = min(self._since, time.monotonic())
            self._there.notify()

    def isatty(self) -> bool:
        """Whether it writes to a terminal."""
        return True

    def fileno(self) -> int:
        """The file that it writes to."""
        return self._file.fileno()

    def flush(self) -> None:
        """Nothing: what is written is flushed as soon as nothing else waits."""

    def stop(self) -> None:
        """Write what is left, if the terminal takes it within `ENDS_WITHIN`, and end."""
        with self._there:
            self._pieces.append(None)
            self._there.notify()
        self.join(ENDS_WITHIN)

    def run(self) -> None:
        """Write what comes, all that waits at once."""
        more = True
        while more:
            with self._there:
                self._there.wait_for(lambda: self._pieces)
                pieces = [*self._pieces]
                self._pieces.clear()
            more = None not in pieces
            began = time.monotonic()
            if self._write_all("".join(piece for piece in pieces if piece is not None)):
                self._took(time.monotonic() - began)
            with self._there:
                self._since = time.monotonic() if self._pieces else float("inf")

    def _write_all(self, text: str) -> bool:
        """Write a text and say whether the terminal took it. If it fails the text is lost; the next one is tried anew."""
        left = memoryview(text.encode(getattr(self._file, "encoding", None) or "utf-8", "backslashreplace"))
        try:
            while left:
                try:
                    left = left[os.write(self._file.fileno(), left) :]
                except BlockingIOError:  # whoever shares the terminal made it non-blocking
                    select.select([], [self._file.fileno()], [])
        except (OSError, ValueError):  # it is gone; ValueError: and the file closed
            return False
        return True


class PacedDriver(LinuxDriver):
    """The toolkit's driver, which waits for nobody: its own writer blocks the loop once thirty pieces are unwritten."""

    def start_application_mode(self) -> None:
        """Take the terminal over, and go on with a writer of ours."""
        super().start_application_mode()  # type: ignore[no-untyped-call]  # the toolkit's
        getattr(self._app, "terminal_is_blank", lambda: None)()
        writer: WriterThread | None = self._writer_thread
        if writer is not None and self._file is not None:
            writer.stop()
            app = self._app
            outgoing = Outgoing(self._file, getattr(app, "line_took", lambda _: None))
            outgoing.start()
            self._writer_thread = outgoing  # type: ignore[assignment]  # it has all that is asked of the toolkit's

    @property
    def stalled(self) -> bool:
        """Whether the terminal has stopped reading."""
        writer: object = self._writer_thread
        return isinstance(writer, Outgoing) and writer.stalled

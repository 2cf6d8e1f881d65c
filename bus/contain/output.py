"""What the child writes: passed on as it is, and reported in pieces, as much of it as a log can bear."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
from collections.abc import Callable
from typing import Final

from bus.limits import TEXT_CHARS

GATHER: Final = 0.1
"""Seconds that lines wait for company before they are reported together."""

PATIENCE: Final = 1.0
"""Seconds that a line without an end waits for it, and that what is too much waits for room."""

PIECES_A_SECOND: Final = 5.0
"""Reports of one stream, in the long run."""

PIECES_AT_ONCE: Final = 20.0
"""Reports that may come in a burst."""

READ_BYTES: Final = 65_536
HELD_CHARS: Final = 16 * TEXT_CHARS
"""Characters that wait to be reported; what comes beyond that is counted and left out."""


class Stream:
    """One of the child's outputs. `passed` gets its bytes at once, `reported` its text, in pieces of whole lines if can be.

    While `passed` says that it has no room, nothing is read: the child waits for its reader, and nobody else does.

    What is reported is bounded; how much was left out is said. `ended` is set when nobody can write any more.
    """

    def __init__(
        self, descriptor: int, name: str, passed: Callable[[bytes], bool], reported: Callable[[str], object]
    ) -> None:
        self.ended = asyncio.Event()
        self._descriptor = descriptor
        self._name = name
        self._passed = passed
        self._reported = reported
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""
        self._left_out = 0
        self._waited = False
        self._room = PIECES_AT_ONCE
        self._loop = asyncio.get_running_loop()
        self._filled = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        os.set_blocking(descriptor, False)
        self._loop.add_reader(descriptor, self._readable)

    def close(self) -> None:
        """Report the rest and read no more."""
        if not self.ended.is_set():
            self._readable(whole=True)
        self._end()

    def _readable(self, *, whole: bool = False) -> None:
        while True:
            try:
                data = os.read(self._descriptor, READ_BYTES)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            room = self._passed(data)
            self._take(self._decoder.decode(data, final=not data))
            if not data:
                self._end()
                return
            if whole:
                continue
            if not room:
                self._loop.remove_reader(self._descriptor)
                self._loop.call_later(GATHER, self._again)
            return

    def _again(self) -> None:
        if self.ended.is_set():
            return
        if self._passed(b""):
            self._loop.add_reader(self._descriptor, self._readable)
        else:
            self._loop.call_later(GATHER, self._again)

    def _end(self) -> None:
        if self.ended.is_set():
            return
        self.ended.set()
        self._loop.remove_reader(self._descriptor)
        with contextlib.suppress(OSError):
            os.close(self._descriptor)
        if self._timer is not None:
            self._timer.cancel()
        self._room = max(self._room, PIECES_AT_ONCE)  # the last words count most
        self._report(everything=True)

    def _take(self, text: str) -> None:
        room = HELD_CHARS - len(self._text)
        self._text += text[:room]
        self._left_out += max(0, len(text) - room)
        if self._text and self._timer is None:
            self._timer = self._loop.call_later(GATHER, self._due)

    def _due(self) -> None:
        self._timer = None
        now = self._loop.time()
        self._room = min(PIECES_AT_ONCE, self._room + (now - self._filled) * PIECES_A_SECOND)
        self._filled = now
        self._report(everything=False)
        self._waited = bool(self._text)
        if self._text or self._left_out:
            self._timer = self._loop.call_later(PATIENCE, self._due)

    def _report(self, *, everything: bool) -> None:
        while self._text and self._room >= 1:
            cut = self._text.rfind("\n", 0, TEXT_CHARS) + 1
            if not cut and len(self._text) < TEXT_CHARS and not (everything or self._waited):
                return  # a line that goes on
            piece, self._text = self._text[: cut or TEXT_CHARS], self._text[cut or TEXT_CHARS :]
            self._room -= 1
            if piece.strip():
                self._reported(piece.rstrip("\n"))
        if everything:
            self._left_out += len(self._text)
            self._text = ""
        if self._left_out and not self._text and (self._room >= 1 or everything):
            self._room -= 1
            self._reported(f"[{self._left_out:,} characters of {self._name} are left out here]")
            self._left_out = 0

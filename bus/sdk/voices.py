"""Whose words a prompt is: the user's, or those that a model wrote, or a tool returned, and that came back as a prompt.

Only what comes into the outermost run from outside is the user's. What one agent gives another to do is a model's word: it
was written by a model, which may have read it in a mail.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Protocol
from weakref import WeakKeyDictionary

HANDED: Final = "task from another agent"
"""The speaker of words that one agent gave another."""

PIECES_KEPT: Final = 4_000
"""Lines of one run's model and tools that are remembered; the oldest go first."""

LINE_CHARS: Final = 2_000
"""Characters of a line that are remembered."""

USER_CHARS: Final = 200_000
"""Characters of the user's own words that are remembered."""

_WORDS: Final = 3
_CHARS: Final = 12
"""A shorter line says too little to be known again: the user may write the same of himself."""

_TIGHT: Final = 6
"""The same, in characters, of a line in a script without spaces."""


class Whole(Protocol):
    """A run, as far as it matters here."""

    @property
    def outcome(self) -> object:
        """None while it goes on."""


_RUN: ContextVar[tuple[Whole, str] | None] = ContextVar("watchfloor_run", default=None)


@contextmanager
def inside(run: Whole, key: str) -> Iterator[None]:
    """Let what begins in this context (of `contextvars`) know that it begins in a run. `key` is `agent/run`."""
    outer = _RUN.get()
    _RUN.set((run, key))
    try:
        yield
    finally:
        _RUN.set(outer)


def run_here() -> str:
    """The `agent/run` in which this code runs, if that goes on; empty outside any."""
    here = _RUN.get()
    return here[1] if here is not None and here[0].outcome is None else ""


class Voices:
    """What a run's model wrote and its tools returned, line by line, and how many of its tools run. For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: OrderedDict[str, None] = OrderedDict()
        self._user = ""
        self._running = 0

    @property
    def in_tool(self) -> bool:
        """Whether a tool of the run is at work, in whatever thread: a prompt that comes now was made inside it."""
        return self._running > 0

    @contextmanager
    def tool(self) -> Iterator[None]:
        """Count what follows as the work of a tool."""
        with self._lock:
            self._running += 1
        try:
            yield
        finally:
            with self._lock:
                self._running -= 1

    def wrote(self, value: object) -> None:
        """Note what the model wrote or a tool returned: a text, or all texts in arguments. The user's own words are not."""
        texts = list(_texts(value))
        with self._lock:
            for text in texts:
                for line in _telling(text):
                    if line not in self._user:
                        self._lines[line] = None
                        self._lines.move_to_end(line)
            while len(self._lines) > PIECES_KEPT:
                self._lines.popitem(last=False)

    def said(self, text: str) -> None:
        """Note the user's own words: where a model repeats them, they stay his."""
        with self._lock:
            self._user = f"{self._user}\n{text}"[-USER_CHARS:]

    def parted(self, prompt: str) -> tuple[str, str]:
        """Return what of a prompt is the user's, and what the model wrote or a tool returned before."""
        with self._lock:
            found = [line for line in self._lines if line in prompt]
            own, theirs = prompt, list[str]()
            for line in sorted(found, key=len, reverse=True):
                if line in own:
                    own = own.replace(line, "\n")
                    theirs.append(line)
        if not theirs:
            return prompt, ""
        rest = (line for line in map(str.strip, own.splitlines()) if line)
        return "\n".join(rest), "\n".join(sorted(theirs, key=prompt.index))


_VOICES: Final[WeakKeyDictionary[object, Voices]] = WeakKeyDictionary()
_MAKING: Final = threading.Lock()


def voices_of(run: object) -> Voices:
    """The voices of a run, for as long as it is held."""
    with _MAKING:
        return _VOICES.setdefault(run, Voices())


def _texts(value: object, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth < 8 and isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item, depth + 1)
    elif depth < 8 and isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item, depth + 1)


def _telling(text: str) -> Iterator[str]:
    for line in text.splitlines():
        bare = line.strip()[:LINE_CHARS]
        if (len(bare) >= _CHARS and len(bare.split()) >= _WORDS) or (
            len(bare) >= _TIGHT and not bare.isascii() and len(bare.split()) * 8 < len(bare)
        ):
            yield bare

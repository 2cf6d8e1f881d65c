"""Room for calls: the interpreter's stack in one piece.

CPython keeps the frames of Python functions in chunks of 16 KiB. A call that does not fit into the last one has the system
map another, and its return gives that back. A busy loop that stands right at such an edge does so at each of its calls: the
toolkit's regular expressions stood there while they were compiled, six thousand times until the first paint.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

R = TypeVar("R")

SLOTS: Final = 32_000
"""Places of eight bytes on the stack that the frame of `_called` claims and never touches.

A chunk has the least power of two that holds them and a thousand more, here 512 KiB: half of it is left to the calls below,
about as many as may nest. Memory that nobody touches is none.
"""


def roomy(work: Callable[[], R]) -> R:
    """Call `work` where the calls below it need no other chunk. Returns what it returns."""
    return _called(work)


def _called(work: Callable[[], R]) -> R:
    return work()


_called.__code__ = _called.__code__.replace(co_stacksize=SLOTS)

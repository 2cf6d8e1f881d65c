"""What goes out to a terminal that does not read, is non-blocking, or is gone: nobody waits for it, and nothing dies."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from console.tui.terminal import outgoing
from console.tui.terminal.outgoing import Outgoing

MUCH = "x" * 200_000
"""More than a pipe holds."""


class Terminal:
    """A pipe in the place of a terminal, and the thread that writes to it."""

    def __init__(self) -> None:
        self.reads, writes = os.pipe()
        self.file = os.fdopen(writes, "w", encoding="utf-8")
        self.times: list[float] = []
        self.taken = threading.Semaphore(0)
        self.out = Outgoing(self.file, self._took)

    def _took(self, seconds: float) -> None:
        self.times.append(seconds)
        self.taken.release()

    def read(self, count: int) -> str:
        """So many bytes."""
        found = b""
        while len(found) < count:
            found += os.read(self.reads, count - len(found))
        return found.decode()

    def hang_up(self) -> None:
        """Nobody reads from here on."""
        os.close(self.reads)
        self.reads = -1

    def close(self) -> None:
        """Let go of both ends."""
        if self.reads >= 0:
            self.hang_up()
        self.out.stop()
        with suppress(OSError):
            self.file.close()


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    found = Terminal()
    found.out.start()
    yield found
    found.close()


def test_the_end_does_not_wait_for_a_terminal_that_does_not_read(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "ENDS_WITHIN", 0.0)
    terminal.out.write(MUCH)
    assert terminal.read(1) == "x"  # it is in the midst of it
    terminal.out.stop()
    assert terminal.out.is_alive()
    # The interpreter flushes and closes its files when it ends; the thread that hangs holds none of their locks.
    terminal.file.flush()


def test_a_terminal_that_reads_gets_the_last_of_it_before_the_end(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "ENDS_WITHIN", 30.0)
    terminal.out.write("äöü")
    terminal.out.write("end")
    terminal.out.stop()
    assert not terminal.out.is_alive()
    assert terminal.read(9) == "äöüend"


def test_a_terminal_that_somebody_made_non_blocking_is_waited_for(terminal: Terminal) -> None:
    os.set_blocking(terminal.file.fileno(), False)
    terminal.out.write(MUCH)
    assert terminal.read(len(MUCH)) == MUCH
    assert terminal.taken.acquire(timeout=30)


def test_a_write_that_fails_is_lost_and_the_next_one_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    failed = threading.Semaphore(0)
    write: Callable[..., int] = os.write
    broken = True

    def fails(descriptor: int, data: bytes) -> int:
        if broken and descriptor == terminal.file.fileno():
            failed.release()
            raise OSError(5, "Input/output error")
        return write(descriptor, data)

    monkeypatch.setattr("console.tui.terminal.outgoing.os.write", fails)
    terminal.out.start()
    terminal.out.write("lost")
    assert failed.acquire(timeout=30)
    broken = False
    terminal.out.write("kept")
    assert terminal.taken.acquire(timeout=30)
    assert len(terminal.times) == 1
    assert terminal.read(4) == "kept"
    monkeypatch.setattr(outgoing, "ENDS_WITHIN", 30.0)
    terminal.out.stop()
    assert not terminal.out.is_alive()
    assert not terminal.out.stalled
    terminal.close()

"""A real terminal for tests: a program in a pty, its screen as pyte sees it, keys, and waiting for what it shows."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pexpect
import psutil
import pyte


def _hear_hang_ups() -> None:
    # Whoever runs the tests may ignore them (nohup), and that is inherited.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


class Terminal:
    """A program in a pty of `columns` x `rows`. `received` are all bytes it wrote."""

    def __init__(
        self,
        command: Sequence[str | Path],
        environment: Mapping[str, str],
        *,
        columns: int = 80,
        rows: int = 24,
    ) -> None:
        first, *rest = (str(part) for part in command)
        self.received = bytearray()
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._child: pexpect.spawn[bytes] = pexpect.spawn(
            first,
            rest,
            env=dict(environment) | {"TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": str(rows)},
            dimensions=(rows, columns),
            timeout=None,
            preexec_fn=_hear_hang_ups,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.close(force=True)

    @property
    def lines(self) -> list[str]:
        """What stands on the screen now."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines)

    @property
    def process(self) -> psutil.Process:
        """The program. Take it while it runs: afterwards its number may be another's."""
        return psutil.Process(self._child.pid)

    @property
    def modes(self) -> list[Any]:
        """How the terminal treats input and output now, as `termios` has it."""
        import termios  # late: not on Windows

        return termios.tcgetattr(self._child.child_fd)

    def hang_up(self) -> None:
        """Take the terminal away, as a lost line does. `ended` still tells how the program took it."""
        child: Any = self._child  # the stubs leave its ptyproc out
        child.ptyproc.fileobj.close()
        child.child_fd = child.ptyproc.fd = -1

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size, as a window does."""
        self._screen.resize(rows, columns)
        self._child.setwinsize(rows, columns)

    def press(self, keys: str) -> None:
        """Type."""
        self._child.send(keys)

    def until(self, condition: Callable[[str], object], what: str, within: float = 20.0) -> str:
        """Read until the screen meets a condition; returns the screen's text.

        Raises:
            AssertionError: it does not within `within` seconds; the screen is in the text.
        """
        end = time.monotonic() + within
        while not condition(self.text):
            if time.monotonic() > end:
                raise AssertionError(f"not on screen within {within:g} s: {what}\n{self.text}")
            self._read(0.05)
        return self.text

    def shows(self, words: str, within: float = 20.0) -> str:
        """Read until the screen holds these words."""
        return self.until(lambda text: words in text, repr(words), within)

    def press_until(self, keys: str, words: str, times: int = 8, each: float = 2.0) -> str:
        """Press until the screen holds these words: a console may ignore a key while rows have just moved.

        Raises:
            AssertionError: it never does.
        """
        for _ in range(times - 1):
            self.press(keys)
            try:
                return self.shows(words, each)
            except AssertionError:
                continue
        self.press(keys)
        return self.shows(words, each)

    def look(self, within: float = 0.0) -> None:
        """Read what there is, or what comes first within `within` seconds."""
        self._read(within)

    def ended(self, within: float = 10.0) -> int:
        """Wait for the program's end; returns its exit status, or minus the signal that ended it."""
        end = time.monotonic() + within
        while self._child.isalive():
            if time.monotonic() > end:
                raise AssertionError(f"still running after {within:g} s\n{self.text}")
            self._read(0.05)
        return (
            -int(self._child.signalstatus) if self._child.signalstatus else int(self._child.exitstatus or 0)
        )

    def _read(self, within: float) -> None:
        if self._child.child_fd < 0:
            time.sleep(within)  # hung up: there is nothing to wait at
            return
        try:
            part = self._child.read_nonblocking(65_536, timeout=within)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return
        self.received.extend(part)
        # pyte knows no private mode queries; what it cannot parse it leaves out.
        self._stream.feed(part)

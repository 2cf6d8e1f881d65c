"""Starts a command held: in a session of its own, bound to the life of this process, and not before it is told to begin."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_CHILD_SUBREAPER: Final = 36
NOT_FOUND: Final = 127
NOT_RUN: Final = 126
"""Exit codes of a command that could not be started, as a shell has them."""


class NotStartedError(OSError):
    """The command could not be started."""


def become_subreaper() -> bool:
    """Let orphaned descendants become children of this process. Return whether this system can do that."""
    return _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with(parent: int, number: signal.Signals) -> None:
    """Get that signal when the parent dies; end at once if it has died already."""
    _prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os._exit(NOT_RUN)


def _prctl(option: int, value: int) -> bool:
    if sys.platform != "linux":
        return False
    library = ctypes.CDLL(None, use_errno=True)
    return bool(library.prctl(option, value, 0, 0, 0) == 0)


class Held:
    """A child that waits for `begin`. `out` and `err` are what it will write; both are this side's to close.

    To be made before any thread is: the child is a fork of this process, and dies with the thread that made it.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        """Fork.

        Raises:
            OSError: no process or pipe can be made.
        """
        self.out, out = os.pipe()
        self.err, err = os.pipe()
        gate, self._gate = os.pipe()
        self._news, news = os.pipe()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._gate)  # else the child would keep its own gate open
            _child(command, env, parent, (out, err, gate, news))
        for end in (out, err, gate, news):
            os.close(end)

    def begin(self) -> None:
        """Let it run the command, and return when it does.

        Raises:
            NotStartedError: the command cannot be run; the child is gone.
        """
        os.write(self._gate, b"x")
        os.close(self._gate)
        said = os.read(self._news, 16)
        os.close(self._news)
        if said:
            number = int(said)
            raise NotStartedError(number, os.strerror(number))


def _child(
    command: Sequence[str], env: Mapping[str, str], parent: int, pipes: tuple[int, int, int, int]
) -> NoReturn:
    out, err, gate, news = pipes
    number = errno.EIO
    try:
        os.setsid()
        die_with(parent, signal.SIGKILL)
        for name in ("SIGPIPE", "SIGXFSZ", "SIGINT"):  # what Python changes and exec would keep
            signal.signal(getattr(signal, name), signal.SIG_DFL)
        if os.isatty(0):  # the terminal belongs to another session; reading it would fail
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        if not os.read(gate, 1):
            os._exit(NOT_RUN)
        os.execvpe(command[0], list(command), dict(env))  # noqa: S606 - what we were asked to run
    except OSError as error:
        number = error.errno or number
    finally:
        with contextlib.suppress(OSError):
            os.write(news, str(number).encode("ascii"))
        os._exit(NOT_RUN)

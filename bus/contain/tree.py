"""The processes below one process: found, stopped until nothing of them runs, continued, ended, and counted to none.

On Linux whoever is the subreaper of the tree finds every descendant by its parent: one whose parents died is given to it,
whatever session or group it chose. Elsewhere a process that was orphaned before anybody saw it is not found.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import psutil

LINUX: Final = sys.platform == "linux"
PAUSE: Final = 0.002
"""Seconds between two looks while something is awaited."""

_AT_REST: Final = frozenset("TtXZ")
"""States, as /proc names them, in which a thread runs no instruction of its program."""


class Proc(NamedTuple):
    """A process: `started` tells it from a later one with its id. `state` is the letter of /proc."""

    pid: int
    started: int
    ppid: int
    name: str
    state: str

    @property
    def key(self) -> tuple[int, int]:
        """What a process is told by."""
        return self.pid, self.started

    def __str__(self) -> str:
        return f"{self.name} ({self.pid})"


def named(processes: Iterable[Proc], most: int = 8) -> str:
    """Name processes in one line, the first few of them."""
    found = list(processes)
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(map(str, found[:most])) + more


class Tree:
    """All living descendants of the process `above` (this one, unless told otherwise). Not thread-safe.

    `statuses` are the wait statuses of the children of this process that have ended, by process id. `also` names further
    members, such as those of a control group; while `kernel_holds` is set these count as stopped.
    """

    def __init__(self, above: int | None = None, also: Callable[[], Iterable[int]] = tuple) -> None:
        self.statuses: dict[int, int] = {}
        self.kernel_holds = False
        self._above = os.getpid() if above is None else above
        self._also = also
        self._seen: dict[tuple[int, int], None] = {}
        self._stopped: dict[tuple[int, int], None] = {}

    def look(self) -> list[Proc]:
        """Return every living process of the tree. Dead children of this process are reaped."""
        table = _table() if LINUX else _portable()
        children: dict[int, list[Proc]] = {}
        for proc in table.values():
            children.setdefault(proc.ppid, []).append(proc)
        found: dict[int, Proc] = {}
        todo = [*children.get(self._above, ()), *(table[pid] for pid in self._also() if pid in table)]
        if not LINUX:
            todo += [proc for proc in table.values() if proc.key in self._seen]
        while todo:
            proc = todo.pop()
            if proc.pid not in found and proc.pid != self._above:
                found[proc.pid] = proc
                todo += children.get(proc.pid, ())
        if not LINUX:
            self._seen = dict.fromkeys(proc.key for proc in found.values())
        for proc in found.values():
            if proc.state == "Z" and proc.ppid == os.getpid():
                self._reap(proc.pid)
        return [proc for proc in found.values() if proc.state not in "ZX"]

    def reap(self, pid: int) -> int | None:
        """Return the wait status of a child of this process if it has ended."""
        self._reap(pid)
        return self.statuses.get(pid)

    def send(self, number: signal.Signals, to: Iterable[Proc] | None = None) -> list[Proc]:
        """Send a signal to these processes, or all. Return those that could be told."""
        return [proc for proc in (self.look() if to is None else to) if _tell(proc, number)]

    def stop(self, within: float) -> list[Proc]:
        """Stop every process until a look at all finds nothing new and nothing that runs. Return what still runs.

        When all that were known had stopped before a look began, none of them can have made what that look did not see.
        `within` is in seconds.
        """
        until = time.monotonic() + within
        known: set[tuple[int, int]] = set()
        while True:
            found = self.look()
            running = self.running(found)
            moving = {proc.key for proc in running}
            if not running and {proc.key for proc in found} <= known:
                return []
            if time.monotonic() > until:
                return running
            for proc in running:
                if _tell(proc, signal.SIGSTOP):
                    self._stopped[proc.key] = None
            known = {proc.key for proc in found} - moving
            if moving:
                time.sleep(PAUSE)

    def running(self, found: Iterable[Proc] | None = None) -> list[Proc]:
        """Return those of these processes, or of all, that are not stopped."""
        held = set(self._also()) if self.kernel_holds else set()
        every = self.look() if found is None else found
        return [proc for proc in every if proc.pid not in held and not _at_rest(proc)]

    def go_on(self) -> int:
        """Continue what `stop` stopped, and nothing that had stopped itself. Return how many processes."""
        stopped, self._stopped = self._stopped, {}
        return len(self.send(signal.SIGCONT, [proc for proc in self.look() if proc.key in stopped]))

    def end(self, within: float) -> list[Proc]:
        """End every process at once: stop all, so that none makes others meanwhile, and kill them. Return who is left."""
        until = time.monotonic() + within
        self.stop(within / 2)
        while True:
            found = self.look()
            if not found:
                return []
            if time.monotonic() > until:
                return found
            self.send(signal.SIGKILL, found)
            time.sleep(PAUSE)

    def _reap(self, pid: int) -> None:
        with contextlib.suppress(ChildProcessError):
            reaped, status = os.waitpid(pid, os.WNOHANG)
            if reaped:
                self.statuses[pid] = status


def memory(processes: Iterable[Proc]) -> int:
    """Return the resident memory of these processes together, in bytes. What they share is counted for each."""
    total = 0
    for proc in processes:
        with contextlib.suppress(psutil.Error):
            total += psutil.Process(proc.pid).memory_info().rss
    return total


def _tell(proc: Proc, number: signal.Signals) -> bool:
    """Send a signal to that very process and no other that has its id by now."""
    try:
        if sys.platform != "linux":
            if round(psutil.Process(proc.pid).create_time() * 100) != proc.started:
                return False
            os.kill(proc.pid, number)
            return True
        handle = os.pidfd_open(proc.pid)
        try:
            now = _stat(proc.pid)
            if now is None or now.key != proc.key:
                return False
            signal.pidfd_send_signal(handle, number)
        finally:
            os.close(handle)
    except (ProcessLookupError, PermissionError, psutil.Error):
        return False
    return True


def _table() -> dict[int, Proc]:
    found = {}
    for name in os.listdir("/proc"):  # noqa: PTH208 - the names alone, thousands of times
        if name.isdigit() and (proc := _stat(int(name))) is not None:
            found[proc.pid] = proc
    return found


def _stat(pid: int) -> Proc | None:
    fields = _fields(f"/proc/{pid}/stat")
    return None if fields is None else Proc(pid, int(fields[20]), int(fields[2]), fields[0], fields[1])


def _fields(path: str) -> list[str] | None:
    """The name in a stat file, then what follows it: state, parent, and so on; the start time is the 20th."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - as in _table
            text = file.read(1024).decode("utf-8", "replace")
    except OSError:
        return None
    head, _, rest = text.rpartition(")")  # a name may hold anything, brackets and spaces too
    return [head.partition("(")[2], *rest.split()] if rest else None


def _at_rest(proc: Proc) -> bool:
    if proc.state not in _AT_REST:
        return False
    if not LINUX:
        return True
    try:
        threads = os.listdir(f"/proc/{proc.pid}/task")  # noqa: PTH208 - as in _table
    except OSError:
        return True  # it has ended
    states = [_fields(f"/proc/{proc.pid}/task/{thread}/stat") for thread in threads]
    return all(fields is None or fields[1] in _AT_REST for fields in states)


_LETTERS: Final = {
    psutil.STATUS_STOPPED: "T",
    psutil.STATUS_TRACING_STOP: "t",
    psutil.STATUS_ZOMBIE: "Z",
    psutil.STATUS_DEAD: "X",
}


def _portable() -> dict[int, Proc]:
    """The same without /proc."""
    found = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            with process.oneshot():
                proc = Proc(
                    process.pid,
                    round(process.create_time() * 100),
                    process.ppid() or 0,
                    process.name(),
                    _LETTERS.get(process.status(), "R"),
                )
            found[proc.pid] = proc
    return found

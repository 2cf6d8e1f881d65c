"""A control group (cgroup v2) for one tree: frozen, ended and bounded by the kernel in one step, where we may make one."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bus.contain.tree import PAUSE

_MOUNTS: Final = Path("/proc/self/mountinfo")
_OURS: Final = Path("/proc/self/cgroup")


class Group:
    """One control group. `bounded` names the controllers that hold in it: `memory`, `pids`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bounded: set[str] = set()

    @staticmethod
    def make(name: str) -> Group | None:
        """Make a group below our own, or return None where there is no cgroup v2 or we may not."""
        above = _own()
        if above is None:
            return None
        path = above / f"watchfloor-{name}"
        Group(path).remove()  # an empty one that a wrapper left which was killed with its keeper
        try:
            path.mkdir()
        except OSError:
            return None
        if not all((path / file).exists() for file in ("cgroup.freeze", "cgroup.kill", "cgroup.procs")):
            path.rmdir()
            return None
        return Group(path)

    @staticmethod
    def clean(name: str) -> None:
        """Remove the group that a wrapper left which was killed."""
        above = _own()
        if above is not None:
            Group(above / f"watchfloor-{name}").remove()

    def bound(self, controller: str, file: str, value: int) -> bool:
        """Set a bound. Return whether the kernel holds it; it does not where the controller is not ours to give."""
        with contextlib.suppress(OSError):
            (self.path.parent / "cgroup.subtree_control").write_text(f"+{controller}", "ascii")
        try:
            (self.path / file).write_text(str(value), "ascii")
        except OSError:
            return False
        self.bounded.add(controller)
        return True

    def add(self, pid: int) -> bool:
        """Put a process into the group; what it makes from then on is in it, too."""
        try:
            (self.path / "cgroup.procs").write_text(str(pid), "ascii")
        except OSError:
            return False
        return True

    def members(self) -> Iterator[int]:
        """The processes in the group and in groups that were made inside it."""
        for folder, _, _ in os.walk(self.path):
            with contextlib.suppress(OSError):
                yield from map(int, Path(folder, "cgroup.procs").read_text("ascii").split())

    def freeze(self, within: float) -> bool:
        """Freeze everything in it. Return whether the kernel says that nothing runs, within so many seconds."""
        return self._set("cgroup.freeze", 1) and self._becomes("frozen", 1, within)

    def thaw(self, within: float) -> bool:
        """Let it run again. Return whether it does."""
        return self._set("cgroup.freeze", 0) and self._becomes("frozen", 0, within)

    def kill(self) -> bool:
        """Kill everything in it at once. Return whether the kernel was told."""
        return self._set("cgroup.kill", 1)

    def hits(self, controller: str) -> int:
        """How often a bound was reached: forks refused (`pids`), processes killed for memory (`memory`)."""
        file, word = ("pids.events", "max") if controller == "pids" else ("memory.events", "oom_kill")
        return self._word(file, word) or 0

    def remove(self) -> None:
        """Remove the empty group, and empty ones that were made inside it."""
        for folder, _, _ in os.walk(self.path, topdown=False):
            with contextlib.suppress(OSError):
                Path(folder).rmdir()

    def _set(self, file: str, value: int) -> bool:
        try:
            (self.path / file).write_text(str(value), "ascii")
        except OSError:
            return False
        return True

    def _becomes(self, word: str, value: int, within: float) -> bool:
        until = time.monotonic() + within
        while self._word("cgroup.events", word) != value:
            if time.monotonic() > until:
                return False
            time.sleep(PAUSE)
        return True

    def _word(self, file: str, word: str) -> int | None:
        with contextlib.suppress(OSError, ValueError):
            for line in (self.path / file).read_text("ascii").splitlines():
                name, _, value = line.partition(" ")
                if name == word:
                    return int(value)
        return None


def _own() -> Path | None:
    """Where our own group is, or None without cgroup v2."""
    try:
        mounts = _MOUNTS.read_text("utf-8").splitlines()
        inside = next(line[3:] for line in _OURS.read_text("utf-8").splitlines() if line.startswith("0::"))
    except (OSError, StopIteration):
        return None
    for line in mounts:
        fields, _, kind = line.partition(" - ")
        if kind.startswith("cgroup2 "):
            root, mount = fields.split()[3:5]
            below = os.path.relpath(inside, root)
            return None if below.startswith("..") else Path(mount, below)
    return None

"""What a contained run may use up: time, memory, processes; held by the kernel where it lets us, else looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bus.contain.cgroup import Group
from bus.contain.tree import Proc, memory

LOOK: Final = 0.1
"""Seconds between two looks at what is used, where the kernel does not hold the bound."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of a whole tree: seconds of running (frozen time does not count), bytes of memory, processes. 0 is none."""

    time: float = 0.0
    memory: int = 0
    processes: int = 0


class Watch:
    """Keeps a tree to its bounds. `said` tells how far each holds, for people."""

    def __init__(self, bounds: Bounds, group: Group | None) -> None:
        self._bounds = bounds
        self._group = group
        self._ran = 0.0
        self._seen: float | None = None
        self.said: list[str] = []
        self._by_kernel: set[str] = set()
        if bounds.time:
            self.said.append(f"time {bounds.time:g} s: by this process's clock; frozen time does not count")
        self._ask(
            "memory", "memory.max", bounds.memory, "bytes of resident memory, what is shared counted for each"
        )
        self._ask("pids", "pids.max", bounds.processes, "processes")

    def _ask(self, controller: str, file: str, value: int, what: str) -> None:
        if not value:
            return
        if self._group is not None and self._group.bound(controller, file, value):
            self._by_kernel.add(controller)
            self.said.append(f"{controller} {value:,}: by the kernel")
        else:
            self.said.append(
                f"{controller} {value:,} {what}: looked at every {LOOK:g} s, so more is possible in between"
            )

    @property
    def looks(self) -> bool:
        """Whether the bounds need to be looked at every `LOOK` seconds."""
        asked = {
            name
            for name, value in (("memory", self._bounds.memory), ("pids", self._bounds.processes))
            if value
        }
        return bool(self._bounds.time or asked - self._by_kernel)

    def passed(self, found: Sequence[Proc], now: float, *, frozen: bool) -> str:
        """Return which bound the tree has passed, or nothing. `now` is in seconds of a monotonic clock."""
        bounds = self._bounds
        if self._seen is not None and not frozen:
            self._ran += now - self._seen
        self._seen = now
        if bounds.time and self._ran >= bounds.time:
            return f"--time {bounds.time:g}: it ran for {self._ran:.1f} s"
        if bounds.processes and "pids" not in self._by_kernel and len(found) > bounds.processes:
            return f"--processes {bounds.processes}: there were {len(found)}"
        if bounds.memory and "memory" not in self._by_kernel:
            used = memory(found)
            if used > bounds.memory:
                return f"--memory {bounds.memory:,}: {used:,} bytes were in use"
        return ""

    def hits(self) -> str:
        """What the kernel had to refuse in keeping its bounds, for people."""
        if self._group is None:
            return ""
        counts = {name: self._group.hits(name) for name in sorted(self._by_kernel)}
        return ", ".join(f"bound on {name} reached {count} times" for name, count in counts.items() if count)

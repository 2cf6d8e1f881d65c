"""One hand on a tree: freeze, thaw, ask to end, end; by the control group where there is one, by signals everywhere."""

from __future__ import annotations

import signal
import sys
from typing import Final

from bus.contain.cgroup import Group
from bus.contain.tree import Proc, Tree

FREEZE_WITHIN: Final = 2.0
"""Seconds that stopping everything may take."""

END_WITHIN: Final = 2.0
"""Seconds that ending everything may take before the survivors are named."""


class Grip:
    """What can be done to the tree below this process. `frozen`: nothing of it runs, as far as was seen."""

    def __init__(self, group: Group | None = None) -> None:
        self.group = group
        self.frozen = False
        self.tree = Tree(also=group.members if group else tuple)

    def freeze(self) -> list[Proc]:
        """Stop everything. Return what still runs; nothing is `frozen` while there is such a one."""
        if self.group is not None:
            self.tree.kernel_holds = self.group.freeze(FREEZE_WITHIN)
        left = self.tree.stop(FREEZE_WITHIN)
        self.frozen = not left
        return left

    def keep_frozen(self) -> list[Proc]:
        """Look whether anything frozen was let go by somebody else. Stop it again and return it."""
        ran = self.tree.running()
        if ran:
            self.freeze()
        return ran

    def thaw(self) -> None:
        """Let run again what was frozen."""
        if self.group is not None:
            self.group.thaw(FREEZE_WITHIN)
            self.tree.kernel_holds = False
        self.tree.go_on()
        self.frozen = False

    def ask(self) -> list[Proc]:
        """Ask everything to end, by SIGTERM. Return whom that reached. What is frozen would not hear it."""
        return self.tree.send(signal.SIGTERM)

    def end(self) -> list[Proc]:
        """End everything, frozen or not. Return the survivors after `END_WITHIN` seconds."""
        if self.group is not None:
            self.tree.kernel_holds = self.group.kill()  # as good as stopped: nothing of it comes back
        left = self.tree.end(END_WITHIN)
        self.tree.kernel_holds = False
        self.frozen = self.frozen and bool(left)
        return left

    def left(self) -> list[Proc]:
        """What lives."""
        return self.tree.look()

    def release(self) -> None:
        """Let go of the empty group."""
        if self.group is not None:
            self.group.remove()

    def holds(self, *, subreaper: bool) -> list[str]:
        """Say what this system lets us hold, a line each; what it does not, too."""
        if self.group is not None:
            first = f"freeze and kill by the kernel, in the control group {self.group.path}"
        else:
            first = "freeze and kill by signals to every process found; no cgroup v2 that we may write"
        lines = [first]
        if not subreaper:
            lines.append(f"{sys.platform}: a process orphaned before it was seen is not found")
        return lines

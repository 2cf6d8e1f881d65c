"""What an agent knows about the supervisor: its epoch, its lease, and the tools that need not wait while that holds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from bus.limits import ERA_AHEAD, HEARTBEAT, LEASE_RENEW
from bus.messages import SupervisorState
from bus.sdk.era import Era

Change = Literal["none", "first", "new"]


class Lease:
    """The supervisor's lease as seen by one receiver, by its own monotonic clock.

    A retained delivery never renews; neither does a counter that is not greater than the one before, nor anything that
    arrives right after this process was frozen (it may have lain in a socket for any length of time).

    A state of a lower era than the highest seen counts for nothing, whatever else it says; one of a higher era counts at
    once.
    """

    def __init__(self, era: Era | None = None) -> None:
        """`era` is what earlier processes of this agent have seen; nothing by default."""
        self.epoch = ""
        self._era = Era() if era is None else era
        self.up = False
        self.tools: frozenset[str] = frozenset()
        self.schemas: Mapping[str, str] = {}
        self._counter = -1
        self._orders: dict[str, int] = {}
        self._until = -math.inf
        self._deaf_until = -math.inf
        self._closed = False
        self._retired: set[str] = set()
        self._seen_at: float | None = None

    def observe(self, state: SupervisorState, *, retained: bool, now: float) -> Change:
        """Take in a state whose signature was checked. Return what it means for what was sent before.

        An epoch that was left is taken up again only in a later era, or, where nobody counts eras, when the present one has
        let its lease run out.

        `new`: another supervisor, or the same one back from the dead, so everything unstored must be sent again. `first`:
        the first one this agent hears of, and it was there before.
        """
        change: Change = "none"
        if self.is_past(state):
            return "none"
        if state.epoch != self.epoch:
            late = state.epoch in self._retired and state.era == self._era.highest and now < self._until
            if state.status != "up" or late:
                return "none"  # the will of one long replaced, or its words delivered late or played back
            change = "first" if not self.epoch and retained else "new"
            self._retired.add(self.epoch)
            self.epoch = state.epoch
            self.up = False
            self._counter = -1
            self._until = -math.inf
            self.tools, self.schemas = frozenset(), {}
        elif state.lease < self._counter and state.status == "up":
            return "none"
        self._era.reach(state.era)
        if state.status != "up":
            self.up = False
            self._until = -math.inf
            return "none"
        if not self.up and change == "none":
            change = "new"
        self.up = True
        self._closed = state.conflict or state.recording != "ok"
        if not retained and state.lease > self._counter and now >= self._deaf_until:
            self._until = now + state.ttl
        self._counter = max(self._counter, state.lease)
        return change

    def is_past(self, state: SupervisorState) -> bool:
        """Whether a state is of an earlier era than one that was taken: said late, or played back."""
        return state.era < self._era.highest

    def unreached(self, state: SupervisorState) -> str:
        """Why the supervisor of a state that `is_past` will not come up to our era by itself; empty if it will."""
        if self._era.highest - state.era <= ERA_AHEAD:
            return ""
        return f"era {self._era.highest} ({self._era.where}) is more than a day ahead of its era {state.era}"

    def issue(
        self, order: int, tools: Sequence[str], schemas: Mapping[str, str], *, gives: bool = True
    ) -> None:
        """Take a pass list, unless a later one of this epoch was taken before: a repeated message brings nothing back.

        Tools of `schemas` pass as long as their definition has that digest. One that does not `give` only takes away.
        """
        if order < self._orders.get(self.epoch, 0):
            return
        self._orders[self.epoch] = order
        self.tools = frozenset(tools) if gives else self.tools.intersection(tools)
        self.schemas = {
            tool: schema for tool, schema in schemas.items() if gives or self.schemas.get(tool) == schema
        }

    def held(self, now: float) -> bool:
        """Whether the supervisor's word of a moment ago still stands."""
        return now < self._until and not self._closed

    def passes(self, tool: str, schema: str | None, now: float) -> bool:
        """Whether a call of this tool need not wait, if its definition has this digest."""
        listed = tool in self.tools or (schema is not None and self.schemas.get(tool) == schema)
        return listed and self.held(now)

    def alive(self, now: float) -> None:
        """Note that this process runs. A pause far beyond its own heartbeat means that it did not, and ends the lease."""
        if self._seen_at is not None and now - self._seen_at > 2 * HEARTBEAT:
            self._until = -math.inf
            self._deaf_until = now + LEASE_RENEW
        self._seen_at = now

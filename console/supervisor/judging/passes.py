"""Pass lists: recorded before they are sent, told anew, and remembered when they are withdrawn.

A list is a permission given in advance, so it stands in the log before any agent has it. Agents do not say that they have
taken one, and what they report may come late: a call that an earlier list allowed is no ungated action as long as the
process that made it may not have heard of the withdrawal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bus.messages import PassListCommand
from bus.records import AgentPasses
from console.core.fleet.state import Action, Run
from console.supervisor.log import Log
from console.supervisor.outbox import Outbox

LEARNED_AFTER: Final = 60.0
"""Seconds that an agent must have been heard without a break after a withdrawal to be taken to know of it.

It is told anew at every heartbeat, so twelve such messages would have to be lost, or its backlog be a minute long."""


class Passes:
    """What each agent need not wait for, and since when it must know that. `allowed` is what it may have today.

    `pinned` are tools that it may have as long as their definition has that digest.
    """

    def __init__(
        self,
        log: Log,
        outbox: Outbox,
        allowed: Callable[[str], list[str]],
        pinned: Callable[[str], dict[str, str]],
    ) -> None:
        self._log = log
        self._outbox = outbox
        self._allowed = allowed
        self._pinned = pinned
        self._issued = 0
        # Who has a pass list, or had one: told anew at every heartbeat, as nobody would miss a withdrawal that got lost.
        self._listed: set[str] = set()
        self._now = 0.0
        self._heard_since: dict[str, float] = {}
        self._all_since = 0.0

    def issue(self, agent: str) -> None:
        """Send an agent its list, behind the record of it if it is another than the last."""
        tools, schemas = self._allowed(agent), self._pinned(agent)
        life = self._log.fleet.agents.get(agent)
        if life is not None and (tools, schemas) != (life.passes, life.pass_schemas):
            self._log.write(AgentPasses(tools=tools, schemas=schemas), agent)
            self._heard_since[agent] = self._now
        if tools or schemas:
            self._listed.add(agent)
        self._issued = max(self._issued + 1, self._log.fleet.pos)
        self._outbox.command(
            PassListCommand(
                epoch=self._log.epoch,
                agent=agent,
                order=self._issued,
                tools=tools,
                schemas=schemas,
                incarnation=life.incarnation if life is not None else "",
            )
        )

    def again(self, agent: str) -> None:
        """Tell an agent anew that has, or had, a list."""
        if agent in self._listed:
            self.issue(agent)

    def born(self, agent: str) -> None:
        """A process announced itself, or came back: what it did before may come only now."""
        self._heard_since[agent] = self._now
        self.issue(agent)

    def could_hold(self, run: Run, action: Action) -> bool:
        """Whether the process that lives a run may lawfully have passed a call that no list of today allows."""
        tool, schema = action.exact_tool, action.hints.schema_digest if action.hints else None
        life = self._log.fleet.agents.get(run.agent)
        if life is None:
            return False
        if tool in life.passes or (schema is not None and life.pass_schemas.get(tool) == schema):
            return True  # the list without it has not been sent yet
        if not {(tool, ""), (tool, schema)} & set(life.withdrawn):
            return False  # no list that it ever had allowed this tool as it is defined now
        if life.status != "online" or life.incarnation != next(reversed(run.lives), ""):
            return True  # who is cut off or dead made it before; it comes late
        since = max(self._all_since, self._heard_since.get(run.agent, self._all_since))
        return self._now - since < LEARNED_AFTER

    def interrupted(self) -> None:
        """Nobody could be heard, or nothing be recorded, until now: what agents did meanwhile has yet to come."""
        self._all_since = self._now

    def tick(self, now: float) -> None:
        """Let time pass."""
        self._now = now

    def forget(self, agent: str) -> None:
        """Let go of what is known of an agent that the site has forgotten."""
        self._listed.discard(agent)
        self._heard_since.pop(agent, None)

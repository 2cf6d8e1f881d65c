"""What the detectors remember of one living run, fed with its events as they are accepted, or as they are read back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from bus.events import ActionFinished, ActionStarted, Data, MessageSeen
from console.core.fleet.state import Run
from console.core.health import ending
from console.core.health.finding import Deed, Finding, Kind
from console.core.health.usage import Usage
from console.core.health.watch import Watch
from console.core.judging.tool_facts import schema_of

Polls = Callable[[str, str | None], bool]
"""Whether a tool is declared to poll."""


@dataclass(slots=True)
class Memory:
    """What is remembered of one living run. `said` are the findings that stand as alarms, by kind and what about."""

    watch: Watch = field(default_factory=Watch)
    usage: Usage = field(default_factory=Usage)
    said: dict[tuple[str, str], Finding] = field(default_factory=dict)
    paused: set[tuple[str, str]] = field(default_factory=set)

    def take(self, run: Run, data: Data, polls: Polls) -> tuple[list[Finding], list[Kind]]:
        """Take an event. Returns what is wrong with the run's calls, newly or still, and the kinds that no longer are."""
        match data:
            case ActionStarted(action=name):
                action = run.actions.get(name)
                if action is not None and ending.changes(action):
                    self.usage.count(action)
            case ActionFinished(outcome="done" | "failed"):
                return self.watch.take(_call(run, data, polls))
            case MessageSeen(role="tool"):
                return self.watch.take(Deed(data.name, "", "", data.error is True))
            case _:
                pass
        return [], []


def _call(run: Run, data: ActionFinished, polls: Polls) -> Deed:
    action = run.actions.get(data.action)
    result = hashlib.blake2b(data.text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    if action is None:
        return Deed("?", "", result, data.outcome == "failed")
    args = action.decided_digest or action.digest
    return Deed(
        action.tool, args, result, data.outcome == "failed", polls(action.exact_tool, schema_of(action.hints))
    )

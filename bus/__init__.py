"""Watchfloor's bus: what an agent author imports.

```python
async with bus.run("janitor", goal="tidy the inbox") as job:
    decision = await job.gate(bus.Action("delete_file", {"path": "a.txt"}, confidence=0.6, reason="old"))
    if decision.approved:
        async with decision:
            remove(decision.args["path"])
```

Names are loaded when they are first used, so that `import bus.events` costs no MQTT client.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from bus.events import Confidence, Hints, Preview, Usage
    from bus.sdk.agent import Agent, run, run_sync
    from bus.sdk.decision import Action, ActionRejected, Decision, RunKilled, RunRefusedError
    from bus.sdk.ending import main
    from bus.sdk.job import Run, SyncRun
    from bus.sdk.runs import RunExistsError

_HOMES: Final = {
    "Action": "bus.sdk.decision",
    "ActionRejected": "bus.sdk.decision",
    "Agent": "bus.sdk.agent",
    "Confidence": "bus.events",
    "Decision": "bus.sdk.decision",
    "Hints": "bus.events",
    "Preview": "bus.events",
    "Run": "bus.sdk.job",
    "RunExistsError": "bus.sdk.runs",
    "RunKilled": "bus.sdk.decision",
    "RunRefusedError": "bus.sdk.decision",
    "SyncRun": "bus.sdk.job",
    "Usage": "bus.events",
    "main": "bus.sdk.ending",
    "run": "bus.sdk.agent",
    "run_sync": "bus.sdk.agent",
}

__all__ = [
    "Action",
    "ActionRejected",
    "Agent",
    "Confidence",
    "Decision",
    "Hints",
    "Preview",
    "Run",
    "RunExistsError",
    "RunKilled",
    "RunRefusedError",
    "SyncRun",
    "Usage",
    "main",
    "run",
    "run_sync",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'bus' has no attribute {name!r}")
    return getattr(import_module(home), name)

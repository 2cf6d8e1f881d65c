"""What a tool of smolagents gets where a word in its arguments names something in the agent's memory; see `contract.py`.

Runs under the framework's own interpreter. Prints the arguments that are decided on and those that the tool got, as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

from smolagents import Model, Tool, ToolCallingAgent  # type: ignore[import-not-found, unused-ignore] # an extra

from bus.adapters.smolagents import _supervise
from bus.adapters.supervised import Supervised, ToolCall

seen: list[Any] = []


class Delete(Tool):  # type: ignore[misc, unused-ignore] # without the framework its base is Any
    """A tool that only notes what it got."""

    name = "delete"
    description = "Delete a file."
    inputs = {"path": {"type": "string", "description": "which"}}  # noqa: RUF012 - the framework wants it so
    output_type = "string"

    def forward(self, path: str) -> str:
        """Note the argument."""
        seen.append(path)
        return "done"


class Deciding:
    """Approves, or edits if it was given other arguments."""

    run = SimpleNamespace(id="r")
    edit: dict[str, Any] | None = None

    def call_sync(self, call: ToolCall, proceed: Callable[[Any, None], Any], fit: object) -> Any:
        """Decide at once."""
        seen.append(call.args["path"])
        return proceed(dict(self.edit or call.args), None)


desk = Deciding()
agent = ToolCallingAgent(tools=[Delete()], model=Model())
_supervise(cast("Supervised", desk), agent)
agent.state.update(target="b", b="/etc/passwd")
agent.execute_tool_call("delete", {"path": "target"})
desk.edit = {"path": "b"}
agent.execute_tool_call("delete", {"path": "target"})
print(json.dumps(seen))

"""The Claude Agent SDK under a run: every tool call of the CLI that it drives waits for a decision.

```python
async with bus.run("coder", goal="mend the tests") as run:
    async with ClaudeSDKClient(supervise(run, ClaudeAgentOptions())) as client:
        await client.query("mend the tests")
        async for message in reported(run, client):
            ...
```
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from bus.adapters.claims import usage_of
from bus.adapters.claude_code.events import Conversation, Output, killed
from bus.adapters.versions import Framework
from bus.limits import DECIDE_WITHIN
from bus.sdk.decision import RunKilled, RunRefusedError
from bus.sdk.job import Run
from bus.sdk.reports import StepReport
from bus.sdk.shell import BusStoppedError

FRAMEWORK: Final = Framework("claude-agent-sdk", "claude-agent-sdk", "0.2.180", "0.3")

OVER: Final = 60.0
"""Seconds that the CLI waits longer for a hook than the hook for a decision."""

GATE: Final = "PreToolUse"
EVENTS: Final = (
    GATE,
    "PostToolUse",
    "PostToolUseFailure",
    "UserPromptSubmit",
    "SubagentStart",
    "SubagentStop",
)


def supervise(run: Run, options: Any, *, decide_within: float = DECIDE_WITHIN) -> Any:
    """Return a copy of `ClaudeAgentOptions` in which every tool call waits for a decision of this run, beside your hooks.

    A hook that raises or is late blocks the call. `decide_within` is in seconds.

    Raises:
        FrameworkError: the SDK is not installed, or in a version that this does not know.
    """
    FRAMEWORK.require()
    from claude_agent_sdk import HookMatcher  # type: ignore[import-not-found, unused-ignore] # an extra

    talk = Conversation(run, decide_within=decide_within)

    async def hook(event: Any, _tool_use_id: str | None, _context: Any) -> Any:
        return await answered(talk, event)

    hooks = {event: list(matchers) for event, matchers in (options.hooks or {}).items()}
    for event in EVENTS:
        # Without a decision a gate blocks; elsewhere a failure must not stop the agent.
        more = {"on_failure": "block"} if event == GATE else {}
        hooks.setdefault(event, []).append(HookMatcher(hooks=[hook], timeout=decide_within + OVER, **more))
    return dataclasses.replace(options, hooks=hooks)


async def answered(talk: Conversation, event: Mapping[str, Any]) -> Output:
    """Return what the CLI is told of an event. A kill is told to it, and raised by `reported`."""
    try:
        return await talk.take(event)
    except RunKilled as error:
        return killed(event, error)
    except (RunRefusedError, BusStoppedError):
        return {}  # a gate of such a run says no in words of its own; of other events nothing more is to be told


async def reported(run: Run, client: Any) -> AsyncIterator[Any]:
    """Yield what the client receives until the end of the response; report the model's turns and what they consumed.

    Raises:
        RunKilled: an operator ended the run. The CLI was interrupted. No `Exception`.
    """
    try:
        async for message in client.receive_response():
            _report(run, message)
            await run.checkpoint()
            yield message
    except RunKilled:
        with contextlib.suppress(Exception):  # it may be gone already, and the kill is what counts
            await client.interrupt()
        raise


def _report(run: Run, message: Any) -> None:
    match type(message).__name__:
        case "AssistantMessage":
            texts = [
                text for block in message.content if isinstance(text := getattr(block, "text", None), str)
            ]
            turn = _Turn(run, "model")
            turn.says("\n".join(texts), getattr(message, "usage", None))
        case "ResultMessage":
            cost = getattr(message, "total_cost_usd", None)
            turn = _Turn(run, "response")
            turn.says(str(message.subtype), None, cost)
        case _:
            pass


class _Turn(StepReport):
    """A step that is over when it is heard of."""

    def __init__(self, run: Run, name: str) -> None:
        super().__init__(run, name, None, None)
        self._begin()

    def says(self, text: str, usage: object, cost: object = None) -> None:
        """Report what came of it."""
        told = usage if isinstance(usage, Mapping) else {}
        spent = usage_of(told.get("input_tokens"), told.get("output_tokens"), cost)
        self.result(text=text, usage=spent)
        if text and self._name == "model":
            self._run.message("assistant", text)
        self._finish(None)

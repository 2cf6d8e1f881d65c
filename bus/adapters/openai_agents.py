"""OpenAI Agents SDK under supervision: `Agent(tools=gate.tools([...]))`, `Runner.run(..., hooks=gate)`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, Unpack

from bus.adapters.fitting import by_schema
from bus.adapters.supervised import About, Supervised, Told, ToolCall, Turn
from bus.adapters.versions import Framework
from bus.events import Hints
from bus.sdk.decision import Decision
from bus.sdk.job import Run

FRAMEWORK: Final = Framework("openai-agents", "openai-agents", "0.23.1", "0.25")


class UngatedToolError(RuntimeError):
    """A tool was about to run that nobody put behind a gate. It did not run."""


def supervise(run: Run, **about: Unpack[About]) -> Any:
    """Return the hooks of a run. Their method `tools` puts function tools behind gates of `run`; any other ends the run.

    So do tools of an MCP server and the SDK's own shells: make function tools of them. Tools that the provider runs
    itself are reported and cannot be gated. A tool's own `timeout_seconds` counts while it waits.

    Raises:
        FrameworkError: the SDK is missing, or of a version that is not known.
    """
    FRAMEWORK.require()
    from agents import FunctionTool, RunHooks

    supervised = Supervised(run, about)
    turns: dict[int, Turn] = {}
    heard: set[int] = set()

    class Gate(RunHooks[Any]):
        def tools(self, tools: Iterable[Any]) -> list[Any]:
            """Put tools behind gates.

            Raises:
                TypeError: one is no function tool.
            """
            return [self.tool(tool) for tool in tools]

        def tool(self, tool: Any) -> Any:
            if not isinstance(tool, FunctionTool):
                raise TypeError(f"{getattr(tool, 'name', tool)!r} is no function tool: it cannot be gated")
            return dataclasses.replace(tool, on_invoke_tool=Gated(supervised, tool))

        async def on_llm_start(self, context: Any, agent: Any, system_prompt: Any, input_items: Any) -> None:
            key = id(context)
            if key not in heard:
                heard.add(key)
                _report_prompt(supervised, input_items)
            if lost := turns.pop(key, None):
                lost.end(RuntimeError("the model did not answer"))
            turns[key] = await supervised.turn(_model(agent))

        async def on_llm_end(self, context: Any, agent: Any, response: Any) -> None:
            if turn := turns.pop(id(context), None):
                _report(supervised, turn, response)
                turn.end()

        async def on_tool_start(self, context: Any, agent: Any, tool: Any) -> None:
            if not isinstance(getattr(tool, "on_invoke_tool", None), Gated):
                raise UngatedToolError(f"{tool.name} stands behind no gate: pass it through `gate.tools`")

    return Gate()


class Gated:
    """What runs a function tool as it is decided."""

    def __init__(self, supervised: Supervised, tool: Any) -> None:
        self._supervised = supervised
        self._tool = tool

    async def __call__(self, context: Any, raw: str) -> Any:
        tool = self._tool

        async def proceed(args: Any, decision: Decision) -> Any:
            # Not `raw`: what was approved is what runs.
            return await tool.on_invoke_tool(context, json.dumps(args))

        try:
            args = json.loads(raw or "{}")
        except ValueError:
            return f"{tool.name} was not run: its arguments are not JSON"
        if not isinstance(args, dict):
            return f"{tool.name} was not run: its arguments are no object"
        call = ToolCall(tool.name, args, call_id=context.tool_call_id, hints=_hints(tool))
        result = await self._supervised.call(call, proceed, by_schema(tool.params_json_schema))
        return result.text if isinstance(result, Told) else result


def _hints(tool: Any) -> Hints | None:
    """What the server of an MCP tool says about it."""
    said = getattr(tool, "mcp_annotations", None)
    if said is None:
        return None
    names = ("read_only_hint", "destructive_hint", "idempotent_hint", "open_world_hint")
    return Hints(**{name: getattr(said, name, None) for name in names})


def _model(agent: Any) -> str:
    model = agent.model
    return model if isinstance(model, str) and model else type(model).__name__ if model else "model"


def _report_prompt(supervised: Supervised, items: Any) -> None:
    for item in items:
        if isinstance(item, Mapping) and item.get("role") == "user":
            content = item.get("content")
            parts = (
                [content] if isinstance(content, str) else [part.get("text", "") for part in content or ()]
            )
            supervised.asked("\n".join(part for part in parts if part))


def _report(supervised: Supervised, turn: Turn, response: Any) -> None:
    texts, calls, tokens = [], [], []
    for item in response.output:
        match getattr(item, "type", ""):
            case "message":
                texts += [getattr(part, "text", "") for part in item.content]
                tokens += [token for part in item.content for token in getattr(part, "logprobs", None) or ()]
            case "function_call":
                calls.append(item.call_id)
            case str(kind) if kind.endswith("_call"):
                supervised.run.tool_result(
                    kind, "run by the provider, past every gate", call_id=getattr(item, "id", "") or ""
                )
            case _:
                pass
    usage = response.usage
    turn.says(
        "\n".join(texts),
        calls=calls,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        logprobs=tokens,
    )

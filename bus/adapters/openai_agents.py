"""OpenAI Agents SDK under supervision: `Agent(tools=gate.tools([...]))`, `Runner.run(..., hooks=gate)`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, Unpack
from weakref import WeakSet

from bus.adapters.claims import hints_of
from bus.adapters.fitting import by_schema
from bus.adapters.supervised import About, Supervised, Told, ToolCall, Turn
from bus.adapters.versions import Framework
from bus.sdk.decision import Decision
from bus.sdk.job import Run

FRAMEWORK: Final = Framework("openai-agents", "openai-agents", "0.23.1", "0.25")
HOSTED: Final = (
    "CodeInterpreterTool FileSearchTool HostedMCPTool ImageGenerationTool ToolSearchTool WebSearchTool"
)
"""Tools that the provider runs itself."""


class UngatedToolError(RuntimeError):
    """A tool was about to run that nobody put behind a gate. It did not run."""


def supervise(run: Run, **about: Unpack[About]) -> Any:
    """Return the hooks of a run. Their method `tools` puts function tools behind gates of `run`; any other ends the run.

    So do tools of an MCP server and the SDK's own shells: make function tools of them. Tools that the provider runs
    itself are reported and cannot be gated. A tool's own `timeout_seconds` counts while it waits. An agent that is a tool of
    another (`as_tool`) must have gated tools alone and hand over to nobody; `as_tool(hooks=...)` reports its turns, too.

    Raises:
        FrameworkError: the SDK is missing, or of a version that is not known.
    """
    FRAMEWORK.require()
    from agents import FunctionTool, RunHooks

    supervised = Supervised(run, about)
    turns, heard = dict[int, Turn](), WeakSet[Any]()

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
            if context not in heard:
                heard.add(context)
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
        if tool._agent_instance and (loose := _loose(tool._agent_instance)):  # noqa: SLF001 - no other place says it
            raise UngatedToolError(f"{tool.name} has {', '.join(loose)} behind no gate: use `gate.tools`")

        async def proceed(args: Any, decision: Decision) -> Any:
            # Not `raw`: what was approved is what runs.
            return await tool.on_invoke_tool(context, json.dumps(args))

        try:
            args = json.loads(raw or "{}")
        except ValueError:
            args = None
        if not isinstance(args, dict):
            return f"{tool.name} was not run: its arguments are no JSON object"
        hints = hints_of(getattr(tool, "mcp_annotations", None))
        call = ToolCall(tool.name, args, call_id=context.tool_call_id, hints=hints)
        result = await self._supervised.call(call, proceed, by_schema(tool.params_json_schema))
        return result.text if isinstance(result, Told) else result


def _loose(agent: Any) -> list[str]:
    """What an agent that is called as a tool could run past every gate: the hooks of who calls it do not hold in it."""
    gated = [one for one in agent.tools if isinstance(getattr(one, "on_invoke_tool", None), Gated)]
    loose = [one for one in agent.tools if one not in gated and type(one).__name__ not in HOSTED.split()]
    return [one.name for one in (*loose, *agent.mcp_servers)] + ["whom it hands over to"] * bool(
        agent.handoffs
    )


def _model(agent: Any) -> str:
    model = agent.model
    return model if isinstance(model, str) and model else type(model).__name__ if model else "model"


def _report_prompt(supervised: Supervised, items: Any) -> None:
    for item in items:
        if isinstance(item, Mapping) and item.get("role") == "user":
            content = item.get("content")
            texts = [content] if isinstance(content, str) else [part.get("text") for part in content or ()]
            supervised.asked("\n".join(text for text in texts if text))


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
    turn.says(
        "\n".join(texts),
        calls=calls,
        input_tokens=response.usage.input_tokens,
        output_tokens=response.usage.output_tokens,
        logprobs=tokens,
    )

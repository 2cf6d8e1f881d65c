"""Strands Agents under supervision: `Agent(..., hooks=[supervise(job)])`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final, Unpack

from bus.adapters.claims import hints_of
from bus.adapters.fitting import by_schema
from bus.adapters.supervised import About, Supervised, ToolCall, Turn
from bus.adapters.versions import Framework
from bus.sdk.decision import Decision
from bus.sdk.job import Run

FRAMEWORK: Final = Framework("strands", "strands-agents", "1.62", "2")

HANDED_ON: Final = (
    "Handoff Message: ",
    "Shared knowledge from previous agents:",
    "Previous agents who worked on this: ",
    "Inputs from previous nodes:",
)
"""What a swarm or a graph puts into a prompt that holds other agents' words. The first agent's prompt has none of it."""


def supervise(run: Run, **about: Unpack[About]) -> Any:
    """Return a provider of hooks: it puts middleware around every model request and every tool call of an agent.

    Its middleware is the innermost of what the agent was made with; what is added to the agent later stands behind the gate.

    Raises:
        FrameworkError: Strands is missing, or of a version that is not known.
    """
    FRAMEWORK.require()
    from strands.hooks import AgentInitializedEvent, HookProvider
    from strands.middleware import ExecuteToolStage, InvokeModelStage
    from strands.types.events import ModelStopReason, ToolResultEvent

    supervised = Supervised(run, about)

    async def think(context: Any, proceed: Any) -> AsyncIterator[Any]:
        _report_prompt(supervised, context.messages)
        with await supervised.turn(_model(context.model)) as turn:
            async for event in proceed(context):
                if isinstance(event, ModelStopReason):
                    _report(turn, event)
                yield event

    async def gate(context: Any, proceed: Any) -> AsyncIterator[Any]:
        use = context.tool_use
        spec = {} if context.tool is None else context.tool.tool_spec
        call = ToolCall(
            use["name"], use["input"], call_id=use["toolUseId"], hints=hints_of(spec.get("annotations"))
        )
        fit = by_schema(spec.get("inputSchema", {}).get("json"))
        told, args, decision = await supervised.decide(call, fit)
        if told is not None:
            status = "error" if told.error else "success"
            yield ToolResultEvent(
                {"toolUseId": use["toolUseId"], "status": status, "content": [{"text": told.text}]}
            )
            return
        with supervised.at_work():
            async with decision:
                async for event in proceed(context.replace(tool_use={**use, "input": args})):
                    if isinstance(event, ToolResultEvent):
                        _report_result(decision, event)
                    yield event

    def initialized(event: Any) -> None:
        event.agent.add_middleware(InvokeModelStage, think)
        event.agent.add_middleware(ExecuteToolStage, gate)

    class Supervise(HookProvider):
        def register_hooks(self, registry: Any, **_: Any) -> None:
            registry.add_callback(AgentInitializedEvent, initialized)

    return Supervise()


def _report_prompt(supervised: Supervised, messages: Any) -> None:
    """Report what the user said since the model last spoke."""
    since = max((at for at, message in enumerate(messages, 1) if message["role"] == "assistant"), default=0)
    for message in messages[since:]:
        text = "\n".join(block["text"] for block in message["content"] if "text" in block)
        supervised.asked(text, handed=any(mark in text for mark in HANDED_ON))


def _report(turn: Turn, event: Any) -> None:
    blocks = event.message["content"]
    turn.says(
        "\n".join(block["text"] for block in blocks if "text" in block),
        calls=[block["toolUse"]["toolUseId"] for block in blocks if "toolUse" in block],
        input_tokens=event.usage.get("inputTokens"),
        output_tokens=event.usage.get("outputTokens"),
    )


def _report_result(decision: Decision, event: Any) -> None:
    result = event.tool_result
    texts = [block["text"] for block in result["content"] if "text" in block]
    told = "\n".join(texts) if texts else result["content"]
    if result["status"] == "error":
        decision.failed(told)
    else:
        decision.done(told)


def _model(model: Any) -> str:
    config = model.get_config()
    name = config.get("model_id") if isinstance(config, dict) else None
    return str(name or type(model).__name__)

"""AG2 under supervision: `Agent(..., middleware=[supervise(job)])`."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Mapping
from typing import Any, Final, Unpack

from bus.adapters.fitting import by_schema
from bus.adapters.supervised import About, Supervised, Told, ToolCall, Turn
from bus.adapters.versions import Framework
from bus.sdk.decision import Decision
from bus.sdk.job import Run

FRAMEWORK: Final = Framework("ag2", "ag2", "1.2", "2")

CHANNEL: Final = "ag2.network.channel"
"""What AG2 gives a turn that belongs to a channel."""


def supervise(run: Run, **about: Unpack[About]) -> Any:
    """Return a middleware: every tool call waits at a gate of `run`, every model request at a checkpoint.

    Put it last: the last one wraps the tool itself, and what stands behind a gate could change or repeat a call.

    Raises:
        FrameworkError: AG2 is missing, or of a version that is not known.
    """
    FRAMEWORK.require()
    from ag2.events import ToolErrorEvent, ToolResultEvent
    from ag2.middleware import BaseMiddleware

    supervised = Supervised(run, about)
    schemas: dict[str, Mapping[str, Any]] = {}

    class Supervise(BaseMiddleware):
        async def on_turn(self, call_next: Any, event: Any, context: Any) -> Any:
            parts = [getattr(part, "content", "") for part in getattr(event, "parts", ())]
            # In a channel of a network it is another agent that speaks.
            handed = CHANNEL in (getattr(context, "dependencies", None) or {})
            supervised.asked("\n".join(part for part in parts if isinstance(part, str)), handed=handed)
            return await call_next(event, context)

        async def on_llm_call(self, call_next: Any, events: Any, context: Any) -> Any:
            schemas.update(_schemas(call_next))
            with await supervised.turn() as turn:
                response = await call_next(events, context)
                _report(turn, response)
            return response

        async def on_tool_execution(self, call_next: Any, event: Any, context: Any) -> Any:
            async def proceed(args: Any, decision: Decision) -> Any:
                changed = copy.copy(event)
                changed.arguments, changed.serialized_arguments = json.dumps(args), args
                result = await call_next(changed, context)
                if isinstance(result, ToolErrorEvent):
                    decision.failed(result.error)
                elif isinstance(result, ToolResultEvent):
                    decision.done(
                        "\n".join(str(getattr(part, "content", part)) for part in result.result.parts)
                    )
                else:
                    decision.done("handed to the client, which runs it")
                return result

            call = ToolCall(event.name, event.serialized_arguments, call_id=event.id)
            result = await supervised.call(call, proceed, by_schema(schemas.get(event.name)))
            return ToolResultEvent.from_call(event, result.text) if isinstance(result, Told) else result

    return Supervise


def _schemas(call: Any) -> dict[str, Mapping[str, Any]]:
    """Parameters of the tools by name: AG2 binds them to the innermost call, that of the model's client."""
    while isinstance(call, functools.partial):
        if "tools" in call.keywords:
            functions = [getattr(schema, "function", None) for schema in call.keywords["tools"]]
            return {function.name: function.parameters for function in functions if function is not None}
        call = call.args[0] if call.args else None
    return {}


def _report(turn: Turn, response: Any) -> None:
    usage = response.usage
    turn.says(
        response.content or "",
        calls=[call.id for call in response.tool_calls.calls],
        input_tokens=int(usage.prompt_tokens) if usage.prompt_tokens else None,
        output_tokens=int(usage.completion_tokens) if usage.completion_tokens else None,
        logprobs=response.metadata.get("logprobs"),
    )

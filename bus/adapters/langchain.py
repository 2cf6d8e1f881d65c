"""LangChain and LangGraph under supervision: `create_agent(..., middleware=[supervise(job)])`, by `invoke` or `ainvoke`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Unpack

from bus.adapters.fitting import Fit, by_schema
from bus.adapters.supervised import About, Supervised, Told, ToolCall, Turn
from bus.adapters.versions import Framework
from bus.sdk.decision import Decision
from bus.sdk.job import Run, SyncRun

FRAMEWORK: Final = Framework("langchain", "langchain", "1.4", "2")


def supervise(run: Run | SyncRun, **about: Unpack[About]) -> Any:
    """Return a middleware: every tool call waits at a gate of `run`, every model call at a checkpoint.

    Put it last: the last one wraps the tool itself, and what stands behind a gate could change or repeat a call.
    `ainvoke` needs a run of `bus.run`; `invoke` takes any.

    Raises:
        FrameworkError: LangChain is missing, or of a version that is not known.
    """
    FRAMEWORK.require()
    from langchain.agents.middleware import AgentMiddleware
    from langchain_core.messages import ToolMessage

    supervised = Supervised(run, about)

    def answer(request: Any, result: Any) -> Any:
        if not isinstance(result, Told):
            return result
        call = request.tool_call
        status = "error" if result.error else "success"
        return ToolMessage(result.text, tool_call_id=call["id"], name=call["name"], status=status)

    class Supervise(AgentMiddleware):
        def before_agent(self, state: Any, runtime: Any) -> None:
            _report_prompt(supervised, state["messages"])

        def wrap_model_call(self, request: Any, handler: Any) -> Any:
            with supervised.turn_sync(_model(request)) as turn:
                response = handler(request)
                _report(turn, response)
            return response

        async def awrap_model_call(self, request: Any, handler: Any) -> Any:
            with await supervised.turn(_model(request)) as turn:
                response = await handler(request)
                _report(turn, response)
            return response

        def wrap_tool_call(self, request: Any, handler: Any) -> Any:
            def proceed(args: Any, decision: Decision) -> Any:
                return _reported(handler(_with(request, args)), decision)

            return answer(request, supervised.call_sync(_call(request), proceed, _fit(request.tool)))

        async def awrap_tool_call(self, request: Any, handler: Any) -> Any:
            async def proceed(args: Any, decision: Decision) -> Any:
                return _reported(await handler(_with(request, args)), decision)

            return answer(request, await supervised.call(_call(request), proceed, _fit(request.tool)))

    return Supervise()


def _call(request: Any) -> ToolCall:
    call = request.tool_call
    return ToolCall(call["name"], call["args"], call_id=call["id"] or "")


def _with(request: Any, args: Any) -> Any:
    return request.override(tool_call={**request.tool_call, "args": args})


def _fit(tool: Any) -> Fit:
    """A tool says what it takes by a JSON schema or by a class of Pydantic."""
    schema = None if tool is None else tool.tool_call_schema
    if schema is None or isinstance(schema, Mapping):
        return by_schema(schema)

    def fit(args: dict[str, Any]) -> dict[str, Any]:
        schema.model_validate(args)
        return args

    return fit


def _reported(result: Any, decision: Decision) -> Any:
    """A tool that failed may say so in a message; what changes the graph's state instead is reported as it stands."""
    text = getattr(result, "text", None)
    if getattr(result, "status", "") == "error":
        decision.failed(text)
    else:
        decision.done(repr(result) if text is None else text)
    return result


def _model(request: Any) -> str:
    return str(getattr(request.model, "model_name", "") or type(request.model).__name__)


def _report(turn: Turn, response: Any) -> None:
    response = getattr(response, "model_response", response)
    for message in response.result:
        usage = getattr(message, "usage_metadata", None) or {}
        logprobs = message.response_metadata.get("logprobs") or {}
        turn.says(
            message.text,
            calls=[call["id"] or "" for call in getattr(message, "tool_calls", ())],
            input_tokens=usage.get("input_tokens"),
            output_tokens=usage.get("output_tokens"),
            logprobs=logprobs.get("content") if isinstance(logprobs, Mapping) else None,
        )


def _report_prompt(supervised: Supervised, messages: Any) -> None:
    """Report what the user said since the model last spoke: a checkpointer brings the whole conversation every time.

    A message of a human who has a name is what graphs make of another agent's answer.
    """
    since = max((at for at, message in enumerate(messages, 1) if message.type == "ai"), default=0)
    for message in messages[since:]:
        if message.type == "human":
            supervised.asked(message.text, handed=bool(getattr(message, "name", None)))

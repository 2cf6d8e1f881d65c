"""Agno under supervision: `await supervise(job, Agent(...)).arun(task)`, or `run` with a run of `bus.run_sync`."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from contextvars import ContextVar
from inspect import iscoroutinefunction
from typing import Any, Final, Unpack

from bus.adapters.claims import parsed
from bus.adapters.fitting import Fit, by_schema
from bus.adapters.supervised import MARK, About, Asked, Supervised, Told, ToolCall, Turn, once
from bus.adapters.versions import Framework
from bus.sdk.decision import Decision
from bus.sdk.job import Run, SyncRun

FRAMEWORK: Final = Framework("agno", "agno", "3.1", "4")


def supervise(run: Run | SyncRun, agent: Any, **about: Unpack[About]) -> Any:
    """Put an agent under a run and return it: every tool call waits at a gate, every model request at a checkpoint.

    Requests that stream the model's answer are gated all the same, and not reported.

    Raises:
        FrameworkError: Agno is missing, or of a version that is not known.
        TypeError: the agent is supervised already, or it or a tool of it has tool hooks. Agno gives an agent's second hook a
            copy of the arguments, which no edit would reach, and leaves out those of a tool where its agent has any.
    """
    FRAMEWORK.require()
    listed = agent.tools if isinstance(agent.tools, list) else []
    kits = [{**tool.functions, **tool.async_functions} for tool in listed if hasattr(tool, "async_functions")]
    for one in (
        *([] if MARK in vars(agent) else [agent]),
        *listed,
        *(function for kit in kits for function in kit.values()),
    ):
        if getattr(one, "tool_hooks", None):
            raise TypeError(
                f"{one.name or 'an agent'} with tool_hooks of its own cannot be gated: Agno keeps one hook"
            )
    once(run, agent)
    supervised = Supervised(run, about)
    asked, schemas = Asked(), dict[str, Any]()
    agent.model = _watched(supervised, agent, asked, schemas)
    agent.tool_hooks = [_gate(supervised, asked, schemas)]
    return agent


def _watched(supervised: Supervised, agent: Any, asked: Asked, schemas: dict[str, Any]) -> Any:
    """Return a copy of an agent's model, as another may use the same, that reports what it is told and answers."""
    model = copy.copy(agent.model)
    invoke, ainvoke = model.invoke, model.ainvoke

    def look(kwargs: dict[str, Any]) -> None:
        tools = [
            tool.get("function", tool) for tool in kwargs.get("tools") or () if isinstance(tool, Mapping)
        ]
        schemas.update({tool.get("name"): tool.get("parameters") for tool in tools})
        _report_prompt(supervised, kwargs.get("messages") or (), handed=bool(agent.team_id))

    # A model may answer by its other method; that is still one request.
    inside: ContextVar[bool] = ContextVar("inside", default=False)

    def think(*args: Any, **kwargs: Any) -> Any:
        if inside.get():
            return invoke(*args, **kwargs)
        look(kwargs)
        with supervised.turn_sync(str(model.id)) as turn:
            answer = invoke(*args, **kwargs)
            _report(turn, asked, answer)
        return answer

    async def athink(*args: Any, **kwargs: Any) -> Any:
        look(kwargs)
        with await supervised.turn(str(model.id)) as turn:
            token = inside.set(True)
            try:
                answer = await ainvoke(*args, **kwargs)
            finally:
                inside.reset(token)
            _report(turn, asked, answer)
        return answer

    model.invoke, model.ainvoke = think, athink
    return model


def _gate(supervised: Supervised, asked: Asked, schemas: dict[str, Any]) -> Any:
    # One hook for both: Agno silently leaves out coroutine functions where it runs without asyncio.
    def gate(function_name: str, function_call: Any, arguments: dict[str, Any]) -> Any:
        call = ToolCall(function_name, dict(arguments), call_id=asked.id_of(function_name, arguments))
        fit = _fit(schemas.get(function_name), arguments)

        def proceed(args: Any, decision: Decision) -> Any:
            # Agno runs the tool with this very dictionary, whatever the next function is called with.
            arguments.clear()
            arguments.update(args)
            return function_call(**args)

        async def aproceed(args: Any, decision: Decision) -> Any:
            return await proceed(args, decision)

        async def agate() -> Any:
            return _result(await supervised.call(call, aproceed, fit))

        return (
            agate()
            if iscoroutinefunction(function_call)
            else _result(supervised.call_sync(call, proceed, fit))
        )

    return gate


def _fit(schema: Any, arguments: dict[str, Any]) -> Fit:
    check = by_schema(schema)

    def fit(args: dict[str, Any]) -> Any:
        if not arguments:
            raise ValueError("a call without arguments cannot be given any")
        return check(args)

    return fit


def _result(result: Any) -> Any:
    return result.text if isinstance(result, Told) else result


def _report(turn: Turn, asked: Asked, answer: Any) -> None:
    calls = [(call.get("id") or "", call.get("function", {})) for call in answer.tool_calls or ()]
    asked.note((name, at.get("name"), parsed(at.get("arguments"))) for name, at in calls)
    usage = answer.response_usage
    turn.says(
        answer.content if isinstance(answer.content, str) else "",
        calls=[name for name, _ in calls],
        input_tokens=usage.input_tokens if usage else None,
        output_tokens=usage.output_tokens if usage else None,
        logprobs=(answer.provider_data or {}).get("logprobs"),
    )


def _report_prompt(supervised: Supervised, messages: Any, *, handed: bool) -> None:
    """Report what the user said since the model last spoke; to a member of a team (`handed`) its leader speaks."""
    since = max((at for at, message in enumerate(messages, 1) if message.role == "assistant"), default=0)
    for message in messages[since:]:
        if message.role == "user" and isinstance(message.content, str):
            supervised.asked(message.content, handed=handed)

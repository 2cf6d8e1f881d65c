"""smolagents under supervision: `supervise(job, ToolCallingAgent(...)).run(task)`."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Final, Unpack

from bus.adapters.supervised import About, Supervised, Told, ToolCall, once
from bus.adapters.versions import Framework
from bus.sdk.decision import Decision
from bus.sdk.job import Run, SyncRun

FRAMEWORK: Final = Framework("smolagents", "smolagents", "1.26", "2")


class Approved(dict[str, Any]):
    """Arguments that were decided on: a word in them is that word, and stands for nothing in the agent's memory."""


def supervise(run: Run | SyncRun, agent: Any, **about: Unpack[About]) -> Any:
    """Put an agent, and the agents that it manages, under a run, and return it. It blocks its thread while it waits.

    Answers of the model are not streamed any more.

    Raises:
        FrameworkError: smolagents is missing, or of a version that is not known.
        TypeError: it is supervised already, or it is an agent that writes code: what its code does comes by no gate.
            `watchfloor run` can contain it.
    """
    FRAMEWORK.require()
    agents = _all_of(agent)
    once(run, *agents)
    supervised = Supervised(run, about)
    for one in agents:
        _supervise(supervised, one)
    return agent


def _all_of(agent: Any) -> list[Any]:
    """An agent and those that it manages, each once though it may have several managers.

    Raises:
        TypeError: one of them writes code.
    """
    from smolagents import ToolCallingAgent

    found: dict[int, Any] = {}
    rest = [agent]
    while rest:
        one = rest.pop()
        if id(one) in found:
            continue
        if not isinstance(one, ToolCallingAgent):
            raise TypeError(
                f"a {type(one).__name__} cannot be gated: what its code does comes by no gate;"
                " `watchfloor run` can contain it"
            )
        found[id(one)] = one
        rest += one.managed_agents.values()
    return list(found.values())


def _supervise(supervised: Supervised, agent: Any) -> None:
    agent.stream_outputs = False
    agent.model = copy.copy(agent.model)  # another agent may use the same
    asked: list[Any] = []
    agent.model.generate = _thinking(supervised, agent, agent.model.generate, asked)
    agent._substitute_state_variables = _once(agent._substitute_state_variables)  # noqa: SLF001 - see `_once`
    agent.execute_tool_call = _gated(supervised, agent, agent.execute_tool_call, asked)


def _thinking(
    supervised: Supervised, agent: Any, generate: Callable[..., Any], asked: list[Any]
) -> Callable[..., Any]:
    told: list[str] = []

    def think(*args: Any, **kwargs: Any) -> Any:
        if agent.task and [agent.task] != told:
            told[:] = [agent.task]
            supervised.asked(agent.task)
        with supervised.turn_sync(str(agent.model.model_id or "model")) as turn:
            answer = generate(*args, **kwargs)
            asked[:] = answer.tool_calls or ()
            usage = answer.token_usage
            choices = getattr(answer.raw, "choices", None) or [None]
            turn.says(
                answer.content if isinstance(answer.content, str) else "",
                calls=[call.id for call in asked],
                input_tokens=usage.input_tokens if usage else None,
                output_tokens=usage.output_tokens if usage else None,
                logprobs=getattr(getattr(choices[0], "logprobs", None), "content", None),
            )
        return answer

    return think


def _once(substitute: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Let the agent put its memory's values into arguments, but not again into those that were decided on."""

    def put(arguments: Any) -> Any:
        return dict(arguments) if isinstance(arguments, Approved) else substitute(arguments)

    return put


def _gated(
    supervised: Supervised, agent: Any, execute: Callable[..., Any], asked: list[Any]
) -> Callable[..., Any]:
    from smolagents.default_tools import FinalAnswerTool
    from smolagents.tools import validate_tool_arguments

    def gate(tool_name: str, arguments: Any) -> Any:
        tool = agent.tools.get(tool_name)
        if type(tool) is FinalAnswerTool:
            return execute(tool_name, arguments)  # it does nothing but end the run

        def fit(args: dict[str, Any]) -> dict[str, Any]:
            try:
                if tool is not None:
                    validate_tool_arguments(tool, args)
            except TypeError as error:
                raise ValueError(str(error)) from None
            return args

        def proceed(args: Any, decision: Decision) -> Any:
            return execute(tool_name, Approved(args) if isinstance(arguments, dict) else args["input"])

        # A name of the agent's memory stands for what is kept there: that is what the tool gets, and what is decided on.
        meant = {"input": arguments}  # a bare text is never replaced
        if isinstance(arguments, dict):
            meant = agent._substitute_state_variables(arguments)  # noqa: SLF001 - the agent does the same when it calls the tool
        # The arguments are the very object of the model's answer, which alone knows the id.
        ids = [call.id for call in asked if call.function.arguments is arguments]
        call = ToolCall(tool_name, meant, call_id=ids[0] if ids else "")
        result = supervised.call_sync(call, proceed, fit)
        return result.text if isinstance(result, Told) else result

    return gate

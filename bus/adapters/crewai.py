"""CrewAI under supervision: `supervise(job, agent)`, before tasks are made of the agent."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Mapping, Sequence
from typing import Any, Final, Unpack

from bus.adapters.claims import parsed
from bus.adapters.crew_work import report_prompt, watch
from bus.adapters.supervised import About, Asked, Supervised, Told, ToolCall, Turn, once
from bus.adapters.versions import Framework
from bus.sdk.decision import Decision
from bus.sdk.job import Run, SyncRun

FRAMEWORK: Final = Framework("crewai", "crewai", "1.15", "2")
_blocked: list[object] = []
"""Our hook, once it stands: hooks of CrewAI are for the whole process."""


def supervise(run: Run | SyncRun, agent: Any, **about: Unpack[About]) -> Any:
    """Put an agent's tools behind gates of `run` and its model behind checkpoints; return the agent.

    Tools that come by another way (of a task, a memory, a server that CrewAI connects to) are blocked in this process from
    then on, for every agent; handing work to a coworker is not, whose own tools are. CrewAI's hooks are no place for a gate:
    one that raises lets the tool run.

    Raises:
        TypeError: it is no agent of CrewAI, or supervised already.
        FrameworkError: CrewAI is missing, or of a version that is not known.
    """
    FRAMEWORK.require()
    from crewai import Agent
    from crewai.hooks import register_before_tool_call_hook
    from crewai.tools import BaseTool
    from crewai.tools.agent_tools.base_agent_tools import BaseAgentTool

    if not isinstance(agent, Agent):
        raise TypeError(f"{type(agent).__name__} is no agent of CrewAI")
    once(run, agent)
    supervised, asked = Supervised(run, about), Asked()

    class Gated(BaseTool):
        inner: Any
        watchfloor_gated: bool = True

        def _run(self, **given: Any) -> Any:
            inner = self.inner
            call = ToolCall(self.name, given, call_id=asked.id_of(self.name, given))

            def fit(args: dict[str, Any]) -> dict[str, Any]:
                if unknown := args.keys() - inner.args_schema.model_fields.keys():
                    raise ValueError(f"it takes no {', '.join(sorted(unknown))}")
                inner.args_schema.model_validate(args)
                return args

            def proceed(args: Any, decision: Decision) -> Any:
                result = inner.run(**args)
                if type(result).__name__ == "ToolFailure":
                    decision.failed(result.message)
                return result

            result = supervised.call_sync(call, proceed, fit)
            return result.text if isinstance(result, Told) else result

    def gated(tool: Any) -> Any:
        # Never from CrewAI's cache: a refusal would be kept there like a result.
        return Gated(
            name=tool.name,
            description=tool.description,
            args_schema=tool.args_schema,
            result_as_answer=tool.result_as_answer,
            cache_function=_never,
            inner=tool,
        )

    def only_gated(context: Any) -> bool | None:
        tool = getattr(context.tool, "_original_tool", None)
        known = getattr(tool, "watchfloor_gated", False) is True or isinstance(tool, BaseAgentTool)
        return None if known else False

    if not _blocked:
        _blocked.append(only_gated)
        register_before_tool_call_hook(only_gated)
    agent.tools = [gated(tool) for tool in agent.tools or ()]
    agent.llm = copy.copy(agent.llm)  # another agent may use the same
    # A copy shares what counts its tokens, and agents at work at once would have each other's.
    agent.llm._token_usage = dict.fromkeys(agent.llm._token_usage, 0)  # noqa: SLF001 - CrewAI has no other way
    watch(agent)
    _watch(supervised, asked, agent)
    return agent


def _never(*_: Any) -> bool:
    return False


def _watch(supervised: Supervised, asked: Asked, agent: Any) -> None:
    """Wait at a checkpoint before each request to the model, and report what came of it."""
    llm = agent.llm
    call, acall, name = type(llm).call, type(llm).acall, str(llm.model)

    def reported(turn: Turn, before: Any, answer: Any) -> Any:
        calls = _calls(answer)
        asked.note(calls)
        used = llm.get_token_usage_summary()
        turn.says(
            answer if isinstance(answer, str) else "",
            calls=[call_id for call_id, _, _ in calls],
            input_tokens=used.prompt_tokens - before.prompt_tokens,
            output_tokens=used.completion_tokens - before.completion_tokens,
        )
        return answer

    def watched(messages: Any, *given: Any, **more: Any) -> Any:
        report_prompt(supervised, agent, messages)
        with supervised.turn_sync(name) as turn:
            return reported(turn, llm.get_token_usage_summary(), call(llm, messages, *given, **more))

    async def awatched(messages: Any, *given: Any, **more: Any) -> Any:
        report_prompt(supervised, agent, messages)
        with await asyncio.to_thread(supervised.turn_sync, name) as turn:
            return reported(turn, llm.get_token_usage_summary(), await acall(llm, messages, *given, **more))

    vars(llm).update(call=watched, acall=awatched)


def _calls(answer: Any) -> list[tuple[str, str, Any]]:
    """The calls that an answer asks for: CrewAI passes on what a provider's client makes of them."""
    found = []
    for one in answer if isinstance(answer, Sequence) and not isinstance(answer, str) else ():
        said: Any = one if isinstance(one, Mapping) else getattr(one, "__dict__", {})
        function = said.get("function") or said
        inside = function if isinstance(function, Mapping) else vars(function)
        args = parsed(inside.get("arguments", inside.get("input")))
        found.append((str(said.get("id") or ""), str(inside.get("name") or ""), args))
    return found

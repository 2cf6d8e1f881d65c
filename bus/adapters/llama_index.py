"""LlamaIndex under supervision: `await supervise(job, FunctionAgent(...)).run(task)`, also a whole `AgentWorkflow`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Unpack

from bus.adapters.fitting import by_schema
from bus.adapters.supervised import About, Asked, Supervised, Told, ToolCall, Turn, once
from bus.adapters.versions import Framework
from bus.sdk.decision import Decision
from bus.sdk.job import Run

FRAMEWORK: Final = Framework("llama-index", "llama-index-core", "0.14.20", "0.15")


def supervise(run: Run, agent: Any, **about: Unpack[About]) -> Any:
    """Put an agent, or a workflow of agents, under a run and return it: tools wait at gates, steps at checkpoints.

    Raises:
        FrameworkError: LlamaIndex is missing, or of a version that is not known.
        TypeError: it is supervised already, or it is an agent that writes code: what its code does comes by no gate.
            `watchfloor run` can contain it.
    """
    FRAMEWORK.require()
    from llama_index.core.agent.workflow import CodeActAgent

    supervised, asked = Supervised(run, about), Asked()
    agents = list(agent.agents.values()) if hasattr(agent, "agents") else [agent]
    for one in agents:
        if isinstance(one, CodeActAgent):
            raise TypeError(
                "a CodeActAgent cannot be gated: what its code does comes by no gate; `watchfloor run` can contain it"
            )
    once(run, *agents)
    for one in agents:
        object.__setattr__(one, "take_step", _thinking(supervised, one, asked))
    for one in {id(one): one for one in [agent, *agents]}.values():
        object.__setattr__(one, "_call_tool", _gated(supervised, one, asked))
    return agent


def _thinking(supervised: Supervised, agent: Any, asked: Asked) -> Any:
    step = agent.take_step

    async def think(ctx: Any, llm_input: Any, *args: Any, **kwargs: Any) -> Any:
        if llm_input and llm_input[-1].role == "user":
            supervised.asked(llm_input[-1].content)
        with await supervised.turn(str(agent.llm.metadata.model_name)) as turn:
            output = await step(ctx, llm_input, *args, **kwargs)
            asked.note((call.tool_id, call.tool_name, call.tool_kwargs) for call in output.tool_calls)
            _report(turn, output)
        return output

    return think


def _gated(supervised: Supervised, agent: Any, asked: Asked) -> Any:
    run_tool = agent._call_tool  # noqa: SLF001 - the one place that every tool call of an agent passes

    async def gate(ctx: Any, tool: Any, tool_input: dict[str, Any]) -> Any:
        from llama_index.core.tools import ToolOutput

        async def proceed(args: Any, decision: Decision) -> Any:
            output = await run_tool(ctx, tool, args)
            if output.is_error:
                decision.failed(output.content)
            else:
                decision.done(output.content)
            return output

        name = tool.metadata.get_name()
        call = ToolCall(name, tool_input, call_id=asked.id_of(name, tool_input))
        result = await supervised.call(call, proceed, by_schema(tool.metadata.get_parameters_dict()))
        if isinstance(result, Told):
            told = {"content": result.text, "raw_output": result.text, "is_error": result.error}
            return ToolOutput(tool_name=name, raw_input=tool_input, **told)
        return result

    return gate


def _report(turn: Turn, output: Any) -> None:
    raw = output.raw if isinstance(output.raw, Mapping) else {}
    usage = raw.get("usage") or {}
    turn.says(
        output.response.content or "",
        calls=[call.tool_id for call in output.tool_calls],
        input_tokens=usage.get("prompt_tokens"),
        output_tokens=usage.get("completion_tokens"),
    )

"""Google's ADK under supervision: `Runner(..., plugins=[supervise(job)])`; agents below the runner's are covered, too."""

from __future__ import annotations

from typing import Any, Final, Unpack

from bus.adapters.fitting import Fit, by_schema
from bus.adapters.supervised import About, Supervised, ToolCall, Turn
from bus.adapters.versions import Framework
from bus.sdk.decision import Decision
from bus.sdk.job import Run

FRAMEWORK: Final = Framework("google-adk", "google-adk", "2.13", "3")


def supervise(run: Run, **about: Unpack[About]) -> Any:
    """Return a plugin: every tool call waits at a gate of `run`, every model request at a checkpoint.

    Put it last among the plugins. An agent's own `before_tool_callback` comes after it: where that changed the arguments
    behind the gate, the call ran all the same, is reported as failed and says why. An agent whose answers are run as code on
    this side (`code_executor=`) ends the run before it begins: `watchfloor run` can contain it. So does the call of an agent
    that is a tool and leaves out plugins (`include_plugins=False`).

    Raises:
        FrameworkError: ADK is missing, or of a version that is not known.
    """
    FRAMEWORK.require()
    from google.adk.code_executors import BuiltInCodeExecutor
    from google.adk.plugins.base_plugin import BasePlugin
    from google.adk.tools.agent_tool import AgentTool

    supervised = Supervised(run, about)
    turns: dict[tuple[str, str], Turn] = {}
    running: dict[str | int, Decision] = {}

    class Supervise(BasePlugin):
        async def before_agent_callback(self, *, agent: Any, callback_context: Any) -> None:
            executor = getattr(agent, "code_executor", None)
            if executor is not None and not isinstance(executor, BuiltInCodeExecutor):
                raise TypeError(
                    f"{agent.name} cannot be gated: what its {type(executor).__name__} does comes by no gate"
                )

        async def on_user_message_callback(self, *, invocation_context: Any, user_message: Any) -> None:
            supervised.asked(_text(user_message), handed=bool(running))

        async def before_model_callback(self, *, callback_context: Any, llm_request: Any) -> None:
            turns[_key(callback_context)] = await supervised.turn(str(llm_request.model or "model"))

        async def after_model_callback(self, *, callback_context: Any, llm_response: Any) -> None:
            if not llm_response.partial and (turn := turns.pop(_key(callback_context), None)):
                _report(turn, llm_response)
                turn.end()

        async def on_model_error_callback(
            self, *, callback_context: Any, llm_request: Any, error: Any
        ) -> None:
            if turn := turns.pop(_key(callback_context), None):
                turn.end(error)

        async def before_tool_callback(self, *, tool: Any, tool_args: Any, tool_context: Any) -> Any:
            if isinstance(tool, AgentTool) and not tool.include_plugins:
                raise TypeError(
                    f"{tool.name} cannot be gated: its tools come by no gate; leave out include_plugins=False"
                )
            call = ToolCall(tool.name, tool_args, call_id=tool_context.function_call_id or "")
            told, args, decision = await supervised.decide(call, _fit(tool))
            if told is not None:
                return {"error" if told.error else "result": told.text}
            running[_call(tool_context)] = decision
            # ADK runs the tool with this very dictionary.
            tool_args.clear()
            tool_args.update(args)
            return None

        async def after_tool_callback(
            self, *, tool: Any, tool_args: Any, tool_context: Any, result: Any
        ) -> None:
            decision = running.pop(_call(tool_context), None)
            if decision is not None:
                if tool_args == decision.args:
                    decision.done(result)
                else:
                    decision.failed(
                        f"it ran, but with arguments that were changed behind the gate: {tool_args}"
                    )

        async def on_tool_error_callback(
            self, *, tool: Any, tool_args: Any, tool_context: Any, error: Any
        ) -> None:
            decision = running.pop(_call(tool_context), None)
            if decision is not None:
                decision.failed(error)

    return Supervise(name="watchfloor")


def _key(context: Any) -> tuple[str, str]:
    return context.invocation_id, context.agent_name


def _call(context: Any) -> str | int:
    """What tells a running call from others: its id or, of one that has none, its context, which ADK makes for each."""
    return context.function_call_id or id(context)


def _fit(tool: Any) -> Fit:
    """ADK knows a tool's parameters as JSON schema, or in a form of its own that knows its JSON schema."""
    declared = tool._get_declaration()  # noqa: SLF001 - what tools implement to say what they take
    schema = getattr(declared, "parameters_json_schema", None)
    own = getattr(declared, "parameters", None)
    if schema is None and own is not None:
        schema = own.json_schema.model_dump(mode="json", exclude_none=True)
    return by_schema(schema)


def _text(content: Any) -> str:
    return "\n".join(part.text for part in (content.parts or ()) if part.text) if content else ""


def _report(turn: Turn, response: Any) -> None:
    parts = (response.content.parts or ()) if response.content else ()
    usage = response.usage_metadata
    turn.says(
        _text(response.content),
        calls=[part.function_call.id for part in parts if part.function_call],
        input_tokens=usage.prompt_token_count if usage else None,
        output_tokens=usage.candidates_token_count if usage else None,
        logprobs=_logprobs(response),
    )


def _logprobs(response: Any) -> list[dict[str, float]]:
    """Gemini names the chosen tokens one by one, or only the mean of their logarithms."""
    chosen = getattr(response.logprobs_result, "chosen_candidates", None) or ()
    if chosen:
        return [{"logprob": token.log_probability} for token in chosen]
    return [] if response.avg_logprobs is None else [{"logprob": response.avg_logprobs}]

"""Pydantic AI under supervision: `Agent(..., capabilities=[supervise(job)])`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final, Unpack

from bus.adapters.remade import Remade, bare, id_of, remaking, shown, unshown, written
from bus.adapters.supervised import About, Supervised, Told, ToolCall, Turn
from bus.adapters.versions import Framework
from bus.sdk.decision import Decision
from bus.sdk.job import Run

FRAMEWORK: Final = Framework("pydantic-ai", "pydantic-ai-slim", "2.55", "3")


def supervise(run: Run, **about: Unpack[About]) -> Any:
    """Return a capability: every function tool, MCP tool and toolset of the agent waits at a gate of `run`.

    The gate stands around the assembled toolset, within all other capabilities: nothing changes arguments behind it.
    So does a function that makes the output of a run (`output_type=function`); it takes no edit, and no
    part of a stream. Tools that the provider runs itself are reported and cannot be gated.

    What runs is made of the JSON that was decided on. Where the JSON of validated arguments does not make the same
    arguments again (`exclude=True`, `SecretStr`), what the model wrote is decided on; where that does not, nothing runs.

    Raises:
        FrameworkError: Pydantic AI is missing, or of a version that is not known.
    """
    FRAMEWORK.require()
    from pydantic_ai import ModelRetry
    from pydantic_ai.capabilities import AbstractCapability, CapabilityOrdering
    from pydantic_ai.toolsets import WrapperToolset
    from pydantic_core import to_jsonable_python

    supervised = Supervised(run, about)

    @dataclass
    class Gated(WrapperToolset[Any]):
        async def call_tool(self, name: str, tool_args: dict[str, Any], ctx: Any, tool: Any) -> Any:
            call_id = ctx.tool_call_id or ""

            def fit(args: dict[str, Any]) -> Any:
                return tool.args_validator.validate_json(json.dumps(args), context=ctx.validation_context)

            async def again(args: dict[str, Any]) -> Any:
                return fit(args)

            async def proceed(args: Any, decision: Decision) -> Any:
                if decision.outcome != "edited":
                    args = fit(args)
                result = await self.wrapped.call_tool(name, args, ctx, tool)
                decision.done(to_jsonable_python(result, fallback=str))
                return result

            form = await shown(tool_args, again, tool_args, written(ctx, call_id))
            if form is None:
                return unshown(supervised, name, call_id)
            result = await supervised.call(ToolCall(name, form, call_id=call_id), proceed, fit)
            return result.text if isinstance(result, Told) else result

    @dataclass
    class Supervise(AbstractCapability[Any]):
        outputs: dict[str, tuple[Any, Remade]] = field(default_factory=dict)

        async def for_run(self, ctx: Any) -> Any:
            return Supervise()

        def get_ordering(self) -> Any:
            return CapabilityOrdering(position="innermost")

        def get_wrapper_toolset(self, toolset: Any) -> Any:
            return Gated(toolset)

        async def before_run(self, ctx: Any) -> None:
            supervised.asked(_text_of(ctx.prompt))

        async def wrap_model_request(self, ctx: Any, *, request_context: Any, handler: Any) -> Any:
            with await supervised.turn(str(request_context.model.model_name)) as turn:
                response = await handler(request_context)
                _report(supervised, turn, response)
            return response

        async def wrap_output_validate(
            self, ctx: Any, *, output_context: Any, output: Any, handler: Any
        ) -> Any:
            if output_context.has_function and not ctx.partial_output:
                self.outputs[id_of(output_context)] = remaking(output, handler)
            return await handler(output)

        async def wrap_output_process(
            self, ctx: Any, *, output_context: Any, output: Any, handler: Any
        ) -> Any:
            if not output_context.has_function:
                return await handler(output)
            if ctx.partial_output:
                return output
            call_id, asked = id_of(output_context), output_context.tool_call
            name = output_context.function_name or (asked.tool_name if asked else "output")
            given, again = self.outputs.pop(call_id, ({"output": output}, bare))
            form = await shown(output, again, given)
            if form is None:
                raise ModelRetry(unshown(supervised, name, call_id))

            async def proceed(args: Any, decision: Decision) -> Any:
                result = await handler(await again(args))
                decision.done(to_jsonable_python(result, fallback=str))
                return result

            result = await supervised.call(ToolCall(name, form, call_id=call_id), proceed, _no_edit)
            if isinstance(result, Told):
                raise ModelRetry(result.text)
            return result

    return Supervise()


def _no_edit(args: dict[str, Any]) -> Any:
    raise ValueError("what makes the output takes no edit: reject it with a reason")


def _report(supervised: Supervised, turn: Turn, response: Any) -> None:
    for part in response.parts:
        if part.part_kind == "builtin-tool-return":
            supervised.run.tool_result(part.tool_name, part.content, call_id=part.tool_call_id)
    turn.says(
        response.text or "",
        calls=[call.tool_call_id for call in response.tool_calls],
        input_tokens=response.usage.input_tokens,
        output_tokens=response.usage.output_tokens,
        cost_usd=_cost(response),
        logprobs=(response.provider_details or {}).get("logprobs"),
    )


def _text_of(prompt: Any) -> str:
    """The words of a prompt, which may have pictures between them."""
    if prompt is None or isinstance(prompt, str):
        return prompt or ""
    return "\n".join(
        text for part in prompt if (text := part if isinstance(part, str) else getattr(part, "content", ""))
    )


def _cost(response: Any) -> float | None:
    try:
        return float(response.cost().total_price)
    except (AssertionError, LookupError, ValueError):
        return None  # nobody knows the price of this model

"""Ways past a gate in Pydantic AI; see `ways_past.py`, which runs them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib import import_module
from typing import Annotated, Any

from tests.adapters.cases import HUGE, case


async def pydantic_ai(supervise: Any) -> None:
    """A function that makes the output of a run acts as a tool does."""
    ai, function = import_module("pydantic_ai"), import_module("pydantic_ai.models.function")
    messages = import_module("pydantic_ai.messages")

    def calling(name: str, **args: Any) -> Any:
        part = messages.ToolCallPart(name, args, tool_call_id="c1")
        return messages.ModelResponse(parts=[part])

    def model(heard: list[Any], info: Any) -> Any:
        return calling(info.output_tools[0].name, text=f"try {len(heard)}")

    async def streamed(_: Any, info: Any) -> AsyncIterator[Any]:
        name = info.output_tools[0].name
        for at, piece in enumerate(('{"text": "in', ' pieces"}')):
            yield {
                0: function.DeltaToolCall(name=name if not at else None, json_args=piece, tool_call_id="c1")
            }

    async def all_of(agent: Any) -> object:
        async with agent.run_stream("go") as result:
            seen = [piece async for piece in result.stream_output(debounce_by=None)]
            return seen[-1]

    for verdicts in ([], ["rejected", "approved"]):
        async with case(*verdicts) as at:
            agent = ai.Agent(
                function.FunctionModel(model), output_type=at.tool, capabilities=[supervise(at.run)]
            )
            await at.note(agent.run("go"))
    async with case() as at:
        agent = ai.Agent(
            function.FunctionModel(stream_function=streamed),
            output_type=at.tool,
            capabilities=[supervise(at.run)],
        )
        await at.note(all_of(agent))
    async with case() as at:

        def count(number: int) -> str:
            return at.tool(str(number))

        def huge(heard: list[Any], _: Any) -> Any:
            if len(heard) == 1:
                return calling("count", number=HUGE)
            return messages.ModelResponse(parts=[messages.TextPart(str(heard[-1].parts[0].content))])

        agent = ai.Agent(function.FunctionModel(huge), tools=[count], capabilities=[supervise(at.run)])
        await at.note(agent.run("go"))
    await decided_as_shown(supervise)


async def decided_as_shown(supervise: Any) -> None:
    """Pydantic AI's arguments are objects, whose JSON may leave something out: what runs is made of what was shown."""
    ai, function = import_module("pydantic_ai"), import_module("pydantic_ai.models.function")
    messages, pydantic = import_module("pydantic_ai.messages"), import_module("pydantic")

    class Order(pydantic.BaseModel):  # type: ignore[misc, name-defined, unused-ignore] # known at run time only
        amount: int = pydantic.Field(exclude=True)
        to: pydantic.SecretStr  # type: ignore[name-defined, unused-ignore] # the same

    class Once:
        """Equal to nothing: what it is made of cannot be known by making it again."""

        def __init__(self, text: str) -> None:
            self.text = text

    once = Annotated[Once, pydantic.PlainValidator(Once), pydantic.WithJsonSchema({"type": "string"})]

    async def tried(what: str, kind: Any, args: Any, *, output: bool) -> None:
        async with case() as at:

            def pay(order: Any) -> str:
                to = order.to.get_secret_value() if what == "order" else order.text
                return at.tool(f"{getattr(order, 'amount', 1)} to {to}")

            def asking(heard: list[Any], info: Any) -> Any:
                if len(heard) > 1:
                    return messages.ModelResponse(parts=[messages.TextPart(str(heard[-1].parts[0].content))])
                name = info.output_tools[0].name if output else "pay"
                return messages.ModelResponse(parts=[messages.ToolCallPart(name, args, tool_call_id="c1")])

            async def asked() -> object:
                return f"{(await agent.run('go')).output}: {at.asked}"

            pay.__annotations__["order"] = kind
            made = {"output_type": [pay, str]} if output else {"tools": [pay]}
            agent = ai.Agent(function.FunctionModel(asking), capabilities=[supervise(at.run)], **made)
            await at.note(asked())

    for output in (False, True):
        order = {"amount": 99, "to": "eve"}
        # An output function's one model is asked for without its name.
        await tried("order", Order, order if output else {"order": order}, output=output)
        await tried("once", once, {"order": "eve"}, output=output)

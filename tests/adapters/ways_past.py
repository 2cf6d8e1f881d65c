"""Ways in which a framework's own features could lead past a gate, or a model's nonsense end a run; see `contract.py`.

Runs under the framework's own interpreter, `-m tests.adapters.ways_past FRAMEWORK`: a real run and real gates, with a
supervisor by script. Prints as JSON what was asked (`asked`), what ran (`ran`) and what was said (`said`), case by case.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib import import_module
from typing import Annotated, Any

from bus import Run
from tests.adapters.cases import HUGE, Case, case, cases


async def openai_agents(supervise: Any) -> None:
    """An agent that is a tool of another has tools of its own, which hooks of the other never see."""
    sdk, testing = import_module("agents"), import_module("agents.testing")
    sdk.set_tracing_disabled(True)

    def scripted(*turns: Any) -> Any:
        calls = [
            [testing.function_call(name, args, call_id=f"c{at}")] for at, (name, args) in enumerate(turns)
        ]
        heard = testing.ModelStep.respond(
            lambda call: [testing.assistant_message(str([item.get("output") for item in call.input]))]
        )
        return testing.ScriptedModel([*calls, heard])

    for gated in (False, True):
        async with case() as at:
            gate, tool = supervise(at.run), sdk.function_tool(at.tool, name_override="write")
            inner = sdk.Agent(
                "inner",
                model=scripted(("write", {"text": "inner"})),
                tools=gate.tools([tool]) if gated else [tool],
            )
            outer = scripted(("inner", {"input": "go"}))
            agent = sdk.Agent("outer", model=outer, tools=gate.tools([inner.as_tool("inner", "")]))
            await at.note(final(sdk.Runner.run(agent, "go", hooks=gate)))
    async with case() as at:
        gate = supervise(at.run)

        def count(number: int) -> str:
            return at.tool(str(number))

        tools = gate.tools([sdk.function_tool(count)])
        agent = sdk.Agent("huge", model=scripted(("count", {"number": HUGE})), tools=tools)
        await at.note(final(sdk.Runner.run(agent, "go", hooks=gate)))


async def final(result: Awaitable[Any]) -> object:
    """The last words of the OpenAI SDK's agent."""
    return (await result).final_output


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


async def agno(supervise: Any) -> None:
    """A model that writes no JSON is told so by Agno; hooks of a tool are not silently left out."""
    agents, models = import_module("agno.agent"), import_module("agno.models.base")
    response, tools = import_module("agno.models.response"), import_module("agno.tools")

    class Scripted(models.Model):  # type: ignore[misc, name-defined, unused-ignore] # known at run time only
        def invoke(self, *_: Any, messages: Any = (), **__: Any) -> Any:
            heard = [str(message.content) for message in messages if message.role == "tool"]
            function = {"name": "write", "arguments": '{"text": "a"'}
            asked = [{"id": "c1", "type": "function", "function": function}]
            return response.ModelResponse(
                role="assistant", content="".join(heard) or None, tool_calls=[] if heard else asked
            )

        async def ainvoke(self, *_: Any, messages: Any = (), **__: Any) -> Any:
            return self.invoke(messages=messages)

        invoke_stream = ainvoke_stream = _parse_provider_response = _parse_provider_response_delta = invoke

    async def content(agent: Any) -> object:
        return (await agent.arun("go")).content

    def own(function_name: str, function_call: Any, arguments: Any) -> Any:
        return function_call(**arguments)

    async def again(what: Any, run: Run) -> object:
        return supervise(run, what)

    async with case() as at:
        write = tools.tool(name="write")(at.tool)
        agent = supervise(at.run, agents.Agent(model=Scripted(id="scripted"), tools=[write], telemetry=False))
        await at.note(content(agent))
        await at.note(again(agent, at.run))
        hooked = tools.tool(name="write", tool_hooks=[own])(at.tool)
        await at.note(again(agents.Agent(model=Scripted(id="scripted"), tools=[hooked]), at.run))


async def google_adk(supervise: Any) -> None:
    """An answer that ADK runs as code comes by no tool; an agent that is a tool may leave out plugins."""
    agents, executors = import_module("google.adk.agents"), import_module("google.adk.code_executors")
    models, types = import_module("google.adk.models"), import_module("google.genai.types")
    runners = import_module("google.adk.runners")

    tools = import_module("google.adk.tools.agent_tool")

    class Scripted(models.BaseLlm):  # type: ignore[misc, name-defined, unused-ignore] # known at run time only
        async def generate_content_async(self, request: Any, stream: bool = False) -> AsyncIterator[Any]:
            coded = "```python\nprint(6 * 7)\n```"
            said = coded if len(request.contents) < 2 else str(request.contents[-1].parts)
            content = types.Content(role="model", parts=[types.Part(text=said)])
            yield models.LlmResponse(content=content)

    async with case() as at:
        executor = executors.UnsafeLocalCodeExecutor()
        agent = agents.LlmAgent(name="coder", model=Scripted(model="scripted"), code_executor=executor)
        runner = runners.InMemoryRunner(agent, plugins=[supervise(at.run)])
        await at.note(runner.run_debug("go", quiet=True))

    class Calling(Scripted):
        async def generate_content_async(self, request: Any, stream: bool = False) -> AsyncIterator[Any]:
            args = {"request": "go"} if self.model == "inner" else {"text": "inner"}
            asked = types.FunctionCall(id="c1", name=self.model, args=args)
            answered = any(part.function_response for content in request.contents for part in content.parts)
            part = types.Part(text="end") if answered else types.Part(function_call=asked)
            yield models.LlmResponse(content=types.Content(role="model", parts=[part]))

    for included in (True, False):
        async with case() as at:

            def write(text: str) -> str:
                return at.tool(text)

            inner = agents.LlmAgent(name="inner", model=Calling(model="write"), tools=[write])
            as_tool = tools.AgentTool(inner, include_plugins=included)
            outer = agents.LlmAgent(name="outer", model=Calling(model="inner"), tools=[as_tool])
            runner = runners.InMemoryRunner(outer, plugins=[supervise(at.run)])
            await at.note(runner.run_debug("go", quiet=True))


async def twice(make: Callable[[], Any], supervise: Any) -> None:
    """An agent that an adapter changes is put under a run once."""
    agent = make()

    async def again(run: Run) -> object:
        return supervise(run, agent) and "supervised"

    for _ in range(2):
        async with case() as at:
            await at.note(again(at.run))


def smolagents() -> Any:
    """An agent of smolagents."""
    framework = import_module("smolagents")
    return framework.ToolCallingAgent(tools=[], model=framework.Model())


def llama_index() -> Any:
    """An agent of LlamaIndex."""
    mock = import_module("llama_index.core.llms.mock").MockFunctionCallingLLM
    return import_module("llama_index.core.agent.workflow").FunctionAgent(tools=[], llm=mock())


async def crewai(supervise: Any) -> None:
    """Two agents with one model: each call is known by its own id and step."""
    framework, tools = import_module("crewai"), import_module("crewai.tools")

    class Scripted(framework.BaseLLM):  # type: ignore[misc, name-defined, unused-ignore] # known at run time only
        def call(self, messages: Any, *_: Any, **__: Any) -> Any:
            function = {"name": "write", "arguments": '{"text": "a"}'}
            heard = any(message["role"] == "tool" for message in messages)
            return "done" if heard else [{"id": "c1", "type": "function", "function": function}]

        def supports_function_calling(self) -> bool:
            return True

    model = Scripted(model="scripted")

    async def kicked_off(at: Case) -> object:
        write = tools.tool("write")(at.tool)
        agents = [
            supervise(at.run, framework.Agent(role=role, goal="g", backstory="", llm=model, tools=[write]))
            for role in ("one", "two")
        ]
        tasks = [framework.Task(description="d", expected_output="e", agent=agent) for agent in agents]
        await asyncio.to_thread(framework.Crew(agents=agents, tasks=tasks).kickoff)
        return at.calls

    async with case() as at:
        await at.note(kicked_off(at))
    await twice(lambda: framework.Agent(role="r", goal="g", backstory="", llm=model), supervise)


def main() -> None:
    name = sys.argv[1].replace("-", "_")
    supervise = import_module(f"bus.adapters.{name}").supervise
    there = globals()[name]
    asyncio.run(there(supervise) if asyncio.iscoroutinefunction(there) else twice(there, supervise))
    print(json.dumps(cases))


if __name__ == "__main__":
    main()

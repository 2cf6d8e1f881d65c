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
from typing import Any

from bus import Run
from tests.adapters.cases import HUGE, Case, case, cases
from tests.adapters.pydantic_ways import pydantic_ai  # noqa: F401 - found by its name


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


async def put(run: Run, agent: Any, supervise: Any) -> str:
    """Put an agent under a run."""
    supervise(run, agent)
    return "supervised"


async def twice(make: Callable[[], Any], supervise: Any) -> Any:
    """An agent that an adapter changes is put under a run once. Return it."""
    agent = make()
    for _ in range(2):
        async with case() as at:
            await at.note(put(at.run, agent, supervise))
    return agent


async def all_or_none(fresh: Any, group: Any, supervise: Any) -> None:
    """Where one agent of a group is under a run already, none is changed: the fresh one can still be put under one."""
    async with case() as at:
        await at.note(put(at.run, group, supervise))
        await at.note(put(at.run, fresh, supervise))


async def smolagents(supervise: Any) -> None:
    """Agents manage agents; two may manage the same."""
    framework = import_module("smolagents")

    def agent(name: str = "used", *managed: Any) -> Any:
        about = {"name": name, "description": name, "managed_agents": list(managed)}
        return framework.ToolCallingAgent(tools=[], model=framework.Model(), **about)

    used, fresh, shared = await twice(agent, supervise), agent("fresh"), agent("shared")
    await all_or_none(fresh, agent("top", fresh, used), supervise)
    both = agent("top", agent("left", shared), agent("right", shared))

    async def put_both() -> object:
        supervise(at.run, both)
        return "execute_tool_call" in vars(shared)

    async with case() as at:
        await at.note(put_both())


async def llama_index(supervise: Any) -> None:
    """A workflow has agents, each of which may be under a run by itself."""
    mock = import_module("llama_index.core.llms.mock").MockFunctionCallingLLM
    workflow = import_module("llama_index.core.agent.workflow")

    def agent(name: str = "used") -> Any:
        return workflow.FunctionAgent(name=name, description=name, tools=[], llm=mock())

    used, fresh = await twice(agent, supervise), agent("fresh")
    await all_or_none(fresh, workflow.AgentWorkflow(agents=[fresh, used], root_agent="fresh"), supervise)


async def crewai(supervise: Any) -> None:
    """Two agents with one model: each call is known by its own id and step, and tokens count once."""
    framework, tools = import_module("crewai"), import_module("crewai.tools")

    class Scripted(framework.BaseLLM):  # type: ignore[misc, name-defined, unused-ignore] # known at run time only
        def call(self, messages: Any, *_: Any, **__: Any) -> Any:
            self._track_token_usage_internal({"prompt_tokens": 10, "completion_tokens": 1})
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
        return at.calls, [agent.llm.get_token_usage_summary().total_tokens for agent in agents]

    async with case() as at:
        await at.note(kicked_off(at))
    await twice(lambda: framework.Agent(role="r", goal="g", backstory="", llm=model), supervise)


def main() -> None:
    name = sys.argv[1].replace("-", "_")
    supervise = import_module(f"bus.adapters.{name}").supervise
    asyncio.run(globals()[name](supervise))
    print(json.dumps(cases))


if __name__ == "__main__":
    main()

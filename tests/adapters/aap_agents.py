# mypy: ignore-errors
# (The frameworks are not installed where types are checked: this is run in an environment of its own.)
"""An agent of a framework behind the protocol's own, unmodified adapter: FRAMEWORK BASE FOLDER TIMEOUT NAME...

A scripted model asks for `write(name)` once for each NAME; the tool makes a file of that name in FOLDER. What the model was
answered is printed, as JSON.
"""

import asyncio
import json
import sys
from pathlib import Path


def main():
    framework, base, folder, timeout, *names = sys.argv[1:]

    def write(name: str) -> str:
        """Write a file."""
        (Path(folder) / name).write_text("written")
        return f"wrote {name}"

    options = {"timeout": timeout}
    print(json.dumps(FRAMEWORKS[framework](base, write, names, options)))


def bare(base, write, names, options):
    from agentapprovalprotocol import Call, Client, Gate

    gate = Gate(Client(base, "any", retry_budget=0.5), **options)
    said = []
    for number, name in enumerate(names):
        with gate.guard(Call(key=f"bare:{number}", tool="write", arguments={"name": name})) as verdict:
            said.append(write(name) if verdict else verdict.reason)
    return said


def pydantic_ai(base, write, names, options):
    from agentapprovalprotocol.pydantic_ai import ApprovalCapability
    from pydantic_ai import Agent
    from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart, ToolReturnPart
    from pydantic_ai.models.function import FunctionModel

    said = []

    def model(messages, _info):
        said.clear()
        said.extend(
            str(part.content) for one in messages for part in one.parts if isinstance(part, ToolReturnPart)
        )
        if len(said) == len(names):
            return ModelResponse(parts=[TextPart("done")])
        return ModelResponse(parts=[ToolCallPart("write", {"name": names[len(said)]})])

    approvals = ApprovalCapability(base, "any", **options)
    Agent(FunctionModel(model), tools=[write], capabilities=[approvals]).run_sync("write them")
    return said


def langgraph(base, write, names, options):
    from agentapprovalprotocol.langgraph import ApprovalMiddleware
    from langchain.agents import create_agent
    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.messages import AIMessage, ToolMessage
    from langchain_core.outputs import ChatGeneration, ChatResult

    said = []

    class Scripted(BaseChatModel):
        @property
        def _llm_type(self):
            return "scripted"

        def bind_tools(self, _tools, **_kwargs):
            return self

        def _generate(self, messages, _stop=None, _run_manager=None, **_kwargs):
            said.clear()
            said.extend(str(one.content) for one in messages if isinstance(one, ToolMessage))
            calls = []
            if len(said) < len(names):
                calls = [{"name": "write", "args": {"name": names[len(said)]}, "id": f"call-{len(said)}"}]
            return ChatResult(generations=[ChatGeneration(message=AIMessage(content="", tool_calls=calls))])

    agent = create_agent(Scripted(), tools=[write], middleware=[ApprovalMiddleware(base, "any", **options)])
    asyncio.run(agent.ainvoke({"messages": [("user", "write them")]}))
    return said


def openai_agents(base, write, names, options):
    from agentapprovalprotocol.openai_agents import Approvals
    from agents import Agent, Model, ModelResponse, Runner, Usage, function_tool, set_tracing_disabled
    from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText

    set_tracing_disabled(True)
    said = []

    class Scripted(Model):
        async def get_response(self, *args, **kwargs):
            items = kwargs.get("input", args[1] if len(args) > 1 else [])
            said.clear()
            if isinstance(items, list):
                said.extend(str(one["output"]) for one in items if one.get("type") == "function_call_output")
            if len(said) < len(names):
                output = ResponseFunctionToolCall(
                    name="write",
                    arguments=json.dumps({"name": names[len(said)]}),
                    call_id=f"call-{len(said)}",
                    type="function_call",
                )
            else:
                text = ResponseOutputText(text="done", type="output_text", annotations=[])
                output = ResponseOutputMessage(
                    id="m", content=[text], role="assistant", status="completed", type="message"
                )
            return ModelResponse(output=[output], usage=Usage(), response_id=None)

        async def stream_response(self, *_args, **_kwargs):
            raise NotImplementedError
            yield

    approvals = Approvals(base, "any", **options)
    agent = approvals.protect(Agent(name="writer", model=Scripted(), tools=[function_tool(write)]))
    asyncio.run(Runner.run(agent, "write them"))
    return said


FRAMEWORKS = {
    "bare": bare,
    "pydantic-ai": pydantic_ai,
    "langgraph": langgraph,
    "openai-agents": openai_agents,
}

if __name__ == "__main__":
    main()

"""An agent of Agno under supervision: python agno_agent.py FOLDER."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import needed  # noqa: F401 - where the framework is missing, this says so
from agno.agent import Agent
from agno.models.base import Model
from agno.models.response import ModelResponse
from plan import GOAL, append, folder, last_words, turn

import bus
from bus.adapters.agno import supervise


@dataclass
class Scripted(Model):
    """Asks for the calls of the plan, then says what it was told."""

    id: str = "scripted"

    def invoke(self, *_: Any, messages: Any = (), **__: Any) -> ModelResponse:
        calls = turn(sum(message.role == "assistant" for message in messages))
        heard = [str(message.content) for message in messages if message.role == "tool"]
        functions = [(call.id, {"name": call.tool, "arguments": json.dumps(call.args)}) for call in calls]
        asked = [{"id": name, "type": "function", "function": function} for name, function in functions]
        return ModelResponse(role="assistant", content=None if calls else last_words(heard), tool_calls=asked)

    async def ainvoke(self, *_: Any, messages: Any = (), **__: Any) -> ModelResponse:
        return self.invoke(messages=messages)

    def invoke_stream(self, *_: Any, **__: Any) -> Any: ...

    def ainvoke_stream(self, *_: Any, **__: Any) -> Any: ...

    def _parse_provider_response(self, response: Any, **_: Any) -> Any: ...

    def _parse_provider_response_delta(self, response: Any) -> Any: ...


async def main(where: Path) -> None:
    async def write_note(name: str, text: str) -> str:
        """Write a note into the folder."""
        return append(where, name, text)

    async with bus.run("agno-notes", goal=GOAL) as job:
        agent = Agent(model=Scripted(), tools=[write_note], telemetry=False)
        result = await supervise(job, agent).arun(GOAL)
    print(result.content)


bus.main(main(folder()))

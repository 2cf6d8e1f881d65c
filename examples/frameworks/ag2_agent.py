"""An agent of AG2 under supervision: python ag2_agent.py FOLDER."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import needed  # noqa: F401 - where the framework is missing, this says so
from ag2 import Agent
from ag2.events import (
    ModelMessage,
    ModelResponse,
    ToolCallEvent,
    ToolCallsEvent,
    ToolResultEvent,
    ToolResultsEvent,
)
from ag2.testing import TestConfig
from plan import GOAL, append, folder, last_words, turn

import bus
from bus.adapters.ag2 import supervise


class Scripted(TestConfig):
    """Asks for the calls of the plan, then says what it was told."""

    def create(self) -> Any:
        return answer


async def answer(messages: Sequence[Any], _: Any, **__: Any) -> ModelResponse:
    calls = turn(sum(isinstance(message, ModelResponse) for message in messages))
    batches = [message.results for message in messages if isinstance(message, ToolResultsEvent)]
    results = [result for batch in batches for result in batch if isinstance(result, ToolResultEvent)]
    heard = [str(result.result.parts[0].content) for result in results]
    asked = [ToolCallEvent(call.tool, id=call.id, arguments=json.dumps(call.args)) for call in calls]
    return (
        ModelResponse(tool_calls=ToolCallsEvent(asked))
        if calls
        else ModelResponse(ModelMessage(last_words(heard)))
    )


async def main(where: Path) -> None:
    def write_note(name: str, text: str) -> str:
        """Write a note into the folder."""
        return append(where, name, text)

    async with bus.run("ag2-notes", goal=GOAL) as job:
        agent = Agent("notes", config=Scripted(), tools=[write_note], middleware=[supervise(job)])
        reply = await agent.ask(GOAL)
    print(reply.body)


bus.main(main(folder()))

"""A Pydantic AI agent under supervision: python pydantic_ai_agent.py FOLDER."""

import sys
from pathlib import Path

from plan import GOAL, append, last_words, turn
from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

import bus
from bus.adapters.pydantic_ai import supervise


def scripted(messages: list[ModelMessage], _: AgentInfo) -> ModelResponse:
    calls = turn(sum(isinstance(message, ModelResponse) for message in messages))
    if calls:
        return ModelResponse([ToolCallPart(call.tool, call.args, call.id) for call in calls])
    heard = [
        str(part.content)
        for message in messages
        for part in message.parts
        if isinstance(part, ToolReturnPart)
    ]
    return ModelResponse([TextPart(last_words(heard))])


async def main(folder: Path) -> None:
    def write_note(name: str, text: str) -> str:
        """Write a note into the folder."""
        return append(folder, name, text)

    async with bus.run("pydantic-ai-notes", goal=GOAL) as job:
        agent = Agent(FunctionModel(scripted), tools=[write_note], capabilities=[supervise(job)])
        result = await agent.run(GOAL)
    print(result.output)


bus.main(main(Path(sys.argv[1])))

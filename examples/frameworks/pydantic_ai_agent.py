"""A Pydantic AI agent under supervision: python pydantic_ai_agent.py FOLDER."""

from pathlib import Path

import needed  # noqa: F401 - where the framework is missing, this says so
from plan import GOAL, append, folder
from pydantic_ai import Agent
from pydantic_ai.models.function import FunctionModel
from scripted_pydantic_ai import scripted

import bus
from bus.adapters.pydantic_ai import supervise


async def main(where: Path) -> None:
    def write_note(name: str, text: str) -> str:
        """Write a note into the folder."""
        return append(where, name, text)

    async with bus.run("pydantic-ai-notes", goal=GOAL) as job:
        agent = Agent(FunctionModel(scripted), tools=[write_note], capabilities=[supervise(job)])
        result = await agent.run(GOAL)
    print(result.output)


bus.main(main(folder()))

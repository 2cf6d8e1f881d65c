"""A LangChain agent without asyncio, under supervision: python langchain_sync_agent.py FOLDER."""

from pathlib import Path

import needed  # noqa: F401 - where the framework is missing, this says so
from langchain.agents import create_agent
from plan import GOAL, append, folder
from scripted_langchain import Scripted

import bus
from bus.adapters.langchain import supervise


def main(where: Path) -> None:
    def write_note(name: str, text: str) -> str:
        """Write a note into the folder."""
        return append(where, name, text)

    with bus.run_sync("langchain-notes", goal=GOAL) as job:
        agent = create_agent(Scripted(), [write_note], middleware=[supervise(job)])
        result = agent.invoke({"messages": [("user", GOAL)]})
    print(result["messages"][-1].text)


bus.main(lambda: main(folder()))

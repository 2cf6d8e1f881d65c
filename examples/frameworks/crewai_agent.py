"""An agent of CrewAI under supervision: python crewai_agent.py FOLDER."""

import json
import os
from pathlib import Path
from typing import Any

import needed  # noqa: F401 - where the framework is missing, this says so
from plan import GOAL, append, folder, last_words, turn

os.environ.update(CREWAI_DISABLE_TELEMETRY="true", CREWAI_TRACING_ENABLED="false", OTEL_SDK_DISABLED="true")

from crewai import Agent, BaseLLM, Crew, Task
from crewai.tools import tool

import bus
from bus.adapters.crewai import supervise


class Scripted(BaseLLM):
    """Asks for the calls of the plan, then says what it was told."""

    def call(self, messages: Any, *_: Any, **__: Any) -> Any:
        calls = turn(sum(message["role"] == "assistant" for message in messages))
        heard = [str(message["content"]) for message in messages if message["role"] == "tool"]
        functions = [(call.id, {"name": call.tool, "arguments": json.dumps(call.args)}) for call in calls]
        asked = [{"id": name, "type": "function", "function": function} for name, function in functions]
        return asked or last_words(heard)

    def supports_function_calling(self) -> bool:
        return True


def main(where: Path) -> None:
    @tool
    def write_note(name: str, text: str) -> str:
        """Write a note into the folder."""
        return append(where, name, text)

    with bus.run_sync("crewai-notes", goal=GOAL) as job:
        agent = Agent(
            role="scribe",
            goal="Write notes",
            backstory="",
            llm=Scripted(model="scripted"),
            tools=[write_note],
        )
        task = Task(description=GOAL, expected_output="What was written", agent=supervise(job, agent))
        print(Crew(agents=[agent], tasks=[task]).kickoff().raw)


bus.main(lambda: main(folder()))

"""An agent of Google's ADK under supervision: python google_adk_agent.py FOLDER."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import needed  # noqa: F401 - where the framework is missing, this says so
from google.adk.agents import LlmAgent
from google.adk.models import BaseLlm, LlmResponse
from google.adk.runners import InMemoryRunner
from google.genai import types
from plan import GOAL, append, folder, last_words, turn

import bus
from bus.adapters.google_adk import supervise


class Scripted(BaseLlm):
    """Asks for the calls of the plan, then says what it was told."""

    async def generate_content_async(
        self, llm_request: Any, *_: Any, **__: Any
    ) -> AsyncIterator[LlmResponse]:
        parts = [part for content in llm_request.contents for part in content.parts]
        asked = sum(content.role == "model" for content in llm_request.contents)
        heard = [
            str(next(iter(part.function_response.response.values())))
            for part in parts
            if part.function_response
        ]
        calls = [types.FunctionCall(id=call.id, name=call.tool, args=call.args) for call in turn(asked)]
        said = [types.Part(function_call=call) for call in calls] or [types.Part(text=last_words(heard))]
        yield LlmResponse(content=types.Content(role="model", parts=said))


async def main(where: Path) -> None:
    def write_note(name: str, text: str) -> str:
        """Write a note into the folder."""
        return append(where, name, text)

    async with bus.run("adk-notes", goal=GOAL) as job:
        agent = LlmAgent(name="notes", model=Scripted(model="scripted"), tools=[write_note])
        runner = InMemoryRunner(agent, plugins=[supervise(job)])
        for event in await runner.run_debug(GOAL, quiet=True):
            if event.is_final_response() and event.content:
                print(event.content.parts[0].text)


bus.main(main(folder()))

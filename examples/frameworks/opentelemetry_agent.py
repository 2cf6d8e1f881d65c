"""An agent that is only watched, by its OpenTelemetry spans: python opentelemetry_agent.py FOLDER."""

from pathlib import Path

import needed  # noqa: F401 - where the framework is missing, this says so
from opentelemetry.sdk.trace import TracerProvider
from plan import GOAL, append, folder
from pydantic_ai import Agent
from pydantic_ai.capabilities import Instrumentation
from pydantic_ai.models.function import FunctionModel
from pydantic_ai.models.instrumented import InstrumentationSettings
from scripted_pydantic_ai import scripted

import bus
from bus.adapters.opentelemetry import supervise


async def main(where: Path) -> None:
    def write_note(name: str, text: str) -> str:
        """Write a note into the folder."""
        return append(where, name, text)

    async with bus.run("opentelemetry-notes", goal=GOAL, control="observed") as job:
        with supervise(job) as watch:
            provider = TracerProvider()
            provider.add_span_processor(watch)
            spans = Instrumentation(settings=InstrumentationSettings(tracer_provider=provider))
            agent = Agent(FunctionModel(scripted), tools=[write_note], capabilities=[spans])
            result = await agent.run(GOAL)
    print(result.output)


bus.main(main(folder()))

"""An agent of the OpenAI Agents SDK under supervision: python openai_agents_agent.py FOLDER."""

from pathlib import Path
from typing import Any

import needed  # noqa: F401 - where the framework is missing, this says so
from agents import Agent, Runner, function_tool, set_tracing_disabled
from agents.testing import ModelStep, ScriptedModel, assistant_message, function_call
from plan import GOAL, TURNS, append, folder, last_words

import bus
from bus.adapters.openai_agents import supervise


def conclude(call: Any) -> list[Any]:
    heard = [str(item["output"]) for item in call.input if item.get("type") == "function_call_output"]
    return [assistant_message(last_words(heard))]


def scripted() -> ScriptedModel:
    steps = [[function_call(call.tool, call.args, call_id=call.id) for call in calls] for calls in TURNS]
    return ScriptedModel([*steps, ModelStep.respond(conclude)])


async def main(where: Path) -> None:
    @function_tool
    def write_note(name: str, text: str) -> str:
        """Write a note into the folder."""
        return append(where, name, text)

    set_tracing_disabled(True)
    async with bus.run("openai-agents-notes", goal=GOAL) as job:
        gate = supervise(job)
        agent = Agent("notes", model=scripted(), tools=gate.tools([write_note]))
        result = await Runner.run(agent, GOAL, hooks=gate)
    print(result.final_output)


bus.main(main(folder()))

"""An agent of Strands under supervision: python strands_agent.py FOLDER."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import needed  # noqa: F401 - where the framework is missing, this says so
from plan import GOAL, append, folder, last_words, turn
from strands import Agent, tool
from strands.models import Model

import bus
from bus.adapters.strands import supervise


class Scripted(Model):
    """Asks for the calls of the plan, then says what it was told."""

    def update_config(self, **_: Any) -> None: ...

    def get_config(self) -> Any:
        return {"model_id": "scripted"}

    def structured_output(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    async def stream(self, messages: Any, *_: Any, **__: Any) -> AsyncIterator[Any]:
        calls = turn(sum(message["role"] == "assistant" for message in messages))
        blocks = [block for message in messages for block in message["content"]]
        heard = [block["toolResult"]["content"][0]["text"] for block in blocks if "toolResult" in block]
        yield {"messageStart": {"role": "assistant"}}
        for call in calls:
            yield {"contentBlockStart": {"start": {"toolUse": {"name": call.tool, "toolUseId": call.id}}}}
            yield {"contentBlockDelta": {"delta": {"toolUse": {"input": json.dumps(call.args)}}}}
            yield {"contentBlockStop": {}}
        if not calls:
            yield {"contentBlockDelta": {"delta": {"text": last_words(heard)}}}
            yield {"contentBlockStop": {}}
        yield {"messageStop": {"stopReason": "tool_use" if calls else "end_turn"}}


async def main(where: Path) -> None:
    @tool
    def write_note(name: str, text: str) -> str:
        """Write a note into the folder."""
        return append(where, name, text)

    async with bus.run("strands-notes", goal=GOAL) as job:
        agent = Agent(Scripted(), tools=[write_note], hooks=[supervise(job)], callback_handler=None)
        result = await agent.invoke_async(GOAL)
    print(result)


bus.main(main(folder()))

"""An agent of smolagents under supervision: python smolagents_agent.py FOLDER."""

from pathlib import Path
from typing import Any

import needed  # noqa: F401 - where the framework is missing, this says so
from plan import GOAL, append, folder, last_words, turn
from smolagents import LogLevel, Model, ToolCallingAgent, tool
from smolagents.models import ChatMessage, ChatMessageToolCall, ChatMessageToolCallFunction, MessageRole

import bus
from bus.adapters.smolagents import supervise


class Scripted(Model):
    """Asks for the calls of the plan, then gives what it was told as its final answer."""

    asked = 0

    def generate(self, messages: list[ChatMessage], **_: Any) -> ChatMessage:
        calls = [(call.id, call.tool, call.args) for call in turn(self.asked)]
        self.asked += 1
        results = [message.content for message in messages if message.role == MessageRole.TOOL_RESPONSE]
        heard = [str(content[0]["text"]).removeprefix("Observation:\n") for content in results]
        calls = calls or [("end", "final_answer", {"answer": last_words(heard)})]
        functions = [
            (name, ChatMessageToolCallFunction(arguments=args, name=tool)) for name, tool, args in calls
        ]
        asked = [
            ChatMessageToolCall(function=function, id=name, type="function") for name, function in functions
        ]
        return ChatMessage(role=MessageRole.ASSISTANT, content="", tool_calls=asked)


def main(where: Path) -> None:
    @tool
    def write_note(name: str, text: str) -> str:
        """Write a note into the folder.

        Args:
            name: of the file
            text: what it says
        """
        return append(where, name, text)

    with bus.run_sync("smolagents-notes", goal=GOAL) as job:
        agent = ToolCallingAgent([write_note], Scripted(), verbosity_level=LogLevel.ERROR)
        print(supervise(job, agent).run(GOAL))


bus.main(lambda: main(folder()))

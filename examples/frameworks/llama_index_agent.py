"""An agent of LlamaIndex under supervision: python llama_index_agent.py FOLDER."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import needed  # noqa: F401 - where the framework is missing, this says so
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.llms.types import ChatMessage, ChatResponse, LLMMetadata
from llama_index.core.llms.llm import ToolSelection
from llama_index.core.llms.mock import MockFunctionCallingLLM
from plan import GOAL, Call, append, folder, last_words, turn

import bus
from bus.adapters.llama_index import supervise


class Scripted(MockFunctionCallingLLM):
    """Asks for the calls of the plan, then says what it was told."""

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(is_function_calling_model=True, model_name="scripted")

    async def astream_chat_with_tools(self, *_: Any, chat_history: Sequence[ChatMessage], **__: Any) -> Any:
        calls = turn(sum(message.role == "assistant" for message in chat_history))
        heard = [str(message.content) for message in chat_history if message.role == "tool"]
        said = ChatMessage(role="assistant", content="" if calls else last_words(heard))

        async def stream() -> AsyncIterator[ChatResponse]:
            yield ChatResponse(message=said, additional_kwargs={"calls": calls})

        return stream()

    def get_tool_calls_from_response(self, response: ChatResponse, *_: Any, **__: Any) -> list[ToolSelection]:
        calls: list[Call] = response.additional_kwargs["calls"]
        return [ToolSelection(tool_id=call.id, tool_name=call.tool, tool_kwargs=call.args) for call in calls]


async def main(where: Path) -> None:
    async def write_note(name: str, text: str) -> str:
        """Write a note into the folder."""
        return append(where, name, text)

    async with bus.run("llama-index-notes", goal=GOAL) as job:
        agent = FunctionAgent(tools=[write_note], llm=Scripted())
        result = await supervise(job, agent).run(GOAL)
    print(result.response.content)


bus.main(main(folder()))

"""The scripted model of the LangChain examples."""

from __future__ import annotations

from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolCall
from langchain_core.outputs import ChatGeneration, ChatResult
from plan import last_words, turn


class Scripted(BaseChatModel):
    """Asks for the calls of the plan, then says what it was told."""

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, **_: Any) -> Any:
        """It knows them already."""
        return self

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        calls = turn(sum(message.type == "ai" for message in messages))
        heard = [message.text for message in messages if message.type == "tool"]
        asked = [ToolCall(name=call.tool, args=call.args, id=call.id) for call in calls]
        said = AIMessage("" if calls else last_words(heard), tool_calls=asked)
        return ChatResult(generations=[ChatGeneration(message=said)])

"""The scripted model of the examples with Pydantic AI."""

from __future__ import annotations

from plan import last_words, turn
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo


def scripted(messages: list[ModelMessage], _: AgentInfo) -> ModelResponse:
    """Asks for the calls of the plan, then says what it was told."""
    calls = turn(sum(isinstance(message, ModelResponse) for message in messages))
    if calls:
        return ModelResponse([ToolCallPart(call.tool, call.args, call.id) for call in calls])
    parts = [part for message in messages for part in message.parts]
    return ModelResponse(
        [TextPart(last_words([str(part.content) for part in parts if isinstance(part, ToolReturnPart)]))]
    )

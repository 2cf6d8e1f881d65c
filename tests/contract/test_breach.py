"""What does not fit the contract is told in words that name the field, and never in a regular expression."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus import codec, messages
from bus.breach import PATTERNS, breach
from bus.codec import DecodeError, Invalid
from bus.events import AGENT_TYPES, Envelope
from bus.messages import AgentStatus, Intent
from bus.records import SUPERVISOR_TYPES

STATUS = {"status": "online", "incarnation": "i", "connection": "c"}
INTENT = {"verb": "approve", "id": "a", "operator": "o", "console": "c"}
AN_ID = "an id, 1 to 64 of A-Z a-z 0-9 _ . -"


def data_problem(kind: str, data: dict[str, Any]) -> str:
    raw = msgspec.Raw(msgspec.json.encode(data))
    found = codec.decode_data(Envelope(id="i.1", source="s", type=kind, incarnation="i", seq=1, data=raw))
    assert isinstance(found, Invalid)
    return found.problem


@pytest.mark.parametrize(
    "kind, data, words",
    [
        (
            "action.proposed",
            {"action": "a", "tool": "t", "digest": "xx"},
            "the field digest must be a SHA-256, 64 hexadecimal digits 0-9 a-f",
        ),
        ("action.proposed", {"action": "a b", "tool": "t"}, f"the field action must be {AN_ID}"),
        ("action.proposed", {"action": "a", "tool": ""}, "the field tool must have at least 1 characters"),
        (
            "action.proposed",
            {"action": "a", "tool": "t", "args": []},
            "the field args must be an object, not a list",
        ),
        ("step.started", {"step": 0}, "the field step must be a whole number, at least 1"),
        ("step.started", {"step": "one"}, "the field step must be a whole number, not a text"),
        (
            "step.started",
            {"step": 1, "confidence": {"value": 3}},
            "the field confidence.value must be a number, at most 1.0",
        ),
        ("step.started", {}, "the field step is missing"),
        ("step.started", {"step": 1, "confidence": {}}, "the field confidence.value is missing"),
        ("run.finished", {"outcome": "x"}, "the field outcome has the unknown value 'x'"),
    ],
)
def test_data_that_does_not_fit_is_told_in_words(kind: str, data: dict[str, Any], words: str) -> None:
    assert data_problem(kind, data) == words


@pytest.mark.parametrize(
    "kind, message, words",
    [
        (Intent, INTENT | {"id": "a\n"}, f"the field id must be {AN_ID}"),
        (
            Intent,
            INTENT | {"run": "a/b"},
            "the field run must be empty or an id, at most 64 of A-Z a-z 0-9 _ . -",
        ),
        (Intent, INTENT | {"digest": "a" * 65}, "the field digest must have at most 64 characters"),
        (Intent, INTENT | {"verb": "ap\nprove"}, "the field verb has the unknown value 'ap\\nprove'"),
        (Intent, [], "it must be an object, not a list"),
        (
            AgentStatus,
            STATUS | {"runs": [{"run": "r", "seq": 1, "open": ["x y"]}]},
            f"the field runs[0].open[0] must be {AN_ID}",
        ),
    ],
)
def test_a_message_that_does_not_fit_is_told_in_words(kind: type, message: object, words: str) -> None:
    with pytest.raises(DecodeError) as error:
        codec.decode(msgspec.json.encode(message), kind)
    assert str(error.value) == words


def patterns(hint: object) -> Iterator[str]:
    """The regular expressions in a type and in what it is made of."""
    for meta in getattr(hint, "__metadata__", ()):
        if meta.pattern:
            yield meta.pattern
    for part in typing.get_args(hint):
        yield from patterns(part)


def test_every_pattern_of_the_contract_has_words() -> None:
    told = [kind for kind in vars(messages).values() if isinstance(kind, type)]
    kinds = [*AGENT_TYPES.values(), *SUPERVISOR_TYPES.values(), Envelope, *told]
    hints = [hint for kind in kinds for hint in typing.get_type_hints(kind, include_extras=True).values()]
    found = {pattern for hint in hints for pattern in patterns(hint)}
    assert len(found) == len(PATTERNS)
    assert found == set(PATTERNS)


@given(st.text())
def test_whatever_is_said_is_answered(said: str) -> None:
    assert isinstance(breach(said), str)

"""What frameworks hand on of a model's or a server's words, made fit to report: hints, counts, log-probabilities."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from bus.events import Confidence, Hints, Usage


def parsed(raw: Any) -> Any:
    """The arguments of a call that a model wrote as text; None if that is no JSON, which the framework will find, too."""
    try:
        return json.loads(raw or "{}") if isinstance(raw, str | None) else raw
    except ValueError:
        return None


def hints_of(said: object) -> Hints | None:
    """MCP annotations, in a mapping or as members of an object, in either spelling; None where nothing is said."""
    if not said:
        return None

    def told(camel: str, snake: str) -> bool | None:
        if isinstance(said, Mapping):
            found = said.get(camel, said.get(snake))
        else:
            found = getattr(said, snake, getattr(said, camel, None))
        return found if isinstance(found, bool) else None

    return Hints(
        read_only_hint=told("readOnlyHint", "read_only_hint"),
        destructive_hint=told("destructiveHint", "destructive_hint"),
        idempotent_hint=told("idempotentHint", "idempotent_hint"),
        open_world_hint=told("openWorldHint", "open_world_hint"),
    )


def usage_of(input_tokens: object, output_tokens: object, cost_usd: object = None) -> Usage | None:
    """What a request consumed. What is no such number is not said: providers leave out, estimate, and write text."""
    said = Usage(
        input_tokens=count(input_tokens), output_tokens=count(output_tokens), cost_usd=_amount(cost_usd)
    )
    return said if said.input_tokens or said.output_tokens or said.cost_usd else None


def count(value: object) -> int | None:
    """A whole number from 0 that fits the contract, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53:
        return None
    return int(value) if value == int(value) else None


def _amount(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value < math.inf:
        return None
    return float(value)


def from_logprobs(tokens: object) -> Confidence | None:
    """Return the geometric mean of the tokens' probabilities, exp of the mean of their logarithms; None without any.

    `tokens` is what models return: a list of objects or mappings, each with a `logprob`. Anything else says nothing. It is
    the usual length-normalised likelihood of a text, so that short and long answers compare.
    """
    listed = tokens if isinstance(tokens, list | tuple) else ()
    values = [
        token.get("logprob") if isinstance(token, Mapping) else getattr(token, "logprob", None)
        for token in listed
    ]
    found = [float(value) for value in values if isinstance(value, int | float) and value <= 0.0]
    if not found:
        return None
    return Confidence(value=math.exp(math.fsum(found) / len(found)), kind="logprob")

"""Pydantic AI's arguments are objects: which JSON they are made of, so that what runs is what was decided on."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from bus.adapters.supervised import Supervised

Remade = Callable[[dict[str, Any]], Awaitable[Any]]
"""Makes what a tool gets of its arguments in JSON."""


async def shown(made: Any, again: Remade, *given: Any) -> dict[str, Any] | None:
    """The first JSON to decide on of which just what will run can be made; None if there is none."""
    from pydantic_core import to_jsonable_python

    for one in given:
        try:
            form: dict[str, Any] = to_jsonable_python(one)
            if bool(await again(form) == made):
                return form
        except Exception:  # noqa: BLE001, S112 - validators and comparisons are anybody's code
            continue
    return None


def unshown(supervised: Supervised, name: str, call_id: str) -> str:
    """Say that nobody could decide on a call."""
    text = f"{name} was not run: no JSON makes the arguments it would get, so nobody can decide on them"
    supervised.run.tool_result(name, text, error=True, call_id=call_id)
    return text


def written(ctx: Any, call_id: str) -> Any:
    """A call's arguments as the model wrote them; None if it did not make the call itself."""
    for message in reversed(ctx.messages):
        for call in message.tool_calls if message.kind == "response" else ():
            if call_id and call.tool_call_id == call_id:
                return call.args_as_dict()
    return None


def id_of(output_context: Any) -> str:
    return output_context.tool_call.tool_call_id if output_context.tool_call else ""


def remaking(written: Any, validate: Callable[[Any], Awaitable[Any]]) -> tuple[Any, Remade]:
    """What the model wrote for an output function, as arguments, and how the function's input is made of them again."""
    form = written
    if isinstance(written, str):
        try:
            form = json.loads(written)
        except ValueError:
            form = None
    if isinstance(form, dict):
        return form, lambda args: validate(json.dumps(args))
    return {"output": written}, lambda args: validate(args["output"])


async def bare(args: dict[str, Any]) -> Any:
    """A text that is the output itself."""
    return args["output"]

"""What stands where an adapter would stand when a framework runs bare, for the figures beside it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final


def _pydantic_ai(*_: object, **__: object) -> Any:
    return import_module("pydantic_ai.capabilities").AbstractCapability()


def _langchain(*_: object, **__: object) -> Any:
    return import_module("langchain.agents.middleware").AgentMiddleware()


def _openai_agents(*_: object, **__: object) -> Any:
    hooks = import_module("agents").RunHooks()
    hooks.tools = list
    return hooks


BARE: Final[dict[str, Callable[..., Any]]] = {
    "pydantic_ai": _pydantic_ai,
    "langchain": _langchain,
    "openai_agents": _openai_agents,
}
"""A `supervise` that supervises nothing, by adapter."""

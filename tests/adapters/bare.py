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


def _strands(*_: object, **__: object) -> Any:
    class Nothing(import_module("strands.hooks").HookProvider):  # type: ignore[misc]  # known at run time only
        def register_hooks(self, registry: object, **_: object) -> None:
            pass

    return Nothing()


def _google_adk(*_: object, **__: object) -> Any:
    return import_module("google.adk.plugins.base_plugin").BasePlugin(name="nothing")


def _ag2(*_: object, **__: object) -> Any:
    return import_module("ag2.middleware").BaseMiddleware


def _the_agent(_: object, agent: object, **__: object) -> object:
    return agent


BARE: Final[dict[str, Callable[..., Any]]] = {
    "pydantic_ai": _pydantic_ai,
    "langchain": _langchain,
    "openai_agents": _openai_agents,
    "smolagents": _the_agent,
    "strands": _strands,
    "google_adk": _google_adk,
    "ag2": _ag2,
    "agno": _the_agent,
    "crewai": _the_agent,
    "llama_index": _the_agent,
}
"""A `supervise` that supervises nothing, by adapter."""

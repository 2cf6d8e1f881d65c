"""Who plays on the demo floor, in the order of entering."""

from __future__ import annotations

from typing import Final

CAST: Final[dict[str, str]] = {
    "crawler": "quiet",
    "triage": "quiet",
    "indexer": "quiet",
    "refunds": "refunds",
    "janitor": "janitor",
    "researcher": "researcher",
    "looper": "looper",
    "crasher": "crasher",
    "deployer": "deployer",
    "sleeper": "sleeper",
    "clerk": "clerk",
    "exporter": "exporter",
}
"""Agents by name, and the module of `console.demo.agents` that each lives in."""

FURTHER: Final[dict[str, str]] = {"parcels": "parcels", "beacon": "beacon"}
"""Those who come only when every detector is to be seen: a flood of alarms, and events that are really lost."""

THINKING: Final[dict[str, str]] = {"smol": "smol"}
"""Who has a real language model, and comes only where that is installed and asked for."""

LOSING: Final = frozenset({"beacon"})
"""Who loses events by its nature: it has no spool."""


def company(*, detectors: bool, llm: bool = False) -> dict[str, str]:
    """The agents of a demo, with or without those who come only to show every detector, and the one with a real model."""
    return CAST | (FURTHER if detectors else {}) | (THINKING if llm else {})

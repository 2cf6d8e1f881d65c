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
}
"""Agents by name, and the module of `console.demo.agents` that each lives in."""

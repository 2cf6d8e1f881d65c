"""The rule books of the simulated sites, made once: what the operator's files may say, and say otherwise a moment later."""

from __future__ import annotations

from typing import Final

from console.core.judging.tool_facts import ToolFacts
from console.policy.catalogue import Catalogue, load_presets
from console.policy.judge import Judge
from console.policy.rules import Policy, Rule, _Written

TOOLS: Final = ("delete_file", "write_file", "read_file", "look", "no_such_tool")
_LOOK: Final = ToolFacts(severity=0, effect="read", pinned=True, origin="catalogue.toml: look")


def _judge(*rules: tuple[str, str], pinned: bool = False) -> Judge:
    written = [
        Rule(_Written(id=f"{tool}-{to}", raise_=to, why="the simulation says so", tool=tool))
        for tool, to in rules
    ]
    return Judge(Catalogue({"look": _LOOK} if pinned else {}, load_presets()), Policy(tuple(written)))


JUDGES: Final = (
    _judge(),
    _judge(pinned=True),
    _judge(("look", "ask"), pinned=True),  # withdraws the pass list
    _judge(("delete_file", "deny"), pinned=True),
    _judge(("*", "ask")),
    _judge(("write_file", "hold"), pinned=True),
)
"""Presets alone; a pass list; a rule that withdraws it; denied, asked, held tools."""

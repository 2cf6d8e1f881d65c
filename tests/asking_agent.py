"""An agent that asks and does nothing else: `python -m tests.asking_agent NAME TOOL LEDGER`.

It waits for its first answer, obeys, asks the next, until it is ended. Between two answers it says nothing, so that every
record in that time has another cause.
"""

from __future__ import annotations

import asyncio
import sys
from itertools import count
from pathlib import Path
from typing import Final

from bus.sdk.agent import Agent
from bus.sdk.decision import Action
from console.demo.ledger import EffectLedger

PATIENCE: Final = 3_600.0
"""Seconds that an ask waits: longer than any test."""


async def ask(name: str, tool: str, ledger: Path) -> None:
    """Ask and obey, for good."""
    with EffectLedger(ledger) as effects:
        async with Agent(name, version="1") as agent, agent.run(f"call {tool} as told") as job:
            for number in count(1):
                args = {"number": number, "to": "ada"}
                decision = await job.gate(Action(tool, args, decide_within=PATIENCE))
                if decision.approved:
                    async with decision:
                        effects.write(name, job.id, decision)


if __name__ == "__main__":
    asyncio.run(ask(sys.argv[1], sys.argv[2], Path(sys.argv[3])))

"""One run of a framework's agent whose calls are decided at once by a script, with what was asked, ran and was said."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bus import Agent, Run
from bus.events import ActionProposed
from bus.home import Home
from bus.messages import DecisionCommand
from bus.transports.memory import MemoryTransport
from tests.sdk.scripted import AGENT, RUN, SITE, Supervisor, living

HUGE = 2**60
"""A whole number that JSON readers take for different ones: nobody can decide on it."""

cases: list[dict[str, Any]] = []


class Case:
    """One run; `floor` is its supervisor.

    `verdicts` are the decisions to come, `approved` when they are used up. `calls` are ids and steps.
    """

    def __init__(self, run: Run, floor: Supervisor, *verdicts: str) -> None:
        self.run = run
        self.floor = floor
        self.verdicts = list(verdicts)
        self.asked: list[Any] = []
        self.calls: list[tuple[str, int | None]] = []
        self.ran: list[str] = []

    def tool(self, text: str) -> str:
        """What every tool does."""
        self.ran.append(text)
        return f"ran {text}"

    async def note(self, said: Awaitable[object]) -> None:
        """Wait for the end, and note what came of it."""
        try:
            words = str(await said)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            words = f"{type(error).__name__}: {error}"
        cases.append({"asked": self.asked, "ran": self.ran, "said": words})


@asynccontextmanager
async def case(*verdicts: str) -> AsyncIterator[Case]:
    """Begin a run whose calls are decided at once."""
    async with living() as floor:
        with tempfile.TemporaryDirectory() as folder:
            home = Home(site=SITE, data=Path(folder) / "data", config=Path(folder) / "config")
            agent = Agent(AGENT, home=home, transport=partial(MemoryTransport, floor.bus))
            async with agent, agent.run("try", run_id=RUN) as run:
                made = Case(run, floor, *verdicts)

                def decide(of: str, proposal: ActionProposed) -> DecisionCommand:
                    made.asked.append([proposal.tool, proposal.args])
                    made.calls.append((proposal.call_id, proposal.step))
                    verdict = made.verdicts.pop(0) if made.verdicts else "approved"
                    more = {"text": "not now"} if verdict == "rejected" else {}
                    return floor.answer(of, proposal, verdict, **more)

                floor.decide = decide
                yield made

"""A scripted supervisor in memory, and a run of an agent on it."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from bus import Agent, Run
from bus.home import Home
from bus.transports.memory import MemoryTransport
from tests.sdk.scripted import AGENT, RUN, SITE, Supervisor, living


@pytest.fixture
async def floor() -> AsyncIterator[Supervisor]:
    async with living() as supervisor:
        yield supervisor


@pytest.fixture
async def job(floor: Supervisor, tmp_path: Path) -> AsyncIterator[Run]:
    home = Home(site=SITE, data=tmp_path / "data", config=tmp_path / "config")
    agent = Agent(AGENT, home=home, transport=partial(MemoryTransport, floor.bus))
    async with agent as whole, whole.run("tidy", run_id=RUN) as run:
        yield run

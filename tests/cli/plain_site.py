"""Line mode in a test: a sitting on a site in memory, lines in, lines out, nothing that waits for a clock."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bus.home import Home
from console.cli.options import Place
from console.cli.plain.lines_in import Typed
from console.cli.plain.opening import sitting
from tests.fixtures.site_in_memory import OPERATOR, SITE, SiteInMemory

LOOK = 0.002
"""Seconds between two looks at what was printed."""


class Script(Typed):
    """Lines that a test types."""

    def __init__(self) -> None:
        super().__init__(-1)

    def start(self) -> None:
        """Nothing reads."""

    def put(self, line: str | None) -> None:
        self._queue.put_nowait((time.monotonic(), line))

    def end(self) -> None:
        self._queue.put_nowait((time.monotonic(), EOFError("no more")))


class Sitting:
    """One sitting that runs. `said` is everything it printed."""

    def __init__(self, site: SiteInMemory, place: Place, **how: Any) -> None:
        self.site = site
        self.output = io.StringIO()
        self.typed = Script()
        self._read = 0
        options = {"read_only": False, "script": True} | how
        self.task = asyncio.create_task(sitting(place, self.typed, self.output, **options))

    @property
    def said(self) -> str:
        return self.output.getvalue()

    async def quiet(self) -> None:
        """Let everything happen that is not waiting for time."""
        for _ in range(60):
            await asyncio.sleep(0)

    async def type(self, *lines: str) -> str:
        """Type lines, one after the other. Returns what was printed since the last call."""
        for line in lines:
            self.typed.put(line)
            await self.quiet()
        return self.news()

    def news(self) -> str:
        """What was printed since the last call."""
        text, before = self.said, self._read
        self._read = len(text)
        return text[before:]

    def unread(self) -> None:
        """Count all that was printed as news again."""
        self._read = 0

    async def shows(self, words: str, within: float = 60.0) -> str:
        """Wait until something was printed, at most so many seconds: requests are repeated by the clock."""
        loop = asyncio.get_running_loop()
        end = loop.time() + within
        while words not in self.said[self._read :]:
            if loop.time() > end:
                raise AssertionError(f"never said {words!r}:\n{self.said}")
            await asyncio.sleep(LOOK)
        return self.news()

    async def end(self) -> int:
        """End the input; returns the exit code."""
        self.typed.end()
        return await self.task


@asynccontextmanager
async def sat(site: SiteInMemory, place: Place, **how: Any) -> AsyncIterator[Sitting]:
    """A sitting that has begun, and ends with the test."""
    here = Sitting(site, place, **how)
    try:
        await here.shows("help says what can be typed")
        await here.quiet()
        here.unread()
        yield here
    finally:
        here.task.cancel()
        await asyncio.wait({here.task})


def place_of(
    site: SiteInMemory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, key: bool = True
) -> Place:
    """Where the site is, and who the operator is; with a key unless told otherwise."""
    monkeypatch.setenv("WATCHFLOOR_HOME", str(tmp_path))
    for name in ("SITE", "BROKER", "OPERATOR"):
        monkeypatch.delenv(f"WATCHFLOOR_{name}", raising=False)
    if key:
        OPERATOR.save(Home.of(SITE).operator_key("op"))
    return Place(site=SITE, operator="op", timeout=20.0, connect=site.connect)

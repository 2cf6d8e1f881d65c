"""A console in a test: the application on a scripted floor, its clock in our hands, its screen as text and styles."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Any

from rich.segment import Segment
from textual import events
from textual.color import Color
from textual.keys import _character_to_key
from textual.pilot import Pilot

from console.tui.apps.floor_app import FloorApp
from console.tui.drawing.theme import PALETTE
from console.tui.screens.floor_screen import FloorScreen
from tests.floor_fixture import FakeSource, Script

SETTLED = 1.0
"""Seconds after which rows may move and a key counts again."""


class Console:
    """Keys in, screen and intents out."""

    def __init__(self, app: FloorApp, pilot: Pilot[int], source: FakeSource, clock: list[float]) -> None:
        self.app = app
        self.pilot = pilot
        self.source = source
        self._clock = clock

    @property
    def screen(self) -> FloorScreen:
        assert isinstance(self.app.screen, FloorScreen)
        return self.app.screen

    def mode(self) -> str:
        """The mode of the screen in front."""
        return self.screen.mode

    @property
    def said(self) -> list[dict[str, Any]]:
        return self.source.said

    def verbs(self) -> list[str]:
        return [said["verb"] for said in self.said]

    async def settle(self, seconds: float = SETTLED) -> None:
        """Let the clock go on, and draw until nothing more comes of it."""
        self._clock[0] += seconds
        for _ in range(3):
            await self.pilot.pause(
                0
            )  # until all queues are empty; without the 0 it would wait for an idle machine
            self.app.draw()
        await self.pilot.pause(0)

    async def press(self, *keys: str, apart: float = SETTLED) -> None:
        for key in keys:
            await self.settle(apart)
            await self._paint()
            await self.key(key)
        await self.settle(0.0)

    async def _paint(self) -> None:
        """A person presses a key after the sheet was seen: what was typed before confirms nothing."""
        sheet = getattr(self.app.screen, "sheet", None)
        for _ in range(200):
            if getattr(sheet, "seen_at", 0.0) != float("inf"):
                return
            await self.settle(0.0)

    async def key(self, name: str) -> None:
        """Press one key and let everything come of it, without a moment passing."""
        character = name if len(name) == 1 else {"space": " "}.get(name)
        key = _character_to_key(name) if len(name) == 1 else name
        self.app.post_message(events.Key(key, character))
        await self.pilot.pause(0)
        await self.pilot.pause(0)

    async def type(self, text: str) -> None:
        for character in text:
            await self.key(character)
        await self.settle(0.0)

    def strips(self) -> list[list[Segment]]:
        return [list(strip) for strip in self.app.screen._compositor.render_strips()]

    def lines(self) -> list[str]:
        return ["".join(segment.text for segment in strip).rstrip() for strip in self.strips()]

    def text(self) -> str:
        return "\n".join(self.lines()) + "\n"

    def coloured(self) -> list[str]:
        """What stands on screen in a colour that means something."""
        palette = PALETTE[self.app.settings.theme]
        hues = {Color.parse(palette[ink]).rich_color for ink in ("watch", "act", "stop")}
        return [
            text.strip()
            for strip in self.strips()
            for text, style, _ in strip
            if style is not None and style.color in hues
        ]


async def furnished(app: FloorApp, pilot: Pilot[int]) -> None:
    """Wait until Fleet stands where the opening stood; the toolkit holds its paints back for a moment then."""
    while not isinstance(app.screen, FloorScreen) or app._batch_count:
        await pilot.pause(0)


@asynccontextmanager
async def console(
    script: Script, *, size: tuple[int, int] = (80, 24), **options: Any
) -> AsyncIterator[Console]:
    """Open the application on a floor, joined and drawn."""
    source = FakeSource(script)
    clock = [100.0]
    app = FloorApp(
        source.open, site="harbour", operator="op-1", zone=UTC, clock=lambda: clock[0], paced=False, **options
    )
    async with app.run_test(size=size) as pilot:
        await furnished(app, pilot)
        found = Console(app, pilot, source, clock)
        await found.settle(0.0)
        yield found
    await app.left()


async def painted(it: Console) -> None:
    """Until the sheet stands on the terminal; the toolkit holds its paints back for a moment where a screen went."""
    assert it.screen.sheet is not None
    while it.screen.sheet.seen_at == float("inf"):
        await it.settle(0.0)

"""The console's way in: builds the floor late, paints first, and leaves at once when its terminal goes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from console.tui.floor_app import FloorApp
    from console.tui.source import Source

LEAVE_WITHIN: Final = 1.0
"""Seconds after SIGTERM in which the console may tidy up; then it ends all the same."""


def run_console(*, broker: str | None, site: str | None, operator: str | None, read_only: bool) -> int:
    """Show the floor until the operator leaves. Returns the exit code.

    Raises:
        ValueError: the broker's address, the site's name, the operator's name or a key file cannot be used.
    """
    # Textual reads it once, when it is imported; more frames are only more bytes on the line.
    os.environ.setdefault("TEXTUAL_FPS", "15")
    return asyncio.run(_run(broker=broker, site=site, operator=operator, read_only=read_only))


async def _run(*, broker: str | None, site: str | None, operator: str | None, read_only: bool) -> int:
    from bus.home import Home
    from console.tui.floor_app import FloorApp

    home = Home.of(site)
    name = operator or home.operator
    app = FloorApp(_opener(home, broker, name, read_only=read_only), site=home.site, operator=name, read_only=read_only)
    leave_on_signals(app)
    try:
        code = await app.run_async()
    finally:
        await app.left()
    if app.failure is not None:
        print(f"watchfloor: {app.failure}", file=sys.stderr)  # noqa: T201  (the terminal is ours again)
    return code or app.return_code or 0

"""The console on a floor that changes whenever it is told to: a line on a pipe changes it, and is answered on another.

`python -m tests.consoles.stalled_console IN OUT`: named pipes. The answer is how many changes there were, written by
the loop that paints: it comes only if that loop waits for nobody.
"""

import asyncio
import os
import sys
from datetime import UTC

from console.tui.apps.floor_app import FloorApp
from console.tui.settings import Settings
from tests.fixtures.floor import FakeSource, busy


async def main(told: int, said: int) -> None:
    script = busy()
    source = FakeSource(script)
    app = FloorApp(source.open, site="harbour", operator="op-1", zone=UTC, settings=Settings())
    changes = 0

    def change() -> None:
        nonlocal changes
        os.read(told, 1)
        changes += 1
        for _ in range(20):  # frames' worth of bytes
            app.refresh()
            app.screen.refresh()
        app._site = f"harbour-{changes}"
        app.draw_again()
        asyncio.get_running_loop().call_later(0.05, os.write, said, b".")

    asyncio.get_running_loop().add_reader(told, change)
    await app.run_async()
    await app.left()


if __name__ == "__main__":
    asyncio.run(main(os.open(sys.argv[1], os.O_RDWR), os.open(sys.argv[2], os.O_RDWR)))

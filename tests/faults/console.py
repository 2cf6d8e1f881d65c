"""A console process: `python -m tests.faults.console OPERATOR`. Follows the floor and says on its output where it stands.

`joined CONSOLE POS` each time it has joined; on SIGTERM `stood POS SHA256`, of the fleet it saw last.
"""

from __future__ import annotations

import asyncio
import hashlib
import signal
import sys

from bus.home import Home
from bus.url import BrokerUrl
from console.core.fleet.state import encode
from console.core.reducing.reduce import Change
from console.link.floor import Floor


async def follow(operator: str) -> int:
    """Follow until SIGTERM."""
    home = Home.of()
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    was = False

    async with Floor(BrokerUrl.parse(home.broker()), home=home, operator=operator, watching=True) as floor:

        def look(_: list[Change]) -> None:
            nonlocal was
            if floor.status.joined and not was:
                sys.stdout.write(f"joined {floor.console} {floor.fleet.pos}\n")
            was = floor.status.joined

        floor.listen(look)
        await stopping.wait()
        digest = hashlib.sha256(encode(floor.fleet)).hexdigest()
        sys.stdout.write(f"stood {floor.fleet.pos} {digest}\n")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(follow(sys.argv[1])))

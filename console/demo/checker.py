"""The checker of the demo as a process: `python -m console.demo.checker --root FOLDER`. It ends with its standard input.

It is enrolled like a person and has a key of its own. It follows the floor, looks at the disk when something is over, and
says in signed words how that really ended. Agents can neither ask it nor answer for it.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from bus.home import Home
from bus.signing import PrivateKey
from bus.url import BrokerUrl
from console.core.fleet.lifecycle import ENDED
from console.core.fleet.state import Run
from console.demo.checks import Verdict, of_action, of_run
from console.demo.parent import end_with_parent
from console.demo.sandbox import Sandbox
from console.link.floor import Floor, NoAnswerError

CHECKER: Final = "checker"
"""The name that it is enrolled under."""

LOOK: Final = 0.5
"""Seconds between two looks at the floor."""

LOOKED_AT_KEPT: Final = 5_000

log = logging.getLogger(__name__)


class Checker:
    """Looks at everything once. `said` counts the verdicts that were taken."""

    def __init__(self, floor: Floor, sandbox: Sandbox) -> None:
        self.said = 0
        self._floor = floor
        self._sandbox = sandbox
        self._seen: OrderedDict[str, None] = OrderedDict()

    async def look(self) -> None:
        """Look at what has come to its end since the last look, and say what was found."""
        for run, action, verdict in [*self._found()]:
            try:
                answer = await self._floor.say(
                    "verify",
                    agent=run.agent,
                    run=run.run,
                    action=action,
                    ok=verdict.ok,
                    reason=verdict.why,
                )
            except NoAnswerError as error:
                log.info("%s: %s", run.key, error)
                return
            self._looked(f"{run.key}/{action}")
            self.said += answer.accepted

    def _found(self) -> Iterator[tuple[Run, str, Verdict]]:
        for run in self._floor.fleet.runs.values():
            for action in run.actions.values():
                if not action.verified and action.key not in self._seen:
                    verdict = of_action(self._sandbox, action, run.goal)
                    if verdict is not None:
                        yield run, action.id, verdict
                    elif action.state in ("done", "failed"):
                        self._looked(action.key)
            if run.state in ENDED and not run.verified and f"{run.key}/" not in self._seen:
                verdict = of_run(self._sandbox, run)
                if verdict is not None:
                    yield run, "", verdict
                else:
                    self._looked(f"{run.key}/")

    def _looked(self, key: str) -> None:
        self._seen[key] = None
        while len(self._seen) > LOOKED_AT_KEPT:
            self._seen.popitem(last=False)


async def check(root: Path) -> None:
    """Follow the floor until cancelled."""
    home = Home.of()
    key = PrivateKey.load(home.operator_key(CHECKER))
    async with Floor(BrokerUrl.parse(home.broker()), home=home, operator=CHECKER, key=key) as floor:
        checker = Checker(floor, Sandbox(root))
        while True:
            await asyncio.sleep(LOOK)
            await checker.look()


def main(arguments: Sequence[str] | None = None) -> int:
    """Be the checker until the end of standard input, or SIGTERM. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m console.demo.checker", description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="the sandbox")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s checker: %(message)s")
    end_with_parent()
    try:
        asyncio.run(check(options.root))
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())

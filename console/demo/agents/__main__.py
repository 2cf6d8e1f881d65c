"""One demo agent as a process: `python -m console.demo.agents NAME --root FOLDER ...`. It ends with its standard input."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from importlib import import_module
from inspect import iscoroutine
from pathlib import Path

from console.demo.cast import company
from console.demo.ledger import EffectLedger
from console.demo.parent import end_with_parent
from console.demo.sandbox import Sandbox
from console.demo.stage import Stage

PLAYERS = company(detectors=True, llm=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Be an agent until the end of standard input, or SIGTERM; its run is then cancelled. Returns the exit code."""
    options = _parse(arguments)
    logging.basicConfig(level=logging.INFO, format=f"%(asctime)s {options.name}: %(message)s")
    end_with_parent()
    sandbox = Sandbox(options.root)
    try:
        with EffectLedger(sandbox.ledger) as ledger:
            stage = Stage(
                name=options.name,
                sandbox=sandbox,
                ledger=ledger,
                pages=options.pages,
                seed=options.seed,
                life=options.life,
                speed=options.speed,
            )
            living = import_module(f"console.demo.agents.{PLAYERS[options.name]}").main(stage)
            if iscoroutine(living):
                asyncio.run(living)
    except KeyboardInterrupt:
        return 0
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m console.demo.agents", description=__doc__)
    parser.add_argument("name", choices=list(PLAYERS))
    parser.add_argument("--root", type=Path, required=True, help="the sandbox")
    parser.add_argument("--pages", default="", help="address of the demo's web")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--life", type=int, default=0, help="how many processes of this agent there were before"
    )
    parser.add_argument("--speed", type=float, default=1.0)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())

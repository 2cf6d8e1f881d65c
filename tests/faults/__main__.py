"""`python -m tests.faults`: the full fault matrix on a real broker, one line a fault and a table at the end."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path

from tests.faults.matrix import FAULTS, matrix
from tests.fixtures.broker_kinds import KINDS, absent

EXIT_FAULTY = 1


def main() -> int:
    """Parse, run, and return the exit code: 0 if nothing was lost and everything recovered."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--broker", choices=list(KINDS), default="embedded")
    parser.add_argument("--rounds", type=int, default=10, help="how often each fault is done (10)")
    parser.add_argument("--seed", type=int, help="of order and choices; moments stay the machine's")
    parser.add_argument("--only", action="append", choices=sorted(FAULTS), help="this fault; may be repeated")
    parser.add_argument("--keep", type=Path, help="a folder that does not exist yet, to look into afterwards")
    options = parser.parse_args()
    if why := absent(options.broker):
        parser.error(why)
    seed = random.randrange(2**32) if options.seed is None else options.seed
    _say(f"broker {options.broker}, {options.rounds} rounds, --seed {seed}")
    with tempfile.TemporaryDirectory(prefix="watchfloor-faults-") as folder:
        root = options.keep or Path(folder) / "site"
        root.mkdir(parents=True)
        held = asyncio.run(
            matrix(
                options.broker,
                root,
                names=options.only or list(FAULTS),
                rounds=options.rounds,
                seed=seed,
                say=_say,
            )
        )
    return 0 if held else EXIT_FAULTY


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

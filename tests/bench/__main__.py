"""`python -m tests.bench`: what the supervisor costs beside a bare client, side by side in one run; docs/benchmarks.md."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests import ROOT
from tests.bench import line, memory, screens, table
from tests.bench.measures import Bench
from tests.bench.report import show
from tests.fixtures.broker_kinds import KINDS, absent, running_broker
from tests.rules.lost import loss
from tests.rules.paused import pause
from tests.rules.seen import seen

MEASUREMENTS = {
    "rate": Bench.rate,
    "latency": Bench.latency,
    "gates": Bench.gates,
    "storage": Bench.storage,
    "paint": screens.paint,
    "line": line.line,
    "table": table.table,
    "seen": seen,
    "pause": pause,
    "loss": loss,
    "runs": screens.runs,
    "memory": memory.memory,
    "seek": screens.seek,
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--only", choices=list(MEASUREMENTS), action="append", metavar="NAME", help=", ".join(MEASUREMENTS)
    )
    parser.add_argument("--quick", action="store_true", help="fewer events and rounds: rougher figures")
    parser.add_argument("--broker", choices=list(KINDS), default="embedded")
    options = parser.parse_args(arguments)
    if why := absent(options.broker):
        parser.error(why)
    logging.getLogger("watchfloor").setLevel(logging.ERROR)  # that links break is part of what is measured
    data = Path(os.environ.get("WATCHFLOOR_DATA") or ROOT.parent / "shared" / "data")
    began = time.monotonic()
    with running_broker(options.broker) as broker:
        bench = Bench(broker.url, data, quick=options.quick)
        for name in options.only or MEASUREMENTS:
            for line in asyncio.run(MEASUREMENTS[name](bench)):
                show(line)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    print(
        f"broker {options.broker}, {os.cpu_count()} cores, load {load:.1f}, {time.monotonic() - began:.0f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

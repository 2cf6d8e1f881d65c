"""The supervisor process with one thing added: it notes when each event has reached its state.

`python -m tests.bench.probed FILE` in place of `python -m console.supervisor.process.serve`; writes
{agent: [[run, seq, time]...]}.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from bus.codec import Record
from console.core.fleet.state import Fleet
from console.core.reducing.reduce import Change, reduce
from console.supervisor import log
from console.supervisor.process import serve


def main(path: Path) -> int:
    seen: dict[str, list[tuple[str, int, float]]] = {}

    def noted(fleet: Fleet, record: Record) -> list[Change]:
        changes = reduce(fleet, record)
        if record.from_agent:
            seen.setdefault(record.agent, []).append((record.run, record.seq, time.monotonic()))
        return changes

    log.reduce = noted  # type: ignore[attr-defined]
    code = serve.main()
    path.write_text(json.dumps(seen), "utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

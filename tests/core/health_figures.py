"""How often the detectors speak on recorded runs, good and bad: `python -m tests.core.health_figures`.

Calls are fed as the supervisor would see them. An alarm is the moment at which a detector begins to speak. Labels are used
to sort the runs afterwards and for nothing else.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter, deque
from typing import Any

from bus.canonical import NotCanonicalError, digest
from console.core.health.finding import Deed
from console.core.health.watch import Watch
from tests import DATA


def deeds(run: dict[str, Any]) -> list[Deed]:
    """The finished calls of a recorded run, in the order of their results."""
    calls: deque[dict[str, Any]] = deque()
    found = []
    for step in run["steps"]:
        if step["kind"] == "tool_call":
            calls.append(step)
        elif step["kind"] == "tool_result":
            call = next((one for one in calls if step["name"] in (None, one["name"])), None)
            if call is None:
                continue
            calls.remove(call)
            tool = call["name"] or "unnamed"
            try:
                args = digest(tool, call["args"] or {})
            except NotCanonicalError:
                args = ""
            result = hashlib.blake2b((step["text"] or "").encode(), digest_size=16).hexdigest()
            found.append(Deed(tool, args, result, step["error"] is True))
    return found


def alarms(run: dict[str, Any]) -> Counter[str]:
    """How often each detector began to speak."""
    watch, began = Watch(), Counter[str]()
    for deed in deeds(run):
        before = set(watch.standing)
        found, _ = watch.take(deed)
        began.update(finding.kind for finding in found if finding.kind not in before)
        began["pause"] += any(finding.pause for finding in found)
    return began


def main() -> None:
    """Print the table."""
    kinds = ("loop", "error-streak", "no-progress", "pause")
    print(f"{'set':28} {'runs':>10} {'steps':>7}" + "".join(f" {kind:>22}" for kind in kinds))  # noqa: T201
    for path in sorted(DATA.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            runs = [json.loads(line) for line in file]
        for label, name in ((True, "good"), (False, "bad")):
            chosen = [run for run in runs if run["outcome"]["success"] is label]
            if not chosen:
                continue
            steps = sum(len(run["steps"]) for run in chosen)
            each = [alarms(run) for run in chosen]
            total = sum(each, Counter[str]())
            cells = ""
            for kind in kinds:
                runs_with = sum(one[kind] > 0 for one in each) / len(each)
                cells += f" {total[kind]:>5} {100 * total[kind] / steps:6.2f}/100 {runs_with:4.0%}"
            print(f"{path.name.removesuffix('.jsonl.gz'):28} {len(chosen):>5} {name:>4} {steps:>7}{cells}")  # noqa: T201


if __name__ == "__main__":
    main()

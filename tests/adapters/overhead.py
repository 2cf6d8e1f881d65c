"""What an adapter costs: a turn (a model request and its tool call) bare, with a pass-listed tool, and waiting for `auto`.

All three in one run, one after another, several times over. Printed as rows of the table, never held against a bound, beside
the lines of the example that are there because of us and those of the adapter. `python -m tests.adapters.overhead` prints it
by itself (`FRAMEWORKS="langchain …"` chooses).
"""

from __future__ import annotations

import itertools
import json
import statistics
import sys
from collections.abc import Iterator
from typing import Final

import pytest

from console.link.floor import Floor
from tests.adapters import table
from tests.adapters.environments import EXAMPLES, Example, chosen
from tests.adapters.floor import OPERATOR, SOON, Site, site, start
from tests.adapters.sizes import adapter_lines, glue_lines

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

TURNS: Final = [[[f"c{n}", "write_note", {"name": "note.txt", "text": str(n)}]] for n in range(9)]
"""Frameworks stop after ten requests on their own."""

PAIRS: Final = len(TURNS) - 2
"""Turns of a run that are measured: from the second call to the last."""

ROUNDS: Final = 3
SETTLE: Final = 4.0
"""Seconds that the first call takes: a pass list counts under a lease that was renewed since, which is every 3 s."""
PINNED: Final = '[tool."write_note"]\nseverity = "S0"\neffect = "read"\npolls = true\npinned = true\n'


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Site]]:
    folder = tmp_path_factory.mktemp("overhead")
    auto = PINNED.replace("pinned = true\n", "")
    with site(folder / "pass", PINNED, "") as passing, site(folder / "auto", auto, "") as waiting:
        yield {"bare": waiting, "pass list": passing, "auto": waiting}


@pytest.mark.parametrize("name", chosen())
async def test_overhead(name: str, sites: dict[str, Site]) -> None:
    example = EXAMPLES[name]
    times: dict[str, list[float]] = {kind: [] for kind in sites}
    for number in range(ROUNDS):
        for kind, where in sites.items():
            times[kind] += await _times(example, where, f"{name}-{kind.replace(' ', '-')}-{number}", kind)
    bare = statistics.median(times["bare"])
    table.note(name, "glue, lines", str(glue_lines(example)))
    table.note(name, "adapter, lines", str(adapter_lines(example)))
    table.note(name, "a turn bare, ms", f"{bare:.1f}")
    for kind, row in (("pass list", "with a pass-listed call"), ("auto", "with a call that waits for auto")):
        figure = "-"
        if found := times[kind]:  # none where this machine is so busy that no lease is renewed in time
            middle = statistics.median(found)
            figure = f"{middle:.1f} (x{middle / bare:.1f})"
        table.note(name, f"{row}, ms", figure)
        table.note(name, f"{row}: turns", f"{len(found)} of {ROUNDS * PAIRS}")


async def _times(example: Example, where: Site, agent: str, kind: str) -> list[float]:
    """Milliseconds from call to call."""
    home = where.processes.home
    async with Floor(where.broker.url, home=home, operator=OPERATOR, key=where.key) as floor:
        await floor.join(SOON)
        running = start(
            example, where, agent, {"turns": TURNS, "times": True, "settle": SETTLE, "bare": kind == "bare"}
        )
        try:
            await running.ends()
        finally:
            running.process.kill()
            running.process.wait()
        assert running.written() == {"note.txt": "".join(f"{n}\n" for n in range(len(TURNS)))}, running.said
        assert await floor.until(
            lambda _: any(r.agent == agent and r.ended_at for r in floor.fleet.runs.values()), SOON
        )
        [run] = [run for run in floor.fleet.runs.values() if run.agent == agent]
    passed = [action.passed for action in run.actions.values()] or [False] * len(TURNS)
    assert (len(run.actions), len(passed)) == (0 if kind == "bare" else len(TURNS), len(TURNS))
    assert not any(passed) or kind == "pass list"  # on no list, nothing goes by unasked
    line = next(line for line in running.said.splitlines() if line.startswith("TIMES "))
    at: list[float] = json.loads(line.removeprefix("TIMES "))
    # The first call comes while supervisor and agent still get to know each other. From then on a turn ends with its call,
    # and one that waited, because the lease ran out on a busy machine, says nothing of those that pass.
    turns = zip(itertools.pairwise(at[1:]), passed[2:], strict=True)
    return [(after - before) * 1000 for (before, after), by in turns if by == (kind == "pass list")]


if __name__ == "__main__":
    sys.exit(pytest.main(["-n", "0", __file__, *sys.argv[1:]], plugins=[table]))

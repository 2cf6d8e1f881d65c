"""What an adapter costs: a turn (a model request and its tool call) bare, with a pass-listed tool, and waiting for `auto`.

All three in one run, one after another, several times over. Printed, never held against a bound, beside the lines of the
example that are there because of us and those of the adapter. `python -m tests.adapters.overhead` prints it by itself
(`FRAMEWORKS="langchain …"` chooses).
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
from tests.fixtures.site_processes import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

TURNS: Final = [[[f"c{n}", "write_note", {"name": "note.txt", "text": str(n)}]] for n in range(9)]
"""Frameworks stop after ten requests on their own."""

ROUNDS: Final = 3
SETTLE: Final = 4.0
"""Seconds that the first call takes: a pass list counts under a lease that was renewed since, which is every 3 s."""
PINNED: Final = '[tool."write_note"]\nseverity = "S0"\neffect = "read"\npolls = true\npinned = true\n'


@pytest.fixture(scope="session")
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
    medians = {kind: statistics.median(found) for kind, found in times.items()}
    table.FIGURES.append(
        f"{name}: glue {glue_lines(example)} lines, adapter {adapter_lines(example)} lines; "
        f"a turn takes {medians['bare']:.1f} ms bare, {medians['pass list']:.1f} ms with a pass-listed call, "
        f"{medians['auto']:.1f} ms with a call that waits for auto (medians of {len(times['bare'])})"
    )


async def _times(example: Example, where: Site, agent: str, kind: str) -> list[float]:
    """Milliseconds from call to call."""
    home = where.processes.home
    async with Floor(where.broker.url, home=home, operator=OPERATOR, key=where.key) as floor:
        await floor.join(SOON)
        running = start(
            example, where, agent, {"turns": TURNS, "times": True, "settle": SETTLE, "bare": kind == "bare"}
        )
        await until(lambda: running.process.poll() is not None, SOON, f"{agent} ends: {running.said[-800:]}")
        assert running.written() == {"note.txt": "".join(f"{n}\n" for n in range(len(TURNS)))}, running.said
        assert await floor.until(
            lambda _: any(r.agent == agent and r.ended_at for r in floor.fleet.runs.values()), SOON
        )
        [run] = [run for run in floor.fleet.runs.values() if run.agent == agent]
    # The first call comes while supervisor and agent still get to know each other.
    passed = [action.passed for action in run.actions.values()][1:]
    assert all(passed) if kind == "pass list" else not any(passed)
    line = next(line for line in running.said.splitlines() if line.startswith("TIMES "))
    at: list[float] = json.loads(line.removeprefix("TIMES "))
    return [(after - before) * 1000 for before, after in itertools.pairwise(at[1:])]


if __name__ == "__main__":
    sys.exit(pytest.main(["-n", "0", __file__, *sys.argv[1:]], plugins=[table]))

"""A few recorded runs lived on a real site, and what the fidelity check says; see `tests/fidelity/checking.py`."""

import argparse
from itertools import islice

import msgspec
import pytest

from console.demo.recorded import recorded_runs
from tests import DATA
from tests.bench.site import running_site
from tests.fidelity.checking import check, live

RUNS = 6


@pytest.mark.data
@pytest.mark.slow
async def test_what_was_lived_is_recorded_once_in_order_and_shown_alike(broker_kind: str) -> None:
    file = DATA / "tau1-airline.jsonl.gz"
    if not file.exists():
        pytest.skip(f"no sample runs in {DATA}")
    runs = list(islice(recorded_runs(file), RUNS))
    options = argparse.Namespace(positions=20, seed=1, parallel=3, limit=RUNS)
    with running_site(broker_kind) as site:
        witness = await live(site, [file], options)
        site.stop()
        found = await check(site, witness.kept, runs)
        assert found.problems == []
        assert (found.lost, found.duplicates, found.extra, found.gaps) == (0, 0, 0, 0)
        assert found.found == found.wanted > 100
        assert found.positions >= 20
        assert found.effects == sum(step.kind == "tool_call" for run in runs for step in run.steps)

        # And the check can fail: one message said otherwise, one state shown otherwise, one run too many.
        altered = msgspec.structs.replace(runs[0].steps[0], text="never said")
        claimed = [msgspec.structs.replace(runs[0], steps=[altered, *runs[0].steps[1:]]), *runs[1:-1]]
        first, *_, last = witness.kept
        found = await check(site, {first: witness.kept[last]}, claimed)
        assert found.lost > 0
        assert found.extra > 0
        assert len(found.problems) >= 3

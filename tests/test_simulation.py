"""Ten thousand seeded worlds: whatever breaks, nothing is lost, nothing runs undecided, and all recovers by itself.

`WATCHFLOOR_SEEDS` sets how many schedules are lived, `WATCHFLOOR_SEED` lives a single one again.
"""

from __future__ import annotations

import os

import pytest

from tests.simulation import World

SCHEDULES = int(os.environ.get("WATCHFLOOR_SEEDS", "10000"))
SLICES = 40
ONE = os.environ.get("WATCHFLOOR_SEED")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(SLICES))
def test_schedules(part: int) -> None:
    """A failing seed is named with what went wrong in it."""
    seeds = [int(ONE)] if ONE else range(part, SCHEDULES, SLICES)
    for seed in seeds:
        problems = World(seed).run()
        assert not problems, f"seed {seed}: {problems}"

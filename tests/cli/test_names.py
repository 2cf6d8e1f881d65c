"""Which run is meant, and what is said of one that is not on the floor."""

from __future__ import annotations

import pytest

from console.cli.exits import CliError, Exit
from console.cli.names import find_run
from console.core.fleet.state import Fleet, Run


@pytest.mark.parametrize("text", ["r1-abcdef", "a/r1-abcdef"])
def test_a_lost_run_that_left_the_floor_may_come_back(text: str) -> None:
    fleet = Fleet(site="site", away={"a/r1-abcdef": Run(agent="a", run="r1-abcdef", state="lost")})
    with pytest.raises(CliError) as refused:
        find_run(fleet, text)
    assert refused.value.code == Exit.REFUSED
    assert "a/r1-abcdef left the floor lost; it comes back if its agent does" in str(refused.value)

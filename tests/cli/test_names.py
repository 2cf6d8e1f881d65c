"""Which run is meant, and what is said of one that is not on the floor."""

from __future__ import annotations

import pytest

from console.cli.exits import CliError, Exit
from console.cli.names import find_run
from console.cli.plain.meant import meant
from console.cli.plain.things import Numbers
from console.cli.plain.words import WORDS
from console.core.fleet.state import Fleet, Run


@pytest.mark.parametrize("text", ["r1-abcdef", "a/r1-abcdef"])
def test_a_lost_run_that_left_the_floor_may_come_back(text: str) -> None:
    fleet = Fleet(site="site", away={"a/r1-abcdef": Run(agent="a", run="r1-abcdef", state="lost")})
    with pytest.raises(CliError) as refused:
        find_run(fleet, text)
    assert refused.value.code == Exit.REFUSED
    assert "a/r1-abcdef left the floor lost; it comes back if its agent does" in str(refused.value)


def test_a_word_that_fits_two_runs_names_both_and_says_how_to_name_one() -> None:
    runs = [Run(agent="janitor", run="r1-abcdef"), Run(agent="janitor", run="r2-abcdef")]
    fleet = Fleet(site="site", runs={run.key: run for run in runs})
    word = next(word for word in WORDS if word.name == "open")
    with pytest.raises(CliError) as refused:
        meant(fleet, Numbers(), None, word, "janitor")
    said = "'janitor' fits janitor/r1-abcdef, janitor/r2-abcdef: name it as agent/run"
    assert (str(refused.value), refused.value.code) == (said, Exit.USAGE)
    assert meant(fleet, Numbers(), None, word, "r2") is runs[1]
    with pytest.raises(CliError, match="no action, run or alarm 'nobody'"):
        meant(fleet, Numbers(), None, word, "nobody")

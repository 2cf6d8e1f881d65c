"""Births, losses and gaps: whose runs they touch, and whose they leave alone."""

from typing import Any, Final

import pytest

from bus import codec
from bus.events import Data, Progress, RunFinished, RunStarted
from bus.records import AgentBorn, AgentLost, GapFound
from console.core.fleet.state import Fleet
from console.core.reducing import apply_supervisor
from console.core.reducing.reduce import reduce
from tests.fixtures.strategies import envelope

LOST: Final = AgentLost(incarnation="inc", why="silence")


class Log:
    """A log that is written about whom it says, and its fleet."""

    def __init__(self) -> None:
        self.fleet = Fleet(site="s")

    def say(self, data: Data, run: str = "r1", agent: str = "a", incarnation: str = "inc") -> None:
        pos = self.fleet.pos + 1
        reduce(self.fleet, codec.record(pos, pos * 10, envelope(data, pos, agent, run, incarnation)))

    def born(self, agent: str = "a", incarnation: str = "inc") -> None:
        self.say(AgentBorn(incarnation=incarnation, connection="c"), run="", agent=agent)

    def makes_room(self) -> None:
        """Lose a later run of another agent: of lost runs only the newest stay on the floor."""
        self.say(RunStarted(), "later", "other")
        self.say(LOST, run="", agent="other")

    def states(self) -> dict[str, Any]:
        return {key: run.state for key, run in self.fleet.runs.items()}


def test_a_lost_agent_loses_its_living_runs_and_nobody_elses() -> None:
    log = Log()
    log.born()
    log.born("b")
    for agent, run in (("a", "r1"), ("a", "r2"), ("b", "r1")):
        log.say(RunStarted(), run, agent)
    log.say(RunFinished(outcome="completed"), "r2")
    log.say(LOST, run="")
    log.say(LOST, run="")  # said again, it changes nothing
    assert log.states() == {"a/r1": "lost", "a/r2": "completed", "b/r1": "working"}
    assert log.fleet.runs["a/r1"].lost_from == "working"
    assert [life.status for life in log.fleet.agents.values()] == ["lost", "online"]


@pytest.mark.parametrize("away", [False, True])
def test_a_birth_brings_back_what_its_own_process_lives_and_nothing_older(
    away: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that went on in another process is that one's; the first may come back without it."""
    monkeypatch.setattr(apply_supervisor, "LOST_KEPT", 1)
    log = Log()
    log.say(RunStarted(), incarnation="inc-1")
    log.say(RunStarted(continues=1), incarnation="inc-2")
    log.say(LOST, run="")
    if away:
        log.makes_room()
    assert ("a/r1" in log.fleet.away) is away
    log.born(incarnation="inc-1")
    assert ("a/r1" in log.fleet.away) is away
    assert (log.fleet.away if away else log.fleet.runs)["a/r1"].state == "lost"
    log.born(incarnation="inc-2")
    assert (log.states()["a/r1"], log.fleet.away) == ("working", {})


def test_of_agents_that_are_gone_the_newest_are_kept_and_no_living_one_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(apply_supervisor, "AGENTS_KEPT", 3)
    log = Log()
    for agent in ("a", "b", "c"):
        log.born(agent)
    for agent in ("a", "b"):
        log.say(LOST, run="", agent=agent)
    assert list(log.fleet.agents) == ["a", "b", "c"]
    log.born("d")
    assert list(log.fleet.agents) == ["b", "c", "d"]
    for agent in ("e", "f", "g"):
        log.born(agent)
    assert list(log.fleet.agents) == ["c", "d", "e", "f", "g"]


def test_a_gap_is_counted_in_its_run_wherever_that_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply_supervisor, "LOST_KEPT", 1)
    log = Log()
    log.say(RunStarted(goal="tidy"))
    log.say(GapFound(first=2, last=4))
    run = log.fleet.runs["a/r1"]
    assert (run.goal, run.gaps, run.seq) == ("tidy", 3, 4)
    log.say(LOST, run="")
    log.makes_room()
    assert "a/r1" in log.fleet.away
    log.say(GapFound(first=5, last=5))  # it is heard of again
    assert (log.fleet.runs["a/r1"].goal, log.fleet.runs["a/r1"].gaps) == ("tidy", 4)
    log.say(GapFound(first=1, last=9), run="r2")
    unknown = log.fleet.runs["a/r2"]
    assert (unknown.goal, unknown.gaps, unknown.seq) == ("(its beginning is lost)", 9, 9)
    log.say(Progress(text="on"), run="r2")
    assert unknown.gaps == 9

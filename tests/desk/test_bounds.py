"""What a supervisor remembers does not grow for ever, and what it forgets does no harm."""

from __future__ import annotations

import pytest

from bus import codec
from bus.events import ActionFinished, ActionProposed, RunStarted
from bus.messages import AgentStatus
from console.core.reducing import apply_supervisor
from console.supervisor import agents, ingest
from console.supervisor.alarming import alarms
from console.supervisor.intents import once
from console.supervisor.judging import gates
from tests.fixtures.desk import TOPICS, Bench


def appears(bench: Bench, agent: str, status: str = "online", incarnation: str = "i") -> None:
    """A status of any agent comes in."""
    message = AgentStatus(status=status, incarnation=incarnation, connection=f"of-{incarnation}")  # type: ignore[arg-type]
    bench.raw(TOPICS.status(agent), codec.encode(message))


def test_agents_that_the_site_has_forgotten_are_forgotten_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply_supervisor, "AGENTS_KEPT", 3)
    monkeypatch.setattr(agents, "SPARE", 4)
    bench = Bench()
    desk = bench.desk
    for number in range(50):
        appears(bench, f"agent{number}")
        desk.gates._unpassed[f"agent{number}"] = {"tool"}
        appears(bench, f"agent{number}", "stopped")
    assert len(desk.fleet.agents) <= 4
    for kept in (desk.agents._pulses, desk.ingest.announced, desk.gates._unpassed):
        assert len(kept) <= 9
    assert "agent49" in desk.agents._pulses
    appears(bench, "agent0")
    assert (desk.fleet.agents["agent0"].status, "agent0" in desk.ingest.announced) == ("online", True)


def test_the_processes_that_an_agent_once_was_are_bounded_and_the_last_is_still_known() -> None:
    bench = Bench()
    for number in range(100):
        bench.status("online", f"inc{number}", f"k{number}")
    assert len(bench.desk.agents._pulses["a"].old) == agents.OLD_KEPT
    bench.status("alive", "inc98", "k98")
    bench.pass_time(2)
    bench.status("alive", "inc99", "k99")
    bench.pass_time(3)
    bench.status("alive", "inc98", "k98")
    assert "duplicate-agent" in bench.alarms()


def test_counts_of_alarms_that_are_over_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarms, "COUNTS_SPARE", 5)
    desk = Bench().desk
    for number in range(50):
        desk.alarms.raise_("gap", "gone", "a", f"r{number}")
        if number % 2:
            del desk.fleet.alarms[f"gap/a/r{number}"]
    assert len(desk.alarms._counts) <= len(desk.fleet.alarms) + 6


def test_alarms_counted_together_go_with_the_last_of_their_troubles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarms, "ALARMS_A_KIND", 2)
    desk = Bench().desk
    standing = desk.fleet.alarms

    def states() -> list[tuple[str, str]]:
        return [(alarm.id, alarm.state) for alarm in standing.values() if alarm.state != "returned"]

    for name in "abcd":
        desk.alarms.raise_("agent-lost", "gone", name)
    for name in "abc":
        desk.alarms.clear("agent-lost", name)
        assert ("agent-lost/~rest", "unacknowledged") in states()
    desk.alarms.clear("agent-lost", "d")
    assert states() == []


def test_alarms_counted_together_by_an_earlier_supervisor_go_with_the_last_of_their_kind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alarms, "ALARMS_A_KIND", 1)
    bench = Bench()
    for name in "abc":
        bench.desk.alarms.raise_("agent-lost", "gone", name)
    bench.commit()
    later = Bench(bench.desk.fleet, "epoch2").desk
    states = []
    for name in "ba":
        later.alarms.clear("agent-lost", name)
        states.append(later.fleet.alarms["agent-lost/~rest"].state)
    assert states == ["unacknowledged", "returned"]


def test_deadlines_of_answered_asks_are_let_go_and_the_open_ones_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gates, "DEADLINES_SPARE", 10)
    bench = Bench()
    bench.event(1, RunStarted())
    bench.event(2, ActionProposed(action="open", tool="write_file", decide_within=60.0))
    for number in range(100):
        name = f"a{number}"
        bench.event(3 + 2 * number, ActionProposed(action=name, tool="write_file", decide_within=86_400.0))
        bench.event(4 + 2 * number, ActionFinished(action=name, outcome="withdrawn"))
    assert len(bench.desk.gates._deadlines) <= 14
    bench.pass_time(61)
    assert bench.run().actions["open"].outcome == "expired"


def test_what_was_used_is_named_or_older_than_the_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as are kept, and not one position more is closed than was forgotten."""
    monkeypatch.setattr(once, "USED_KEPT", 2)
    used = once.Once()
    for number, (name, pos) in enumerate((("a", 5), ("b", 7), ("c", 6), ("d", 9))):
        used.use(name, pos, once.digest_of(name.encode()))
        assert used.floor == (0, 0, 6, 8)[number]
    assert [name in used for name in "abcd"] == [False, False, True, True]
    assert (used.said("d"), used.said("a")) == (once.digest_of(b"d"), None)


def test_a_used_intent_stays_used_after_its_name_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once, "USED_KEPT", 3)
    bench = Bench()
    bench.event(1, RunStarted())

    def kill(name: str, pos: int) -> str:
        return bench.intent("kill", id=name, agent="a", run="r1", pos=pos).outcome

    first = bench.desk.fleet.pos
    assert kill("k0", first) == "accepted"
    for number in range(1, 5):
        assert kill(f"k{number}", bench.desk.fleet.pos) == "accepted"
    assert "k0" not in bench.desk.arbiter._used
    bench.desk.arbiter._answered.clear()
    assert kill("k0", first) == "stale"
    assert kill("k4", bench.desk.fleet.pos) == "replayed"


def test_a_signed_intent_of_the_future_is_stale_unless_it_only_stops() -> None:
    bench = Bench()
    bench.event(1, RunStarted())
    assert bench.intent("kill", agent="a", run="r1", pos=10_000).outcome == "stale"
    assert bench.intent("pause", agent="a", run="r1", pos=10_000).outcome == "accepted"


def test_a_site_has_only_so_many_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "LIVING_RUNS_SITE", 5)
    bench = Bench()
    for number in range(9):
        bench.event(1, RunStarted(), run=f"r{number}", agent=f"agent{number}")
    assert len(bench.desk.fleet.runs) == 5
    assert "run-refused" in bench.alarms()

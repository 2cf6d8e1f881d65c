"""The reducer: any log gives one state, whichever way it is reached, and no agent text can break it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus import events, records
from bus.codec import Record
from bus.events import Data
from console.core.fleet.lifecycle import ENDED, IllegalTransitionError
from console.core.fleet.state import Fleet, Run, decode, encode
from console.core.reducing.reduce import HoleInLogError, reduce
from tests.fixtures.strategies import logs, numbered


def lived(log: list[Record], fleet: Fleet | None = None) -> Fleet:
    """Reduce a log; a record of the supervisor that contradicts the tables is left out, position and all."""
    fleet = fleet or Fleet(site="s")
    for record in log:
        before = encode(fleet)
        try:
            reduce(fleet, record)
        except IllegalTransitionError:
            assert encode(fleet) == before, "an illegal transition changed the state"
            fleet.pos = record.pos
    return fleet


@given(logs, st.integers(0, 40))
def test_a_keyframe_anywhere_changes_nothing(log: list[Record], cut: int) -> None:
    """Reducing on from a keyframe gives byte for byte the state that never stopped."""
    whole = encode(lived(log))
    half = decode(encode(lived(log[:cut])))
    assert encode(lived(log[cut:], half)) == whole


@given(logs)
def test_repeating_records_changes_nothing(log: list[Record]) -> None:
    """A record at or before the fleet's position is ignored."""
    fleet = lived(log)
    before = encode(fleet)
    for record in log:
        assert reduce(fleet, record) == []
    assert encode(fleet) == before


@given(logs)
def test_waiting_is_what_waits(log: list[Record]) -> None:
    """The waiting list names exactly the asked actions, and a run waits for input only while one of its does."""
    fleet = lived(log)
    asked = {
        action.key
        for run in fleet.runs.values()
        for action in run.actions.values()
        if action.state == "asked"
    }
    assert set(fleet.waiting) == asked
    assert len(fleet.waiting) == len(asked)
    for run in fleet.runs.values():
        if run.state == "input-required":
            assert any(key.startswith(run.key + "/") for key in fleet.waiting)


@given(logs)
def test_every_shown_text_is_printable(log: list[Record]) -> None:
    """Whatever an agent sends, the texts made for display hold no control character."""
    for run in lived(log).runs.values():
        shown = [run.goal, run.ended_text, run.progress_text, run.misdeed]
        shown += [step.name + step.text for step in run.steps]
        shown += [message.text + message.name for message in run.messages]
        shown += [action.tool + action.note + action.result for action in run.actions.values()]
        assert all(text.isprintable() for text in shown)


def test_a_hole_in_the_log_is_refused() -> None:
    """Records are applied one after the other or not at all."""
    log = numbered(
        [(events.RunStarted(goal="g"), "r1"), (events.Progress(), "r1"), (events.Progress(), "r1")]
    )
    fleet = Fleet()
    reduce(fleet, log[0])
    with pytest.raises(HoleInLogError, match="from 1 to 3"):
        reduce(fleet, log[2])


def run_of(*parts: Data) -> Run:
    """The run after these records about it."""
    return lived(numbered([(part, "r1") for part in parts])).runs["a/r1"]


ASSESSED = records.ActionAssessed(action="a1", digest="0" * 64, severity=3, failure_bp=2000, gate="ask")
ASKED = records.ActionAsked(action="a1", gate="ask", decide_within=60.0)
APPROVED = records.ActionDecided(action="a1", outcome="approved", command="c1", by="op", digest="0" * 64)
PROPOSED = events.ActionProposed(action="a1", tool="delete_file")


def test_a_gated_action_goes_its_way() -> None:
    """Proposed, assessed, asked, approved, started, done, and the run with it."""
    parts: list[Data] = [events.RunStarted(goal="g"), PROPOSED, ASSESSED, ASKED]
    run = run_of(*parts)
    assert (run.state, run.actions["a1"].state) == ("input-required", "asked")
    parts += [APPROVED, events.ActionStarted(action="a1", decision="c1", digest="0" * 64)]
    run = run_of(*parts)
    assert (run.state, run.actions["a1"].state) == ("working", "started")
    run = run_of(
        *parts, events.ActionFinished(action="a1", outcome="done"), events.RunFinished(outcome="completed")
    )
    assert (run.state, run.actions["a1"].state) == ("completed", "done")


@pytest.mark.parametrize(
    "started",
    [
        events.ActionStarted(action="a1", decision="c9", digest="0" * 64),
        events.ActionStarted(action="a1", decision="c1", digest="1" * 64),
        events.ActionStarted(action="a1"),
    ],
    ids=["other decision", "other digest", "no decision"],
)
def test_a_start_that_was_not_allowed_is_ungated(started: events.ActionStarted) -> None:
    """Only the decision of this action for this digest allows its start."""
    run = run_of(events.RunStarted(), PROPOSED, ASSESSED, ASKED, APPROVED, started)
    assert run.actions["a1"].state == "ungated"


def test_a_start_without_a_proposal_is_ungated() -> None:
    """An action nobody proposed is no less visible."""
    run = run_of(events.RunStarted(), events.ActionStarted(action="a9"))
    assert run.actions["a9"].state == "ungated"


@pytest.mark.parametrize("late", [PROPOSED, events.StepStarted(step=1), events.RunStarted(goal="again")])
def test_nothing_happens_in_a_run_that_is_over(late: Data) -> None:
    """It counts as a misdeed and changes nothing else."""
    ended = run_of(events.RunStarted(goal="g"), events.RunFinished(outcome="completed"))
    run = run_of(events.RunStarted(goal="g"), events.RunFinished(outcome="completed"), late)
    assert run.state in ENDED
    assert run.misdeeds == 1
    assert (run.goal, run.steps, run.actions) == (ended.goal, ended.steps, ended.actions)


def test_pausing_is_not_paused() -> None:
    """A run is paused when the agent says that the pause took effect, not before."""
    pause = records.CommandRequested(command="c1", kind="pause", by="op")
    assert run_of(events.RunStarted(), pause).state == "pausing"
    acknowledged = events.CommandAcknowledged(command="c1")
    assert run_of(events.RunStarted(), pause, acknowledged).state == "pausing"
    assert (
        run_of(events.RunStarted(), pause, acknowledged, events.CommandEffective(command="c1")).state
        == "paused"
    )


def test_a_lost_run_is_found_by_its_next_event() -> None:
    """Lost is not over."""
    born = records.AgentBorn(incarnation="inc", connection="k")
    lost = records.AgentLost(incarnation="inc", why="will")
    assert run_of(events.RunStarted(), born, lost).state == "lost"
    assert run_of(events.RunStarted(), born, lost, events.Progress()).state == "working"


@settings(max_examples=25)
@given(st.integers(201, 230))
def test_finished_runs_retire(many: int) -> None:
    """The fleet keeps the newest finished runs and remembers where the older ones ended."""
    fleet = Fleet()
    pos = 0
    for number in range(many):
        for data in (events.RunStarted(), events.RunFinished(outcome="completed")):
            pos += 1
            [record] = numbered([(data, f"r{number}")])
            reduce(
                fleet,
                Record(**{name: getattr(record, name) for name in record.__struct_fields__} | {"pos": pos}),
            )
    assert len(fleet.runs) == 200
    assert len(fleet.ended) == many - 200


@pytest.mark.parametrize("incarnation, control", [("inc", "contained"), ("another", "gated")])
def test_a_run_is_contained_by_the_proof_for_its_present_process_alone(
    incarnation: str, control: str
) -> None:
    proof = records.RunContained(wrapper="w", incarnation=incarnation)
    fleet = lived(numbered([(proof, "r2"), (events.RunStarted(), "r1"), (proof, "r1")]))
    assert [(run.run, run.control) for run in fleet.runs.values()] == [("r1", control)]

"""An agent that lies, beside one that does not: each lie is refused, put down to the liar, shown, and nothing else moves."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from bus import codec
from bus.canonical import digest
from bus.events import (
    ActionFinished,
    ActionProposed,
    ActionStarted,
    CommandAcknowledged,
    CommandEffective,
    RunFinished,
    RunStarted,
)
from bus.messages import DecisionCommand, RefusedCommand
from console.core.fleet.state import Run
from tests.fixtures.desk import TOPICS, Bench
from tests.fixtures.strategies import envelope

ARGS = {"path": "/x"}
PROPOSAL = ActionProposed(action="x1", tool="delete_file", args=ARGS, digest=digest("delete_file", ARGS))


def another_agent_in_the_envelope(floor: Bench) -> None:
    floor.raw(TOPICS.events("liar", "lies"), codec.encode(envelope(PROPOSAL, 2, "a", "r1", "inc")))


def another_run_in_the_envelope(floor: Bench) -> None:
    floor.raw(TOPICS.events("liar", "lies"), codec.encode(envelope(PROPOSAL, 2, "liar", "others", "lie")))


def an_id_that_is_not_its_number(floor: Bench) -> None:
    event = codec.encode(envelope(PROPOSAL, 2, "liar", "lies", "lie")).replace(b'"lie.2"', b'"inc.2"')
    floor.raw(TOPICS.events("liar", "lies"), event)


def a_used_run_id_from_another_process(floor: Bench) -> None:
    floor.event(1, RunStarted(), "lies", "liar", "second")


def a_claim_to_be_contained(floor: Bench) -> None:
    floor.event(1, RunStarted(control="contained"), "held", "liar", "lie")


def a_proposal_after_the_end(floor: Bench) -> None:
    floor.event(2, RunFinished(outcome="completed"), "lies", "liar", "lie")
    floor.event(3, PROPOSAL, "lies", "liar", "lie")


def an_answer_to_a_command_never_sent(floor: Bench) -> None:
    floor.event(2, CommandAcknowledged(command="never"), "lies", "liar", "lie")
    floor.event(3, CommandEffective(command="never"), "lies", "liar", "lie")


def a_tool_that_nobody_allowed(floor: Bench) -> None:
    floor.event(2, PROPOSAL, "lies", "liar", "lie")
    floor.event(
        3, ActionStarted(action="x1", digest=PROPOSAL.digest, decision="made-up"), "lies", "liar", "lie"
    )
    floor.event(4, ActionFinished(action="x1", outcome="done"), "lies", "liar", "lie")


def a_digest_of_something_else(floor: Bench) -> None:
    floor.event(2, msgspec.structs.replace(PROPOSAL, digest="0" * 64), "lies", "liar", "lie")


LIES: list[tuple[Callable[[Bench], None], str]] = [
    (another_agent_in_the_envelope, "bad-input"),
    (another_run_in_the_envelope, "bad-input"),
    (an_id_that_is_not_its_number, "bad-input"),
    (a_used_run_id_from_another_process, "run-refused"),
    (a_claim_to_be_contained, "misdeed"),
    (a_proposal_after_the_end, "misdeed"),
    (an_answer_to_a_command_never_sent, "misdeed"),
    (a_tool_that_nobody_allowed, "ungated-action"),
]


@pytest.fixture
def floor() -> Bench:
    """An honest agent with a call that waits for a person, and the liar's run, of which nothing is wrong yet."""
    made = Bench()
    made.event(1, RunStarted(goal="honest"))
    made.event(2, msgspec.structs.replace(PROPOSAL, action="a1"))
    made.event(1, RunStarted(goal="lie"), "lies", "liar", "lie")
    assert made.alarms() == set()
    return made


def seen(run: Run) -> bytes:
    return msgspec.msgpack.encode(run)


@pytest.mark.parametrize("lie, kind", LIES, ids=[lie.__name__ for lie, _ in LIES])
def test_a_lie_is_refused_put_down_to_the_liar_and_shown(
    floor: Bench, lie: Callable[[Bench], None], kind: str
) -> None:
    honest, stored = seen(floor.run()), len(floor.log)
    lie(floor)
    found = [alarm for alarm in floor.desk.fleet.alarms.values() if alarm.kind == kind]
    assert [alarm.agent for alarm in found] == ["liar"], floor.desk.fleet.alarms
    assert {alarm.agent for alarm in floor.desk.fleet.alarms.values()} == {"liar"}
    assert seen(floor.run()) == honest
    assert floor.commands(DecisionCommand) == []
    assert len(floor.log) > stored  # the lie is on record


@pytest.mark.parametrize("lie, kind", LIES, ids=[lie.__name__ for lie, _ in LIES])
def test_after_a_lie_the_honest_agent_is_served_as_before(
    floor: Bench, lie: Callable[[Bench], None], kind: str
) -> None:
    lie(floor)
    action = floor.run().actions["a1"]
    assert floor.intent("reject", reason="no", **floor.about(action)).accepted
    (decision,) = floor.commands(DecisionCommand)
    assert (decision.run, decision.action, decision.outcome) == ("r1", "a1", "rejected")


def test_the_process_that_took_a_used_run_id_is_told(floor: Bench) -> None:
    a_used_run_id_from_another_process(floor)
    sent = [codec.decode_command(out.payload) for out in floor.sent if out.topic == TOPICS.commands("liar")]
    assert [(one.run, one.incarnation) for one in sent if isinstance(one, RefusedCommand)] == [
        ("lies", "second")
    ]


@pytest.mark.parametrize("lie", [a_proposal_after_the_end, a_used_run_id_from_another_process])
def test_a_lie_never_becomes_an_action_that_can_be_approved(
    floor: Bench, lie: Callable[[Bench], None]
) -> None:
    lie(floor)
    waiting = [key for key in floor.desk.fleet.waiting if key.startswith("liar/")]
    assert waiting == []


def test_a_digest_of_something_else_holds_the_call_and_says_so(floor: Bench) -> None:
    a_digest_of_something_else(floor)
    action = floor.desk.fleet.runs["liar/lies"].actions["x1"]
    assert action.digest == PROPOSAL.digest  # ours, of what it really asks for
    assert action.gate in ("hold", "deny")
    assert any("digest" in reason.code or "digest" in reason.text for reason in action.reasons)

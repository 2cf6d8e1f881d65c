"""A command's facts, each with its time, and what they do to its run: nothing is there before it was said."""

from typing import Final, Literal

import pytest

from bus.events import CommandAcknowledged, CommandEffective, CommandRefused, Data, RunFinished, RunStarted
from bus.records import CommandFailed, CommandRequested, CommandSent
from console.core.fleet.state import Command, Fleet, Run
from console.core.reducing.reduce import reduce
from tests.fixtures.strategies import numbered

SENT: Final = CommandSent(command="c1")
ACKNOWLEDGED: Final = CommandAcknowledged(command="c1")
EFFECTIVE: Final = CommandEffective(command="c1")
FAILED: Final = CommandFailed(command="c1", reason="nobody\x1b[2J answers")
REFUSED: Final = CommandRefused(command="c1", reason="nobody\x1b[2J answers")


def requested(kind: Literal["pause", "resume", "hold", "kill"], *, order: int = 0, by: str = "op-1") -> Data:
    return CommandRequested(command="c1", kind=kind, by=by, reason="look", order=order)


def lived(*datas: Data) -> tuple[Fleet, Run, Command]:
    fleet = Fleet(site="s")
    for record in numbered([(data, "r1") for data in [RunStarted(), *datas]]):
        reduce(fleet, record)
    return fleet, fleet.runs["a/r1"], fleet.commands["c1"]


def test_each_fact_has_its_time_and_none_is_there_before() -> None:
    said = (requested("pause"), SENT, ACKNOWLEDGED, EFFECTIVE)
    states = ("requested", "sent", "acknowledged", "effective")
    for count, state in enumerate(states, 1):
        _, run, command = lived(*said[:count])
        times = (command.requested_at, command.sent_at, command.acknowledged_at, command.effective_at)
        assert times == tuple(20 + 10 * fact if fact < count else None for fact in range(4))
        assert (command.state, command.failed_at, command.refused_at) == (state, None, None)
        assert run.state == ("paused" if state == "effective" else "pausing")
    assert (command.by, command.reason, command.pos) == ("op-1", "look", 2)


def test_what_is_said_again_keeps_its_first_time() -> None:
    """Commands go out again until they are answered, and agents answer again."""
    _, _, command = lived(requested("hold"), SENT, SENT, ACKNOWLEDGED, ACKNOWLEDGED, EFFECTIVE, EFFECTIVE)
    assert (command.sent_at, command.acknowledged_at, command.effective_at) == (30, 50, 70)


@pytest.mark.parametrize(
    "over", [FAILED, CommandRefused(command="c1", reason="nobody\x1b[2J answers")], ids=["failed", "refused"]
)
def test_a_pause_that_did_not_happen_lets_the_run_go_on_and_says_why(over: Data) -> None:
    _, run, command = lived(requested("pause"), SENT, over)
    assert (run.state, command.state) == ("working", "failed" if over is FAILED else "refused")
    assert (command.failed_at, command.refused_at) == ((40, None) if over is FAILED else (None, 40))
    assert (command.problem.startswith("nobody"), "\x1b" in command.problem) == (True, False)


def test_a_hold_or_kill_that_failed_changes_no_state_of_its_run() -> None:
    for kind in ("hold", "kill"):
        _, run, command = lived(requested("pause"), requested(kind), FAILED)
        assert (command.kind, command.state, run.state) == (kind, "failed", "pausing")


def test_the_order_is_what_was_said_or_the_position_and_the_highest_is_kept() -> None:
    assert lived(requested("pause"))[2].order == 2
    fleet, _, command = lived(requested("pause", order=900))
    assert (command.order, fleet.order) == (900, 900)
    fleet, _, command = lived(requested("pause", order=900), requested("resume", order=7))
    assert (command.order, fleet.order) == (7, 900)


def test_what_is_asked_of_a_run_that_is_over_is_kept_and_stops_nothing() -> None:
    _, run, command = lived(RunFinished(outcome="completed"), requested("kill"))
    assert (run.state, run.killing, command.state) == ("completed", False, "requested")

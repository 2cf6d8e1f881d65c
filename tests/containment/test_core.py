"""The protocol of a contained run, without a process and by a clock that is moved by hand."""

from __future__ import annotations

import pytest

from bus.codec import decode
from bus.events import ActionFinished, CommandAcknowledged, CommandEffective, CommandRefused, RunFinished
from bus.limits import AGENT_SILENT, HEARTBEAT
from bus.messages import AgentStatus
from bus.sdk.contained import STOPS, ContainedRun
from bus.sdk.decision import Action, RunKilled
from tests.sdk.scripted import AGENT, TOPICS, Floor


def contained() -> tuple[Floor, ContainedRun]:
    """A contained run whose supervisor is there and has what was written."""
    floor = Floor(control="contained").started()
    assert isinstance(floor.run, ContainedRun)
    return floor, floor.run


def told(floor: Floor, kind: str) -> str:
    """Send a command; return its id."""
    return floor.stop(kind)


def facts(floor: Floor, command: str) -> list[type]:
    """What was written of a command, in order."""
    return [type(data) for data in floor.data() if getattr(data, "command", "") == command]


def test_a_stop_is_effective_when_the_wrapper_says_so_and_not_before() -> None:
    floor, run = contained()
    for kind in ("pause", "resume", "kill"):
        command = told(floor, kind)
        assert facts(floor, command) == [CommandAcknowledged]
        assert run.waits_for(command)
        wanted = run.take_stops()
        assert [(one.kind, one.command) for one in wanted] == [(kind, command)]
        run.confirm(kind, floor.now)
        assert facts(floor, command) == [CommandAcknowledged, CommandEffective]
        assert not run.waits_for(command)
    assert [notice.token for notice in floor.notices if notice.token == STOPS] == [STOPS] * 3


def test_a_pause_is_not_effective_because_the_run_waits_at_a_gate() -> None:
    """Only that nothing of it runs counts."""
    floor, run = contained()
    command = told(floor, "pause")
    floor.serve()
    run.propose(Action("delete_file", {}), floor.now)
    assert not run.checkpoint("token", floor.now)
    assert facts(floor, command) == [CommandAcknowledged]


def test_a_hold_takes_effect_at_a_gate_as_ever() -> None:
    floor, run = contained()
    command = told(floor, "hold")
    assert run.take_stops() == []
    run.propose(Action("delete_file", {}), floor.now)
    assert facts(floor, command) == [CommandAcknowledged, CommandEffective]


def test_a_kill_shuts_the_gates_at_once_and_is_effective_at_death() -> None:
    floor, run = contained()
    action = run.propose(Action("delete_file", {}), floor.now)
    command = told(floor, "kill")
    assert [data.outcome for data in floor.data() if isinstance(data, ActionFinished)] == ["killed"]
    with pytest.raises(RunKilled):
        run.take(action, floor.now)
    with pytest.raises(RunKilled):
        run.checkpoint("token", floor.now)
    assert facts(floor, command) == [CommandAcknowledged]
    run.confirm("kill", floor.now)
    run.finish("killed", "", floor.now)
    assert facts(floor, command) == [CommandAcknowledged, CommandEffective]


def test_a_kill_that_came_too_late_is_refused_and_not_called_effective() -> None:
    floor, run = contained()
    command = told(floor, "kill")
    run.finish("completed", "exit status 0", floor.now)
    assert facts(floor, command) == [CommandAcknowledged, CommandRefused]
    assert isinstance(floor.data()[-1], RunFinished)


def test_ten_minutes_frozen_are_ten_minutes_of_heartbeats() -> None:
    """They are the wrapper's, which is not frozen: nobody takes the run for lost."""
    floor, run = contained()
    told(floor, "pause")
    run.take_stops()
    run.confirm("pause", floor.now)
    floor.collect()
    floor.sent.clear()
    beats, last = 0, floor.now
    for _ in range(600):
        floor.tick(1.0)
        alive = [
            decode(payload, AgentStatus).status
            for topic, payload, _ in floor.sent
            if topic == TOPICS.status(AGENT)
        ]
        floor.sent.clear()
        if "alive" in alive:
            assert floor.now - last < AGENT_SILENT
            beats, last = beats + 1, floor.now
    assert beats == 600 / HEARTBEAT
    assert run.stopped == "pause"


def test_what_nobody_waits_for_any_more_is_closed() -> None:
    floor, run = contained()
    action = run.propose(Action("delete_file", {}), floor.now)
    run.abandon(action, "the program is gone", floor.now)
    run.abandon("never-was", "", floor.now)
    assert [(data.outcome, data.text) for data in floor.data() if isinstance(data, ActionFinished)] == [
        ("withdrawn", "the program is gone")
    ]


def test_what_is_told_directly_is_a_command_like_any_other() -> None:
    floor, run = contained()
    told(floor, "pause")
    run.direct("pause", "direct-1", "ann", "", floor.now)
    run.direct("kill", "direct-2", "ann", "fire", floor.now)
    assert [(one.kind, one.command) for one in run.take_stops()][1:] == [
        ("pause", "direct-1"),
        ("kill", "direct-2"),
    ]
    assert [data.TYPE for data in floor.data() if getattr(data, "command", "") == "direct-2"] == [
        "command.direct",
        "command.acknowledged",
    ]

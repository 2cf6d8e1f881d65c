"""Eras: a supervisor is above every one before it, outlives a later one, and a stranger cannot keep it from starting."""

from __future__ import annotations

from typing import Any

import pytest

from bus import codec
from bus.limits import ERA_AHEAD, LEASE_TTL
from bus.messages import AgentStatus, PassListCommand, SupervisorState
from bus.signing import PrivateKey
from bus.transports.transport import Message
from console.supervisor.eras import Era
from console.supervisor.process.look import Look, UnusableError
from tests.fixtures.desk import SUPERVISOR, TOPICS, Bench


def state(key: PrivateKey = SUPERVISOR, **fields: Any) -> bytes:
    """Another supervisor's word, by default with our key."""
    values: dict[str, Any] = {"status": "up", "epoch": "other", "instance": "other", "lease": 1} | fields
    return key.sign(SupervisorState(**values))


def said(bench: Bench) -> SupervisorState:
    """The last state that went out."""
    return codec.decode([out.payload for out in bench.sent if out.topic == TOPICS.state][-1], SupervisorState)


def test_an_era_is_above_every_one_before_it() -> None:
    first = Bench()
    second = Bench(fleet=first.desk.fleet, epoch="epoch2")
    assert said(second).era > said(first).era > 0
    key = SUPERVISOR.public
    era = Era(key)
    era.begin(5, 2, above=90)
    assert era.value == 91


def test_who_has_outlived_a_later_supervisor_begins_anew() -> None:
    bench = Bench()
    ours = said(bench).era
    later = ours + 1_000
    bench.raw(TOPICS.state, state(era=later))
    bench.pass_time(LEASE_TTL - 1)
    assert said(bench).era == ours
    bench.raw(TOPICS.state, state(era=later, lease=2))
    bench.pass_time(LEASE_TTL - 1)
    assert said(bench).era == ours
    bench.pass_time(2)
    assert said(bench).era == later + 1
    # The goodbye of the next one counts at once, what a stranger signs never.
    bench.raw(TOPICS.state, state(era=later + 500))
    bench.raw(TOPICS.state, state(era=later + 500, status="stopped"))
    bench.raw(TOPICS.state, state(PrivateKey.generate(), era=later + 10_000))
    bench.pass_time(LEASE_TTL + 1)
    assert said(bench).era == later + 501


def test_an_agent_that_was_led_by_a_later_one_is_heard_and_believed_within_reason() -> None:
    bench = Bench()
    ours = said(bench).era
    for era, begun, alarm in (
        (ours + 10 * ERA_AHEAD, ours, "unacknowledged"),
        (ours + 10, ours + 11, "returned"),
    ):
        status = AgentStatus(status="alive", incarnation="inc", connection="k1", era=era)
        bench.raw(TOPICS.status("a"), codec.encode(status))
        bench.pass_time(1)
        assert said(bench).era == begun
        assert bench.desk.fleet.alarms["era-ahead/a"].state == alarm


def test_a_pass_list_names_the_process_it_is_for() -> None:
    bench = Bench()
    bench.status("online", incarnation="inc-9")
    assert [command.incarnation for command in bench.commands(PassListCommand)] == ["inc-9"]


# ---- before it starts ------------------------------------------------------------------------------------------------


def look(known: int = 100) -> Look:
    return Look(TOPICS, SUPERVISOR.public, known)


def test_another_instance_with_our_key_keeps_us_from_starting() -> None:
    with pytest.raises(UnusableError, match="instance other"):
        look().at(Message(TOPICS.state, state(era=101), False), 0.0)


def test_who_has_not_our_key_is_waited_for_no_longer_than_one_lease(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It may be the one that serves the site, or somebody who forges it, and would go on with that for ever."""
    watch = look()
    unsigned = SupervisorState(status="up", epoch="evil", instance="evil", lease=9, era=10**15)
    for now, payload in enumerate((codec.encode(unsigned), state(PrivateKey.generate(), era=10**15))):
        for again in range(5):
            watch.at(Message(TOPICS.state, payload, False), float(now + 2 * again))
    watch.at(Message(TOPICS.state, b"{", False), 5.0)
    assert (watch.era, watch.until, watch.stranger) == (0, LEASE_TTL, "other")
    assert caplog.text.count("for it to go") == 1


@pytest.mark.parametrize("status, there", [("up", "other"), ("stopped", ""), ("lost", "")])
def test_who_says_that_it_is_gone_is_not_met(status: str, there: str) -> None:
    """Nor who is not heard but by what the broker had kept."""
    watch, key = look(), PrivateKey.generate()
    watch.at(Message(TOPICS.state, state(key), True), 0.0)
    assert (watch.stranger, watch.until) == ("", LEASE_TTL)
    watch.at(Message(TOPICS.state, state(key, lease=2), False), 1.0)
    watch.at(Message(TOPICS.state, state(key, status=status), False), 2.0)
    assert watch.stranger == there


def test_our_own_key_is_waited_for_beyond_that() -> None:
    watch = look()
    watch.at(Message(TOPICS.state, state(PrivateKey.generate()), False), 0.0)
    watch.at(Message(TOPICS.state, state(era=101), True), 5.0)
    assert watch.until == 5.0 + LEASE_TTL


def test_who_starts_beside_a_stranger_has_no_approvals_from_the_first_moment() -> None:
    bench = Bench(stranger="other")
    assert (bench.alarms(), said(bench).conflict) == ({"second-supervisor"}, True)
    bench.intent("reset", alarm="second-supervisor", reason="it was nobody")
    bench.pass_time(1)
    assert not said(bench).conflict


def test_what_our_recording_has_outlived_may_be_played_back() -> None:
    watch = look(known=100)
    watch.at(Message(TOPICS.state, state(era=100), False), 0.0)
    watch.at(Message(TOPICS.state, state(era=250, status="lost"), False), 0.0)
    assert watch.era == 250

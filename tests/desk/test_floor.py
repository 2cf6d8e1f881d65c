"""The supervisor's watch over order, lives, commands and its own recording."""

from __future__ import annotations

from typing import Any

import pytest

from bus import codec
from bus.events import (
    ActionFinished,
    ActionProposed,
    CommandAcknowledged,
    CommandEffective,
    Progress,
    RunFinished,
    RunStarted,
    StepStarted,
)
from bus.messages import (
    AgentStatus,
    HoldCommand,
    Journal,
    KillCommand,
    PauseCommand,
    RefusedCommand,
    ResendCommand,
    ResumeCommand,
    RunStanding,
    StoredCommand,
    SupervisorState,
)
from bus.signing import PrivateKey
from tests.fixtures.desk import OPERATOR, TOPICS, Bench, args_of
from tests.fixtures.strategies import envelope


def stored(bench: Bench) -> dict[str, int]:
    """The newest watermarks said to agent `a`."""
    found: dict[str, int] = {}
    for command in bench.commands(StoredCommand):
        found |= command.runs
    return found


def test_events_are_taken_in_order_once() -> None:
    """A duplicate is answered by the watermark, a hole by a request to send again."""
    bench = Bench()
    bench.event(1, RunStarted())
    bench.event(1, RunStarted())
    bench.event(3, Progress(text="three"))
    assert [command.after for command in bench.commands(ResendCommand)] == [1]
    bench.event(2, Progress(text="two"))
    bench.event(3, Progress(text="three"))
    bench.pass_time(1)
    texts = [args_of(entry).get("text") for entry in bench.log if entry.from_agent]
    assert texts == [None, "two", "three"]
    assert stored(bench) == {"r1": 3}


def test_a_hole_is_asked_for_again_but_not_at_every_event() -> None:
    """Once a second, while events behind it keep coming."""
    bench = Bench()
    bench.event(1, RunStarted())
    for seq in range(3, 30):
        bench.event(seq, Progress())
    assert len(bench.commands(ResendCommand)) == 1
    bench.pass_time(1.5)
    bench.event(30, Progress())
    assert len(bench.commands(ResendCommand)) == 2


def test_what_an_agent_no_longer_has_is_a_gap_for_ever() -> None:
    """Its birth says from where it can still send."""
    bench = Bench()
    bench.event(1, RunStarted())
    bench.status("online", runs=[RunStanding(run="r1", seq=9, first=7)])
    assert bench.last("gap.found") == {"first": 2, "last": 6, "reason": "no longer in the agent's spool"}
    assert bench.alarms() == {"gap"}
    bench.event(7, Progress())
    assert (bench.run().seq, bench.run().gaps) == (7, 5)


def test_an_agent_that_never_announces_itself_loses_what_it_does_not_send_again() -> None:
    """After a while the floor goes on without it, loudly."""
    bench = Bench()
    bench.event(1, RunStarted())
    bench.event(3, Progress())
    bench.pass_time(19)
    bench.event(4, Progress())
    assert bench.run().seq == 1
    bench.pass_time(2)
    bench.event(5, Progress())
    assert (bench.run().seq, bench.run().gaps) == (5, 3)


def test_a_run_id_belongs_to_its_process() -> None:
    """Another one is refused, in the middle and at the beginning, unless it goes on where the recording ends."""
    bench = Bench()
    bench.event(1, RunStarted(goal="first"))
    bench.event(2, Progress())
    bench.event(1, RunStarted(goal="second"), incarnation="other")
    bench.event(3, Progress(), incarnation="other")
    assert [command.seq for command in bench.commands(RefusedCommand)] == [1, 3]
    assert bench.run().goal == "first"
    bench.event(3, RunStarted(goal="first", continues=2), incarnation="next")
    assert bench.run().lives == {"inc": 2, "next": 3}
    bench.event(2, Progress(), incarnation="inc")
    assert len(bench.commands(RefusedCommand)) == 2


@pytest.mark.parametrize(
    "payload, why",
    [
        (b"{bad", "not an event"),
        (b"[" * 2_000, "nested deeper"),
        (b" " * 60_001, "60001 bytes"),
        (b'{"x": "\xff"}', "not UTF-8"),
        (
            b'{"specversion":"1.0","id":"i","source":"/agents/b/runs/r1","type":"t","incarnation":"i","seq":1}',
            "does not match",
        ),
    ],
)
def test_bad_input_is_counted_and_attributed(payload: bytes, why: str) -> None:
    """It changes nothing else."""
    bench = Bench()
    for _ in range(25):
        bench.raw(TOPICS.events("a", "r1"), payload)
    [alarm] = bench.desk.fleet.alarms.values()
    assert (alarm.kind, alarm.agent, alarm.run) == ("bad-input", "a", "r1")
    assert why in alarm.text
    assert alarm.count == 20, "written at 1, 2, 5, 10, 20 only"
    assert not bench.desk.fleet.runs


@pytest.mark.parametrize(
    "topic", ["other", "watchfloor/v1/site/agents/a/events/x y", "watchfloor/v1/elsewhere/journal"]
)
def test_other_topics_are_nothing(topic: str) -> None:
    """Not ours, not looked at."""
    bench = Bench()
    before = len(bench.log)
    bench.raw(topic, b"{}")
    assert len(bench.log) == before


def test_four_facts_of_a_pause() -> None:
    """Requested, sent, acknowledged, effective; the state word follows and never leads."""
    bench = Bench()
    bench.event(1, RunStarted())
    answer = bench.intent("pause", agent="a", run="r1", reason="wait")
    [command] = bench.commands(PauseCommand)
    assert (answer.command, command.reason) == (command.id, "wait")
    fact = bench.desk.fleet.commands[command.id]
    assert (bench.run().state, fact.state) == ("pausing", "sent")
    bench.event(2, CommandAcknowledged(command=command.id))
    assert (bench.run().state, fact.state) == ("pausing", "acknowledged")
    bench.event(3, CommandEffective(command=command.id))
    assert (bench.run().state, fact.state) == ("paused", "effective")


def commanded(verb: str) -> Bench:
    """A run that has begun and was told something by an operator."""
    bench = Bench()
    bench.event(1, RunStarted())
    bench.intent(verb, agent="a", run="r1")
    return bench


def test_a_command_nobody_acknowledges_fails_aloud() -> None:
    """It is repeated first."""
    bench = commanded("pause")
    bench.pass_time(9)
    assert len(bench.commands(PauseCommand)) > 2
    assert not bench.alarms()
    bench.pass_time(2)
    assert bench.alarms() == {"command-failed"}
    assert bench.run().state == "working"


def test_an_alarm_of_what_steers_a_run_goes_when_the_run_is_over() -> None:
    bench = commanded("hold")
    bench.pass_time(11)
    assert bench.alarms() == {"command-failed"}
    bench.event(2, RunFinished(outcome="completed"))
    bench.pass_time(1)
    [alarm] = bench.desk.fleet.alarms.values()
    assert alarm.state == "returned"


def test_what_a_run_that_is_over_did_not_acknowledge_is_no_alarm() -> None:
    bench = commanded("hold")
    bench.event(2, RunFinished(outcome="completed"))
    bench.pass_time(11)
    assert not bench.alarms()


def test_a_kill_without_effect_is_the_loudest_alarm() -> None:
    """Acknowledged is not dead."""
    bench = commanded("kill")
    [command] = bench.commands(KillCommand)
    bench.event(2, CommandAcknowledged(command=command.id))
    bench.pass_time(11)
    assert bench.alarms() == {"kill-unconfirmed"}
    assert bench.run().state == "working"


def test_a_second_kill_without_effect_is_the_same_alarm_and_nothing_resumes_a_killed_run() -> None:
    bench = commanded("kill")
    bench.pass_time(11)
    assert bench.intent("resume", agent="a", run="r1").outcome == "conflict"
    bench.intent("kill", agent="a", run="r1")
    bench.pass_time(11)
    [alarm] = bench.desk.fleet.alarms.values()
    assert (alarm.kind, alarm.count) == ("kill-unconfirmed", 2)


def test_the_newest_word_counts() -> None:
    """A resume gives up the pause that never arrived, and orders grow."""
    bench = commanded("pause")
    bench.intent("resume", agent="a", run="r1")
    [pause], [resume] = bench.commands(PauseCommand), bench.commands(ResumeCommand)
    assert pause.order < resume.order
    assert bench.desk.fleet.commands[pause.id].state == "failed"
    bench.pass_time(5)
    assert len(bench.commands(PauseCommand)) == 1


def test_a_pause_is_asked_again_of_a_run_that_goes_on_in_a_new_process() -> None:
    """The new process knows nothing of it."""
    bench = commanded("pause")
    [pause] = bench.commands(PauseCommand)
    bench.event(2, CommandEffective(command=pause.id))
    bench.event(3, RunStarted(continues=2), incarnation="next")
    assert bench.run().state == "pausing"
    assert len(bench.commands(PauseCommand)) == 2


def test_hold_all_reaches_every_run_that_can_be_stopped() -> None:
    """One intent, a command a run."""
    bench = Bench()
    bench.event(1, RunStarted())
    bench.event(1, RunStarted(), run="r2")
    bench.event(1, RunStarted(control="observed"), run="r3")
    bench.event(1, RunStarted(), run="r4")
    bench.event(2, RunFinished(outcome="completed"), run="r4")
    assert bench.intent("hold").text == "2 runs"
    assert {command.run for command in bench.commands(HoldCommand)} == {"r1", "r2"}


def test_lost_by_will_only_for_the_latest_connection() -> None:
    """An old link's will says nothing about the new one."""
    bench = Bench()
    bench.status("online", connection="k1")
    bench.event(1, RunStarted())
    bench.status("online", connection="k2")
    bench.status("lost", connection="k1")
    assert bench.run().state == "working"
    bench.status("lost", connection="k2")
    assert (bench.run().state, bench.alarms()) == ("lost", {"agent-lost"})
    bench.status("online", connection="k3")
    assert bench.run().state == "working"
    assert bench.desk.fleet.alarms["agent-lost/a"].state == "returned"


def test_lost_by_silence() -> None:
    """A frozen agent has no will. Any message is a sign of life."""
    bench = Bench()
    bench.status("online")
    bench.event(1, RunStarted())
    bench.pass_time(10)
    bench.status("alive")
    bench.pass_time(10)
    bench.event(2, Progress())
    bench.pass_time(14)
    assert bench.run().state == "working"
    bench.pass_time(2)
    assert (bench.run().state, bench.last("agent.lost")["why"]) == ("lost", "silence")
    bench.status("alive")
    assert bench.run().state == "working"


def test_two_processes_under_one_id() -> None:
    """The newer one counts; that the older one goes on is an alarm. Its last words, delivered late, are none."""
    bench = Bench()
    bench.status("online", incarnation="old", connection="k1")
    bench.status("online", incarnation="new", connection="k2")
    bench.status("online", incarnation="old", connection="k1")
    bench.status("alive", incarnation="old", connection="k1")
    assert not bench.alarms()
    assert bench.desk.fleet.agents["a"].incarnation == "new"
    bench.pass_time(2)
    bench.status("alive", incarnation="new", connection="k2")
    bench.pass_time(3)
    bench.status("alive", incarnation="old", connection="k1")
    assert bench.alarms() == {"duplicate-agent"}
    assert bench.desk.fleet.agents["a"].incarnation == "new"


def test_a_birth_of_a_dead_process_delivered_late_does_not_stay() -> None:
    """It looks like a newer process until only the other one goes on."""
    bench = Bench()
    bench.status("online", incarnation="new", connection="k2")
    bench.status("online", incarnation="dead", connection="k1")
    bench.status("alive", incarnation="new", connection="k2")
    assert bench.desk.fleet.agents["a"].incarnation == "dead"
    bench.pass_time(5)
    bench.status("alive", incarnation="new", connection="k2")
    assert bench.desk.fleet.agents["a"].incarnation == "new"
    bench.pass_time(5)
    bench.status("alive", incarnation="new", connection="k2")
    assert not bench.alarms()


def test_stopped_is_not_lost() -> None:
    """A goodbye raises nothing."""
    bench = Bench()
    bench.status("online")
    bench.status("stopped")
    bench.pass_time(60)
    assert (bench.desk.fleet.agents["a"].status, bench.alarms()) == ("stopped", set())


def test_another_supervisor_closes_approvals() -> None:
    """Latched, until an operator looks into it."""
    bench = Bench()
    bench.event(1, RunStarted())
    bench.event(2, ActionProposed(action="a1", tool="write_file"))
    action = bench.run().actions["a1"]
    other = SupervisorState(status="up", epoch="e2", instance="another", lease=4)
    bench.raw(TOPICS.state, PrivateKey.generate().sign(other))
    assert bench.alarms() == {"second-supervisor"}
    assert bench.intent("approve", **bench.about(action)).outcome == "closed"
    assert bench.intent("reject", **bench.about(action)).accepted
    assert bench.desk.state("up").conflict


def test_its_own_state_and_an_old_retained_one_are_nothing() -> None:
    """A supervisor hears itself, and what its predecessor left."""
    bench = Bench()
    bench.raw(TOPICS.state, bench.desk.identity.key.sign(bench.desk.state("up")))
    other = SupervisorState(status="up", epoch="e0", instance="before", lease=4)
    bench.desk.receive(TOPICS.state, codec.encode(other), bench.now, retained=True)
    assert not bench.alarms()


def test_what_is_committed_is_published_though_the_disk_takes_nothing_of_what_came_meanwhile() -> None:
    bench = Bench()
    bench.event(1, RunStarted())
    published: list[int] = []

    def arrived(seq: int) -> None:
        event = envelope(ActionProposed(action=f"a{seq}", tool="read_file"), seq, "a", "r1", "inc")
        bench.desk.receive(TOPICS.events("a", "r1"), codec.encode(event), bench.now)

    def let_go() -> None:
        for out in bench.desk.out():
            if out.topic == TOPICS.journal:
                published.extend(record.pos for record in codec.decode(out.payload, Journal).records)

    expected: list[int] = []
    for seq in (2, 4):  # each is asked for, and answered by a command behind it
        arrived(seq)
        entries = bench.desk.take()
        expected += [entry.pos for entry in entries]
        arrived(seq + 1)  # while the disk takes those
        bench.desk.stored(entries)
        let_go()
        bench.desk.committed(entries, bench.now)
    bench.desk.recording(failing=True)
    let_go()
    assert published == expected
    assert bench.desk.log.staged


def test_while_the_recording_fails_only_stops_go_out() -> None:
    """Approvals are closed; reject, pause and kill leave unrecorded and are recorded when it works again."""
    bench = Bench()
    bench.event(1, RunStarted())
    bench.event(2, ActionProposed(action="a1", tool="write_file"))
    action = bench.run().actions["a1"]
    bench.desk.recording(failing=True)
    bench.let_go()
    assert codec.decode(bench.sent[-1].payload, SupervisorState).recording == "failing"
    sent = len(bench.sent)

    def say(verb: Any, **fields: Any) -> None:
        from bus.messages import Intent

        intent = Intent(
            verb=verb, id=bench.new_id(), operator="op-1", console="con", epoch="epoch1", **fields
        )
        bench.desk.receive(TOPICS.intents("op-1"), OPERATOR.sign(intent), bench.now)
        bench.let_go()

    say("approve", **bench.about(action))
    assert action.state == "asked"
    say("pause", agent="a", run="r1")
    say("reject", **bench.about(action))
    commands = [out for out in bench.sent[sent:] if out.topic == TOPICS.commands("a")]
    assert [type(codec.decode_command(out.payload)).__name__ for out in commands] == [
        "PauseCommand",
        "DecisionCommand",
    ]
    assert all(out.after > bench.desk.committed_pos for out in commands)
    before = len(bench.log)
    bench.desk.recording(failing=False)
    bench.commit()
    assert {"command.requested", "action.decided", "intent.refused"} <= {
        codec.decode_envelope(entry.event).type for entry in bench.log[before:]
    }
    assert (
        len([out for out in bench.sent if out.topic == TOPICS.commands("a") and b'"pause"' in out.payload])
        == 1
    )


def test_time_in_the_log_never_goes_back() -> None:
    """A clock set back an hour stands still instead, and no deadline moves."""
    bench = Bench()
    bench.event(1, RunStarted())
    bench.event(2, ActionProposed(action="a1", tool="write_file", decide_within=60.0))
    bench.wall -= 3_600_000
    bench.event(3, Progress())
    times = [entry.at for entry in bench.log]
    assert times == sorted(times)
    bench.pass_time(61)
    assert bench.run().actions["a1"].outcome == "expired"


def test_misdeeds_are_named() -> None:
    """An agent that goes on after its end is refused by the tables and seen by everyone."""
    bench = Bench()
    bench.event(1, RunStarted())
    bench.event(2, RunFinished(outcome="completed"))
    bench.event(3, StepStarted(step=1))
    assert bench.alarms() == {"misdeed"}
    assert bench.run().state == "completed"


def test_refusals_cannot_flood_the_log() -> None:
    """A minute's worth is recorded, then one alarm."""
    bench = Bench()
    for _ in range(200):
        bench.intent("kill", key=None, agent="a", run="r1")
    assert bench.types().count("intent.refused") == 60
    assert bench.alarms() == {"intent-flood", "forged-intent"}
    bench.now += 59.9
    bench.intent("kill", key=None, agent="a", run="r1")
    assert bench.types().count("intent.refused") == 60
    bench.now += 0.1  # the first 200 are a minute ago
    bench.intent("kill", key=None, agent="a", run="r1")
    assert bench.types().count("intent.refused") == 61


def test_a_refusal_names_the_key_that_signed_it_and_no_other() -> None:
    bench = Bench()
    bench.intent("kill", agent="a", run="nothing")
    assert bench.last("intent.refused")["standing"] == "signed"
    assert bench.last("intent.refused")["key"] == OPERATOR.public.fingerprint
    bench.intent("kill", key=PrivateKey.generate(), agent="a", run="nothing")
    assert bench.last("intent.refused")["standing"] == "unknown-key"
    assert "key" not in bench.last("intent.refused")


def test_the_window_keeps_the_sum_under_the_poorest_queue() -> None:
    """More agents, smaller windows, told at once."""
    bench = Bench()
    assert bench.desk.agents.window == 512
    for number in range(10):
        agent = f"a{number}"
        from bus.messages import AgentStatus

        status = AgentStatus(status="online", incarnation=f"i{number}", connection="k")
        bench.raw(TOPICS.status(agent), codec.encode(status))
    bench.pass_time(1)
    assert bench.desk.agents.window == 64
    states = [codec.decode(out.payload, SupervisorState) for out in bench.sent if out.topic == TOPICS.state]
    assert states[-1].window == 64


def test_nobody_may_claim_to_be_contained() -> None:
    """It counts as gated, and everybody sees the claim."""
    bench = Bench()
    bench.event(1, RunStarted(control="contained"))
    assert (bench.run().control, bench.alarms()) == ("gated", {"misdeed"})


def test_a_superseded_process_is_not_told_that_its_unrecorded_events_are_stored() -> None:
    """It would forget what is nowhere."""
    bench = Bench()
    bench.event(1, RunStarted())
    bench.event(2, RunStarted(continues=1), incarnation="next")
    bench.event(3, Progress(), incarnation="next")
    bench.event(2, Progress(text="never recorded"))
    bench.pass_time(1)
    assert [command.seq for command in bench.commands(RefusedCommand)] == [2]
    bench.event(1, RunStarted())
    assert len(bench.commands(RefusedCommand)) == 1


def test_a_kept_birth_of_a_lost_link_is_no_sign_of_life() -> None:
    """A broker may deliver it for ever."""
    bench = Bench()
    bench.status("online")
    bench.event(1, RunStarted())
    bench.status("lost")
    birth = codec.encode(AgentStatus(status="online", incarnation="inc", connection="k1"))
    bench.desk.receive(TOPICS.status("a"), birth, bench.now, retained=True)
    assert bench.run().state == "lost"


def test_long_names_do_not_make_a_watermark_too_long() -> None:
    """Births of hundreds of runs, each with the longest name."""
    bench = Bench()
    for number in range(900):
        bench.event(1, RunStarted(), run=f"{number:03d}".ljust(64, "x"))
    bench.pass_time(1)
    assert all(len(out.payload) < 60_000 for out in bench.sent)
    assert len(stored(bench)) == 900


def test_an_open_kill_is_not_forgotten_for_newer_commands() -> None:
    """Only settled commands make room."""
    bench = commanded("pause")
    [pause] = bench.commands(PauseCommand)
    bench.event(2, CommandEffective(command=pause.id))
    bench.intent("kill", agent="a", run="r1")
    [kill] = bench.commands(KillCommand)
    bench.event(1, RunStarted(), run="r2")
    for number in range(1_100):
        bench.event(3 * number + 2, ActionProposed(action=f"a{number}", tool="read_file"), run="r2")
        decision = bench.run("r2").actions[f"a{number}"].decision
        bench.event(3 * number + 3, CommandEffective(command=decision), run="r2")
        bench.event(3 * number + 4, ActionFinished(action=f"a{number}", outcome="expired"), run="r2")
    assert kill.id in bench.desk.fleet.commands
    assert bench.run().stop == "pause"


def test_states_leave_in_the_order_they_were_made() -> None:
    """The last retained one is the newest."""
    bench = Bench()
    bench.desk.recording(failing=True)
    bench.desk.recording(failing=False)
    bench.commit()
    states = [codec.decode(out.payload, SupervisorState) for out in bench.sent if out.topic == TOPICS.state]
    assert [state.lease for state in states] == sorted(state.lease for state in states)
    assert states[-1].recording == "ok"


def test_a_run_beyond_its_own_plan_has_no_total() -> None:
    """Step 26 of 6 says nothing: a run that goes on after a crash counts on from where its events are."""
    bench = Bench()
    bench.event(1, RunStarted())
    bench.event(2, StepStarted(step=2, name="look", of=6))
    assert bench.run().steps_of == 6
    bench.event(3, StepStarted(step=26, name="look", of=6))
    assert bench.run().steps_of is None

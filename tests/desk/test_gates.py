"""The supervisor's decisions: who may, under which view, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bus import codec
from bus.canonical import code, digest
from bus.events import (
    ActionFinished,
    ActionProposed,
    ActionStarted,
    Confidence,
    Hints,
    RunFinished,
    RunStarted,
)
from bus.messages import DecisionCommand, Intent, PassListCommand
from bus.sdk import values
from bus.signing import PrivateKey
from console.core.fleet.state import Action, decode, encode
from console.policy.load import Rulebook
from tests.fixtures.desk import OPERATOR, SUPERVISOR, TOPICS, Bench
from tests.fixtures.strategies import envelope

ASK: dict[str, Any] = {"tool": "write_file", "args": {"path": "/tmp/x", "text": "hello"}}
HOLD: dict[str, Any] = {"tool": "no_such_tool", "args": {"n": 1}}


def asked(bench: Bench, what: dict[str, Any] = ASK, seq: int = 2, name: str = "a1") -> Action:
    """Start a run and propose an action that a person must decide."""
    if seq == 2:
        bench.event(1, RunStarted(goal="g"))
    bench.event(seq, ActionProposed(action=name, decide_within=60.0, **what))
    action = bench.run().actions[name]
    assert action.state == "asked"
    return action


def test_an_ask_is_approved_once_for_exactly_what_was_shown() -> None:
    """The decision goes out signed, bound to the digest, behind its commit."""
    bench = Bench()
    action = asked(bench)
    answer = bench.intent("approve", **bench.about(action))
    assert (answer.accepted, answer.outcome) == (True, "approved")
    [decision] = bench.commands(DecisionCommand)
    assert (decision.action, decision.outcome, decision.digest) == ("a1", "approved", digest(**ASK))
    assert bench.last("action.decided")["by"] == "op-1"
    payload = next(out.payload for out in bench.sent if b'"decision"' in out.payload)
    assert bench.desk.identity.key.public.verifies(payload)


def test_the_first_answer_wins_and_the_second_is_told() -> None:
    """Two operators, two answers, one decision."""
    bench = Bench()
    action = asked(bench)
    assert bench.intent("reject", reason="no", **bench.about(action)).accepted
    second = bench.intent("approve", operator="op-2", **bench.about(action))
    assert (second.accepted, second.outcome, second.text) == (False, "conflict", "rejected by op-1 before")
    assert len(bench.commands(DecisionCommand)) == 1
    assert bench.last("intent.refused")["outcome"] == "conflict"


@pytest.mark.parametrize("verb", ["approve", "edit", "respond", "resume", "kill", "acknowledge", "reset"])
@pytest.mark.parametrize("key, outcome", [(None, "unsigned"), (PrivateKey.generate(), "unknown-key")])
def test_unsigned_and_unknown_may_not(verb: str, key: PrivateKey | None, outcome: str) -> None:
    """It is refused, recorded, and nothing happens."""
    bench = Bench()
    action = asked(bench)
    answer = bench.intent(verb, key=key, args={}, **bench.about(action))
    assert (answer.accepted, answer.outcome) == (False, outcome)
    assert bench.last("intent.refused")["outcome"] == outcome
    assert bench.run().actions["a1"].state == "asked"


@pytest.mark.parametrize("verb", ["reject", "pause", "hold"])
def test_unsigned_may_stop(verb: str) -> None:
    """Stopping needs no key."""
    bench = Bench()
    action = asked(bench)
    assert bench.intent(verb, key=None, **bench.about(action)).accepted


@pytest.mark.parametrize("verb", ["approve", "reject", "pause", "kill"])
def test_another_epoch_is_stale(verb: str) -> None:
    """What was said to another supervisor does not count."""
    bench = Bench()
    action = asked(bench)
    answer = bench.intent(verb, epoch="older", **bench.about(action))
    assert (answer.accepted, answer.outcome) == (False, "stale")


def test_a_replayed_intent_has_no_second_effect() -> None:
    """Soon after, it gets its first answer again; later it is refused and recorded, once."""
    bench = Bench()
    action = asked(bench)
    fields = bench.about(action)
    intent = Intent(verb="approve", id="i1", operator="op-1", console="con", epoch="epoch1", **fields)
    payload = OPERATOR.sign(intent)
    assert bench.say(payload).accepted
    assert bench.say(payload).accepted
    bench.pass_time(30)
    for _ in range(3):
        answer = bench.say(payload)
        assert (answer.accepted, answer.outcome) == (False, "replayed")
    assert bench.types().count("action.decided") == 1
    assert bench.types().count("intent.refused") == 1


def test_a_changed_intent_is_not_signed() -> None:
    """Flipping the verb in flight leaves nothing but a refusal."""
    bench = Bench()
    action = asked(bench)
    intent = Intent(
        verb="edit", id="i1", operator="op-1", console="con", epoch="epoch1", args={}, **bench.about(action)
    )
    answer = bench.say(OPERATOR.sign(intent).replace(b'"args":{}', b'"args":{"path":"/etc"}'))
    assert answer.outcome == "unknown-key"


def test_another_digest_is_stale() -> None:
    """An approval of other arguments than those recorded does not count."""
    bench = Bench()
    action = asked(bench)
    answer = bench.intent("approve", **bench.about(action) | {"digest": "0" * 64})
    assert (answer.accepted, answer.outcome) == (False, "stale")


def test_a_hold_needs_its_code() -> None:
    """Four digits, from the digest of what was displayed."""
    bench = Bench()
    action = asked(bench, HOLD)
    assert action.gate == "hold"
    for wrong in ("", "12345", f"{(int(code(action.digest)) + 1) % 10_000:04d}"):
        assert bench.intent("approve", code=wrong, **bench.about(action)).outcome == "illegal"
    assert bench.intent("approve", code=code(action.digest), **bench.about(action)).accepted


def test_an_edit_has_its_own_digest() -> None:
    """The decision carries the operator's arguments and their digest."""
    bench = Bench()
    action = asked(bench)
    args = {"path": "/tmp/y", "text": "bye"}
    assert bench.intent("edit", args=args, **bench.about(action)).outcome == "edited"
    [decision] = bench.commands(DecisionCommand)
    assert (decision.args, decision.digest) == (args, digest("write_file", args))


@pytest.mark.parametrize("args, why", [(None, "needs args"), ({"t": "x" * 60_000}, "bytes")])
def test_an_edit_that_cannot_be_bound_is_refused(args: dict[str, object] | None, why: str) -> None:
    """With the reason."""
    bench = Bench()
    answer = bench.intent("edit", args=args, **bench.about(asked(bench)))
    assert not answer.accepted
    assert why in answer.text


def test_nobody_answers() -> None:
    """The ask expires in the record and to the agent; it is not a rejection, and a late answer is told so."""
    bench = Bench()
    action = asked(bench)
    bench.pass_time(59)
    assert action.state == "asked"
    bench.pass_time(2)
    assert (bench.last("action.decided")["outcome"], bench.last("action.decided")["by"]) == (
        "expired",
        "clock",
    )
    assert [command.outcome for command in bench.commands(DecisionCommand)] == ["expired"]
    assert bench.intent("approve", **bench.about(action)).outcome == "conflict"


def test_a_withdrawn_ask_cannot_be_approved() -> None:
    """No approving of ghosts."""
    bench = Bench()
    action = asked(bench)
    bench.event(3, ActionFinished(action="a1", outcome="withdrawn"))
    assert bench.intent("approve", **bench.about(action)).outcome == "conflict"


def test_two_gates_may_be_open_at_once() -> None:
    """Each has its own decision."""
    bench = Bench()
    first = asked(bench)
    second = asked(bench, HOLD, seq=3, name="a2")
    assert bench.desk.fleet.waiting == [first.key, second.key]
    bench.intent("reject", **bench.about(second))
    assert bench.run().state == "input-required"
    bench.intent("approve", **bench.about(first))
    assert bench.run().state == "working"


def test_a_start_without_a_decision_is_the_loudest_alarm() -> None:
    """Latched, priority 1, and nothing an agent says takes it away."""
    bench = Bench()
    asked(bench)
    bench.event(3, ActionStarted(action="a1"))
    [alarm] = bench.desk.fleet.alarms.values()
    assert (alarm.kind, alarm.priority, alarm.latched) == ("ungated-action", 1, True)
    bench.event(4, ActionFinished(action="a1", outcome="done"))
    bench.event(5, RunFinished(outcome="completed"))
    assert "ungated-action" in bench.alarms()


def test_an_observed_run_is_judged_and_not_gated() -> None:
    """Nothing can be stopped there, so nothing is asked and nothing alarms."""
    bench = Bench()
    bench.event(1, RunStarted(control="observed"))
    bench.event(2, ActionProposed(action="a1", **HOLD))
    bench.event(3, ActionStarted(action="a1"))
    assert bench.run().actions["a1"].gate == "hold"
    assert not bench.desk.fleet.waiting
    assert not bench.alarms()
    assert bench.intent("pause", agent="a", run="r1").outcome == "illegal"


def test_a_passed_action_is_fine_only_on_the_list(tmp_path: Path) -> None:
    """The list is the operator's; an agent that passes itself is ungated."""
    catalogue = tmp_path / "catalogue.toml"
    catalogue.write_text(
        '[tool."look"]\nseverity = 0\neffect = "read"\npinned = true\nwhy = "reads a counter"\n'
    )
    bench = Bench(rules=Rulebook(catalogue, None))
    bench.event(1, RunStarted())
    bench.event(2, ActionProposed(action="a1", tool="look", passed=True))
    bench.event(3, ActionStarted(action="a1", digest=digest("look", {})))
    assert bench.run().actions["a1"].state == "started"
    assert not bench.alarms()
    bench.event(4, ActionProposed(action="a2", tool="write_file", passed=True))
    bench.event(5, ActionStarted(action="a2"))
    assert bench.alarms() == {"ungated-action"}


def test_a_pass_against_the_judgement_is_the_last_one(tmp_path: Path) -> None:
    """It was allowed, so it is no ungated action; it is an alarm, and the tool leaves the agent's list."""
    catalogue = tmp_path / "catalogue.toml"
    catalogue.write_text(
        '[tool."look"]\nseverity = 0\neffect = "read"\npinned = true\nwhy = "reads a counter"\n'
    )
    bench = Bench(rules=Rulebook(catalogue, None))
    bench.status("online")
    assert bench.commands(PassListCommand)[-1].tools == ["look"]
    bench.event(1, RunStarted())
    hints = Hints(destructive_hint=True)
    bench.event(2, ActionProposed(action="a1", tool="look", passed=True, hints=hints))
    assert bench.alarms() == {"passed"}
    assert bench.commands(PassListCommand)[-1].tools == []


def test_a_rule_denies(tmp_path: Path) -> None:
    """Deny is a policy's word; nobody is asked."""
    policy = tmp_path / "policy.toml"
    policy.write_text(
        '[[rule]]\nid = "no-etc"\ntool = "write_file"\nargs = { "path" = "/etc/*" }\nraise = "deny"\nwhy = "hands off"\n'
    )
    bench = Bench(rules=Rulebook(None, policy))
    bench.event(1, RunStarted())
    bench.event(2, ActionProposed(action="a1", tool="write_file", args={"path": "/etc/passwd"}))
    assert (bench.last("action.decided")["outcome"], bench.last("action.decided")["by"]) == (
        "rejected",
        "policy",
    )
    action = asked(bench, ASK, seq=3, name="a2")
    answer = bench.intent("edit", args={"path": "/etc/passwd"}, **bench.about(action))
    assert answer.text == "policy denies the edited action"


def test_a_low_claim_raises_and_a_high_claim_does_not_lower() -> None:
    """Confidence only ever makes it stricter."""
    gates = []
    for confidence in (None, 0.99, 0.5):
        bench = Bench()
        bench.event(1, RunStarted())
        claim = None if confidence is None else Confidence(value=confidence)
        bench.event(2, ActionProposed(action="a1", confidence=claim, **ASK))
        gates.append(bench.run().actions["a1"].gate)
    assert gates == ["ask", "ask", "hold"]


def test_arguments_without_a_canonical_form_are_denied() -> None:
    """Nothing could be bound to them."""
    bench = Bench()
    bench.event(1, RunStarted())
    bench.event(2, ActionProposed(action="a1", tool="write_file", args={"n": 2**60}))
    assert bench.last("action.decided")["outcome"] == "rejected"


def test_what_has_not_arrived_whole_cannot_be_approved() -> None:
    """A large value is approved only after all its parts came, with the right hash."""
    large = values.arguments({"text": "x" * 50_000})
    parts = list(large.parts())
    proposed = ActionProposed(action="a1", tool="write_file", args=large.wire)
    for sent, accepted in (([], False), (parts[:1], False), (parts, True)):
        bench = Bench()
        bench.event(1, RunStarted())
        for seq, part in enumerate(sent, 2):
            bench.event(seq, part)
        bench.event(2 + len(sent), proposed)
        action = bench.run().actions["a1"]
        answer = bench.intent("approve", code=code(action.digest), **bench.about(action))
        assert answer.accepted is accepted


def test_a_new_supervisor_takes_up_what_was_open() -> None:
    """From the recorded state: the ask still waits, expires in its own time, and is decided under the new epoch."""
    bench = Bench()
    asked(bench)
    bench.pass_time(20)
    again = Bench(decode(encode(bench.desk.fleet)), epoch="epoch2")
    again.wall = bench.wall
    [key] = again.desk.fleet.waiting
    action = again.desk.fleet.action(key)
    assert action is not None
    assert again.intent("approve", epoch="epoch1", **again.about(action)).outcome == "stale"
    assert again.intent("approve", **again.about(action)).accepted


def test_a_recorded_decision_that_never_left_is_sent_by_the_next_supervisor() -> None:
    """Committed before sent also means sent after committed, whoever died in between."""
    bench = Bench()
    action = asked(bench)
    bench.desk.gates.decide(action, "approved", "op-1", bench.now, digest=action.digest)
    entries = bench.desk.take()
    assert entries
    again = Bench(decode(encode(bench.desk.fleet)), epoch="epoch2")
    [decision] = again.commands(DecisionCommand)
    assert (decision.epoch, decision.outcome, decision.id) == ("epoch2", "approved", action.decision)


def test_nothing_leaves_before_its_commit() -> None:
    """Neither decisions nor the journal nor keyframes."""
    bench = Bench()
    bench.event(1, RunStarted())
    before = len(bench.sent)
    proposed = ActionProposed(action="a1", tool="read_file")
    bench.desk.receive(TOPICS.events("a", "r1"), codec.encode(envelope(proposed, 2, "a", "r1")), bench.now)
    keyframe = Intent(verb="keyframe", id="k", operator="op-1", console="con")
    bench.desk.receive(TOPICS.intents("op-1"), codec.encode(keyframe), bench.now)
    bench.let_go()
    assert len(bench.sent) == before
    bench.commit()
    assert len(bench.sent) > before


def test_a_decision_is_used_once() -> None:
    """The second start is a start that nothing allowed."""
    bench = Bench()
    action = asked(bench)
    bench.intent("approve", **bench.about(action))
    started = ActionStarted(action="a1", digest=action.digest, decision=action.decision)
    bench.event(3, started)
    assert not bench.alarms()
    bench.event(4, started)
    assert bench.alarms() == {"ungated-action"}


def test_an_id_with_a_newline_is_no_id() -> None:
    """It is bad input, and nothing raises."""
    bench = Bench()
    payload = b'{"verb":"pause","id":"i","operator":"op-1","console":"c\\n","agent":"a","run":"r1"}'
    bench.raw(TOPICS.intents("op-1"), payload)
    assert bench.alarms() == {"bad-input"}


def test_a_long_answer_reaches_the_agent_as_given() -> None:
    """The screen shows a line of it; the agent gets it whole."""
    bench = Bench()
    text = "line one\nline two " + "x" * 3_000
    bench.intent("respond", reason=text, **bench.about(asked(bench)))
    assert bench.commands(DecisionCommand)[0].text == text


def test_an_operators_answer_counts_as_said() -> None:
    """What a person answers an agent is where its next values come from."""
    bench = Bench()
    action = asked(bench)
    bench.intent("respond", reason="send it to ann@harbour.example", **bench.about(action))
    bench.event(3, ActionProposed(action="a2", tool="send_email", args={"to": "ann@harbour.example"}))
    (origin,) = bench.run().actions["a2"].origins
    assert origin.kind == "said"


def test_a_flood_does_not_make_a_signed_intent_usable_again() -> None:
    """Its id is spent for the whole epoch."""
    bench = Bench()
    bench.event(1, RunStarted())
    intent = Intent(
        verb="resume", id="i1", operator="op-1", console="con", epoch="epoch1", agent="a", run="r1"
    )
    payload = OPERATOR.sign(intent)
    assert bench.say(payload).accepted
    for _ in range(4_200):
        bench.intent("kill", key=None, agent="a", run="r1")
    assert bench.say(payload).outcome == "replayed"
    assert bench.types().count("command.requested") == 1


def test_open_asks_of_an_ended_run_are_canceled() -> None:
    """Nobody approves what nobody waits for."""
    bench = Bench()
    asked(bench)
    bench.event(3, RunFinished(outcome="failed"))
    assert not bench.desk.fleet.waiting
    assert bench.last("action.decided")["outcome"] == "canceled"


def test_a_superseded_ask_is_closed() -> None:
    """The agent proposed something else instead."""
    bench = Bench()
    asked(bench)
    bench.event(3, ActionProposed(action="a2", supersedes="a1", **HOLD))
    assert bench.run().actions["a1"].outcome == "superseded"
    assert bench.desk.fleet.waiting == ["a/r1/a2"]


def test_a_call_its_own_library_refused_is_no_misdeed() -> None:
    """It was never proposed, and it never ran."""
    bench = Bench()
    bench.event(1, RunStarted())
    bench.event(2, ActionFinished(action="a1", outcome="refused", text="no canonical form"))
    assert bench.run().actions["a1"].state == "denied"
    assert not bench.alarms()


def test_a_run_cannot_talk_itself_out_of_its_gates() -> None:
    """Its control level is settled when it begins; a later start from the same process is a misdeed."""
    bench = Bench()
    asked(bench)
    bench.event(3, RunStarted(control="observed", continues=2))
    bench.event(4, ActionStarted(action="a1"))
    assert bench.run().control == "gated"
    assert {"misdeed", "ungated-action"} <= bench.alarms()


@pytest.mark.parametrize("outcome", ["done", "failed"])
def test_an_end_without_an_allowed_start_is_ungated(outcome: Any) -> None:
    """The tool ran while a person was still being asked; nobody can approve it any more."""
    bench = Bench()
    action = asked(bench)
    bench.event(3, ActionFinished(action="a1", outcome=outcome))
    assert bench.alarms() == {"ungated-action"}
    assert not bench.desk.fleet.waiting
    assert bench.intent("approve", **bench.about(action)).outcome == "conflict"


def test_a_start_after_the_end_of_the_run_is_ungated_too() -> None:
    """Whatever the run's state, a tool that ran is a tool that ran."""
    bench = Bench()
    bench.event(1, RunStarted())
    bench.event(2, RunFinished(outcome="completed"))
    bench.event(3, ActionStarted(action="a9"))
    assert bench.alarms() == {"ungated-action"}


def test_a_start_that_cannot_be_read_is_ungated() -> None:
    """A malformed digest hides nothing."""
    bench = Bench()
    asked(bench)
    payload = codec.encode(envelope(ActionStarted(action="a1"), 3, "a", "r1"))
    bench.raw(TOPICS.events("a", "r1"), payload.replace(b'"action":"a1"', b'"action":"a1","digest":"zz"'))
    assert "ungated-action" in bench.alarms()


def test_nothing_is_approved_while_two_supervisors_meet() -> None:
    """What would run by itself is asked; the next start of this supervisor remembers."""
    bench = Bench()
    bench.desk.conflict = True
    bench.desk.alarms.raise_("second-supervisor", "two")
    bench.desk._close()
    bench.event(1, RunStarted())
    bench.event(2, ActionProposed(action="a1", tool="read_file", args={"path": "x"}))
    assert bench.run().actions["a1"].state == "asked"
    again = Bench(decode(encode(bench.desk.fleet)), epoch="epoch2")
    action = again.run().actions["a1"]
    assert again.intent("approve", **again.about(action)).outcome == "closed"
    again.intent("reset", alarm="second-supervisor", reason="the other one is stopped")
    again.pass_time(1)
    assert again.intent("approve", **again.about(action)).accepted


def test_arguments_beyond_64_bits_do_not_break_the_keyframe() -> None:
    """They stand in the log; the fleet says that they are not kept."""
    bench = Bench()
    bench.event(1, RunStarted())
    payload = codec.encode(
        envelope(ActionProposed(action="a1", tool="write_file", args={"n": 1}), 2, "a", "r1")
    )
    bench.raw(TOPICS.events("a", "r1"), payload.replace(b'"n":1', b'"n":100000000000000000000000'))
    assert bench.run().actions["a1"].args_cut
    assert bench.last("action.decided")["outcome"] == "rejected"
    assert decode(encode(bench.desk.fleet)).pos == bench.desk.fleet.pos


def test_an_edit_that_nobody_could_read_is_refused() -> None:
    """Too deep for a record, so it never becomes one."""
    bench = Bench()
    deep: Any = 1
    for _ in range(58):
        deep = [deep]
    answer = bench.intent("edit", args={"x": deep}, **bench.about(asked(bench)))
    assert (answer.accepted, "deeper" in answer.text) == (False, True)


def test_a_closed_approval_cannot_be_replayed_into_an_open_one() -> None:
    """Its id is spent even though it was refused."""
    bench = Bench()
    action = asked(bench)
    bench.desk.arbiter.closed = "closed for the test"
    intent = Intent(
        verb="approve", id="i1", operator="op-1", console="con", epoch="epoch1", **bench.about(action)
    )
    payload = OPERATOR.sign(intent)
    assert bench.say(payload).outcome == "closed"
    bench.desk.arbiter.closed = ""
    for _ in range(4_200):
        bench.intent("kill", key=None, agent="a", run="r1")
    assert bench.say(payload).outcome == "replayed"


def test_nothing_is_allowed_while_a_kill_is_pending() -> None:
    """Neither by policy nor by a person."""
    bench = Bench()
    action = asked(bench)
    bench.intent("kill", agent="a", run="r1")
    assert bench.intent("approve", **bench.about(action)).outcome == "conflict"
    bench.event(3, ActionProposed(action="a2", tool="read_file", args={"path": "x"}))
    assert bench.run().actions["a2"].outcome == "rejected"


def test_every_answer_is_signed_and_names_its_supervisor() -> None:
    bench = Bench()
    bench.event(1, RunStarted())
    assert bench.intent("pause", agent="a", run="r1").epoch == "epoch1"
    assert bench.intent("kill", agent="a", run="none").epoch == "epoch1"
    answers = [out.payload for out in bench.sent if out.topic == TOPICS.console("con")]
    assert [SUPERVISOR.public.verifies(payload) for payload in answers] == [True, True]


def test_what_cannot_be_judged_waits_for_a_person_at_once_and_loudly(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of ours within a judgement: no action stays where nobody is asked about it."""
    bench = Bench()
    bench.event(1, RunStarted(goal="g"))

    def broken(*_args: object, **_more: object) -> object:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(bench.desk.gates.trails, "proposed", broken)
    bench.event(2, ActionProposed(action="a1", decide_within=60.0, **ASK))
    action = bench.run().actions["a1"]
    assert (action.state, action.gate, action.severity) == ("asked", "hold", 4)
    assert "ZeroDivisionError" in action.reasons[0].text
    assert "internal-error" in bench.alarms()
    bench.pass_time(61.0)
    assert bench.run().actions["a1"].outcome == "expired"

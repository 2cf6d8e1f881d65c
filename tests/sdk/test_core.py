"""The agent's core, scenario by scenario: presence, lease, trust, pass list, stops, full spools, refusals, rests."""

from pathlib import Path
from typing import Any

import pytest

from bus.canonical import digest
from bus.codec import decode, encode
from bus.events import (
    ActionFinished,
    ActionProposed,
    ActionStarted,
    BlobPart,
    CommandAcknowledged,
    CommandEffective,
    CommandRefused,
    EventsDropped,
    MessageSeen,
    Preview,
    Progress,
    RunFinished,
    RunStarted,
)
from bus.limits import (
    DECISION_VALID,
    ERA_AHEAD,
    HEARTBEAT,
    LABEL_CHARS,
    LEASE_RENEW,
    LEASE_TTL,
    PAYLOAD_BYTES,
    TEXT_CHARS,
)
from bus.messages import (
    AgentStatus,
    DecisionCommand,
    KillCommand,
    PassListCommand,
    PauseCommand,
    RefusedCommand,
    ResendCommand,
    RunStanding,
    StoredCommand,
)
from bus.sdk.decision import Action, RunKilled, RunRefusedError
from bus.sdk.era import EraFile
from bus.sdk.gate import IllegalStepError
from bus.sdk.roster import births
from bus.sdk.spool.store import Bounds, MemorySpool, Owner, SpoolError
from bus.sdk.writer import SOON
from tests.sdk.scripted import AGENT, RUN, SITE, TOPICS, Floor, events_of


def statuses(floor: Floor) -> list[AgentStatus]:
    """Take what was published as status."""
    floor.collect()
    found = [
        decode(payload, AgentStatus) for topic, payload, _ in floor.sent if topic == TOPICS.status(AGENT)
    ]
    floor.sent = [out for out in floor.sent if out[0] != TOPICS.status(AGENT)]
    return found


def hear(floor: Floor, *, retained: bool = False, **fields: Any) -> None:
    status = AgentStatus(**{"status": "lost", "incarnation": "inc-0", "connection": "c0"} | fields)
    floor.core.message(TOPICS.status(AGENT), encode(status), retained=retained, now=floor.now)


def say(floor: Floor, text: str = "x") -> int:
    return floor.run.emit(MessageSeen(role="user", text=text), floor.now)


# ---- presence --------------------------------------------------------------------------------------------------------


def test_birth_tells_where_every_run_stands() -> None:
    floor = Floor().started()
    action = floor.gate()
    floor.core.link_down(floor.now)
    say(floor)
    floor.up("c2")
    birth = statuses(floor)[-1]
    assert (birth.status, birth.incarnation, birth.connection) == ("online", "inc-1", "c2")
    assert birth.runs == [RunStanding(run=RUN, seq=3, first=3, open=[action])]
    assert statuses(floor) == []


def test_heartbeats_are_not_retained_and_the_goodbye_is_the_last_word() -> None:
    floor = Floor().started()
    statuses(floor)
    floor.tick(HEARTBEAT)
    assert [(decode(p, AgentStatus).status, r) for t, p, r in floor.sent if t.endswith("status")] == [
        ("alive", False)
    ]
    floor.core.stop(floor.now)
    floor.collect()
    assert floor.sent[-1][2]
    assert [status.status for status in statuses(floor)] == ["alive", "stopped"]
    floor.tick(HEARTBEAT)
    hear(floor)
    assert statuses(floor) == []
    will = floor.core.presence.will("c1")
    assert (decode(will.payload, AgentStatus).status, will.retain) == ("lost", True)


@pytest.mark.parametrize(
    "fields, retained, again",
    [
        ({}, True, True),
        ({}, False, True),
        ({"incarnation": "inc-1", "connection": "c1"}, False, True),
        ({"status": "stopped"}, False, True),
        ({"status": "stopped"}, True, False),
        ({"status": "online", "incarnation": "inc-1", "connection": "c1"}, False, False),
        ({"status": "online"}, False, False),
    ],
)
def test_an_old_will_is_overwritten_by_another_birth(
    fields: dict[str, str], retained: bool, again: bool
) -> None:
    floor = Floor().started()
    statuses(floor)
    hear(floor, retained=retained, **fields)
    assert [status.status for status in statuses(floor)] == ["online"] * again


def test_another_process_of_the_same_name_is_noticed() -> None:
    floor = Floor().started()
    hear(floor, status="alive", incarnation="inc-9")
    floor.collect()
    assert [notice.token for notice in floor.notices if notice.kind == "rival"] == ["inc-9"]


# ---- the supervisor's word ---------------------------------------------------------------------------------------------


def passes(floor: Floor) -> bool:
    return floor.core.lease.passes("read", None, floor.now)


def listed() -> Floor:
    floor = Floor().started()
    floor.order(PassListCommand, run="", tools=["read"], incarnation="inc-1")
    assert passes(floor)
    return floor


def test_the_pass_list_holds_as_long_as_the_lease() -> None:
    floor = listed()
    floor.tick(LEASE_TTL - 0.1)
    assert passes(floor)
    floor.tick(0.2)
    assert not passes(floor)
    floor.state(retained=True)
    assert not passes(floor)
    floor.state(lease=1)
    assert not passes(floor)
    floor.state(lease=floor.lease - 1)
    assert not passes(floor)
    floor.state()
    assert passes(floor)
    floor.state(recording="failing")
    assert not passes(floor)
    floor.state()
    floor.state(conflict=True)
    assert not passes(floor)
    floor.state()
    floor.state(status="lost")
    assert not passes(floor)


def test_a_process_that_was_frozen_trusts_nothing_that_lay_in_its_socket() -> None:
    floor = listed()
    floor.now += 60
    floor.state()
    assert not passes(floor)
    for _ in range(4):
        floor.tick(LEASE_RENEW / 3)
        floor.state()
    assert passes(floor)


def test_a_new_supervisor_gets_everything_unstored_again() -> None:
    floor = listed()
    seq = say(floor)
    floor.collect()
    floor.sent.clear()
    floor.epoch = "epoch-2"
    floor.state()
    assert not passes(floor)
    assert [status.status for status in statuses(floor)] == ["online"]
    assert [envelope.seq for envelope, _ in events_of(payload for _, payload, _ in floor.sent)] == [seq]
    # What the old one still says, or somebody plays back, counts for nothing while the new one is there.
    floor.state(epoch="epoch-1")
    floor.state(epoch="epoch-1", status="lost")
    assert floor.core.lease.epoch == "epoch-2"
    floor.tick(LEASE_TTL + 1)
    floor.state(epoch="epoch-1")
    assert floor.core.lease.epoch == "epoch-1"


def test_what_an_earlier_supervisor_signed_counts_for_nothing() -> None:
    floor = Floor()
    floor.up()
    floor.epoch = "epoch-2"
    floor.state(era=7)
    floor.tick(LEASE_TTL + 1)
    floor.state(epoch="epoch-1", era=6, lease=99)
    assert floor.core.lease.epoch == "epoch-2"
    assert not floor.core.lease.held(floor.now)
    assert floor.core.ignored["era"] == 1
    # A later one is followed at once, and one that was left comes back by a later era only.
    floor.state(epoch="epoch-3", era=8)
    floor.state(era=7, lease=100)
    assert floor.core.lease.epoch == "epoch-3"
    floor.tick(LEASE_RENEW)
    floor.state(era=9)
    assert (floor.core.lease.epoch, floor.core.lease.held(floor.now)) == ("epoch-2", True)


def test_a_new_process_knows_the_era_that_the_last_one_saw(tmp_path: Path) -> None:
    for era, epoch, followed in ((7, "epoch-7", True), (6, "epoch-6", False), (8, "epoch-8", True)):
        floor = Floor(era=EraFile(tmp_path / "agent"))
        floor.up()
        floor.state(epoch=epoch, era=era)
        assert (floor.core.lease.epoch == epoch) is followed


def test_a_supervisor_that_will_never_come_up_to_our_era_is_told_once(tmp_path: Path) -> None:
    """As after a restored recording, or with a clock that was far ahead: nothing else says why no gate opens."""
    EraFile(tmp_path).reach(7 + ERA_AHEAD + 1)
    floor = Floor(era=EraFile(tmp_path))
    floor.up()
    for era in (8, 7, 7):  # of 8 it is within what the supervisor takes our word for
        floor.state(era=era)
    [said] = [notice for notice in floor.notices if notice.kind == "past"]
    assert str(tmp_path / "era") in said.token
    assert f"no gate will open: {said.token}; see `era-ahead`" in said.words
    assert floor.core.ignored["era"] == 3


def test_a_tool_that_waits_at_a_checkpoint_or_a_gate_of_its_own_lets_a_pause_take_effect() -> None:
    for at_gate in (False, True):
        floor = Floor().started()
        outer, other = floor.gate(), floor.gate("other")
        for action in (outer, other):
            floor.decide(action, "approved")
            assert floor.take(action) is not None
        inner = floor.run.propose(Action("inner"), floor.now, inside=outer)
        floor.decide(inner, "approved")
        assert floor.take(inner) is not None
        stop = floor.stop("pause")
        if at_gate:
            floor.run.propose(Action("innermost"), floor.now, inside=inner)
        else:
            assert not floor.run.checkpoint("c", floor.now, inner)
        assert CommandEffective(command=stop) not in floor.data()  # the other one runs
        floor.run.report(other, done=True, text="", now=floor.now)
        assert CommandEffective(command=stop) in floor.data()


def test_an_era_that_cannot_be_read_or_kept_stops_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "era").mkdir()
    kept = EraFile(tmp_path)
    kept.reach(5)
    assert kept.highest == 5
    assert "cannot be read" in caplog.text
    assert "cannot be kept" in caplog.text
    assert [path.name for path in tmp_path.iterdir()] == ["era"]


def test_an_era_without_a_folder_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Where the folder should be is a file: what cannot be written cannot be removed either."""
    (tmp_path / "agent").write_text("a file")
    kept = EraFile(tmp_path / "agent")
    kept.reach(5)
    assert kept.highest == 5
    assert "cannot be kept" in caplog.text


def test_a_pass_list_is_for_one_process() -> None:
    floor = Floor().started()
    for incarnation in ("", "inc-0"):
        floor.order(PassListCommand, run="", order=9, tools=["read"], incarnation=incarnation)
        assert not passes(floor)
    assert floor.core.ignored["incarnation"] == 2
    # What was withdrawn before our birth was heard is withdrawn.
    floor.order(PassListCommand, run="", order=10, tools=["read", "look"], incarnation="inc-1")
    floor.order(PassListCommand, run="", order=11, tools=["look", "delete"], incarnation="inc-0")
    assert floor.core.lease.tools == {"look"}


def test_a_withdrawn_list_does_not_come_back_with_an_epoch_that_was_left() -> None:
    floor = listed()
    floor.order(PassListCommand, run="", order=9, tools=[], incarnation="inc-1")
    floor.state(epoch="epoch-2", era=1)
    floor.state(era=2)
    floor.order(PassListCommand, run="", order=8, tools=["read"], incarnation="inc-1")
    assert not passes(floor)


def test_many_runs_are_announced_in_births_that_fit() -> None:
    floor = Floor()
    floor.up()
    floor.state()
    for number in range(2_000):
        name = f"{number:04}".ljust(64, "r")
        floor.core.start_run(name, MemorySpool(Owner(SITE, AGENT, name, "inc-1")), now=floor.now)
    floor.collect()
    floor.sent.clear()
    floor.up("c2")
    births = [payload for topic, payload, _ in floor.sent if topic == TOPICS.status(AGENT)]
    assert max(len(payload) for payload in births) <= PAYLOAD_BYTES
    named = [standing.run for payload in births for standing in decode(payload, AgentStatus).runs]
    assert len(named) == len(set(named)) == 2_000


def test_a_run_with_more_open_gates_than_a_birth_holds_comes_in_several() -> None:
    gates = [f"{number:04}".ljust(64, "g") for number in range(1_000)]
    parts = births([RunStanding(run=RUN, seq=9, first=2, open=gates), RunStanding(run="s", seq=1)])
    assert max(len(encode(AgentStatus(status="online", incarnation="i", connection="c", runs=part))) for part in parts) \
        <= PAYLOAD_BYTES  # fmt: skip
    assert [gate for part in parts for one in part for gate in one.open] == gates
    assert [(one.run, one.seq, one.first) for one in parts[-1]][-1] == ("s", 1, 1)
    assert births([]) == [[]]


def test_what_is_not_the_supervisors_is_ignored() -> None:
    floor = Floor().started()
    action = floor.gate()
    floor.decide(action, "approved", key="forged")
    floor.decide(action, "approved", agent="somebody")
    floor.command(PauseCommand(epoch=floor.epoch, agent=AGENT, run=RUN, id="p1"), retained=True)
    floor.core.message(TOPICS.commands(AGENT), b"[" * 5000, retained=False, now=floor.now)
    floor.core.message(TOPICS.commands(AGENT), b"\xff", retained=False, now=floor.now)
    floor.state(key="forged", epoch="epoch-9")
    floor.core.message("watchfloor/v1/test/journal", b"{}", retained=False, now=floor.now)
    assert dict(floor.core.ignored) == {
        "untrusted": 2,
        "address": 1,
        "retained": 1,
        "unreadable": 2,
        "topic": 1,
    }
    assert floor.take(action) is None
    assert floor.types() == ["run.started", "action.proposed"]


def test_a_decision_of_another_epoch_is_refused_once() -> None:
    floor = Floor().started()
    action = floor.gate()
    for _ in range(2):
        floor.decide(action, "approved", epoch="epoch-0", id="d9")
    assert [data.reason for data in floor.data() if isinstance(data, CommandRefused)] == [
        "stale: it was made under another supervisor epoch"
    ]
    # The same decision, sent anew by the supervisor after its restart, counts.
    floor.decide(action, "approved", id="d9")
    decision = floor.take(action)
    assert decision is not None
    assert decision.approved


# ---- gates and stops ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "outcome, fields",
    [
        ("approved", {"digest": digest("delete", {"path": "b.txt"})}),
        ("approved", {"digest": None}),
        ("edited", {"args": {"path": "b.txt"}, "digest": digest("delete", {"path": "a.txt"})}),
        ("edited", {"args": {"path": 2**60}, "digest": digest("delete", {"path": "a.txt"})}),
    ],
)
def test_a_decision_about_other_arguments_is_refused_and_the_gate_waits_on(
    outcome: str, fields: dict[str, Any]
) -> None:
    floor = Floor().started()
    action = floor.gate()
    for _ in range(2):
        floor.order(DecisionCommand, id="d1", action=action, outcome=outcome, **fields)
    assert floor.take(action) is None
    assert floor.types() == ["run.started", "action.proposed", "command.refused"]
    floor.decide(action, "approved", id="d2")
    assert floor.take(action) is not None


def test_a_decision_counts_once_and_its_action_begins_once() -> None:
    floor = Floor().started()
    action = floor.gate()
    for _ in range(3):
        floor.decide(action, "approved", id="d1")
    other = floor.decide(action, "rejected", id="d2")
    assert floor.take(action) is not None
    with pytest.raises(IllegalStepError, match="taken already"):
        floor.take(action)
    assert floor.types()[2:] == [
        "command.acknowledged",
        "command.refused",
        "action.started",
        "command.effective",
    ]
    assert CommandRefused(command=other, reason="too late: allowed") in floor.data()


def test_a_decision_that_comes_with_the_deadline_is_too_late() -> None:
    floor = Floor().started()
    action = floor.gate(decide_within=30.0)
    mark = floor.proposal(action).digest
    floor.now += 30.0
    late = floor.order(DecisionCommand, action=action, outcome="approved", digest=mark)
    assert floor.data()[-2:] == [
        ActionFinished(action=action, outcome="expired", text="nobody decided in time"),
        CommandRefused(command=late, reason="too late: expired"),
    ]


def test_a_passed_call_begins_at_once_and_says_so() -> None:
    floor = listed()
    action = floor.gate("read")
    decision = floor.take(action)
    assert decision is not None
    assert (decision.approved, decision.passed, decision.command) == (True, True, "")
    proposed, started = floor.data()[1:]
    assert isinstance(proposed, ActionProposed)
    assert proposed.passed
    assert started == ActionStarted(action=action, digest=decision.digest)


def test_under_a_hold_the_pass_list_waits_like_everybody() -> None:
    floor = listed()
    hold = floor.stop("hold")
    assert CommandEffective(command=hold) not in floor.data()
    action = floor.gate("read")
    assert CommandEffective(command=hold) in floor.data()
    assert floor.take(action) is None
    assert not any(isinstance(data, ActionProposed) for data in floor.data())
    floor.stop("resume")
    assert floor.take(action) is not None
    assert floor.proposal(action).passed


@pytest.mark.parametrize("stop", ["pause", "hold"])
def test_while_stopped_nothing_is_even_proposed(stop: str) -> None:
    floor = Floor().started()
    command = floor.stop(stop)
    action = floor.gate()
    assert floor.types()[-1] == "command.effective"
    assert CommandEffective(command=command) in floor.data()
    floor.stop("resume")
    assert floor.proposal(action).action == action


def test_a_run_that_is_held_stands_still_at_its_next_gate_however_long_that_lasts() -> None:
    floor = Floor().started()
    first = floor.gate(decide_within=30.0)
    floor.stop("hold")
    floor.tick(30)
    expired = floor.take(first)
    assert expired is not None
    assert expired.outcome == "expired"
    second = floor.gate(decide_within=30.0)
    before = floor.data()
    floor.tick(3_600)
    assert floor.take(second) is None
    assert floor.data() == before
    assert floor.core.next_deadline() > floor.now
    floor.stop("resume")
    floor.decide(second, "approved")
    taken = floor.take(second)
    assert taken is not None
    assert taken.approved


def test_a_pause_is_not_effective_while_a_tool_runs() -> None:
    floor = Floor().started()
    first, second = floor.gate(), floor.gate()
    floor.decide(first, "approved")
    assert floor.take(first) is not None
    pause = floor.stop("pause")
    assert CommandEffective(command=pause) not in floor.data()
    floor.run.report(first, done=True, text="", now=floor.now)
    assert CommandEffective(command=pause) in floor.data()
    assert second in floor.run.standing().open


@pytest.mark.parametrize("stop, stands", [("pause", "paused"), ("hold", "held")])
def test_a_stop_wins_over_a_decision_and_the_decision_does_not_keep_for_ever(stop: str, stands: str) -> None:
    floor = Floor().started()
    action = floor.gate()
    floor.stop(stop)
    allowed = floor.decide(action, "approved")
    assert floor.take(action) is None
    floor.tick(DECISION_VALID - 1)
    assert floor.take(action) is None
    assert floor.core.next_deadline() <= floor.now + 1
    floor.tick(1)
    decision = floor.take(action)
    assert decision is not None
    assert decision.outcome == "expired"
    late = f"approved, but not begun in time: the run is {stands}"
    assert floor.data()[-2:] == [
        CommandRefused(command=allowed, reason=f"expired: {late}"),
        ActionFinished(action=action, outcome="expired", text=late),
    ]


def test_nobody_decides_and_the_gate_expires_by_itself() -> None:
    floor = Floor().started()
    action = floor.gate(decide_within=30.0)
    floor.core.link_down(floor.now)
    floor.tick(29)
    assert floor.take(action) is None
    floor.tick(1)
    decision = floor.take(action)
    assert decision is not None
    assert (decision.approved, decision.outcome) == (False, "expired")
    floor.up("c2")
    late = floor.order(DecisionCommand, action=action, outcome="approved", digest=decision.digest)
    assert floor.data()[-1] == CommandRefused(command=late, reason="too late: expired")


def test_arguments_with_no_canonical_form_never_run() -> None:
    floor = Floor().started()
    for args in ({"n": 2**60}, {"n": float("nan")}, {"o": object()}, {"s": "\ud800"}, {"x": "y" * 5_000_000}):
        action = floor.gate(args=args)
        decision = floor.take(action)
        assert decision is not None
        assert (decision.approved, decision.outcome) == (False, "refused")
        assert floor.types()[-1] == "action.finished"
    assert "action.proposed" not in floor.types()


def test_a_kill_before_anything_waits_is_effective_when_it_is_felt() -> None:
    floor = Floor().started()
    kill = floor.stop("kill", reason="enough")
    assert floor.data()[-1] == CommandAcknowledged(command=kill)
    with pytest.raises(RunKilled, match="enough"):
        floor.run.checkpoint("c", floor.now)
    assert floor.data()[-1] == CommandEffective(command=kill)
    with pytest.raises(RunKilled):
        floor.gate()
    floor.core.finish_run(RUN, "killed", "enough", floor.now)
    assert floor.data()[-2:] == [CommandEffective(command=kill), RunFinished(outcome="killed", text="enough")]
    assert [notice.kind for notice in floor.notices][-1] == "gone"


def test_a_run_that_ends_first_says_that_the_stop_had_no_effect() -> None:
    floor = Floor().started()
    commands = [floor.stop("pause"), floor.stop("kill")]
    floor.core.finish_run(RUN, "completed", "", floor.now)
    refused = [data.command for data in floor.data() if isinstance(data, CommandRefused)]
    assert refused == commands


def test_stops_of_the_whole_agent_reach_every_run_and_repeats_none() -> None:
    floor = Floor().started()
    floor.core.start_run("r2", MemorySpool(Owner(SITE, AGENT, "r2", "inc-1")), now=floor.now)
    for _ in range(3):
        floor.stop("pause", run="", id="p1")
    for run in (RUN, "r2"):
        assert floor.types(run) == ["run.started", "command.acknowledged"]
        assert not floor.core.run(run).checkpoint("c", floor.now)
    floor.stop("resume", run="")
    assert [notice.run for notice in floor.notices if notice.kind == "ready"] == [RUN, "r2"]


def test_an_observed_run_waits_for_nobody_and_cannot_be_stopped() -> None:
    floor = Floor(control="observed").started()
    pause = floor.stop("pause")
    assert CommandRefused(command=pause, reason="an observed run cannot be stopped") in floor.data()
    decision = floor.take(floor.gate())
    assert decision is not None
    assert decision.approved
    assert not decision.passed


# ---- large values ------------------------------------------------------------------------------------------------------


def test_a_large_argument_travels_as_parts_before_its_proposal() -> None:
    floor = Floor().started()
    text = "ä" * 30_000
    action = floor.gate("write", {"path": "a.txt", "text": text})
    data = floor.data()[1:]
    assert [item.TYPE for item in data] == ["blob.part", "blob.part", "action.proposed"]
    parts = [item for item in data if isinstance(item, BlobPart)]
    proposal = floor.proposal(action)
    assert proposal.args == {"path": "a.txt", "text": {"$blob": parts[0].sha256, "bytes": 60_000}}
    floor.decide(action, "edited", args=proposal.args | {"path": "b.txt"})
    decision = floor.take(action)
    assert decision is not None
    assert decision.args == {"path": "b.txt", "text": text}


def test_a_preview_travels_beside_the_arguments_and_outside_of_the_digest() -> None:
    floor = Floor().started()
    preview = Preview(of="a.txt", present="old\n")
    shown, bare = floor.gate(preview=preview), floor.gate()
    assert floor.proposal(shown).preview == preview
    assert floor.proposal(bare).preview is None
    assert floor.proposal(shown).digest == floor.proposal(bare).digest
    floor.decide(shown, "approved")
    assert floor.take(shown) is not None


def test_a_preview_never_keeps_a_proposal_from_being_sent() -> None:
    floor = Floor().started()
    args = {f"field {number}": "y" * 4_000 for number in range(8)}
    preview = Preview(of="a.txt", present="\x00" * 9_000, proposed="\x00" * 9_000)
    action = floor.gate("write", args, preview=preview, reason="\x00" * 3_500)
    assert floor.proposal(action).preview == Preview(of="a.txt", cut=True)


def test_no_words_keep_a_proposal_from_being_sent() -> None:
    floor = Floor().started()
    nil = "\x00"
    args = {f"field {number}": "y" * 4_000 for number in range(8)} | {"": "y" * 600}
    action = floor.gate(nil * 128, args, preview=Preview(of=nil * 200), reason=nil * 4_000, call_id=nil * 200)
    assert floor.proposal(action).args == args
    assert floor.proposal(action).reason == nil * LABEL_CHARS


def test_an_edit_that_is_seen_begins_when_it_is_taken_again() -> None:
    floor = Floor().started()
    action = floor.gate()
    floor.decide(action, "edited", id="d1", args={"path": "b.txt"})
    seen = floor.run.take(action, floor.now, edits="seen")
    assert seen is not None
    assert (seen.outcome, seen.args, seen.begun) == ("edited", {"path": "b.txt"}, False)
    assert "action.started" not in floor.types()
    taken = floor.take(action)
    assert taken is not None
    assert (taken.outcome, taken.args, taken.begun) == ("edited", {"path": "b.txt"}, True)
    assert "action.started" in floor.types()


def test_an_edit_that_does_not_fit_its_tool_never_begins() -> None:
    floor = Floor().started()
    action = floor.gate()
    floor.decide(action, "edited", id="d1", args={"path": 7})
    assert floor.run.take(action, floor.now, edits="seen") is not None
    ended = floor.run.misfit(action, "does not fit: 7", floor.now)
    assert ended is not None
    assert (ended.outcome, ended.approved, ended.text) == ("refused", False, "does not fit: 7")
    assert [
        one for one in floor.data() if isinstance(one, ActionStarted | ActionFinished | CommandRefused)
    ] == [
        CommandRefused(command="d1", reason="refused: does not fit: 7"),
        ActionFinished(action=action, outcome="refused", text="does not fit: 7"),
    ]


def test_words_without_end_about_a_misfit_hold_up_nothing_that_follows() -> None:
    """A check may quote all of an edited document."""
    floor = Floor().started()
    action = floor.gate()
    floor.decide(action, "edited", id="d1", args={"path": 7})
    assert floor.run.take(action, floor.now, edits="seen") is not None
    quoted = "does not fit: " + "z" * 70_000
    ended = floor.run.misfit(action, quoted, floor.now)
    assert ended is not None
    assert ended.text == quoted
    refused = next(one for one in floor.data() if isinstance(one, CommandRefused))
    assert refused.reason == f"refused: {quoted}"[:TEXT_CHARS]
    assert say(floor) > 0
    after = floor.gate()
    floor.decide(after, "approved")
    assert floor.take(after) is not None


def test_what_became_of_an_edit_meanwhile_outweighs_that_it_does_not_fit() -> None:
    floor = Floor().started()
    action = floor.gate()
    floor.decide(action, "edited", args={"path": 7})
    assert floor.run.take(action, floor.now, edits="seen") is not None
    floor.tick(DECISION_VALID + 1)
    ended = floor.run.misfit(action, "does not fit", floor.now)
    assert ended is not None
    assert ended.outcome == "expired"
    killed = floor.gate()
    floor.decide(killed, "edited", args={"path": 7})
    assert floor.run.take(killed, floor.now, edits="seen") is not None
    floor.order(KillCommand, reason="enough")
    with pytest.raises(RunKilled, match="enough"):
        floor.run.misfit(killed, "does not fit", floor.now)


def test_an_edit_cannot_refer_to_a_blob_that_was_not_proposed() -> None:
    floor = Floor().started()
    action = floor.gate()
    floor.decide(action, "edited", args={"path": {"$blob": "0" * 64, "bytes": 1}})
    assert floor.take(action) is None
    refused = floor.data()[-1]
    assert isinstance(refused, CommandRefused)
    assert "unknown blob" in refused.reason


# ---- spools ------------------------------------------------------------------------------------------------------------


def test_a_full_spool_drops_telemetry_counts_it_and_holds_gates() -> None:
    floor = Floor(bounds=Bounds(events=20, size=10**9, reserve=5)).started()
    floor.core.link_down(floor.now)
    for number in range(40):
        say(floor, str(number))
    held = floor.run.propose(Action("delete", {}), floor.now)
    assert floor.run.take(held, floor.now) is None
    assert floor.core.next_deadline() <= floor.now + 1
    assert floor.spool.last == 16
    floor.up("c2")
    data = floor.data()
    assert [item.text for item in data if isinstance(item, MessageSeen)] == [
        str(number) for number in range(15)
    ]
    assert EventsDropped(count=25, reason="the spool was full") in data
    assert floor.proposal(held).action == held


class FullDisk(MemorySpool):
    full = False

    def append(self, events: Any) -> None:
        if self.full:
            raise SpoolError("disk full")
        super().append(events)


def test_a_fact_that_no_event_can_hold_goes_cut_and_what_is_too_large_even_then_is_counted() -> None:
    spool = FullDisk(Owner(SITE, AGENT, RUN, "inc-1"))
    floor = Floor(spool=spool).started()
    writer = floor.run.writer
    spool.full = True
    writer.certain(ActionFinished(action="a1", outcome="failed", text="\x00" * 70_000))
    writer.certain(RunStarted(goal="g", labels={"all": "z" * 70_000}))
    writer.certain(CommandAcknowledged(command="d1"))
    floor.tick(1.0)
    assert spool.last == 1
    spool.full = False
    floor.tick(1.0)
    assert not writer.behind
    assert floor.data()[1:] == [
        ActionFinished(action="a1", outcome="failed", text="\x00" * TEXT_CHARS),
        CommandAcknowledged(command="d1"),
        EventsDropped(count=1, reason="it was larger than the 60000 bytes of an event"),
    ]


def test_telemetry_that_no_event_can_hold_is_counted_as_that() -> None:
    floor = Floor().started()
    assert say(floor, "z" * 70_000) == 0
    assert say(floor) > 0
    assert EventsDropped(count=1, reason="it was larger than the 60000 bytes of an event") in floor.data()


def test_what_an_approval_brings_is_one_write() -> None:
    floor = Floor().started()
    action = floor.gate()
    command = floor.decide(action, "approved")
    floor.decide(action, "approved", id=command)
    assert floor.spool.last == 2
    decision = floor.run.take(action, floor.now)
    assert decision is not None
    assert decision.begun
    floor.tick(SOON)
    assert floor.data()[2:] == [
        CommandAcknowledged(command=command),
        ActionStarted(action=action, digest=floor.proposal(action).digest, decision=command),
        CommandEffective(command=command),
    ]


def test_an_approval_that_nobody_takes_is_acknowledged_all_the_same() -> None:
    floor = Floor().started()
    command = floor.decide(floor.gate(), "approved")
    assert floor.core.next_deadline() <= floor.now + SOON
    floor.tick(SOON)
    assert floor.data()[-1] == CommandAcknowledged(command=command)
    assert floor.core.next_deadline() > floor.now


def test_what_follows_an_approval_stands_behind_its_acknowledgement() -> None:
    floor = Floor().started()
    command = floor.decide(floor.gate(), "approved")
    floor.core.finish_run(RUN, "canceled", "", floor.now)
    assert floor.types()[2:] == [
        *("command.acknowledged", "command.refused", "action.finished", "run.finished"),
    ]
    assert floor.data()[2] == CommandAcknowledged(command=command)


def test_a_full_disk_loses_no_fact_and_opens_no_gate() -> None:
    spool = FullDisk(Owner(SITE, AGENT, RUN, "inc-1"))
    floor = Floor(spool=spool).started()
    allowed, other = floor.gate(), floor.gate()
    spool.full = True
    command = floor.decide(allowed, "approved")
    assert floor.take(allowed) is None
    rejection = floor.decide(other, "rejected", text="no")
    rejected = floor.take(other)
    assert rejected is not None
    assert rejected.outcome == "rejected"
    say(floor)
    floor.tick(1.0)
    assert spool.last == 3
    spool.full = False
    pause, resume = floor.stop("pause"), floor.stop("resume")
    floor.tick(1.0)
    assert floor.take(allowed) is not None
    assert floor.data()[3:] == [
        CommandAcknowledged(command=command),
        CommandAcknowledged(command=rejection),
        CommandEffective(command=rejection),
        ActionFinished(action=other, outcome="rejected", text="no"),
        EventsDropped(count=1, reason="disk full"),
        *(CommandAcknowledged(command=pause), CommandEffective(command=pause)),
        *(CommandAcknowledged(command=resume), CommandEffective(command=resume)),
        ActionStarted(action=allowed, digest=floor.proposal(allowed).digest, decision=command),
        CommandEffective(command=command),
    ]


def test_a_passed_call_that_no_spool_takes_does_not_begin() -> None:
    """What nobody is asked about is at least on record before it runs."""
    spool = FullDisk(Owner(SITE, AGENT, RUN, "inc-1"))
    floor = Floor(spool=spool).started()
    floor.order(PassListCommand, run="", tools=["read"], incarnation="inc-1")
    spool.full = True
    action = floor.gate("read")
    assert floor.take(action) is None
    spool.full = False
    floor.tick(1.0)
    decision = floor.take(action)
    assert decision is not None
    assert decision.passed
    assert [type(data) for data in floor.data()[1:]] == [ActionProposed, ActionStarted]


def test_what_is_gone_from_the_spool_is_told_with_another_birth() -> None:
    floor = Floor().started()
    say(floor)
    floor.serve()
    statuses(floor)
    floor.order(ResendCommand, after=0)
    assert [status.runs for status in statuses(floor)] == [[RunStanding(run=RUN, seq=2, first=3)]]


def test_a_refused_run_is_told_and_its_gates_never_open() -> None:
    floor = Floor().started()
    action = floor.gate()
    say(floor)
    floor.order(RefusedCommand, id="", seq=1, reason="taken")
    assert floor.core.courier.in_flight == 0
    floor.decide(action, "approved")
    with pytest.raises(RunRefusedError, match="taken"):
        floor.take(action)
    with pytest.raises(RunRefusedError):
        floor.run.checkpoint("c", floor.now)
    before = floor.spool.last
    say(floor)
    floor.core.finish_run(RUN, "failed", "", floor.now)
    assert floor.spool.last == before
    assert floor.core.unstored == 0


def test_a_run_goes_on_from_its_spool_under_another_incarnation() -> None:
    floor = Floor()
    floor.core.start_run(RUN, floor.spool, now=floor.now)
    say(floor, "before")
    again = Floor(spool=floor.spool)
    again.core.identity = again.core.identity.__class__(SITE, AGENT, "inc-2")
    again.started()
    data = again.data()
    assert [item.text for item in data if isinstance(item, MessageSeen)] == ["before"]
    assert [item.continues for item in data if isinstance(item, RunStarted)] == [None, 2]


def test_the_rest_of_a_dead_run_is_sent_unchanged_and_claims_nothing() -> None:
    dead = Floor()
    dead.core.start_run(RUN, dead.spool, now=dead.now)
    say(dead)
    left = dead.spool.read(0, 99)
    floor = Floor()
    floor.core.send_rest(dead.spool, floor.now)
    floor.up()
    assert statuses(floor)[-1].runs == []
    floor.state()
    floor.serve()
    assert floor.ingest.records[RUN] == [event for _, event in left]
    assert floor.core.unstored == 0
    assert [notice.kind for notice in floor.notices] == ["gone"]
    assert not dead.spool.removed  # type: ignore[attr-defined]


def test_a_rest_can_be_taken_over() -> None:
    floor = Floor()
    floor.core.start_run(RUN, floor.spool, now=floor.now)
    other = Floor()
    other.core.send_rest(floor.spool, other.now)
    with pytest.raises(ValueError, match="already"):
        other.core.start_run(RUN, floor.spool, now=other.now)
    assert other.core.release_rest(RUN, other.now) is floor.spool
    assert other.core.release_rest(RUN, other.now) is None
    other.spool = floor.spool
    other.started()
    assert other.types() == ["run.started", "run.started"]


def test_telemetry_after_the_end_is_nothing() -> None:
    floor = Floor().started()
    floor.core.link_down(floor.now)
    floor.core.finish_run(RUN, "completed", "", floor.now)
    last = floor.spool.last
    assert floor.run.emit(Progress(text="late"), floor.now) == 0
    floor.stop("pause")
    assert floor.spool.last == last


def test_a_watermark_from_the_future_or_for_a_stranger_is_harmless() -> None:
    floor = Floor().started()
    floor.command(StoredCommand(epoch=floor.epoch, agent=AGENT, runs={RUN: 10**6, "nobody": 3}))
    say(floor)
    assert floor.types() == ["run.started", "message"]

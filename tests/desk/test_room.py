"""What one agent or stranger does takes no room from others, and nobody can pass for an operator."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from bus import codec
from bus.canonical import code, digest
from bus.events import (
    ActionFinished,
    ActionProposed,
    ActionStarted,
    BlobPart,
    CommandAcknowledged,
    Progress,
    RunStarted,
)
from bus.home import Home
from bus.messages import HoldCommand, Intent, KillCommand
from bus.signing import PrivateKey
from console.core.alarms.alarm_kinds import REST
from console.core.call_facts import CallFacts
from console.core.fleet import room
from console.core.fleet.kept import TOOLS_KEPT, UNGATED_KEPT
from console.core.fleet.state import Fleet, decode, encode
from console.core.judging.reach import Consequences
from console.core.judging.risk import Assessment
from console.core.reducing.reduce import reduce
from console.policy.load import Rulebook
from console.supervisor import blobs
from console.supervisor.alarming import alarms
from console.supervisor.alarming.alarms import alarm_id
from console.supervisor.blobs import Blobs
from console.supervisor.intents.operators import Operators, OperatorsFileError
from console.supervisor.process import up
from tests.fixtures.desk import OPERATOR, TOPICS, Bench


def part(content: bytes) -> BlobPart:
    name = hashlib.sha256(content).hexdigest()
    return BlobPart(sha256=name, i=0, n=1, data=base64.b64encode(content).decode())


def test_actions_that_nothing_allowed_do_not_grow_for_ever() -> None:
    bench = Bench()
    bench.event(1, RunStarted())
    for number in range(200):
        bench.event(number + 2, ActionStarted(action=f"x{number}", digest="0" * 64))
    assert list(bench.run().actions) == [f"x{number}" for number in range(200 - UNGATED_KEPT, 200)]
    bench.event(202, ActionProposed(action="fair", tool="write_file", decide_within=60.0))
    assert bench.run().actions["fair"].state == "asked"


def test_arguments_beyond_the_room_of_a_run_are_not_kept_and_not_approved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "ARGS_OF_RUN", 1_000)
    bench = Bench()
    bench.event(1, RunStarted())
    for number, name in enumerate(("small", "large")):
        args = {"text": name[0] * 600}
        bench.event(number + 2, ActionProposed(action=name, tool="write_file", args=args, decide_within=60.0))
    small, large = bench.run().actions.values()
    assert (large.args, large.args_cut, large.state) == ({}, True, "asked")
    assert large.digest != small.digest
    answer = bench.intent("approve", **bench.about(large), pos=bench.desk.fleet.pos)
    assert (answer.outcome, "too large to keep" in answer.text) == ("closed", True)
    assert bench.intent("approve", **bench.about(small), pos=bench.desk.fleet.pos).accepted
    assert bench.intent("reject", **bench.about(large), pos=bench.desk.fleet.pos).accepted


def test_the_room_of_a_site_is_one_and_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "ARGS_OF_SITE", 1_000)
    bench = Bench()

    def proposes(run: str) -> bool:
        bench.event(1, RunStarted(), run=run)
        bench.event(
            2, ActionProposed(action="a1", tool="t", args={"text": "x" * 600}, decide_within=60.0), run=run
        )
        return not bench.run(run).actions["a1"].args_cut

    assert proposes("r1")
    assert not proposes("r2")
    for seq in range(30):  # what is over gives its room back
        bench.event(3 + 2 * seq, ActionFinished(action=f"a{seq + 1}", outcome="withdrawn"), run="r1")
        bench.event(4 + 2 * seq, ActionProposed(action=f"a{seq + 2}", tool="t", decide_within=60.0), run="r1")
    assert proposes("r3")
    kept = sum(one.args_bytes for run in bench.desk.fleet.runs.values() for one in run.actions.values())
    assert bench.desk.fleet.args_bytes == kept


def test_an_action_taken_up_again_without_its_arguments_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "ARGS_OF_RUN", 10)
    bench = Bench()
    bench.event(1, RunStarted())
    payload = ActionProposed(action="a1", tool="write_file", args={"text": "x" * 60}, decide_within=60.0)
    monkeypatch.setattr(bench.desk.gates, "proposed", lambda *_: None)  # the supervisor dies before it judges
    bench.event(2, payload)
    later = Bench(decode(encode(bench.desk.fleet)), "epoch2")
    assert later.run().actions["a1"].outcome == "rejected"
    assert "too large to keep" in later.run().actions["a1"].note


def test_holding_all_looks_at_the_open_commands_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However it is done: in slices, or run by run because events come in between."""
    bench = Bench()
    looks: list[int] = []
    look = bench.desk.ledger._steered._look

    def looked() -> None:
        looks.append(1)
        look()

    monkeypatch.setattr(bench.desk.ledger._steered, "_look", looked)
    bench.desk.sweeps.slice = 10
    for number in range(50):
        bench.event(1, RunStarted(), run=f"r{number}")
        bench.intent("pause", agent="a", run=f"r{number}", pos=bench.desk.fleet.pos)
    said = Intent(verb="hold", id="all", operator="op-1", console="con", epoch=bench.desk.identity.epoch)
    bench.raw(TOPICS.intents("op-1"), OPERATOR.sign(said))
    for number in range(50):
        bench.event(2, Progress(text="on"), run=f"r{number}")
    bench.desk.sweeps.finish(bench.now)
    bench.commit()
    assert len(bench.commands(HoldCommand)) == 50
    assert len(looks) == 1
    assert bench.types().count("command.failed") == 50


def test_what_an_earlier_supervisor_left_open_is_superseded() -> None:
    bench = Bench()
    bench.event(1, RunStarted())
    bench.intent("pause", agent="a", run="r1", pos=bench.desk.fleet.pos)
    later = Bench(decode(encode(bench.desk.fleet)), "epoch2")
    later.ids = 100
    later.intent("hold", agent="a", run="r1", pos=later.desk.fleet.pos)
    assert [one.state for one in later.desk.fleet.commands.values()] == ["failed", "sent"]


def test_blobs_of_one_run_do_not_take_the_place_of_anothers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blobs, "WHOLE_A_RUN", 8)
    needed = part(b"needed").sha256
    kept = Blobs(lambda run: {needed} if run == "noisy/run" else set())
    kept.part("good/run", part(b"good"))
    kept.part("noisy/run", part(b"needed"))
    for number in range(100):
        kept.part("noisy/run", part(b"%d" % number))
    assert kept.whole("good/run", part(b"good").sha256)
    assert kept.whole("noisy/run", needed)
    assert len(kept._whole.runs["noisy/run"]) <= 8


def test_the_run_with_the_most_blobs_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blobs, "WHOLE_KEPT", 40)
    kept = Blobs()
    kept.part("good/run", part(b"good"))
    for number in range(200):
        kept.part(f"noisy/{number % 4}", part(b"%d" % number))
    assert kept.whole("good/run", part(b"good").sha256)
    assert sum(map(len, kept._whole.runs.values())) <= 40
    kept.forget("good/run")
    assert not kept.whole("good/run", part(b"good").sha256)


def test_no_agent_can_be_called_like_the_alarm_for_all_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarms, "ALARMS_A_KIND", 1)
    desk = Bench().desk
    for name in ("more", "b", "c"):
        desk.alarms.raise_("agent-lost", "gone", name)
    desk.alarms.clear("agent-lost", "more")

    def rest() -> str:
        return desk.fleet.alarms[f"agent-lost/{REST}"].state

    assert rest() == "unacknowledged"
    for name in "bc":
        desk.alarms.clear("agent-lost", name)
    assert rest() == "returned"
    with pytest.raises(ValueError, match="id"):
        TOPICS.status(REST)


def test_alarms_about_long_names_are_told_apart() -> None:
    desk = Bench().desk
    names = ["x" * 63 + end for end in "ab"]
    for name in names:
        desk.alarms.raise_("ungated-action", "ran", "y" * 64, "z" * 64, about=name)
    assert len(desk.fleet.alarms) == 2
    assert all(alarm_id("ungated-action", "y" * 64, "z" * 64, name) in desk.fleet.alarms for name in names)
    assert all(len(name) <= 200 for name in desk.fleet.alarms)


def watches(bench: Bench, console: str, verb: str, key: PrivateKey | None) -> None:
    intent = Intent(verb=verb, id=bench.new_id(), operator="op-1", console=console)  # type: ignore[arg-type]
    bench.raw(TOPICS.intents("op-1"), key.sign(intent) if key else codec.encode(intent))


def test_nobody_is_listed_as_an_operator_or_taken_from_the_list_without_the_key() -> None:
    bench = Bench()
    listed = bench.desk.fleet.operators
    watches(bench, "evil", "watch", None)
    assert listed == {"evil": "op-1 (unsigned)"}
    watches(bench, "true", "watch", OPERATOR)
    watches(bench, "true", "watch", PrivateKey.generate())
    watches(bench, "true", "leave", None)
    assert listed == {"evil": "op-1 (unsigned)", "true": "op-1"}
    watches(bench, "true", "leave", OPERATOR)
    watches(bench, "evil", "watch", OPERATOR)
    assert listed == {"evil": "op-1"}


def test_a_run_that_used_more_tools_than_are_counted_has_read_everything() -> None:
    bench = Bench()
    bench.event(1, RunStarted())
    seen: list[tuple[bool, bool]] = []
    judge = bench.desk.gates.judge.judge

    class Noting:
        def judge(self, proposal: ActionProposed, call: CallFacts) -> Assessment:
            seen.append((call.tainted, call.sensitive))
            return judge(proposal, call)

        def reads(self, _tool: str, _schema: str | None, *, by_name: bool = False) -> tuple[bool, bool]:
            return False, False

        def effect(self, _tool: str, _schema: str | None) -> str:
            return ""

        def consequences(self, _proposal: ActionProposed) -> Consequences:
            return Consequences([], "")

        def changed(self, _proposal: ActionProposed) -> bool:
            return False

    bench.desk.gates.judge = Noting()  # type: ignore[assignment]
    for number, used in enumerate((TOOLS_KEPT - 1, TOOLS_KEPT)):
        bench.run().tools_used = {f"t{one}": 1 for one in range(used)}
        bench.event(2 + number, ActionProposed(action=f"a{number}", tool="x", decide_within=60.0))
    assert seen == [(False, False), (True, True)]


def test_an_acknowledgement_before_the_brokers_receipt_proves_that_it_was_sent() -> None:
    bench = Bench()
    bench.event(1, RunStarted())
    run = bench.run()
    bench.desk.ledger.request("kill", run, "op-1", "", "", bench.now)
    entries = bench.desk.take()
    bench.log.extend(entries)
    bench.desk.committed(entries, bench.now)
    (kill,) = [codec.decode_command(out.payload) for out in bench.desk.out() if out.command]  # no receipt
    assert isinstance(kill, KillCommand)
    bench.event(2, CommandAcknowledged(command=kill.id))
    assert bench.types()[-2:] == ["command.sent", "command.acknowledged"]


def test_one_action_that_cannot_be_judged_again_does_not_keep_the_others_from_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench()
    bench.event(1, RunStarted())
    monkeypatch.setattr(bench.desk.gates, "proposed", lambda *_: None)
    for seq, name in enumerate(("bad", "good"), 2):
        bench.event(seq, ActionProposed(action=name, tool=name, decide_within=60.0))
    monkeypatch.setattr("console.supervisor.judging.gates._proposal", _broken)
    later = Bench(bench.desk.fleet, "epoch2")
    bad, good = (later.run().actions[name] for name in ("bad", "good"))
    assert (bad.state, bad.gate, good.state) == ("asked", "hold", "asked")
    assert "internal-error" in later.alarms()


def _broken(action: object) -> ActionProposed:
    name = action.id  # type: ignore[attr-defined]
    # No name a tool can have: what is wrong shows only when it is judged.
    return ActionProposed(action=name, tool=None if name == "bad" else name, decide_within=60.0)  # type: ignore[arg-type]


def test_an_edit_into_a_hold_needs_the_code_of_the_edit_and_its_refusal_does_not_hand_it_out(
    tmp_path: Path,
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(
        '[[rule]]\nid = "etc"\ntool = "write_file"\nargs = { "path" = "/etc/*" }\nraise = "hold"\nwhy = "ours"\n'
    )
    bench = Bench(rules=Rulebook(None, policy))
    bench.event(1, RunStarted())
    bench.event(
        2, ActionProposed(action="a1", tool="write_file", args={"path": "/tmp/x"}, decide_within=60.0)
    )
    action = bench.run().actions["a1"]
    assert (action.state, action.gate) == ("asked", "ask")
    args = {"path": "/etc/passwd"}
    right = code(digest("write_file", args))
    for wrong in ("", code(action.digest), f"{(int(right) + 1) % 10_000:04d}"):
        answer = bench.intent("edit", args=args, code=wrong, **bench.about(action))
        assert (answer.outcome, right in answer.text) == ("illegal", False)
    assert bench.intent("edit", args=args, code=right, **bench.about(action)).outcome == "edited"


def test_a_fresh_site_can_be_prepared_whatever_the_umask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    home = Home("site", data=tmp_path / "data", config=tmp_path / "config")
    before = os.umask(0o002)
    try:
        assert up.prepare(home)
    finally:
        os.umask(before)
    assert home.operators.stat().st_mode & 0o777 == 0o600


def test_a_key_has_one_operator(tmp_path: Path) -> None:
    path = tmp_path / "operators"
    path.write_text(f"ann {OPERATOR.public.line}\nbob {OPERATOR.public.line}\n")
    path.chmod(0o600)
    with pytest.raises(OperatorsFileError, match=":2: the key of bob is that of ann"):
        Operators.load(path)


def test_commands_are_let_go_when_they_are_settled_however_many_were_open() -> None:
    bench = Bench()
    for number in range(3):
        bench.event(1, RunStarted(), run=f"r{number}")
    for _ in range(1_200):
        bench.desk.ledger.request("pause", bench.run("r0"), "op-1", "", "", bench.now)
    bench.commit()
    bench.commit()  # with the receipts
    assert len(bench.desk.fleet.commands) < 1_024 + 64
    fleet = Fleet(site="site")
    for entry in bench.log:
        reduce(fleet, codec.record(entry.pos, entry.at, codec.decode_envelope(entry.event)))
    assert encode(fleet) == encode(bench.desk.fleet)

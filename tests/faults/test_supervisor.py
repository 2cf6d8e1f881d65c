"""What the fault matrix cannot wait for or cannot do: clocks, freezes, late records, at the supervisor's desk."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from bus import codec
from bus.events import ActionProposed, CommandAcknowledged, Progress, RunStarted
from bus.identity import Identity
from bus.limits import AGENT_SILENT, COMMAND_TIMEOUT
from bus.messages import Answer, KillCommand, RefusedCommand, SupervisorState
from bus.sdk.agent_core import AgentCore
from bus.sdk.spool.store import MemorySpool, Owner
from bus.signing import PrivateKey
from console.core.fleet.state import Fleet, decode, encode
from console.recording.bodies import Row
from console.recording.history import sessions
from console.recording.writer import Recording
from console.supervisor.outbox import Out
from console.supervisor.process.committing import Committer
from console.supervisor.process.emergency import EmergencyLog
from tests.fixtures.desk import TOPICS, Bench
from tests.fixtures.strategies import envelope
from tests.sdk.scripted import Believer

HOUR = 3_600_000


def asked(bench: Bench, within: float = 30.0) -> None:
    bench.event(1, RunStarted())
    bench.event(2, ActionProposed(action="a1", tool="no_such_tool", args={"n": 1}, decide_within=within))


def test_a_clock_set_back_turns_no_time_in_the_log_and_no_deadline() -> None:
    bench = Bench()
    asked(bench)
    bench.wall -= HOUR
    bench.pass_time(29)
    assert bench.run().actions["a1"].outcome is None
    bench.event(3, Progress(text="still here"))
    bench.pass_time(2)
    assert bench.run().actions["a1"].outcome == "expired"
    times = [entry.at for entry in bench.log]
    assert times == sorted(times)


def test_a_supervisor_that_starts_an_hour_earlier_keeps_the_deadline() -> None:
    bench = Bench()
    asked(bench)
    bench.pass_time(10)
    fleet = decode(encode(bench.desk.fleet))
    later = Bench(fleet, "epoch2")
    later.wall = bench.wall - HOUR
    later.pass_time(29)
    assert later.run().actions["a1"].outcome is None
    later.pass_time(2)
    assert later.run().actions["a1"].outcome == "expired"
    assert later.log[0].at >= bench.log[-1].at


async def test_sessions_keep_their_order_when_the_clock_goes_back(tmp_path: Path) -> None:
    now = 1_790_000_000.0
    recording = await Recording.open(tmp_path, initial=encode(Fleet(site="s")), clock=lambda: now)
    event = codec.encode(envelope(Progress(text="x"), 1, "a", "r", "inc"))
    async with recording:
        await recording.append([Row(1, int(now * 1000), "a", "r", event)])
        now -= 2 * 86_400
        assert not recording.should_rotate()
        with pytest.raises(ValueError, match="before"):
            await recording.append([Row(2, int(now * 1000), "a", "r", event)])
        await recording.append([Row(2, recording.at, "a", "r", event)])
        await recording.rotate(encode(Fleet(site="s", pos=2)))
    found = await sessions(tmp_path)
    assert [(info.first_at <= info.last_at, info.last_pos) for info in found] == [(True, 2), (True, 2)]
    assert found[0].last_at <= found[1].first_at


def test_a_frozen_supervisor_calls_nobody_lost() -> None:
    """It heard nothing because it did not listen; a real silence afterwards counts."""
    bench = Bench()
    bench.status("online")
    asked(bench)
    bench.intent("pause", agent="a", run="r1")
    bench.pass_time(1)
    bench.later(60)
    bench.desk.tick(bench.now)
    bench.commit()
    assert bench.desk.fleet.agents["a"].status == "online"
    assert bench.alarms() == set()
    bench.pass_time(COMMAND_TIMEOUT + 1)
    assert "command-failed" in bench.alarms()
    bench.pass_time(AGENT_SILENT)
    assert bench.desk.fleet.agents["a"].status == "lost"


def test_without_a_broker_silence_says_nothing() -> None:
    bench = Bench()
    bench.status("online")
    bench.desk.unlinked(bench.now)
    bench.pass_time(10 * AGENT_SILENT)
    assert bench.desk.fleet.agents["a"].status == "online"
    bench.desk.linked(bench.now)
    bench.pass_time(AGENT_SILENT - 1)
    assert bench.desk.fleet.agents["a"].status == "online"
    bench.pass_time(2)
    assert bench.desk.fleet.agents["a"].status == "lost"


def test_an_agent_outlives_the_one_that_took_its_name() -> None:
    bench = Bench()
    bench.status("online", "first", "k1")
    bench.event(1, RunStarted(), incarnation="first")
    bench.status("online", "second", "k2")
    bench.status("alive", "first", "k1")
    assert bench.alarms() == set()  # it may have been under way when the second came
    bench.pass_time(3.5)
    bench.status("alive", "second", "k2")
    bench.status("alive", "first", "k1")
    assert "duplicate-agent" in bench.alarms()
    bench.status("stopped", "second", "k2")
    assert bench.run().state == "lost"
    bench.status("alive", "first", "k1")
    assert (bench.desk.fleet.agents["a"].status, bench.run().state) == ("online", "working")


def test_a_refusal_is_for_one_process_only() -> None:
    core = AgentCore(
        Identity(site="site", agent="a", incarnation="mine"),
        trust=Believer(),
        wall=lambda: "now",
        new_id=lambda: "id",
    )
    core.link_up("k1", 0.0)
    state = SupervisorState(status="up", epoch="e", instance="i", lease=1, window=16, public_key="k")
    core.message(TOPICS.state, codec.encode(state), retained=False, now=0.0)
    core.start_run("r1", MemorySpool(Owner("site", "a", "r1", "mine")), now=0.0)
    for incarnation in ("another", "mine"):
        refused = RefusedCommand(
            epoch="e", agent="a", run="r1", seq=1, reason="taken", incarnation=incarnation
        )
        core.message(TOPICS.commands("a"), codec.encode(refused), retained=False, now=0.0)
        assert core.run("r1").refused == ("taken" if incarnation == "mine" else "")


def test_an_operator_who_has_seen_to_two_supervisors_opens_approvals_again() -> None:
    bench = Bench()
    asked(bench)
    other = SupervisorState(status="up", epoch="e2", instance="i2", lease=1, window=1, public_key="k")
    bench.raw(TOPICS.state, PrivateKey.generate().sign(other))
    action = bench.run().actions["a1"]
    assert bench.intent("approve", **bench.about(action)).outcome == "closed"
    bench.intent("reset", alarm="second-supervisor", reason="stopped the other one")
    bench.pass_time(1)
    assert not bench.desk.state("up").conflict
    assert bench.desk.arbiter.closed == ""


def test_while_nothing_can_be_recorded_a_refusal_is_told_at_once() -> None:
    bench = Bench()
    asked(bench)
    bench.desk.recording(failing=True)
    intent = {"verb": "approve", "agent": "a", "run": "r1", "action": "a1"}
    payload = codec.encode(intent | {"id": "i", "operator": "op-1", "console": "con", "epoch": "epoch1"})
    bench.desk.receive(TOPICS.intents("op-1"), payload, bench.now)
    answers = [
        codec.decode_reply(out.payload) for out in bench.desk.out() if out.topic == TOPICS.console("con")
    ]
    assert [answer.accepted for answer in answers if isinstance(answer, Answer)] == [False]


def test_what_was_sent_unrecorded_is_recorded_late() -> None:
    """The agent's word about a pause that the recording did not know is then no misdeed."""
    bench = Bench()
    bench.status("online")
    asked(bench)
    fleet = decode(encode(bench.desk.fleet))
    bench.desk.recording(failing=True)
    intent = {"agent": "a", "run": "r1", "operator": "op-1", "console": "con", "epoch": "epoch1"}
    for number, verb in enumerate(("pause", "reject")):
        payload = codec.encode(intent | {"id": f"i{number}", "verb": verb, "action": "a1", "reason": "stop"})
        bench.desk.receive(TOPICS.intents("op-1"), payload, bench.now)
    lines = [
        json.dumps({"topic": out.topic, "payload": out.payload.decode()})
        for out in bench.desk.out()
        if out.stops
    ]
    later = Bench(fleet, "epoch2", late=[*lines, "{cut sho"])
    assert later.types().count("action.decided") == 1
    assert later.types().count("command.requested") == 1
    for seq, command in enumerate(list(later.desk.fleet.commands), 3):
        later.event(seq, CommandAcknowledged(command=command))
    assert later.run().seq == 4
    assert later.run().misdeeds == 0
    assert later.alarms() >= {"recorded-late"}


def test_the_emergency_log_stays_until_what_it_holds_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "emergency.jsonl"
    log = EmergencyLog(path)
    kill = codec.encode(KillCommand(epoch="e", agent="a", run="r"))
    log.note(Out("topic", kill, after=7, stops=True))
    log.work()
    log.clear(6)
    log.work()
    assert len(log.left()) == 1
    log.clear(7)
    log.work()
    assert not path.exists()


@pytest.mark.parametrize("turns", range(5))
async def test_the_committer_ends_when_it_is_told_to_just_as_it_wakes(turns: int) -> None:
    """Otherwise a supervisor whose parent dies at that moment never ends."""
    committer = Committer.__new__(Committer)
    committer._staged, committer._due = asyncio.Event(), asyncio.Event()
    committer._store = asyncio.Event().wait  # type: ignore[method-assign,assignment]
    committer._staged.set()
    committing = asyncio.create_task(committer.run())
    for _ in range(3):
        await asyncio.sleep(0)
    committer._due.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    committing.cancel()
    await asyncio.wait({committing}, timeout=1.0)
    assert committing.cancelled()

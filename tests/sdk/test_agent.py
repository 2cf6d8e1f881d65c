"""The SDK as an author uses it, over the in-memory bus, with a supervisor by script."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self

import pytest
from filelock import FileLock

from bus import Action, ActionRejected, Agent, Run, RunExistsError, RunKilled, RunRefusedError
from bus.codec import decode
from bus.events import (
    ActionFinished,
    ActionProposed,
    ActionStarted,
    CommandAcknowledged,
    CommandEffective,
    MessageSeen,
    RunFinished,
    RunStarted,
)
from bus.home import Home
from bus.messages import (
    AgentStatus,
    DecisionCommand,
    KillCommand,
    PassListCommand,
    PauseCommand,
    ResumeCommand,
)
from bus.sdk.runs import CLOSED
from bus.sdk.shell import BusStoppedError
from bus.sdk.spool.on_disk import SqliteSpool, spool_path
from bus.sdk.spool.store import Owner, SpoolError
from bus.transports.memory import MemoryBus, MemoryTransport
from bus.transports.transport import Item
from tests.sdk.scripted import AGENT, RUN, SITE, TOPICS, Supervisor, living


@pytest.fixture
async def floor() -> AsyncIterator[Supervisor]:
    async with living() as supervisor:
        yield supervisor


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(site=SITE, data=tmp_path / "data", config=tmp_path / "config")


def agent(floor: Supervisor, home: Home, name: str = AGENT) -> Agent:
    return Agent(name, home=home, transport=partial(MemoryTransport, floor.bus))


async def test_a_whole_run(floor: Supervisor, home: Home) -> None:
    floor.decide = lambda run, proposal: floor.answer(run, proposal, "approved", by="ada")
    done: list[str] = []
    async with agent(floor, home) as whole, whole.run("tidy the inbox", run_id=RUN) as job:
        async with job.step("look", confidence=0.9) as step:
            job.message("user", "delete a.txt")
            job.tool_result("ls", {"files": ["a.txt"]})
            step.result(text="one file")
        decision = await job.gate(Action("delete", {"path": "a.txt"}, confidence=0.6, reason="old"))
        assert decision.approved
        assert decision.by == "ada"
        async with decision:
            done.append(decision.args["path"])
            decision.result("gone")
        await job.checkpoint()
    assert done == ["a.txt"]
    assert floor.types(RUN) == [
        "run.started",
        "step.started",
        "message",
        "message",
        "step.finished",
        "action.proposed",
        "command.acknowledged",
        "action.started",
        "command.effective",
        "action.finished",
        "run.finished",
    ]
    assert floor.data(RUN)[9] == ActionFinished(action=decision.action, outcome="done", text="gone")
    assert floor.data(RUN)[-1] == RunFinished(outcome="completed")
    assert [path for path in (home.spool / AGENT).iterdir() if path.name != ".lock"] == []
    statuses = [decode(payload, AgentStatus).status for payload in floor.statuses]
    assert statuses[0] == "online"
    assert statuses[-1] == "stopped"


class Choosy(MemoryTransport):
    """A transport that takes no birth: as if each were larger than a payload."""

    def send(self, topic: str, payload: bytes, **options: Any) -> None:
        if b'"online"' in payload:
            raise ValueError("payload of 71611 bytes")
        super().send(topic, payload, **options)


async def test_a_message_that_cannot_be_sent_ends_no_bus(
    floor: Supervisor, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    floor.decide = lambda run, proposal: floor.answer(run, proposal, "approved")
    whole = Agent(AGENT, home=home, transport=partial(Choosy, floor.bus))
    async with whole, whole.run(run_id=RUN) as job:
        assert (await job.gate(Action("delete", {"path": "a.txt"}))).approved
    assert floor.types(RUN)[-1] == "run.finished"
    assert f"a message on {TOPICS.status(AGENT)} cannot be sent" in caplog.text


async def test_an_item_that_cannot_be_taken_in_ends_no_bus(
    floor: Supervisor, home: Home, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = agent(floor, home)
    reach = whole._shell.core.lease._era.reach

    def fail_once(era: int) -> None:
        monkeypatch.setattr(whole._shell.core.lease._era, "reach", reach)
        raise OSError("a disk of another kind")

    monkeypatch.setattr(whole._shell.core.lease._era, "reach", fail_once)
    floor.decide = lambda run, proposal: floor.answer(run, proposal, "approved")
    async with whole, whole.run(run_id=RUN) as job:
        await floor.until(lambda floor: "run.started" in floor.types(RUN))
        floor.renew()
        assert (await job.gate(Action("delete", {"path": "a.txt"}))).approved
    assert whole._shell.core.ignored["fault"] == 1
    assert "could not be taken in" in caplog.text
    assert "a disk of another kind" in caplog.text


class Blunt(MemoryTransport):
    """A transport that never takes one message of the run."""

    def send(self, topic: str, payload: bytes, **options: Any) -> None:
        if b"poison" in payload:
            raise ValueError("payload of 71611 bytes")
        super().send(topic, payload, **options)


async def test_a_run_whose_events_cannot_be_sent_tells_its_code(
    floor: Supervisor, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing behind that event can ever be stored: its gates would wait in vain, and its author look at a quiet run."""
    whole = Agent(AGENT, home=home, transport=partial(Blunt, floor.bus))
    async with whole, whole.run(run_id="well") as well, whole.run(run_id=RUN) as job:
        job.message("user", "poison")
        with pytest.raises(RunRefusedError, match="its events cannot be sent: payload of 71611 bytes"):
            await job.gate(Action("delete", {"path": "a.txt"}))
        well.message("user", "goes on")
    assert floor.types("well")[-1] == "run.finished"
    assert floor.types(RUN) == ["run.started"]
    assert f"run {RUN} is refused: its events cannot be sent: payload of 71611 bytes" in caplog.text
    spool = SqliteSpool.open_existing(spool_path(home.spool, AGENT, RUN))
    assert b"poison" in spool.read(1, 1)[0][1]
    spool.close()


async def test_a_run_is_not_resumed_from_the_spool_of_another(floor: Supervisor, home: Home) -> None:
    """As where names that differ only in case are one file."""
    path = spool_path(home.spool, AGENT, RUN)
    SqliteSpool.create(path, Owner(SITE, AGENT, RUN.upper(), "inc-0")).close()
    floor.storing = False
    async with Agent(
        AGENT, home=home, transport=partial(MemoryTransport, floor.bus), close_within=0
    ) as whole:
        with pytest.raises(FileNotFoundError, match=f"holds run {RUN.upper()}"):
            async with whole.run(run_id=RUN, resume=True):
                pytest.fail("it went on")


async def test_what_an_agent_of_another_name_left_is_not_ours(floor: Supervisor, home: Home) -> None:
    """As where folders that differ only in case are one."""
    spool = SqliteSpool.create(spool_path(home.spool, AGENT, RUN), Owner(SITE, AGENT.upper(), RUN, "inc-0"))
    spool.append([b"{}"])
    spool.close()
    async with agent(floor, home) as whole:
        assert whole.name == AGENT
    assert RUN not in floor.ingest.records


async def test_a_rejection_is_a_value_and_the_tool_never_runs(floor: Supervisor, home: Home) -> None:
    floor.decide = lambda run, proposal: floor.answer(run, proposal, "rejected", text="not yours")
    async with agent(floor, home) as whole, whole.run(run_id=RUN) as job:
        decision = await job.gate(Action("delete", {"path": "a.txt"}))
        assert (decision.approved, decision.outcome, decision.text) == (False, "rejected", "not yours")
        with pytest.raises(ActionRejected, match="not yours"):
            async with decision:
                pytest.fail("the tool ran")
        with pytest.raises(TypeError, match=r"decision\.approved"):
            bool(decision)
    assert "action.started" not in floor.types(RUN)
    assert ActionFinished(action=decision.action, outcome="rejected", text="not yours") in floor.data(RUN)


async def test_edited_arguments_are_what_runs(floor: Supervisor, home: Home) -> None:
    floor.decide = lambda run, proposal: floor.answer(run, proposal, "edited", args={"path": "b.txt"})
    async with agent(floor, home) as whole, whole.run(run_id=RUN) as job:
        decision = await job.gate(Action("delete", {"path": "a.txt"}))
        async with decision:
            assert decision.args == {"path": "b.txt"}
    started = next(data for data in floor.data(RUN) if isinstance(data, ActionStarted))
    assert started.digest == decision.digest
    assert started.decision == decision.command


async def test_what_the_caller_changes_while_it_waits_was_not_approved(floor: Supervisor, home: Home) -> None:
    args = {"path": "a.txt"}

    def decide(run: str, proposal: ActionProposed) -> DecisionCommand:
        args["path"] = "/"
        return floor.answer(run, proposal, "approved")

    floor.decide = decide
    async with agent(floor, home) as whole, whole.run(run_id=RUN) as job:
        decision = await job.gate(Action("delete", args))
        async with decision:
            assert decision.args == {"path": "a.txt"}
    assert args == {"path": "/"}


async def test_a_failing_tool_is_reported_and_raises(floor: Supervisor, home: Home) -> None:
    floor.decide = lambda run, proposal: floor.answer(run, proposal, "approved")

    async def live() -> None:
        async with agent(floor, home) as whole, whole.run(run_id=RUN) as job:
            decision = await job.gate(Action("delete", {"path": "a.txt"}))
            async with decision:
                raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        await live()
    assert [data for data in floor.data(RUN) if isinstance(data, ActionFinished | RunFinished)] == [
        ActionFinished(action=floor.data(RUN)[1].action, outcome="failed", text="OSError: disk"),  # type: ignore[attr-defined]
        RunFinished(outcome="failed", text="OSError: disk"),
    ]


async def test_a_cancelled_waiter_withdraws(floor: Supervisor, home: Home) -> None:
    async with agent(floor, home) as whole, whole.run(run_id=RUN) as job:
        waiting = asyncio.create_task(job.gate(Action("delete", {"path": "a.txt"})))
        await floor.until(lambda floor: "action.proposed" in floor.types(RUN))
        waiting.cancel()
        await asyncio.wait({waiting})
        await floor.until(lambda floor: "action.finished" in floor.types(RUN))
    finished = next(data for data in floor.data(RUN) if isinstance(data, ActionFinished))
    assert finished.outcome == "withdrawn"


async def test_two_gates_wait_side_by_side(floor: Supervisor, home: Home) -> None:
    async with agent(floor, home) as whole, whole.run(run_id=RUN) as job:
        first = asyncio.create_task(job.gate(Action("delete", {"path": "a.txt"})))
        second = asyncio.create_task(job.gate(Action("delete", {"path": "b.txt"})))
        await floor.until(lambda floor: floor.types(RUN).count("action.proposed") == 2)
        proposals = [data for data in floor.data(RUN) if data.TYPE == "action.proposed"]
        floor.send(floor.answer(RUN, proposals[1], "approved"))  # type: ignore[arg-type]
        async with await second as decision:
            assert decision.args == {"path": "b.txt"}
            assert not first.done()
        floor.send(floor.answer(RUN, proposals[0], "rejected"))  # type: ignore[arg-type]
        assert not (await first).approved


def short(args: dict[str, Any]) -> None:
    """Hold an edit against a tool that takes short paths."""
    if len(args["path"]) > 5:
        raise ValueError("path: too long")


def acknowledged(count: int, floor: Supervisor) -> bool:
    return floor.types(RUN).count("command.acknowledged") == count


@pytest.mark.parametrize("asked", [True, False])
async def test_an_edit_of_a_held_action_is_held_against_its_tool(
    asked: bool, floor: Supervisor, home: Home
) -> None:
    edits = iter(["much-too-long", "b.txt"])
    floor.decide = lambda run, proposal: floor.answer(run, proposal, "edited", args={"path": next(edits)})
    async with agent(floor, home) as whole, whole.run(run_id=RUN) as job:
        for outcome, path in (("refused", "much-too-long"), ("edited", "b.txt")):
            held = job.hold(Action("delete", {"path": "a.txt"}, check=short))
            if asked:
                assert (await held.decided()).outcome == outcome
            else:
                await floor.until(partial(acknowledged, 2 if outcome == "edited" else 1))
            if outcome == "edited" or not asked:
                begun = held.begin()
                assert begun is not None
                assert (begun.outcome, begun.args, begun.begun) == (
                    outcome,
                    {"path": path},
                    outcome == "edited",
                )
    types = floor.types(RUN)
    assert types.count("action.started") == types.count("command.refused") == 1
    assert types.index("command.refused") < types.index("action.started")


async def test_a_pause_holds_the_checkpoint_until_resume(floor: Supervisor, home: Home) -> None:
    async with agent(floor, home) as whole, whole.run(run_id=RUN) as job:
        await floor.until(lambda floor: "run.started" in floor.types(RUN))
        floor.order(PauseCommand, RUN, id="p1")
        await floor.until(lambda floor: "command.acknowledged" in floor.types(RUN))
        assert "command.effective" not in floor.types(RUN)
        waiting = asyncio.create_task(job.checkpoint())
        await floor.until(lambda floor: CommandEffective(command="p1") in floor.data(RUN))
        assert not waiting.done()
        floor.order(ResumeCommand, RUN, id="p2")
        await waiting
    assert CommandEffective(command="p2") in floor.data(RUN)


async def test_a_kill_ends_the_waiting_gate_and_leaves_the_run(floor: Supervisor, home: Home) -> None:
    async def live(job: Run) -> None:
        try:
            await job.gate(Action("delete", {"path": "a.txt"}))
        except Exception:  # noqa: BLE001
            pytest.fail("agent code swallowed the kill")

    async def main() -> None:
        async with agent(floor, home) as whole, whole.run(run_id=RUN) as job:
            await live(job)

    living = asyncio.create_task(main())
    await floor.until(lambda floor: "action.proposed" in floor.types(RUN))
    floor.order(KillCommand, RUN, id="k1", reason="enough")
    with pytest.raises(RunKilled, match="enough"):
        await living
    assert floor.types(RUN)[-4:] == [
        "command.acknowledged",
        "action.finished",
        "command.effective",
        "run.finished",
    ]
    assert floor.data(RUN)[-1] == RunFinished(outcome="killed", text="enough")


async def test_the_pass_list_needs_no_round_trip(floor: Supervisor, home: Home) -> None:
    async with agent(floor, home) as whole, whole.run(run_id=RUN) as job:
        floor.order(PassListCommand, "", tools=["read"], incarnation=whole.identity.incarnation)
        floor.renew()
        floor.order(ResumeCommand, RUN, id="b1")
        await floor.until(lambda floor: CommandEffective(command="b1") in floor.data(RUN))
        floor.storing = False  # nobody answers from here on
        decision = await job.gate(Action("read", {"path": "a.txt"}))
        assert decision.passed
        decision.done("text")
        floor.storing = True
    assert floor.types(RUN)[3:6] == ["action.proposed", "action.started", "action.finished"]


async def test_a_cut_link_loses_nothing_and_raises_nothing(floor: Supervisor, home: Home) -> None:
    async with agent(floor, home) as whole, whole.run(run_id=RUN) as job:
        for number in range(50):
            if number == 10:
                floor.bus.cut(f"agent-{AGENT}")
            job.message("assistant", f"line {number}")
        floor.bus.heal(f"agent-{AGENT}")
    texts = [data.text for data in floor.data(RUN) if isinstance(data, MessageSeen)]
    assert texts == [f"line {number}" for number in range(50)]


async def test_that_the_link_is_back_is_said_as_loudly_as_that_it_went(
    floor: Supervisor, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    """Most agents configure no logging, and then Python shows warnings alone."""
    caplog.set_level("WARNING", logger="watchfloor")
    floor.decide = lambda run, proposal: floor.answer(run, proposal, "approved")
    async with agent(floor, home) as whole, whole.run(run_id=RUN) as job:
        floor.bus.cut(f"agent-{AGENT}", "the broker went")
        job.message("assistant", "meanwhile")
        floor.bus.heal(f"agent-{AGENT}")
        assert (await job.gate(Action("delete", {"path": "a.txt"}))).approved
    said = [text for record in caplog.records if "link" in (text := record.getMessage())]
    assert said == [f"agent {AGENT}: no link: the broker went", f"agent {AGENT}: linked again"]


async def test_a_run_goes_on_in_another_process(floor: Supervisor, home: Home) -> None:
    first = Agent(AGENT, home=home, transport=partial(MemoryTransport, floor.bus), close_within=0)
    floor.bus.cut(f"agent-{AGENT}")
    await first.__aenter__()
    opened = first.run("long work", run_id=RUN)
    job = await opened.__aenter__()
    job.message("user", "before")
    first._shell.core.close()  # as a dying process lets go of its files
    first._shell.close(0)
    floor.bus.heal(f"agent-{AGENT}")
    async with agent(floor, home) as second:
        with pytest.raises(RunExistsError, match="resume=True"):
            async with second.run(run_id=RUN):
                pytest.fail("the run exists")
        async with second.run("long work", run_id=RUN, resume=True) as job:
            job.message("user", "after")
    data = floor.data(RUN)
    assert [item.continues for item in data if isinstance(item, RunStarted)] == [None, 2]
    assert [item.text for item in data if isinstance(item, MessageSeen)] == ["before", "after"]
    await asyncio.wait_for(asyncio.wrap_future(first._shell._ended), 60)


async def test_closing_an_agent_ends_its_runs_and_says_so(
    floor: Supervisor, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    """As a framework's shutdown hook does, that closes in another order than it opened."""
    whole = agent(floor, home)
    async with whole:
        opened = whole.run(run_id=RUN)
        job = await opened.__aenter__()
    assert floor.data(RUN)[-1] == RunFinished(outcome="canceled", text=CLOSED)
    assert caplog.messages[-1:] == [f"agent {AGENT}: run {RUN}: {CLOSED}; it is canceled"]
    for _ in range(2):
        job.message("user", "too late")
    await opened.__aexit__(None, None, None)
    assert job.outcome == "canceled"
    assert floor.types(RUN)[-1] == "run.finished"
    assert len([text for text in caplog.messages if "what it still tells is dropped" in text]) == 1
    with pytest.raises(BusStoppedError, match="closed"):
        async with whole.run():
            pytest.fail("it began")
    assert list((home.spool / AGENT).glob("*.sqlite3")) == []


async def test_a_run_whose_beginning_was_cancelled_is_over(floor: Supervisor, home: Home) -> None:
    async def live() -> None:
        async with whole.run(run_id=RUN):
            pytest.fail("it went on")

    async with agent(floor, home) as whole:
        (home.spool / AGENT).mkdir(parents=True)
        with FileLock(home.spool / AGENT / ".lock"):  # as another process that opens a spool
            beginning = asyncio.create_task(live())
            for _ in range(5):  # by now the thread has begun
                await asyncio.sleep(0)
            for _ in range(2):
                beginning.cancel()
                await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await beginning
        await floor.until(lambda floor: floor.types(RUN)[-1:] == ["run.finished"])
        [end] = [data for data in floor.data(RUN) if isinstance(data, RunFinished)]
        assert end.outcome == "canceled"


async def test_an_agent_whose_entering_was_cancelled_lets_go_of_everything(
    floor: Supervisor, home: Home
) -> None:
    left = SqliteSpool.create(spool_path(home.spool, AGENT, RUN), Owner(SITE, AGENT, RUN, "inc-0"))
    left.append([b"{}"])
    left.close()
    with FileLock(home.spool / AGENT / ".lock"):
        entering = asyncio.create_task(agent(floor, home).__aenter__())
        for _ in range(5):  # by now the thread has begun
            await asyncio.sleep(0)
        entering.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await entering
    SqliteSpool.open_existing(left.path).close()  # nobody has it


class Slow(MemoryTransport):
    """A transport that takes its time to open."""

    async def __aenter__(self) -> Self:
        OPENING.set()
        await asyncio.sleep(0)
        return await super().__aenter__()


OPENING = threading.Event()


@pytest.mark.parametrize("own_thread", [True, False])
async def test_a_bus_that_is_opening_ends_with_a_cancelled_entering(own_thread: bool, home: Home) -> None:
    OPENING.clear()
    bus = MemoryBus()
    whole = Agent(AGENT, home=home, transport=partial(Slow, bus), own_thread=own_thread)
    entering = asyncio.create_task(whole.__aenter__())
    while not OPENING.is_set():  # noqa: ASYNC110  (nobody tells)
        await asyncio.sleep(0)
    entering.cancel()
    await asyncio.wait({entering})
    if entering.cancelled():
        assert whole._shell._over
    else:  # it was open by then
        await whole.__aexit__(None, None, None)


def finished(run: str, floor: Supervisor) -> bool:
    return floor.types(run)[-1:] == ["run.finished"]


async def test_resuming_a_finished_run_keeps_its_rest_on_its_way(home: Home) -> None:
    bus = MemoryBus()
    bus.cut(f"agent-{AGENT}")
    for name in (RUN, "r2"):
        async with (
            Agent(AGENT, home=home, transport=partial(MemoryTransport, bus), close_within=0) as whole,
            whole.run(run_id=name),
        ):
            pass
    floor = Supervisor(bus)
    task = asyncio.create_task(floor.live())
    async with agent(floor, home) as whole:
        with pytest.raises(SpoolError, match="the run has finished"):
            async with whole.run(run_id=RUN, resume=True):
                pytest.fail("it went on")
        bus.heal(f"agent-{AGENT}")
        floor.renew()
        for name in (RUN, "r2"):
            await floor.until(partial(finished, name))
    assert list((home.spool / AGENT).glob("*.sqlite3")) == []
    task.cancel()
    await asyncio.wait({task})


async def test_an_agent_is_entered_once(floor: Supervisor, home: Home) -> None:
    whole = agent(floor, home)
    async with whole:
        with pytest.raises(RuntimeError, match=f"agent {AGENT} was entered before: make a new Agent"):
            await whole.__aenter__()
    with pytest.raises(RuntimeError, match="entered before"):
        whole.__enter__()


async def test_a_tool_at_a_checkpoint_of_its_own_is_paused(floor: Supervisor, home: Home) -> None:
    floor.decide = lambda run, proposal: floor.answer(run, proposal, "approved")
    async with agent(floor, home) as whole, whole.run(run_id=RUN) as job:

        @job.tool
        async def tidy() -> None:
            floor.order(PauseCommand, RUN, id="p1")
            await floor.until(lambda floor: "p1" in acknowledgements(floor))
            await job.checkpoint()

        working = asyncio.create_task(tidy())
        await floor.until(lambda floor: CommandEffective(command="p1") in floor.data(RUN))
        assert not working.done()
        floor.order(ResumeCommand, RUN)
        await working
    assert floor.types(RUN)[-2:] == ["action.finished", "run.finished"]


def acknowledgements(floor: Supervisor) -> list[str]:
    return [data.command for data in floor.data(RUN) if isinstance(data, CommandAcknowledged)]


async def test_a_run_without_a_supervisor_keeps_its_spool(home: Home) -> None:
    bus = MemoryBus()
    bus.cut(f"agent-{AGENT}")
    async with (
        Agent(AGENT, home=home, transport=partial(MemoryTransport, bus), close_within=0) as whole,
        whole.run(run_id=RUN) as job,
    ):
        job.message("user", "nobody hears this")
    assert [path.name for path in (home.spool / AGENT).glob("*.sqlite3")] == ["r1.sqlite3"]
    floor = Supervisor(bus)
    task = asyncio.create_task(floor.live())
    bus.heal(f"agent-{AGENT}")
    async with agent(floor, home):
        await floor.until(lambda floor: floor.types(RUN)[-1:] == ["run.finished"])
        floor.renew()
    assert list((home.spool / AGENT).glob("*.sqlite3")) == []
    task.cancel()
    await asyncio.wait({task})


class LateTransport(MemoryTransport):
    """A transport that says nothing at all until it is let."""

    let: asyncio.Event

    async def batches(self) -> AsyncIterator[Sequence[Item]]:
        await self.let.wait()
        async for batch in super().batches():
            yield batch


async def test_a_run_shorter_than_the_first_connection_is_sent_whole(floor: Supervisor, home: Home) -> None:
    """Closing waits for what was written before the link was up; it does not take the silence for completion."""
    LateTransport.let = asyncio.Event()
    short = Agent(AGENT, home=home, transport=partial(LateTransport, floor.bus))

    async def live() -> None:
        async with short, short.run("done at once", run_id=RUN):
            pass

    living = asyncio.create_task(live())
    while short._shell._close is None or not short._shell._close.done():  # noqa: ASYNC110  (nobody tells)
        await asyncio.sleep(0)
    for _ in range(50):  # by now a close that takes silence for completion has said goodbye
        await asyncio.sleep(0)
    LateTransport.let.set()
    await living
    assert floor.types(RUN) == ["run.started", "run.finished"]

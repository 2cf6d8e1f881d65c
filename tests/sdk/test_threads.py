"""The SDK with a bus thread of its own: synchronous code, synchronous tools, and a real broker."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from bus import Action, ActionRejected, Agent, RunKilled, SyncRun
from bus.events import ActionProposed, MessageSeen
from bus.home import Home
from bus.messages import KillCommand, SupervisorState
from bus.sdk.shell import BusStoppedError
from bus.sdk.spool.store import SpoolBusyError
from bus.sdk.spool_send import Sent, send_spool
from bus.signing import PrivateKey
from bus.transports.memory import MemoryBus, MemoryTransport
from bus.transports.mqtt import MqttTransport
from bus.transports.transport import Transport, WillFor
from tests.fixtures.brokers import RunningBroker
from tests.sdk.scripted import AGENT, RUN, SITE, TOPICS, Supervisor


class Hall:
    """A `MemoryBus` and a supervisor on the very loop of the agent's bus thread: both begin with the agent's link."""

    def __init__(self) -> None:
        self.bus: MemoryBus | None = None
        self.floor: Supervisor | None = None
        self.outcome = "approved"
        self.proposed = threading.Event()
        self.loop: asyncio.AbstractEventLoop | None = None

    def __call__(self, client_id: str, subscriptions: list[str], will: WillFor) -> Transport:
        self.loop = asyncio.get_running_loop()
        self.bus = MemoryBus()
        self.floor = Supervisor(self.bus)
        self.floor.decide = self.decide
        self.task = self.loop.create_task(self.floor.live())
        self.floor.renew()
        return MemoryTransport(self.bus, client_id, subscriptions, will)

    def decide(self, run: str, proposal: ActionProposed):  # type: ignore[no-untyped-def]  # noqa: ANN201
        assert self.floor is not None
        self.proposed.set()
        return self.floor.answer(run, proposal, self.outcome) if self.outcome else None

    def kill(self) -> None:
        self.proposed.wait()
        assert self.floor is not None
        assert self.loop is not None
        self.loop.call_soon_threadsafe(partial(self.floor.order, KillCommand, RUN, reason="enough"))


@pytest.fixture
def hall() -> Hall:
    return Hall()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(site=SITE, data=tmp_path / "data", config=tmp_path / "config")


@contextmanager
def living(hall: Hall, home: Home) -> Iterator[SyncRun]:
    with (
        Agent(AGENT, home=home, transport=hall, own_thread=True) as whole,  # type: ignore[arg-type]
        whole.run_sync("tidy", run_id=RUN) as job,
    ):
        yield job


class Slow:
    """Believes everything, as soon as it may."""

    def __init__(self) -> None:
        self.checking, self.may = threading.Event(), threading.Event()
        self.waited = True

    def state(self, _payload: bytes, _state: SupervisorState) -> bool:
        return True

    def command(self, _payload: bytes) -> bool:
        self.checking.set()
        self.waited &= self.may.wait(60.0)
        return True


def test_agent_code_does_not_wait_while_a_signature_is_checked(hall: Hall, home: Home) -> None:
    trust = Slow()
    with living(hall, home) as job:
        job._shell.core.ear.trust = trust
        job.message("user", "one")
        assert trust.checking.wait(60.0)
        job.message("user", "two")
        trust.may.set()
    assert trust.waited


def test_a_whole_run_without_asyncio(hall: Hall, home: Home) -> None:
    removed: list[str] = []
    with living(hall, home) as job:

        @job.tool
        def delete(path: str) -> str:
            removed.append(path)
            return f"{path} is gone"

        with job.step("look"):
            job.progress(1, 2)
        assert delete("a.txt") == "a.txt is gone"
        with job.gate(Action("move", {"path": "b.txt"})) as decision:
            removed.append(decision.args["path"])
        hall.outcome = "rejected"
        with pytest.raises(ActionRejected):
            delete("c.txt")
        job.checkpoint()
    assert removed == ["a.txt", "b.txt"]
    assert hall.floor is not None
    assert hall.floor.types(RUN)[-1] == "run.finished"


def test_a_kill_is_felt_by_a_blocked_thread(hall: Hall, home: Home) -> None:
    hall.outcome = ""
    killer = threading.Thread(target=hall.kill)
    killer.start()

    def live() -> None:
        with living(hall, home) as job:
            job.gate(Action("delete", {"path": "a.txt"}))

    with pytest.raises(RunKilled, match="enough"):
        live()
    killer.join()
    assert hall.floor is not None
    assert hall.floor.types(RUN)[-3:] == ["action.finished", "command.effective", "run.finished"]


async def test_a_synchronous_tool_may_block_the_agents_loop(hall: Hall, home: Home) -> None:
    async with (
        Agent(AGENT, home=home, transport=hall, own_thread=True) as whole,  # type: ignore[arg-type]
        whole.run(run_id=RUN) as job,
    ):
        tool = job.tool(lambda path: path.upper(), name="shout")
        assert tool("a") == "A"
        assert await asyncio.to_thread(tool, "b") == "B"


async def test_a_thread_cannot_wait_for_itself(home: Home) -> None:
    async with (
        Agent(AGENT, home=home, transport=partial(MemoryTransport, MemoryBus()), close_within=0) as whole,
        whole.run(run_id=RUN) as job,
    ):
        with pytest.raises(RuntimeError, match=r"asyncio\.to_thread"):
            job.gate_sync(Action("delete", {}))


async def test_a_gate_of_a_closed_agent_does_not_hang(home: Home) -> None:
    whole = Agent(AGENT, home=home, transport=partial(MemoryTransport, MemoryBus()), close_within=0)
    opened = whole.run(run_id=RUN)
    async with whole:
        job = await opened.__aenter__()
        waiting = asyncio.create_task(job.gate(Action("delete", {})))
        await asyncio.sleep(0)
    with pytest.raises(BusStoppedError):
        await waiting
    with pytest.raises(BusStoppedError):
        await job.gate(Action("delete", {}))
    job.message("user", "nobody hears this, and nothing breaks")
    await opened.__aexit__(None, None, None)


def test_a_transport_that_cannot_be_made_is_told_where_the_agent_is_entered(home: Home) -> None:
    def broken(client_id: str, subscriptions: object, will: WillFor) -> Transport:
        raise ValueError("no such thing")

    with pytest.raises(ValueError, match="no such thing"):
        Agent(AGENT, home=home, transport=broken, own_thread=True).__enter__()


# ---- a real broker -----------------------------------------------------------------------------------------------------

CHILD = """
import sys
from pathlib import Path
from bus import Agent
from bus.home import Home
home = Home(site="test", data=Path(sys.argv[1]), config=Path(sys.argv[2]))
with Agent("janitor", home=home, broker="mqtt://127.0.0.1:1") as agent, agent.run_sync("die", run_id="r1") as job:
    for number in range(30):
        job.message("user", f"line {number}")
    print("ready", flush=True)
    sys.stdin.read()
"""


def start_child(home: Home) -> subprocess.Popen[str]:
    """Start an agent that reports thirty messages to nobody and waits to be killed."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(home.data), str(home.config)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def kill_child(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        assert pipe is not None
        pipe.close()


def mqtt_floor(broker: RunningBroker, key: PrivateKey) -> Supervisor:
    floor = Supervisor(MemoryBus(), key)
    floor.over(
        MqttTransport(
            broker.url, client_id="supervisor", subscriptions=[TOPICS.all_events, TOPICS.all_status]
        )
    )
    return floor


@pytest.mark.broker
async def test_gates_over_a_broker_with_the_bus_in_its_own_thread(broker: RunningBroker, home: Home) -> None:
    floor = mqtt_floor(broker, PrivateKey.generate())
    floor.decide = lambda run, proposal: floor.answer(run, proposal, "approved")
    task = asyncio.create_task(floor.live())
    await floor.linked()
    floor.renew()
    async with (
        Agent(
            AGENT, home=home, broker=f"mqtt://127.0.0.1:{broker.port}", supervisor=floor.key.public.line
        ) as whole,
        whole.run(run_id=RUN) as job,
    ):
        for number in range(20):
            job.message("user", f"line {number}")
        async with await job.gate(Action("delete", {"path": "a.txt"})) as decision:
            decision.result("gone")
    texts = [data.text for data in floor.data(RUN) if isinstance(data, MessageSeen)]
    assert texts == [f"line {number}" for number in range(20)]
    assert floor.types(RUN)[-1] == "run.finished"
    assert list((home.spool / AGENT).glob("*.sqlite3")) == []
    task.cancel()
    await asyncio.wait({task})


@pytest.mark.broker
async def test_what_a_killed_agent_left_is_sent_for_it(broker: RunningBroker, home: Home) -> None:
    child = start_child(home)
    try:
        with pytest.raises(SpoolBusyError):
            await send_spool(home.spool / AGENT, home=home, broker=f"mqtt://127.0.0.1:{broker.port}")
    finally:
        kill_child(child)
    floor = mqtt_floor(broker, PrivateKey.generate())
    task = asyncio.create_task(floor.live())
    await floor.linked()
    floor.renew()
    sent = await send_spool(home.spool / AGENT, home=home, broker=f"mqtt://127.0.0.1:{broker.port}")
    assert sent == [Sent(run=RUN, stored=31, left=0, gone=False)]
    assert floor.types(RUN) == ["run.started"] + ["message"] * 30
    await floor.until(lambda floor: len(floor.statuses) >= 2)
    assert [b'"online"' in floor.statuses[0], b'"lost"' in floor.statuses[-1]] == [True, True]
    task.cancel()
    await asyncio.wait({task})

"""The floor over the bus in memory, with the real desk of a supervisor; time jumps to where somebody waits for it."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from bus import codec
from bus.events import StepStarted
from bus.home import Home
from bus.inquiry import HealthReport
from bus.limits import INTENT_REPEAT, INTENT_TIMEOUT, LEASE_TTL
from bus.messages import Answer, Intent
from bus.signing import KeyFileError, PrivateKey
from bus.topics import BadIdError
from bus.transports.transport import Message
from console.core.fleet.state import encode
from console.core.reducing.reduce import Change
from console.link.floor import Floor, NoAnswerError, TooLargeError
from console.link.follower import LINK, REPLACED, Applied
from console.link.reaching import pinned_key
from tests.fixtures.site_in_memory import OPERATOR, SITE, SUPERVISOR, TOPICS, SiteInMemory

T = TypeVar("T")


class _Jumping(selectors.DefaultSelector):
    """Waits for nothing: when nothing is ready, the time for which it was to wait has passed."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "everybody waits for something that cannot come"
            self.now += timeout
        return ready


def play(scene: Callable[[], Awaitable[T]]) -> T:
    """Run a scene in jumping time."""
    selector = _Jumping()
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: selector.now  # type: ignore[method-assign]
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(_awaited(scene))


async def _awaited(scene: Callable[[], Awaitable[T]]) -> T:
    return await scene()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("WATCHFLOOR_HOME", str(tmp_path))
    return Home.of(SITE)


@pytest.fixture
def site() -> SiteInMemory:
    return SiteInMemory(1_000_000)


def floor_of(site: SiteInMemory, home: Home, *, signed: bool = True, **more: Any) -> Floor:
    clock = asyncio.get_running_loop().time
    key = OPERATOR if signed else None
    return Floor(site.connect, home=home, operator="op", key=key, clock=clock, **more)


def test_joining_gives_the_fleet_of_the_supervisor(site: SiteInMemory, home: Home) -> None:
    async def scene() -> None:
        async with floor_of(site, home) as floor:
            await floor.join()
            assert encode(floor.fleet) == encode(site.fleet)
            assert floor.trouble == ""
            site.agent.report("7q4f", StepStarted(step=3))
            assert await floor.until(lambda fleet: fleet.runs["refunds/7q4f"].steps_seen == 3, 1.0)
            assert encode(floor.fleet) == encode(site.fleet)

    play(scene)


def test_listeners_are_told_after_the_change_until_they_stop(site: SiteInMemory, home: Home) -> None:
    changes: list[Change] = []
    applied: list[Applied] = []

    async def scene() -> None:
        async with floor_of(site, home) as floor:
            stop = floor.listen(changes.extend)
            stop_records = floor.listen_to_records(applied.extend)
            await floor.join()
            assert {LINK, REPLACED} <= set(changes)
            assert applied == []
            changes.clear()
            site.agent.report("7q4f", StepStarted(step=3))
            await floor.until(lambda _: bool(applied), 1.0)
            assert changes == [Change("run", "refunds/7q4f")]
            assert applied[0].record.pos == floor.fleet.pos
            stop()
            stop_records()
            changes.clear()
            site.agent.report("7q4f", StepStarted(step=4))
            await floor.until(lambda fleet: fleet.runs["refunds/7q4f"].steps_seen == 4, 1.0)
            assert changes == []
            assert len(applied) == 1

    play(scene)


def test_an_intent_is_signed_bound_and_answered(site: SiteInMemory, home: Home) -> None:
    own = site.agent.propose("7q4f", "a1", "ask_refund", {"amount": 1})

    async def scene() -> None:
        async with floor_of(site, home) as floor:
            await floor.join()
            answer = await floor.say(
                "approve", agent="refunds", run="7q4f", action="a1", digest=own, reason="fine"
            )
            assert (answer.outcome, answer.accepted) == ("approved", True)
            assert await floor.until(
                lambda fleet: fleet.commands[answer.command].effective_at is not None, 1.0
            )
            again = await floor.say("approve", agent="refunds", run="7q4f", action="a1", digest=own)
            assert (again.outcome, again.accepted) == ("conflict", False)
            assert again.text == "approved by op before"

    play(scene)


def test_without_a_key_stopping_is_possible_and_nothing_else(site: SiteInMemory, home: Home) -> None:
    async def scene() -> None:
        async with floor_of(site, home, signed=False) as floor:
            await floor.join()
            assert (await floor.say("pause", agent="refunds", run="7q4f")).accepted
            assert (await floor.say("resume", agent="refunds", run="7q4f")).outcome == "unsigned"

    play(scene)


def test_an_intent_is_repeated_unchanged_until_it_is_answered(site: SiteInMemory, home: Home) -> None:
    heard: list[bytes] = []

    def lost(client: str, message: Message) -> bool:
        if client != "supervisor" or b'"verb":"pause"' not in message.payload:
            return False
        heard.append(message.payload)
        return len(heard) < 4

    async def scene() -> None:
        async with floor_of(site, home) as floor:
            await floor.join()
            site.bus.loses = lost
            began = floor._clock()
            assert (await floor.say("pause", agent="refunds", run="7q4f")).accepted
            assert floor._clock() - began == pytest.approx(3 * INTENT_REPEAT)

    play(scene)
    assert len(set(heard)) == 1
    assert len(site.agent.commands) == 1


def test_a_report_under_the_id_of_an_intent_is_not_its_answer(site: SiteInMemory, home: Home) -> None:
    async def scene() -> None:
        async with floor_of(site, home) as floor:
            await floor.join()
            site.supervisor.deaf = True
            saying = asyncio.ensure_future(floor.say("pause", intent="X", agent="refunds", run="7q4f"))
            await asyncio.sleep(0)
            assert "X" in floor._answers
            report = HealthReport(intent="X", epoch=floor.status.epoch, up=1, window=1)
            site.bus.publish(TOPICS.console(floor.console), SUPERVISOR.sign(report))
            await floor.until(lambda _: saying.done(), INTENT_REPEAT / 2)
            assert not saying.done()
            site.supervisor.deaf = False
            answer = await saying
            assert (type(answer), answer.accepted) == (Answer, True)

    play(scene)


def test_no_answer_is_told_with_what_still_holds(site: SiteInMemory, home: Home) -> None:
    async def scene() -> None:
        async with floor_of(site, home) as floor:
            await floor.join()
            site.supervisor.deaf = site.supervisor.mute = True
            with pytest.raises(
                NoAnswerError, match="the supervisor is lost: nobody decides; gated runs stop"
            ) as lost:
                await floor.say("pause", agent="refunds", run="7q4f", timeout=LEASE_TTL + 1)
            assert str(lost.value).startswith("no answer to pause within 11 s: ")
            site.bus.cut(floor.console, "the cable")
            with pytest.raises(
                NoAnswerError, match=r"the bus is down \(the cable\): nothing can be commanded"
            ):
                await floor.say("pause", agent="refunds", run="7q4f")
            site.bus.heal(floor.console)
            assert not await floor.until(lambda fleet: fleet.pos > 10_000, 1.0)

    play(scene)


def test_joining_without_bus_or_supervisor_says_who_is_missing(site: SiteInMemory, home: Home) -> None:
    async def scene() -> None:
        site.supervisor.deaf = True
        async with floor_of(site, home) as floor:
            await floor.reach(1.0)
            with pytest.raises(NoAnswerError, match="the supervisor has not been heard of"):
                await floor.join(LEASE_TTL - 1)
        lost = floor_of(site, home)
        site.bus.cut(lost.console, "the cable")
        async with lost as floor:
            with pytest.raises(NoAnswerError, match=r"the bus is down \(the cable\)"):
                await floor.reach(1.0)

    play(scene)


def test_a_cut_link_is_joined_again(site: SiteInMemory, home: Home) -> None:
    async def scene() -> None:
        async with floor_of(site, home) as floor:
            await floor.join()
            before = floor.fleet
            site.bus.cut(floor.console, "cut")
            site.agent.report("7q4f", StepStarted(step=3))
            await floor.until(lambda _: not floor.status.joined, 1.0)
            assert floor.fleet is before
            site.bus.heal(floor.console)
            await floor.join()
            assert encode(floor.fleet) == encode(site.fleet)

    play(scene)


def test_another_supervisor_is_followed(site: SiteInMemory, home: Home) -> None:
    async def scene() -> None:
        async with floor_of(site, home) as floor:
            await floor.join()
            site.take_over("epoch-2")
            await floor.until(lambda fleet: fleet.epoch == "epoch-2", INTENT_TIMEOUT)
            await floor.join()
            assert floor.status.epoch == "epoch-2"
            assert encode(floor.fleet) == encode(site.fleet)

    play(scene)


def test_a_watching_console_is_listed_until_it_leaves_or_dies(site: SiteInMemory, home: Home) -> None:
    async def scene() -> None:
        async with floor_of(site, home, watching=True) as floor:
            await floor.join()
            assert site.fleet.operators == {floor.console: "op"}
        assert site.fleet.operators == {}
        async with floor_of(site, home, watching=True) as floor:
            await floor.join()
            site.bus.cut(floor.console, "died")
            assert site.fleet.operators == {}
        async with floor_of(site, home) as floor:
            await floor.join()
            assert site.fleet.operators == {}

    play(scene)


def test_what_does_not_fit_is_not_sent(site: SiteInMemory, home: Home) -> None:
    async def scene() -> None:
        async with floor_of(site, home) as floor:
            await floor.join()
            with pytest.raises(TooLargeError, match="at most 65536 may be sent"):
                await floor.say("edit", agent="refunds", run="7q4f", action="a", args={"x": "y" * 70_000})

    play(scene)


def test_a_listener_that_fails_is_not_hidden(site: SiteInMemory, home: Home) -> None:
    def broken(_changes: list[Change]) -> None:
        raise ZeroDivisionError

    async def scene() -> None:
        async with floor_of(site, home) as floor:
            floor.listen(broken)
            with pytest.raises(ZeroDivisionError):
                await floor.join()
            with pytest.raises(ZeroDivisionError):
                await floor.until(lambda _: False, 1.0)

    play(scene)


def test_the_pinned_key_is_read_and_a_broken_one_is_named(site: SiteInMemory, home: Home) -> None:
    assert pinned_key(home) is None
    SUPERVISOR.save(home.supervisor_key)
    key = pinned_key(home)
    assert key is not None
    assert key.fingerprint == SUPERVISOR.public.fingerprint

    async def scene() -> None:
        async with floor_of(site, home) as floor:
            await floor.join()
            assert floor.status.pinned
            assert floor.status.supervisor == "up"

    play(scene)
    path = home.supervisor_key.with_name("supervisor_ed25519.pub")
    path.write_text(PrivateKey.generate().public.line)

    async def forged() -> None:
        async with floor_of(site, home) as floor:
            await floor.reach(1.0)
            await floor.until(lambda _: floor.status.refused > 0, 1.0)
            assert "by the pinned supervisor key" in floor.status.problem
            assert not floor.status.joined

    play(forged)
    path.write_text("nonsense")
    with pytest.raises(KeyFileError, match=r"supervisor_ed25519\.pub"):
        pinned_key(home)


def test_a_bad_name_is_refused_at_once(site: SiteInMemory, home: Home) -> None:
    with pytest.raises(BadIdError, match="operator"):
        Floor(site.connect, home=home, operator="a b")


def test_the_goodbye_of_a_watcher_is_an_intent(site: SiteInMemory, home: Home) -> None:
    floor = Floor(site.connect, home=home, operator="op", key=OPERATOR, watching=True)
    will = floor._will("c")
    intent = codec.decode(will.payload, Intent)
    assert (will.topic, will.retain) == (TOPICS.intents("op"), False)
    assert (intent.verb, intent.console) == ("leave", floor.console)
    assert OPERATOR.public.verifies(will.payload)

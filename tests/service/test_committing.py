"""In which order what is decided is stored, sent and told, and that what was begun is ended."""

import asyncio
from pathlib import Path

from bus.events import ActionProposed, RunStarted
from bus.transports.transport import Item, Message
from console.recording.history import history
from tests.fixtures.desk import TOPICS
from tests.fixtures.service import Running, running


def note_commands(site: Running) -> list[int]:
    """How far the recording was at each command that agent `a` was sent."""
    stored: list[int] = []
    receive = site.witness.receive

    def noting(item: Item) -> None:
        if isinstance(item, Message) and item.topic == TOPICS.commands("a"):
            stored.append(site.recording.pos)
        receive(item)

    site.witness.receive = noting  # type: ignore[method-assign]
    return stored


def told(site: Running, kind: str) -> int:
    """Which of all messages is the journal that tells of a type of record; -1 if there is none yet."""
    for number, message in enumerate(site.witness.seen):
        if message.topic == TOPICS.journal and f'"type":"{kind}"'.encode() in message.payload:
            return number
    return -1


async def test_a_decision_is_stored_then_sent_then_told_to_consoles(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        site.event(RunStarted(goal="refunds"))
        site.event(ActionProposed(action="x", tool="refund", args={"order": 1}, decide_within=60))
        await site.until(lambda: told(site, "action.asked") >= 0)
        stored = note_commands(site)
        assert (await site.say("reject", agent="a", run="r1", action="x")).accepted
        await site.until(lambda: told(site, "action.decided") >= 0)
        decided = next(pos for pos, kind in site.published() if kind == "action.decided")
        assert stored[0] >= decided
        sent = next(
            number
            for number, message in enumerate(site.witness.seen)
            if message.topic == TOPICS.commands("a") and b'"decision"' in message.payload
        )
        assert sent < told(site, "action.decided")


async def test_what_was_begun_when_the_service_is_told_to_stop_is_stored_and_told_once(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as site:
        site.event(RunStarted(goal="refunds"))
        await site.all_recorded()
        site.event(ActionProposed(action="x", tool="refund", args={"order": 1}, decide_within=60))
        committer = site.service._committer
        while committer._begun is None:  # noqa: ASYNC110  (nobody tells)
            await asyncio.sleep(0)
        site.stopping.set()
    positions = [pos for pos, _ in site.published()]
    assert positions == sorted(set(positions))
    rows = [row.pos async for row in history(site.home.sessions)]
    assert rows[: len(positions)] == positions
    kinds = [row.event async for row in history(site.home.sessions)]
    assert any(b"action.asked" in event for event in kinds)

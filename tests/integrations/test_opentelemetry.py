"""Spans that are watched: all that was told is reported, and nothing seems to run for ever. Without the SDK's package."""

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bus import Agent
from bus.adapters import spans as carrying
from bus.adapters.opentelemetry import GenAiSpans
from bus.adapters.spans import Watched
from bus.events import ActionFinished, Data
from bus.home import Home
from bus.sdk.job import Run
from bus.transports.memory import MemoryTransport
from tests.sdk.scripted import AGENT, SITE, Supervisor, living

IDS = itertools.count(1)


def span(tool: str) -> Any:
    """What the SDK shows of a span."""
    return SimpleNamespace(
        context=SimpleNamespace(span_id=next(IDS)),
        attributes={"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool},
        status=SimpleNamespace(is_ok=True, description=None),
    )


class Spans:
    """A run that is watched, and the supervisor that has all of it once its agent is closed."""

    def __init__(self, floor: Supervisor, job: Run) -> None:
        self.floor, self.job = floor, job


@asynccontextmanager
async def observed(folder: Path) -> AsyncIterator[Spans]:
    home = Home(site=SITE, data=folder / "d", config=folder / "c")
    async with living() as floor:
        ours = Agent(AGENT, home=home, transport=partial(MemoryTransport, floor.bus), control="observed")
        async with ours, ours.run() as job:
            yield Spans(floor, job)


def ends(told: list[Data]) -> list[tuple[str, str]]:
    return [(one.outcome, one.text) for one in told if isinstance(one, ActionFinished)]


async def test_a_watch_that_nobody_entered_reports_and_a_flush_waits_for_it(tmp_path: Path) -> None:
    async with observed(tmp_path) as spans:
        watch = Watched(spans.job, GenAiSpans(spans.job))
        assert watch.force_flush()  # nothing waits
        one = span("rm")
        watch.on_start(one)
        watch.on_end(one)
        assert await asyncio.to_thread(watch.force_flush)
        assert not watch._reporter.open
        await asyncio.to_thread(watch.shutdown)
        watch.on_start(span("late"))
        assert watch.force_flush()
    assert ends(spans.floor.data(spans.job.id)) == [("done", "")]


async def test_a_call_whose_end_was_dropped_is_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "WAITING", 2)
    async with observed(tmp_path) as spans:
        watch = Watched(spans.job, GenAiSpans(spans.job))
        gate, going = threading.Event(), threading.Event()
        take = watch._reporter.take

        def slowly(*given: Any) -> None:
            going.set()
            gate.wait()
            take(*given)

        monkeypatch.setattr(watch._reporter, "take", slowly)
        first, second, third = span("first"), span("second"), span("third")
        try:
            watch.on_start(first)
            await asyncio.to_thread(going.wait)
            watch.on_start(second)
            watch.on_start(third)
            assert not watch.force_flush(1)  # no room for it: it says so
            for one in (first, second):
                watch.on_end(one)
        finally:
            gate.set()
        assert await asyncio.to_thread(watch.force_flush)
        await asyncio.to_thread(watch.shutdown)
    texts = [text for outcome, text in ends(spans.floor.data(spans.job.id)) if outcome == "failed"]
    assert sorted(text.partition(":")[0] for text in texts) == [
        "its end was dropped",
        "its end was dropped",
        "the watch ended before it did",
    ]

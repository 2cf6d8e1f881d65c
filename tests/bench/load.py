"""The publisher, a process of its own: `python -m tests.bench.load JOB`, one line of JSON in, one out.

It keeps at most `window` events under way that the other side has not said to have, and plays an agent by hand: same
topics, same events, watermarks and decisions honoured, no spool. The bare subscriber gets the same bytes on other topics.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec

from bus.canonical import digest
from bus.codec import encode
from bus.events import (
    ActionFinished,
    ActionProposed,
    ActionStarted,
    CommandAcknowledged,
    CommandEffective,
    Data,
    MessageSeen,
    Progress,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
)
from bus.topics import Topics
from bus.url import BrokerUrl
from tests.bench.wire import Wire

RUNS = 16
TEXT = (
    "The order 88213 was paid twice by mistake; the second payment of EUR 62.50 goes back to the card. " * 4
)
TOOL = "bench_read"
BARE = "bench"
"""First level of the topics that the bare clients use."""

SAID = f"{BARE}/said"
"""Where the bare subscriber says how many messages it has read."""


@lru_cache(64)
def call(step: int) -> tuple[dict[str, Any], str]:
    """The arguments of a step's call and their digest: others in each step, for a run that repeats itself is paused."""
    args = {"path": f"/srv/exports/2026-01/{step}", "recursive": True, "limit": 50}
    return args, digest(TOOL, args)


class Job(msgspec.Struct, kw_only=True):
    """What to publish. `rate` per second, 0 for as fast as the window allows; `agent` empty for the bare subscriber."""

    url: str
    site: str
    agent: str = ""
    events: int
    window: int = 512
    rate: float = 0.0
    gated: bool = False


class Result(msgspec.Struct, kw_only=True):
    """`seconds` from the first publish to the last watermark; `sent` are the times of publishing (monotonic)."""

    events: int
    seconds: float
    decisions: int = 0
    sent: list[float] = []


class Command(msgspec.Struct):
    """As much of a command as an honest agent must read."""

    type: str
    id: str = ""
    run: str = ""
    action: str = ""
    runs: dict[str, int] = {}


class Load:
    """One job under way."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.sent: list[float] = []
        self.decisions = 0
        self._topics = Topics(job.site)
        self._prefix = f"{BARE}/agents/bare/events" if not job.agent else ""
        self._seqs = dict.fromkeys((f"r{number}" for number in range(RUNS)), 0)
        self._stored = dict.fromkeys(self._seqs, 0)
        self._due: deque[tuple[str, Data]] = deque()
        self._script = self._events()
        self._said = 0
        self._wire: Wire | None = None
        self._decoder = msgspec.json.Decoder(Command)

    async def run(self) -> Result:
        job = self.job
        heard = [self._topics.commands(job.agent) if job.agent else SAID]
        self._wire = await Wire.connect(BrokerUrl.parse(job.url), "bench-load", heard, self._heard)
        moved = self._wire.moved
        began = time.monotonic()
        while self._done < job.events:
            while len(self.sent) < job.events and self._under_way < job.window and self._is_time(began):
                self._send(*(self._due.popleft() if self._due else next(self._script)))
            moved.clear()
            if job.rate and len(self.sent) < job.events:
                await asyncio.sleep(max(0.0, began + len(self.sent) / job.rate - time.monotonic()))
            else:
                await asyncio.wait_for(moved.wait(), 30.0)
        took = time.monotonic() - began
        if job.agent:
            for run in self._seqs:
                self._send(run, RunFinished(outcome="completed"))
            await asyncio.sleep(0.3)
        self._wire.close()
        return Result(
            events=job.events,
            seconds=took,
            decisions=self.decisions,
            sent=self.sent[: job.events] if job.rate else [],
        )

    @property
    def _done(self) -> int:
        return sum(self._stored.values()) if self.job.agent else self._said

    @property
    def _under_way(self) -> int:
        return len(self.sent) - self._done

    def _is_time(self, began: float) -> bool:
        return not self.job.rate or time.monotonic() >= began + len(self.sent) / self.job.rate

    def _send(self, run: str, data: Data) -> None:
        assert self._wire is not None
        self._seqs[run] += 1
        seq, agent = self._seqs[run], self.job.agent or "bare"
        head = (
            f'{{"specversion":"1.0","id":"bench.{seq}","source":"/agents/{agent}/runs/{run}","type":"{data.TYPE}",'
            f'"time":"2026-01-01T00:00:00.000Z","incarnation":"bench","seq":{seq},"data":'
        )
        topic = f"{self._prefix}/{run}" if self._prefix else self._topics.events(agent, run)
        self.sent.append(time.monotonic())
        self._wire.publish(topic, head.encode() + encode(data) + b"}")

    def _events(self) -> Iterator[tuple[str, Data]]:
        for run in self._seqs:
            yield run, RunStarted(goal="measure", control="gated")
        step = 0
        while True:
            step += 1
            args, mark = call(step)
            for run in self._seqs:
                yield run, MessageSeen(role="assistant", text=TEXT, name="agent")
                yield run, StepStarted(step=step, name="look at the order")
                if self.job.gated:
                    yield (
                        run,
                        ActionProposed(action=f"a{step}", tool=TOOL, args=args, digest=mark, step=step),
                    )
                else:
                    yield run, Progress(step=step, done=step, of=100_000, text="orders looked at")
                    yield run, StepFinished(step=step, ok=True, text="nothing to do")

    def _heard(self, _topic: str, payload: bytes) -> None:
        if not self.job.agent:
            self._said = int(payload)
            return
        command = self._decoder.decode(payload)
        if command.type == "stored":
            for run, seq in command.runs.items():
                self._stored[run] = max(seq, self._stored[run])
        elif command.type == "decision":
            self.decisions += 1
            step = int(command.action[1:])
            for data in (
                CommandAcknowledged(command=command.id),
                ActionStarted(action=command.action, digest=call(step)[1], decision=command.id),
                CommandEffective(command=command.id),
                StepFinished(step=step, text="approved"),
                ActionFinished(action=command.action, outcome="done", text="3 files"),
            ):
                self._due.append((command.run, data))


def main() -> None:
    job = msgspec.json.decode(sys.stdin.buffer.readline(), type=Job)
    sys.stdout.write(json.dumps(msgspec.to_builtins(asyncio.run(Load(job).run()))) + "\n")


if __name__ == "__main__":
    main()

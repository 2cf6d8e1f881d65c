"""The measurements, each beside its bare counterpart on the same broker, taken in turns; medians over the rounds."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count, islice
from pathlib import Path
from statistics import median

import msgspec

from bus.sdk.agent import Agent
from bus.sdk.decision import Action
from bus.sdk.job import Run
from bus.url import BrokerUrl
from console.demo.recorded import RecordedRun, recorded_runs
from console.link.floor import Floor
from console.link.follower import Applied
from tests import ROOT
from tests.bench.echo import Echo
from tests.bench.load import TOOL, Job, Result, call
from tests.bench.report import Line, quantile
from tests.bench.site import PROBED, SITE, Site, site_on

CATALOGUE = f"""
[tool."{TOOL}"]
severity = "S0"
effect = "read"

[tool."bench_status"]
severity = "S0"
effect = "read"
pinned = true
"""
PINNED = "bench_status"
JOIN_WITHIN = 30.0
WITHIN = 20.0
"""Seconds after which a call that nobody decided is an error here."""


class Bench:
    """A broker that runs, and how much to measure."""

    def __init__(self, url: BrokerUrl, data: Path, *, quick: bool) -> None:
        self.url = url
        self.data = data
        self.quick = quick
        self._agents = 0

    def _size(self, quick: int, full: int) -> int:
        return quick if self.quick else full

    # ---- processes ---------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _bare(self, what: str, events: int) -> AsyncIterator[asyncio.subprocess.Process]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bench.bare", what, self.url.host, str(self.url.port), str(events),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT, limit=2**24,
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stdin is not None
        if await process.stdout.readline() != b"ready\n":
            raise RuntimeError(f"the bare client ended with {await process.wait()}")
        try:
            yield process
        finally:
            process.stdin.close()
            await process.wait()

    async def _load(self, events: int, *, ours: bool, rate: float = 0.0, gated: bool = False) -> Result:
        self._agents += 1
        job = Job(
            url=self.url.address, site=SITE, agent=f"bench{self._agents}" if ours else "", events=events,
            rate=rate, gated=gated,
        )  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bench.load",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT,
        )  # fmt: skip
        said, _ = await process.communicate(msgspec.json.encode(job) + b"\n")
        return msgspec.json.decode(said, type=Result)

    @property
    def _last_agent(self) -> str:
        return f"bench{self._agents}"

    async def _bare_load(self, events: int, rate: float = 0.0) -> tuple[Result, list[float]]:
        async with self._bare("read", events) as process:
            result = await self._load(events, ours=False, rate=rate)
            assert process.stdout is not None
            return result, json.loads(await process.stdout.readline())

    async def _bare_rate(self, events: int, lost: list[int]) -> float:
        """What a bare iterator receives per second, from its first message to its last."""
        _, came = await self._bare_load(events)
        lost.append(events - len(came))
        return len(came) / (came[-1] - came[0])

    # ---- (a) rate ----------------------------------------------------------------------------------------------------

    async def rate(self) -> list[Line]:
        """Events received and recorded per second, beside what a bare aiomqtt iterator receives."""
        events, rounds = self._size(6_400, 25_600), self._size(3, 5)
        alone: list[float] = []
        judged: list[float] = []
        followed: list[float] = []
        shares: list[float] = []
        lost: list[int] = []
        bare: list[float] = []
        with site_on(self.url, catalogue=CATALOGUE) as site:
            async with joined(site):
                pass  # the supervisor is there
            for _ in range(rounds):
                first = await self._bare_rate(events, lost)
                plain = await self._load(events, ours=True)
                gated = await self._load(events, ours=True, gated=True)
                async with joined(site):
                    full = await self._load(events, ours=True, gated=True)
                base = median([first, await self._bare_rate(events, lost)])
                bare.append(base)
                alone.append(events / plain.seconds / base)
                judged.append(events / gated.seconds / base)
                followed.append(events / full.seconds / base)
                shares.append(full.decisions / events)
        rate = median(bare)
        return [
                Line(
                    "recording alone : bare aiomqtt iterator", median(alone), 0.8, at_least=True,
                    detail=f"bare {rate:,.0f}/s, lost {sum(lost)}; rounds {_round(alone)}",
                ),
                Line(
                    "judge, decisions, journal : the same", median(judged), 0.5, at_least=True,
                    detail=f"{median(shares):.0%} of the events are proposals; rounds {_round(judged)}",
                ),
                Line(
                    "judge, decisions, journal, console : the same", median(followed), 0.5, at_least=True,
                    detail=f"a console follows on the same cores; rounds {_round(followed)}",
                ),
            ]  # fmt: skip

    # ---- (b) latency -------------------------------------------------------------------------------------------------

    async def latency(self) -> list[Line]:
        """From publish to the supervisor's state and to a console's, beside a bare subscriber."""
        events, rounds, rate = self._size(1_280, 2_560), self._size(3, 5), 500.0
        bare: list[list[float]] = []
        sent: dict[str, list[float]] = {}
        seen: dict[str, list[float]] = {}
        with site_on(self.url, catalogue=CATALOGUE, probe=True) as site:
            async with joined(site) as floor:
                floor.listen_to_records(_noting(seen))
                for _ in range(rounds):
                    result, came = await self._bare_load(events, rate)
                    bare.append([b - a for a, b in zip(result.sent, came, strict=True)])
                    result = await self._load(events, ours=True, rate=rate)
                    sent[self._last_agent] = result.sent
            site.stop()
            state = json.loads((site.root / PROBED).read_text("utf-8"))
        ours: list[list[float]] = []
        shown: list[list[float]] = []
        for agent, times in sent.items():
            ours.append([at - times[n] for n, (_, _, at) in enumerate(state[agent][:events])])
            shown.append([at - times[n] for n, at in enumerate(seen[agent][:events])])
        p50 = [median(map(median, rows)) * 1000 for rows in (bare, ours, shown)]
        p99 = [median(quantile(row, 0.99) for row in rows) * 1000 for rows in (bare, ours, shown)]
        ratios = [quantile(b, 0.99) / quantile(a, 0.99) for a, b in zip(bare, ours, strict=True)]
        return [
                Line(
                    "publish to supervisor's state p99 : bare p99", median(ratios), 3.0,
                    detail=f"p50 {p50[1]:.2f} : {p50[0]:.2f} ms, p99 {p99[1]:.2f} : {p99[0]:.2f} ms; "
                    f"rounds {_round(ratios)}",
                ),
                Line("publish to a console's state, p50", p50[2], None, unit="ms", detail="recorded first"),
                Line("publish to a console's state, p99", p99[2], None, unit="ms"),
            ]  # fmt: skip

    # ---- (c) gates ---------------------------------------------------------------------------------------------------

    async def gates(self) -> list[Line]:
        """An allowed call through the gate, beside a message to an echo process and back; a pass-listed call."""
        calls, rounds = self._size(60, 200), self._size(3, 5)
        ratios: list[float] = []
        gated: list[float] = []
        bare: list[float] = []
        passed: list[float] = []
        with site_on(self.url, catalogue=CATALOGUE) as site:
            async with joined(site):
                pass  # the supervisor is there; in this process a console would only compete with the agent
            async with (
                self._bare("echo", 0),
                Agent("bench-gate", broker=site.address, home=site.home) as agent,
                agent.run("measure") as run,
            ):
                echo = await Echo.connect(self.url)
                await _warm(run)
                for _ in range(rounds):
                    there = [await echo.ping() for _ in range(calls)]
                    gate = [await _gate(run, TOOL) for _ in range(calls)]
                    there += [await echo.ping() for _ in range(calls)]
                    passed += [await _gate(run, PINNED, passed=True) for _ in range(calls)]
                    bare.append(median(there))
                    gated.append(median(gate))
                    ratios.append(median(gate) / median(there))
                echo.close()
        return [
                Line(
                    "gated auto call p50 : bare round trip p50", median(ratios), 5.0,
                    detail=f"{median(gated) * 1000:.2f} : {median(bare) * 1000:.2f} ms; rounds {_round(ratios)}",
                ),
                Line("pass-listed call, p50", median(passed) * 1000, 0.5, unit="ms"),
                Line("pass-listed call, p99", quantile(passed, 0.99) * 1000, 0.5, unit="ms"),
            ]  # fmt: skip

    # ---- (d) storage -------------------------------------------------------------------------------------------------

    async def storage(self) -> list[Line]:
        """Bytes of the recording, keyframes and all, beside the bytes of the events as sent: real runs lived again."""
        from tests.fidelity.checking import Witness, check, command

        names = ("agentdyn", "swe-bench-verified", "tau1-airline", "who-and-when")
        files = [self.data / f"{name}.jsonl.gz" for name in names]
        if not all(file.exists() for file in files):
            return [Line("bytes stored : bytes sent (no sample runs here)", 0.0, None)]
        each = self._size(8, 40)
        with site_on(self.url) as site:
            runs: list[RecordedRun] = []
            async with joined(site) as floor:
                witness = Witness(floor, 0, 0)
                for file in files:
                    process = await asyncio.create_subprocess_exec(
                        *command([file], site, parallel=8, limit=each),
                        env=site.environment, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
                    )  # fmt: skip
                    if await process.wait():
                        raise RuntimeError(f"rerun ended with {process.returncode}")
                    runs += islice(recorded_runs(file), each)
                await witness.quiet()
            site.stop()
            found = await check(site, {}, runs)
        ratio = found.file_bytes / found.event_bytes
        detail = f"{found.file_bytes:,} : {found.event_bytes:,} bytes, {found.records:,} records"
        return [Line("bytes stored : bytes of the events as JSON", ratio, 0.6, detail=detail)]


@asynccontextmanager
async def joined(site: Site) -> AsyncIterator[Floor]:
    """A console that follows the site."""
    async with Floor(site.url, home=site.home, operator="bench") as floor:
        await floor.join(JOIN_WITHIN)
        yield floor


_PAGES = count(1)


def another() -> dict[str, object]:
    """Arguments that were not used before: a run that repeats itself is paused."""
    return call(next(_PAGES))[0]


async def _warm(run: Run) -> None:
    """Wait for the link, the pass list, and a renewal of the lease, without which nothing passes."""
    for _ in range(200):
        decision = await run.gate(Action(PINNED, another(), decide_within=WITHIN))
        decision.done()
        if decision.passed:
            break
        await asyncio.sleep(0.05)


async def _gate(run: Run, tool: str, *, passed: bool = False) -> float:
    """Make a call, which must have waited or not, and return how long it took, in seconds."""
    await asyncio.sleep(0.005)
    began = time.perf_counter()
    decision = await run.gate(Action(tool, another(), decide_within=WITHIN))
    took = time.perf_counter() - began
    decision.done("3 files")
    if not decision.approved or (passed and not decision.passed):
        raise RuntimeError(f"not measured: {decision}")
    return took


def _noting(seen: dict[str, list[float]]) -> Callable[[list[Applied]], None]:
    def note(applied: list[Applied]) -> None:
        now = time.monotonic()
        for record, _ in applied:
            if record.from_agent:
                seen.setdefault(record.agent, []).append(now)

    return note


def _round(values: list[float]) -> str:
    return " ".join(f"{value:.2f}" for value in values)

"""Does the recording hold what happened? `python -m tests.fidelity FILES...` lives recorded runs on a real site and counts.

A console that follows keeps its encoded fleet at random moments and at the end. Afterwards the recording is read: every
event that the agents must have made is there once and in order, nothing else of theirs is, its reduction gives the
console's bytes at every kept position, and every effect in the ledger has a decision that was recorded before it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import random
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import zstandard

from bus import codec
from bus.codec import Record
from bus.events import ActionStarted
from bus.home import Home
from bus.records import ActionDecided, AlarmRaised
from console.core.reduce import Change, reduce
from console.core.state import Fleet, encode
from console.demo.recorded import RecordedRun, recorded_runs
from console.link.floor import Floor
from console.link.follower import REPLACED, Applied
from console.recording.files import session_paths
from console.recording.history import history
from console.recording.reader import Reader
from console.recording.verify import verify_folder
from tests.bench.site import WATCHFLOOR, BrokerKind, Site, running_site
from tests.fidelity_expected import Mark, lived, mark

JOIN_WITHIN = 30.0
QUIET = 1.5
"""Seconds without a record after which the site has nothing more to say."""

BAD_ALARMS = {"bad-input", "events-dropped", "gap", "misdeed", "run-refused", "ungated-action"}
"""Alarms that mean that something was lost or went wrong; `command-failed` only says that it was slow."""


class Witness:
    """A console's memory: the encoded fleet after randomly chosen batches of the journal, every one equally likely."""

    def __init__(self, floor: Floor, positions: int, seed: int) -> None:
        self.keyframes = 0
        self.kept: dict[int, bytes] = {}
        self.heard_at = time.monotonic()
        self._floor = floor
        self._positions = positions
        self._random = random.Random(seed)
        self._order: list[int] = []
        self._seen = 0
        floor.listen(self._changed)
        floor.listen_to_records(self._records)

    def keep(self) -> None:
        """Keep what the console holds now, whatever chance says."""
        fleet = self._floor.fleet
        self.kept[fleet.pos] = zstandard.compress(encode(fleet), 1)

    def _changed(self, changes: list[Change]) -> None:
        self.keyframes += REPLACED in changes

    def _records(self, _: list[Applied]) -> None:
        self.heard_at = time.monotonic()
        self._seen += 1
        if len(self._order) < self._positions:
            self._order.append(self._floor.fleet.pos)
        else:
            place = self._random.randrange(self._seen)
            if place >= self._positions:
                return
            del self.kept[self._order[place]]
            self._order[place] = self._floor.fleet.pos
        self.keep()


@dataclass(slots=True)
class Findings:
    """What reading the recording has shown."""

    problems: list[str] = field(default_factory=list)
    runs: int = 0
    wanted: int = 0
    found: int = 0
    records: int = 0
    lost: int = 0
    extra: int = 0
    duplicates: int = 0
    gaps: int = 0
    positions: int = 0
    effects: int = 0
    alarms: Counter[str] = field(default_factory=Counter)

    def problem(self, text: str) -> None:
        self.problems.append(text)

    def line(self) -> str:
        return (
            f"runs {self.runs}, agents' events expected {self.wanted}, recorded {self.found}, "
            f"lost {self.lost}, duplicates {self.duplicates}, unexpected {self.extra}, gaps {self.gaps}, "
            f"records {self.records}, states compared {self.positions}, effects with decision {self.effects}, "
            f"alarms {dict(self.alarms) or 'none'}, problems {len(self.problems)}"
        )


class Reading:
    """One pass over a recording: reduces it, compares states on the way, and collects what the checks need."""

    def __init__(self, kept: dict[int, bytes]) -> None:
        self.found = Findings()
        self.fleet = Fleet()
        self.runs: dict[str, list[Mark]] = defaultdict(list)
        self.decided: dict[str, tuple[int, ActionDecided]] = {}
        self.started: dict[str, tuple[int, ActionStarted]] = {}
        self._kept = kept
        self._ids: set[str] = set()
        self._seqs: dict[str, int] = defaultdict(int)

    async def read(self, home: Home) -> None:
        self.fleet = Fleet(site=home.site)
        keyframes = await _keyframes(home)
        async for row in history(home.sessions):
            envelope = codec.decode_envelope(row.event)
            record = codec.record(row.pos, row.at, envelope)
            reduce(self.fleet, record)
            self._take(record, envelope.id)
            for what, states in (("console", self._kept), ("keyframe", keyframes)):
                if row.pos in states:
                    self._compare(what, row.pos, states[row.pos])
        self.found.records = self.fleet.pos
        late = [pos for pos in self._kept if pos > self.fleet.pos]
        if late:
            self.found.problem(f"the console stood at {max(late)}, the recording ends at {self.fleet.pos}")

    def _compare(self, what: str, pos: int, packed: bytes) -> None:
        self.found.positions += what == "console"
        if zstandard.decompress(packed) != encode(self.fleet):
            self.found.problem(f"position {pos}: the {what}'s state is not what the recording reduces to")

    def _take(self, record: Record, name: str) -> None:
        found, data = self.found, record.data
        key = f"{record.agent}/{record.run}"
        if record.from_agent:
            found.found += 1
            if name in self._ids and record.seq <= self._seqs[key]:
                found.duplicates += 1
            self._ids.add(name)
            if record.seq != self._seqs[key] + 1:
                found.gaps += 1
                found.problem(f"{key}: event {record.seq} follows {self._seqs[key]}")
            self._seqs[key] = record.seq
            self.runs[key].append(mark(data))
            if isinstance(data, ActionStarted):
                self.started[f"{key}/{data.action}"] = (record.pos, data)
        elif isinstance(data, ActionDecided):
            self.decided[f"{key}/{data.action}"] = (record.pos, data)
        elif isinstance(data, AlarmRaised):
            found.alarms[data.kind] += 1
            if data.kind in BAD_ALARMS:
                found.problem(f"alarm {data.kind}: {data.text}")

    def check_runs(self, recorded: Iterable[RecordedRun]) -> None:
        """Compare what was recorded, run for run and event for event, with what must have been made."""
        found = self.found
        by_start: dict[Mark, list[list[Mark]]] = defaultdict(list)
        for marks in self.runs.values():
            by_start[marks[0]].append(marks)
        for run in recorded:
            wanted = lived(run)
            found.runs += 1
            found.wanted += len(wanted)
            candidates = by_start.get(wanted[0]) or [[]]
            have = wanted if wanted in candidates else candidates[0]
            if have in candidates:
                candidates.remove(have)
            if have != wanted:
                self._differs(run.run_id, wanted, have)
        for marks in itertools.chain(*by_start.values()):
            if marks:
                found.extra += len(marks)
                found.problem(f"a run nobody lived: {marks[0].text}")

    def _differs(self, name: str, wanted: list[Mark], have: list[Mark]) -> None:
        missing, extra = Counter(wanted) - Counter(have), Counter(have) - Counter(wanted)
        self.found.lost += missing.total()
        self.found.extra += extra.total()
        first = next((n for n, pair in enumerate(zip(wanted, have, strict=False)) if pair[0] != pair[1]), 0)
        text = f"event {first + 1} is {have[first : first + 1]}, not {wanted[first : first + 1]}"
        self.found.problem(f"{name}: {len(have)} of {len(wanted)} events; {text}")

    def check_ledger(self, lines: list[dict[str, Any]]) -> None:
        """Every effect has its recorded decision, of the same digest, before its start; every start has its effect."""
        left = dict(self.started)
        for line in lines:
            key = f"{line['agent']}/{line['run']}/{line['action']}"
            begun = left.pop(key, None)
            pos, decision = self.decided.get(key, (0, None))
            if decision is None or begun is None:
                what = "decision" if decision is None else "start"
                self.found.problem(f"{key}: an effect without a recorded {what}")
            elif decision.outcome not in ("approved", "edited") or decision.command != line["decision"]:
                self.found.problem(f"{key}: an effect under a decision that did not allow it")
            elif not line["digest"] == decision.digest == begun[1].digest or pos > begun[0]:
                self.found.problem(f"{key}: the decision is not of these arguments, or came after the start")
            else:
                self.found.effects += 1
        for key in left:
            self.found.problem(f"{key}: started, and no effect in the ledger")


async def _keyframes(home: Home) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for path in session_paths(home.sessions):
        async with await Reader.open(path) as reader:
            for pos in await reader.keyframe_positions():
                found[pos] = zstandard.compress((await reader.keyframe_before(pos)).body, 1)
    return found


async def live(site: Site, files: Sequence[Path], options: argparse.Namespace) -> Witness:
    """Live the runs while a console watches; return what it saw."""
    floor = Floor(site.url, home=site.home, operator="witness")
    async with floor:
        await floor.join(JOIN_WITHIN)
        witness = Witness(floor, options.positions, options.seed)
        witness.keep()
        command = [WATCHFLOOR, "rerun", *files, "--speed", "0", "--auto", "approve"]
        command += ["--parallel", str(options.parallel), "--ledger", site.root / "ledger.jsonl", "--json"]
        command += ["--limit", str(options.limit)] if options.limit else []
        process = await asyncio.create_subprocess_exec(
            *command, env=site.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        try:
            said, _ = await process.communicate()
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            raise
        if process.returncode != 0:
            raise RuntimeError(f"rerun ended with {process.returncode}\n{site.log()}")
        tell(f"rerun: {said.decode().strip()}")
        while time.monotonic() - witness.heard_at < QUIET:
            await asyncio.sleep(0.1)
        await floor.join(JOIN_WITHIN)
        witness.keep()
    return witness


async def check(site: Site, kept: dict[int, bytes], recorded: Iterable[RecordedRun]) -> Findings:
    """Read the recording of a site that has ended, and its ledger."""
    reading = Reading(kept)
    for session, problems in (await verify_folder(site.home.sessions)).items():
        for problem in problems:
            reading.found.problem(f"session {session}: {problem}")
    await reading.read(site.home)
    reading.check_runs(recorded)
    text = (site.root / "ledger.jsonl").read_text("utf-8")
    reading.check_ledger([json.loads(line) for line in text.splitlines()])
    for path in site.home.spool.glob("*/*.sqlite3"):
        reading.found.problem(f"{path.name}: left in the agent's spool")
    return reading.found


def chosen(files: Sequence[Path], limit: int | None) -> Iterator[RecordedRun]:
    """The runs that `rerun` lives of these files."""
    return itertools.islice(itertools.chain.from_iterable(map(recorded_runs, files)), limit)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fidelity", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--broker", choices=["embedded", "mosquitto"], default="embedded")
    parser.add_argument("--parallel", type=int, default=8, metavar="N")
    parser.add_argument("--limit", type=int, metavar="N")
    parser.add_argument("--positions", type=int, default=200, metavar="N")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32), metavar="N")
    options = parser.parse_args(arguments)
    files = [path.resolve() for path in options.files]
    began = time.monotonic()
    with running_site(cast("BrokerKind", options.broker)) as site:
        witness = asyncio.run(live(site, files, options))
        took = time.monotonic() - began
        site.stop()
        findings = asyncio.run(check(site, witness.kept, chosen(files, options.limit)))
    for problem in findings.problems[:20]:
        tell(f"problem: {problem[:400]}")
    tell(
        f"{'FAILED' if findings.problems else 'ok'}: {options.broker}, seed {options.seed}: {findings.line()}, "
        f"keyframes fetched again {witness.keyframes}, lived in {took:.0f} s"
    )
    return 1 if findings.problems else 0


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

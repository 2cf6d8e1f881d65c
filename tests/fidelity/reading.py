"""Reads a recording through and holds it against what must be in it; see `tests.fidelity`."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import zstandard

from bus import codec
from bus.alarm_records import AlarmRaised
from bus.codec import Record
from bus.events import ActionStarted, CommandAcknowledged, CommandEffective
from bus.home import Home
from bus.records import ActionDecided, CommandRequested
from console.core.fleet.state import Fleet, encode
from console.core.reducing.reduce import reduce
from console.demo.recorded import RecordedRun
from console.recording.files import session_paths, size_of
from console.recording.history import history
from console.recording.reader import Reader
from tests.fidelity.expected import Mark, lived, mark

BAD_ALARMS = {"bad-input", "events-dropped", "gap", "misdeed", "run-refused", "ungated-action"}
"""Alarms that mean that something was lost or went wrong; `command-failed` only says that it was slow."""


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
    event_bytes: int = 0
    file_bytes: int = 0
    alarms: Counter[str] = field(default_factory=Counter)

    def problem(self, text: str) -> None:
        self.problems.append(text)

    def line(self) -> str:
        return (
            f"runs {self.runs}, agents' events expected {self.wanted}, recorded {self.found}, "
            f"lost {self.lost}, duplicates {self.duplicates}, unexpected {self.extra}, gaps {self.gaps}, "
            f"records {self.records}, states compared {self.positions}, effects with decision {self.effects}, "
            f"alarms {dict(self.alarms) or 'none'}, stored {self.file_bytes:,} bytes for {self.event_bytes:,} "
            f"of JSON, problems {len(self.problems)}"
        )


class Reading:
    """One pass over a recording: reduces it, compares states on the way, and collects what the checks need."""

    def __init__(self, kept: dict[int, bytes]) -> None:
        self.found = Findings()
        self.fleet = Fleet()
        self.runs: dict[str, list[Mark]] = defaultdict(list)
        self.decided: dict[str, tuple[int, ActionDecided]] = {}
        self.started: dict[str, tuple[int, ActionStarted]] = {}
        self._steering: set[str] = set()
        self._kept = kept
        self._ids: set[tuple[str, str]] = set()
        self._seqs: dict[str, int] = defaultdict(int)

    async def read(self, home: Home) -> None:
        self.fleet = Fleet(site=home.site)
        keyframes = await _keyframes(home)
        async for row in history(home.sessions):
            envelope = codec.decode_envelope(row.event)
            self.found.event_bytes += len(row.event)
            record = codec.record(row.pos, row.at, envelope)
            reduce(self.fleet, record)
            self._take(record, envelope.id)
            for what, states in (("console", self._kept), ("keyframe", keyframes)):
                if row.pos in states:
                    self._compare(what, row.pos, states[row.pos])
        self.found.records = self.fleet.pos
        self.found.file_bytes = sum(map(size_of, session_paths(home.sessions)))
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
        if isinstance(data, CommandRequested):
            self._steering.add(
                data.command
            )  # a detector's pause, and the oracle's answer to it, are not of the file
        if record.from_agent:
            of_file = not (
                isinstance(data, CommandAcknowledged | CommandEffective) and data.command in self._steering
            )
            found.found += of_file
            if (key, name) in self._ids:
                found.duplicates += 1
                found.problem(f"{key}: event {name} is recorded twice")
            self._ids.add((key, name))
            if record.seq != self._seqs[key] + 1:
                found.gaps += 1
                found.problem(f"{key}: event {record.seq} follows {self._seqs[key]}")
            self._seqs[key] = record.seq
            if of_file:
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

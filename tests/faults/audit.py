"""The invariants: what agents did and counted, held against the recording, and the recording against a live console."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bus import codec
from bus.alarm_records import AlarmRaised
from bus.codec import Record
from bus.events import ActionStarted, RunFinished
from bus.home import Home
from bus.records import ActionDecided, GapFound, IntentRefused
from console.core.fleet.state import Fleet, encode
from console.core.reducing.reduce import reduce
from console.recording.history import history
from console.recording.verify import verify_folder

ALLOWING: Final = ("approved", "edited")
NEVER: Final = frozenset(
    {"ungated-action", "gap", "events-dropped", "misdeed", "bad-input", "intent-flood", "internal-error"}
)
"""Alarms that no fault may raise: each says that something was lost or done undecided, or that our own code misspoke."""


@dataclass(slots=True)
class Decided:
    """A decision as recorded."""

    pos: int
    outcome: str
    digest: str
    command: str


@dataclass(slots=True)
class Audit:
    """The recording of a site, read once from its start and then as it grows. `problems` are sentences."""

    home: Home
    fleet: Fleet
    seqs: dict[str, int] = field(default_factory=dict)
    finished: set[str] = field(default_factory=set)
    decided: dict[str, Decided] = field(default_factory=dict)
    started: dict[str, int] = field(default_factory=dict)
    alarms: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    lost: int = 0

    @staticmethod
    def of(home: Home) -> Audit:
        """Begin at the start of a site's recording."""
        return Audit(home, Fleet(site=home.site))

    async def read(self, upto: int | None = None) -> None:
        """Read on, to a position or to where the recording ends now."""
        async for row in history(self.home.sessions, self.fleet.pos, upto):
            record = codec.record(row.pos, row.at, codec.decode_envelope(row.event))
            if row.at < self.fleet.at:
                self.problems.append(f"time goes back at position {row.pos}")
            reduce(self.fleet, record)
            if record.from_agent:
                self._from_agent(record)
            else:
                self._from_supervisor(record)

    def _from_agent(self, record: Record) -> None:
        run = f"{record.agent}/{record.run}"
        due = self.seqs.get(run, 0) + 1
        if record.seq != due:
            self.problems.append(f"{run}: event {record.seq} where {due} is due")
        self.seqs[run] = record.seq
        if isinstance(record.data, ActionStarted):
            key = f"{run}/{record.data.action}"
            decided = self.decided.get(key)
            self.started[key] = record.pos
            if decided is None or decided.outcome not in ALLOWING:
                self.problems.append(f"{key} was started undecided")
        elif isinstance(record.data, RunFinished):
            self.finished.add(run)

    def _from_supervisor(self, record: Record) -> None:
        match record.data:
            case ActionDecided() as data:
                key = f"{record.agent}/{record.run}/{data.action}"
                if key in self.decided:
                    self.problems.append(f"{key} was decided twice")
                self.decided[key] = Decided(record.pos, data.outcome, data.digest or "", data.command)
            case GapFound() as data:
                self.lost += data.last - data.first + 1
                self.problems.append(f"{record.agent}/{record.run}: {data.first} to {data.last} are lost")
            case IntentRefused() as data:
                self.refused[data.outcome] += 1
            case AlarmRaised() as data:
                self.alarms[data.kind] += 1
                if data.kind in NEVER:
                    self.problems.append(f"alarm {data.kind}: {data.text}")
            case _:
                pass

    def join(self, effects: list[dict[str, Any]]) -> None:
        """Hold what tools did against what was read. The effects must be older than that, or they look undecided.

        What passed by the pass list is decided when its proposal is recorded, which may be later: `passed` names it.
        """
        seen: set[str] = set()
        self.passed = []
        for effect in effects:
            key = f"{effect['agent']}/{effect['run']}/{effect['action']}"
            if key in seen:
                self.problems.append(f"{key} was done twice")
            seen.add(key)
            decided = self.decided.get(key)
            if decided is None and effect["passed"]:
                self.passed.append(key)
            elif decided is None or decided.outcome not in ALLOWING:
                known = decided.outcome if decided else "nothing"
                by = effect["decision"] or "no decision"
                self.problems.append(
                    f"{key} was done undecided, by {by}: {known} up to position {self.fleet.pos}"
                )
            elif (decided.digest, decided.command) != (effect["digest"], effect["decision"]):
                self.problems.append(f"{key} was done otherwise than decided")
            elif self.started.get(key, decided.pos) < decided.pos:
                self.problems.append(f"{key} was started before it was decided")

    def missing(self, counts: dict[str, int]) -> int:
        """How many events that agents counted do not stand in what was read."""
        return sum(max(0, made - self.seqs.get(run, 0)) for run, made in counts.items())

    async def matches(self, fleet: Fleet) -> None:
        """Hold a live fleet, which goes on meanwhile, against the recording up to its position."""
        pos, live = fleet.pos, encode(fleet)
        await self.read(pos)
        if self.fleet.pos < pos:
            self.problems.append(f"the recording could be read to {self.fleet.pos}, the console is at {pos}")
        elif self.fleet.pos == pos and encode(self.fleet) != live:
            self.problems.append(f"the console's fleet at {pos} is not what the recording says")

    async def whole(self) -> None:
        """Read the recording once more, byte for byte and from its start."""
        again = Audit.of(self.home)
        await again.read(self.fleet.pos)
        if encode(again.fleet) != encode(self.fleet):
            self.problems.append("reading the recording again gives another fleet")
        for name, problems in (await verify_folder(self.home.sessions)).items():
            self.problems += [f"session {name}: {problem}" for problem in problems]


def effects(folder: Path) -> list[dict[str, Any]]:
    """What the tools of all agents did until now."""
    return [json.loads(line) for path in sorted(folder.rglob("*.effects")) for line in _whole_lines(path)]


def counted(folder: Path) -> dict[str, int]:
    """How far each run has come until now, by the agents' own account."""
    counts: dict[str, int] = {}
    for path in sorted(folder.rglob("*.made")):
        for line in _whole_lines(path):
            word, run, *rest = line.split()
            if word == "made":
                counts[f"{path.stem}/{run}"] = int(rest[0])
    return counts


def _whole_lines(path: Path) -> list[str]:
    """The lines of a file that a process may have been killed while writing."""
    text = path.read_text("utf-8")
    return text[: text.rfind("\n") + 1].splitlines()

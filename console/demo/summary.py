"""What happened on a demo floor, counted from its recording, its spools and the ledger of effects."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bus import codec
from bus.alarm_records import AlarmRaised
from bus.codec import Record
from bus.events import ActionFinished, ActionProposed, ActionStarted, EventsDropped, RunStarted
from bus.home import Home
from bus.records import (
    ActionAsked,
    ActionDecided,
    AutonomyDemoted,
    AutonomyPromoted,
    GapFound,
    OutcomeVerified,
)
from bus.sdk.spool.on_disk import SqliteSpool, spool_paths
from console.core.fleet.state import Fleet
from console.core.reducing.reduce import reduce
from console.demo.cast import LOSING
from console.recording.history import history

DECIDERS = frozenset({"policy", "pass-list", "clock", "agent", "supervisor"})
"""Who decides besides operators."""


@dataclass(slots=True)
class Latencies:
    """Some times in milliseconds, and how they were measured."""

    measured: str
    times: list[float] = field(default_factory=list)

    def shape(self) -> dict[str, Any]:
        """As JSON: nearest-rank percentiles."""
        return {
            "p50": percentile(self.times, 50),
            "p99": percentile(self.times, 99),
            "n": len(self.times),
            "measured": self.measured,
        }


@dataclass(slots=True)
class Count:
    """What is counted of a log. `runs` are states at the mark, everything else is of the whole log."""

    fleet: Fleet
    runs: Counter[str] = field(default_factory=Counter)
    control: Counter[str] = field(default_factory=Counter)
    agents: set[str] = field(default_factory=set)
    records: int = 0
    events: int = 0
    asks: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    """How the asks ended: by a decision, or expired or withdrawn by their agent."""

    decisions: Counter[str] = field(default_factory=Counter)
    deciders: Counter[str] = field(default_factory=Counter)
    alarms: Counter[str] = field(default_factory=Counter)
    alarms_of: dict[str, Counter[str]] = field(default_factory=dict)
    """Alarms by kind, by the agent that they are about; empty for the site."""

    verdicts: Counter[str] = field(default_factory=Counter)
    autonomy: Counter[str] = field(default_factory=Counter)
    gaps: int = 0
    staged: int = 0
    """Events lost by agents that lose them by their nature."""

    dropped: int = 0
    auto: Latencies = field(
        default_factory=lambda: Latencies(
            "action.proposed to action.started of what policy allowed at once; both times by the agent's clock, as recorded"
        )
    )
    recorded: Latencies = field(
        default_factory=lambda: Latencies(
            "an event's own time (agent's clock) to its acceptance (supervisor's clock), as recorded; one machine, one clock"
        )
    )
    allowed: dict[str, tuple[str | None, str]] = field(default_factory=dict)
    """Digest and command of every decision that allows, by `agent/run/action`."""
    _proposed: dict[str, int] = field(default_factory=dict)
    _by_policy: set[str] = field(default_factory=set)
    _asked: set[str] = field(default_factory=set)

    def take(self, record: Record, time: str) -> None:
        """Count one record; `time` is what its envelope says."""
        reduce(self.fleet, record)
        self.records += 1
        key = f"{record.agent}/{record.run}"
        if record.from_agent:
            self._event(record, key, milliseconds(time))
            return
        match record.data:
            case ActionAsked(action=action, gate=gate):
                self.asks[gate] += 1
                self._asked.add(f"{key}/{action}")
            case ActionDecided(action=action, outcome=outcome, by=by) as decided:
                self.decisions[outcome] += 1
                self._ended(f"{key}/{action}", outcome)
                if outcome in ("approved", "edited"):
                    self.allowed[f"{key}/{action}"] = (decided.digest, decided.command)
                self.deciders[by if by in DECIDERS else "operator"] += 1
                if by == "policy":
                    self._by_policy.add(f"{key}/{action}")
            case _:
                self._found(record)

    def _ended(self, key: str, how: str) -> None:
        if key in self._asked:
            self._asked.discard(key)
            self.ends[how] += 1

    def _found(self, record: Record) -> None:
        """Count what was found out about agents."""
        match record.data:
            case AlarmRaised(kind=kind, count=1):
                self.alarms[kind] += 1
                self.alarms_of.setdefault(record.agent, Counter())[kind] += 1
            case OutcomeVerified(ok=ok):
                self.verdicts["right" if ok else "wrong"] += 1
            case AutonomyPromoted():
                self.autonomy["promoted"] += 1
            case AutonomyDemoted():
                self.autonomy["demoted"] += 1
            case GapFound(first=first, last=last) if record.agent in LOSING:
                self.staged += last - first + 1
            case GapFound(first=first, last=last):
                self.gaps += last - first + 1
            case _:
                pass

    def _event(self, record: Record, key: str, time: int | None) -> None:
        self.events += 1
        self.agents.add(record.agent)
        if time is not None:
            self.recorded.times.append(record.at - time)
        match record.data:
            case RunStarted(control=control, continues=None):
                self.control[control] += 1
            case ActionProposed(action=action) if time is not None:
                self._proposed[f"{key}/{action}"] = time
            case ActionStarted(action=action) if time is not None:
                began = self._proposed.pop(f"{key}/{action}", None)
                if began is not None and f"{key}/{action}" in self._by_policy:
                    self.auto.times.append(time - began)
            case ActionFinished(action=action, outcome=outcome) if outcome in ("expired", "withdrawn"):
                self._ended(f"{key}/{action}", outcome)
            case EventsDropped(count=count):
                self.dropped += count
            case _:
                pass

    def mark(self) -> None:
        """Look at the states of the runs now."""
        self.runs = Counter(run.state for run in self.fleet.runs.values())


async def count(home: Home, until: int) -> Count:
    """Count a recording that nobody writes any more. `until` (ms since 1970 UTC): when the runs' states are looked at.

    Raises:
        RecordingError: it cannot be read.
    """
    found = Count(Fleet(site=home.site))
    marked = False
    async for row in history(home.sessions):
        if row.at > until and not marked:
            found.mark()
            marked = True
        envelope = codec.decode_envelope(row.event)
        found.take(codec.record(row.pos, row.at, envelope), envelope.time)
    if not marked:
        found.mark()
    return found


def unsent(home: Home) -> int:
    """Events that still lie in spools, unknown to the supervisor."""
    left = 0
    for path in (path for folder in sorted(home.spool.glob("*")) for path in spool_paths(folder)):
        spool = SqliteSpool.open_existing(path)
        left += spool.last - spool.stored
        spool.close()
    return left


def effects(ledger: Path) -> list[dict[str, Any]]:
    """The calls that were really made, by the ledger."""
    return [json.loads(line) for line in ledger.read_text("utf-8").splitlines()] if ledger.exists() else []


def undecided(made: list[dict[str, Any]], found: Count) -> int:
    """How many calls were made without a decision in the recording that allows exactly them; twice counts as without."""
    left = dict(found.allowed)
    return sum(
        left.pop(f"{line['agent']}/{line['run']}/{line['action']}", None)
        != (line["digest"], line["decision"])
        for line in made
    )


def shape(found: Count, *, made: list[dict[str, Any]], unsent: int) -> dict[str, Any]:
    """The summary as JSON."""
    return {
        "records": found.records,
        "events": found.events,
        "agents": len(found.agents),
        "runs": _sorted(found.runs),
        "control": _sorted(found.control),
        "asks": sum(found.asks.values()),
        "asks_by_gate": _sorted(found.asks),
        "asks_by_end": _sorted(
            found.ends + Counter(open=sum(found.asks.values()) - sum(found.ends.values()))
        ),
        "decisions": _sorted(found.decisions),
        "decided_by": _sorted(found.deciders),
        "effects": len(made),
        "effects_undecided": undecided(made, found),
        "alarms": _sorted(found.alarms),
        "alarms_by_agent": {
            agent or "site": _sorted(kinds) for agent, kinds in sorted(found.alarms_of.items())
        },
        "verdicts": _sorted(found.verdicts),
        "autonomy": _sorted(found.autonomy),
        "lost": found.gaps + found.dropped + unsent,
        "lost_parts": {"gaps": found.gaps, "dropped": found.dropped, "unsent": unsent},
        "lost_by_design": found.staged,
        "latency_ms": {
            "auto_round_trip": found.auto.shape(),
            "publish_to_recorded": found.recorded.shape(),
        },
    }


def percentile(times: Sequence[float], share: int) -> float | None:
    """The nearest-rank percentile of some times, None of none."""
    if not times:
        return None
    return round(sorted(times)[max(0, math.ceil(len(times) * share / 100) - 1)], 1)


def milliseconds(time: str) -> int | None:
    """A time of an envelope in ms since 1970 UTC, or None if it is none."""
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        return None
    return round(moment.timestamp() * 1000) if moment.tzinfo is not None else None


def _sorted(counter: Counter[str]) -> dict[str, int]:
    return dict(sorted(counter.items()))

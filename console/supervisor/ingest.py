"""Ingest: agents' events into the log, strictly in order per run, each once.

Go-back-N: on a hole what follows is dropped and asked for again. If the range no longer exists (the agent's birth says
so, or an agent without birth goes on without it), one permanent `gap.found` and a latched alarm, and on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from bus import codec
from bus.codec import DecodeError, Record, decode_envelope
from bus.events import Envelope, EventsDropped, RunStarted
from bus.messages import RefusedCommand, ResendCommand, RunStanding, StoredCommand
from bus.records import GapFound
from bus.topics import Address
from console.core.lifecycle import ENDED
from console.core.state import Fleet
from console.core.text import plain
from console.supervisor.alarms import Alarms
from console.supervisor.log import Entry, Log
from console.supervisor.outbox import Outbox

RESEND_AGAIN: Final = 1.0
"""Seconds before the same hole is asked for again."""

GAP_AFTER: Final = 20.0
"""Seconds that a hole of an agent that never announced itself stays open."""

HOLES_KEPT: Final = 10_000
"""Runs whose holes are remembered at once."""

LIVING_RUNS: Final = 2_000
"""Runs that one agent may live at once."""

RUNS_A_COMMAND: Final = 400
"""Watermarks in one command, so that it fits a payload however long the names are."""

STORED_WITHIN: Final = 0.05
"""Seconds that a watermark may wait for company."""


@dataclass(slots=True)
class Hole:
    """A hole in a run's events: since when, and when it was last asked for."""

    since: float
    asked: float


@dataclass(slots=True)
class Watermarks:
    """What is committed and not yet said to an agent."""

    runs: dict[str, int] = field(default_factory=dict)
    events: int = 0
    since: float = 0.0


class Ingest:
    """Order, duplicates, holes and watermarks of all runs."""

    def __init__(self, log: Log, outbox: Outbox, alarms: Alarms) -> None:
        self._log = log
        self._outbox = outbox
        self._alarms = alarms
        self._holes: dict[str, Hole] = {}
        self._unsaid: dict[str, Watermarks] = {}
        self.announced: set[str] = set()
        self.window = 1

    @property
    def _fleet(self) -> Fleet:
        return self._log.fleet

    def event(self, address: Address, payload: bytes, now: float) -> Record | None:
        """Take one event message. Returns its record if it was accepted.

        Whatever is wrong with it is counted and attributed to the sender's topic, and changes nothing.
        """
        try:
            envelope = decode_envelope(payload)
        except DecodeError as error:
            self._bad(address, f"not an event: {error}")
            return None
        if envelope.source != codec.source(address.agent, address.run):
            self._bad(address, f"source {envelope.source!r} does not match the topic")
            return None
        if envelope.seq < 1:
            self._bad(address, "seq must be 1 or more")
            return None
        return self._in_order(address, payload, envelope, now)

    def _in_order(self, address: Address, payload: bytes, envelope: Envelope, now: float) -> Record | None:
        agent, run, key = address.agent, address.run, f"{address.agent}/{address.run}"
        have, lives = self._stands(key)
        if envelope.seq <= have:
            self._known(address, envelope, have, lives, now)
            return None
        if key in self._fleet.ended and key not in self._fleet.runs:
            self._refuse(
                address, envelope, "the run is over, and so long ago that only the recording knows it"
            )
            return None
        if envelope.seq > have + 1 and not self._skip(address, have, envelope.seq - 1, now):
            return None
        if lives and envelope.incarnation != next(reversed(lives)):
            problem = _not_continued(envelope, have)
            if problem:
                self._refuse(address, envelope, problem)
                return None
        if key not in self._fleet.runs and self._crowded(agent):
            self._refuse(address, envelope, f"the agent lives {LIVING_RUNS} runs already")
            return None
        self._holes.pop(key, None)
        known = self._fleet.runs.get(key)
        misdeeds = known.misdeeds if known else 0
        record = self._log.accept(payload, envelope)
        standing = self._fleet.runs[key]
        if standing.misdeeds > misdeeds:
            self._alarms.raise_("misdeed", f"{key}: {standing.misdeed}", agent, run)
        if isinstance(record.data, EventsDropped):
            self._alarms.raise_("events-dropped", f"{key}: {record.data.count} events dropped", agent, run)
        return record

    def _known(
        self, address: Address, envelope: Envelope, have: int, lives: dict[str, int], now: float
    ) -> None:
        """An event of a seq that is recorded: the same one again, or another process's that never was.

        A process is told that it is stored only up to what that very process had recorded; else it would forget what is
        nowhere.
        """
        last = lives.get(envelope.incarnation)
        if lives and (last is None or envelope.seq > last):
            self._refuse(address, envelope, "this run id belongs to another process of the agent")
        else:
            self._say(address.agent, address.run, have if last is None else last, now)

    def _crowded(self, agent: str) -> bool:
        runs = self._fleet.runs.values()
        return sum(run.agent == agent and run.state not in ENDED for run in runs) >= LIVING_RUNS

    def _stands(self, key: str) -> tuple[int, dict[str, int]]:
        """The last seq recorded of a run, and the processes that have lived it as far as they are remembered."""
        known = self._fleet.runs.get(key)
        if known is not None:
            return known.seq, known.lives
        lives = self._fleet.ended.get(key, {})
        return max(lives.values(), default=0), lives

    def _skip(self, address: Address, have: int, last: int, now: float) -> bool:
        """Whether to go on over a hole. Asks for the missing events first."""
        key = f"{address.agent}/{address.run}"
        hole = self._holes.get(key)
        if hole is None:
            self._holes[key] = hole = Hole(since=now, asked=float("-inf"))
            while len(self._holes) > HOLES_KEPT:
                del self._holes[next(iter(self._holes))]
        if address.agent not in self.announced and now - hole.since >= GAP_AFTER:
            self._gap(address.agent, address.run, have + 1, last, "never sent again")
            return True
        if now - hole.asked >= RESEND_AGAIN:
            hole.asked = now
            self._resend(address.agent, address.run, have)
        return False

    def standing(self, agent: str, standing: RunStanding, now: float) -> None:
        """Compare where a run stands by its agent's birth with what is recorded."""
        key = f"{agent}/{standing.run}"
        have, _ = self._stands(key)
        if standing.first > have + 1 and standing.seq > have:
            self._gap(agent, standing.run, have + 1, standing.first - 1, "no longer in the agent's spool")
            have = standing.first - 1
        if standing.seq > have:
            self._resend(agent, standing.run, have)
        elif have:
            self._say(agent, standing.run, have, now)

    def committed(self, entries: list[Entry], now: float) -> None:
        """Note what a commit has stored, for the watermarks."""
        for entry in entries:
            if entry.from_agent:
                self._say(entry.agent, entry.run, entry.seq, now)

    def tick(self, now: float) -> None:
        """Say watermarks that have waited long enough."""
        for agent in [name for name, marks in self._unsaid.items() if self._due(marks, now)]:
            said = list(self._unsaid.pop(agent).runs.items())
            for start in range(0, len(said), RUNS_A_COMMAND):
                runs = dict(said[start : start + RUNS_A_COMMAND])
                self._outbox.command(StoredCommand(epoch=self._log.epoch, agent=agent, runs=runs))

    @property
    def waiting(self) -> bool:
        """Whether a watermark waits to be said."""
        return bool(self._unsaid)

    def _due(self, marks: Watermarks, now: float) -> bool:
        return marks.events * 4 >= self.window or now - marks.since >= STORED_WITHIN

    def _say(self, agent: str, run: str, seq: int, now: float) -> None:
        marks = self._unsaid.get(agent)
        if marks is None:
            marks = self._unsaid[agent] = Watermarks(since=now)
        marks.runs[run] = max(seq, marks.runs.get(run, 0))
        marks.events += 1

    def _resend(self, agent: str, run: str, after: int) -> None:
        self._outbox.command(ResendCommand(epoch=self._log.epoch, agent=agent, run=run, after=after))

    def _gap(self, agent: str, run: str, first: int, last: int, reason: str) -> None:
        self._log.write(GapFound(first=first, last=last, reason=reason), agent, run)
        self._alarms.raise_("gap", f"{agent}/{run}: events {first} to {last} are lost, {reason}", agent, run)

    def _refuse(self, address: Address, envelope: Envelope, problem: str) -> None:
        refused = RefusedCommand(
            epoch=self._log.epoch,
            agent=address.agent,
            run=address.run,
            seq=envelope.seq,
            reason=problem,
            incarnation=envelope.incarnation,
        )
        self._outbox.command(refused)
        self._alarms.raise_(
            "run-refused", f"{address.agent}/{address.run}: {problem}", address.agent, address.run
        )

    def _bad(self, address: Address, problem: str) -> None:
        text = f"{address.agent}/{address.run}: {plain(problem)}"
        self._alarms.raise_("bad-input", text, address.agent, address.run)


def _not_continued(envelope: Envelope, have: int) -> str:
    data = codec.decode_data(envelope)
    if not isinstance(data, RunStarted) or data.continues is None:
        return "this run id belongs to another process of the agent"
    if data.continues != envelope.seq - 1:
        return f"the run goes on after event {have}, not after {data.continues}"
    return ""

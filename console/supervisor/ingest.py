"""Ingest: agents' events into the log, strictly in order per run, each once.

Go-back-N: on a hole what follows is dropped and asked for again. If the range no longer exists (the agent's birth says
so, or an agent without birth goes on without it), one permanent `gap.found` and a latched alarm, and on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from bus import codec
from bus.codec import DecodeError, Record, decode_envelope
from bus.events import (
    CommandAcknowledged,
    CommandEffective,
    CommandRefused,
    Envelope,
    EventsDropped,
    RunStarted,
)
from bus.messages import RefusedCommand, ResendCommand, RunStanding, StoredCommand
from bus.records import GapFound
from bus.topics import Address
from console.core.fleet.lifecycle import ENDED
from console.core.fleet.state import Run
from console.core.text import plain
from console.supervisor.alarming.alarms import Alarms
from console.supervisor.inquiries import Senders
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


LIVING_RUNS_SITE: Final = 50_000
"""Runs on the floor of a site at once."""


ANSWERS: Final = (CommandAcknowledged.TYPE, CommandEffective.TYPE, CommandRefused.TYPE)
"""Types of events that speak of a command."""


@dataclass(slots=True)
class Hole:
    """A hole in a run's events: since when, when it was last asked for, and what is said to be there of it still.

    `first` is the first seq that a process of the agent can still send by its birth, 0 if none said so.
    """

    since: float
    asked: float = float("-inf")
    first: int = 0


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
        self._fleet = log.fleet
        self._outbox = outbox
        self._alarms = alarms
        self._holes: dict[str, Hole] = {}
        self._unsaid: dict[str, Watermarks] = {}
        self.proven: Callable[[str, str, str], None] = lambda _agent, _run, _command: None
        """Told of a command that an event is about to speak of, before that is recorded: facts stand in their order."""
        self.announced: set[str] = set()
        self.window = 1
        self.senders = Senders()

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
        if envelope.id != f"{envelope.incarnation}.{envelope.seq}":
            self._bad(address, f"id {envelope.id!r} is not that of its process and number")
            return None
        if envelope.seq < 1:
            self._bad(address, "seq must be 1 or more")
            return None
        return self._in_order(address, payload, envelope, now)

    def _in_order(self, address: Address, payload: bytes, envelope: Envelope, now: float) -> Record | None:
        agent, run, key = address.agent, address.run, f"{address.agent}/{address.run}"
        known = self._known_run(key)
        have, lives = self._stands(key, known)
        if envelope.seq <= have:
            self._known(address, envelope, have, lives, now)
            return None
        if self._forgotten(key, known):
            self._refuse(
                address, envelope, "the run was over or lost so long ago that only the recording knows it"
            )
            return None
        mine = not lives or envelope.incarnation == next(reversed(lives))
        if envelope.seq > have + 1 and not self._skip(address, have, envelope, now, mine=mine):
            return None
        problem = "" if mine else _not_continued(envelope, have)
        if not problem and known is None:
            problem = self._crowded(agent)
        if problem:
            self._refuse(address, envelope, problem)
            return None
        self._holes.pop(key, None)
        misdeeds = known.misdeeds if known else 0
        if envelope.type in ANSWERS:
            self._prove(agent, run, envelope)
        record = self._log.accept(payload, envelope)
        standing = self._fleet.runs[key]
        if standing.misdeeds > misdeeds:
            self._alarms.raise_("misdeed", f"{key}: {standing.misdeed}", agent, run)
        if isinstance(record.data, EventsDropped):
            self._alarms.raise_("events-dropped", f"{key}: {record.data.count} events dropped", agent, run)
        return record

    def _prove(self, agent: str, run: str, envelope: Envelope) -> None:
        data = codec.decode_data(envelope)
        if isinstance(data, CommandAcknowledged | CommandEffective | CommandRefused):
            self.proven(agent, run, data.command)

    def _known(
        self, address: Address, envelope: Envelope, have: int, lives: dict[str, int], now: float
    ) -> None:
        """An event of a seq that is recorded: the same one again, or another process's that never was.

        A process is told that it is stored only up to what that very process had recorded; else it would forget what is
        nowhere.
        """
        self.senders.of(address.agent).repeated += 1
        last = lives.get(envelope.incarnation)
        if lives and (last is None or envelope.seq > last):
            self._refuse(address, envelope, "this run id belongs to another process of the agent")
        else:
            self._say(address.agent, address.run, have if last is None else last, now)

    def _crowded(self, agent: str) -> str:
        """Why there is no room for another run of an agent; nothing if there is."""
        runs = self._fleet.runs.values()
        if len(runs) >= LIVING_RUNS_SITE:
            return f"the site has {LIVING_RUNS_SITE} runs already"
        living = sum(run.agent == agent and run.state not in ENDED for run in runs)
        return f"the agent lives {LIVING_RUNS} runs already" if living >= LIVING_RUNS else ""

    def _known_run(self, key: str) -> Run | None:
        """A run on the floor, or a lost one that left it and may come back."""
        return self._fleet.runs.get(key) or self._fleet.away.get(key)

    def _forgotten(self, key: str, known: Run | None) -> bool:
        """Whether all that is known of a run is that there was one."""
        return known is None and key in self._fleet.ended

    def _stands(self, key: str, known: Run | None) -> tuple[int, dict[str, int]]:
        """The last seq recorded of a run, and the processes that have lived it as far as they are remembered."""
        if known is not None:
            return known.seq, known.lives
        lives = self._fleet.ended.get(key, {})
        return max(lives.values(), default=0), lives

    def _skip(self, address: Address, have: int, envelope: Envelope, now: float, *, mine: bool) -> bool:
        """Whether to go on over a hole with this event. Asks for the missing events first.

        Only a process that lives the run, or lawfully goes on with it, may leave a hole in it for good.
        """
        agent, run = address.agent, address.run
        hole = self._hole(f"{agent}/{run}", now)
        waited = now - hole.since >= GAP_AFTER
        problem = "" if mine or not waited else _not_continued(envelope, have)
        if waited and problem and agent not in self.announced:
            self._refuse(address, envelope, problem)
            return False
        if waited and not problem and agent not in self.announced:
            self._gap(agent, run, have + 1, envelope.seq - 1, "never sent again")
            return True
        if waited and not problem and have + 1 < hole.first <= envelope.seq:
            self._gap(agent, run, have + 1, hole.first - 1, "no longer in the agent's spool")
            if hole.first == envelope.seq:
                return True
            have, hole.first = hole.first - 1, 0
        if now - hole.asked >= RESEND_AGAIN:
            hole.asked = now
            self._resend(agent, run, have)
        return False

    def _hole(self, key: str, now: float) -> Hole:
        hole = self._holes.get(key)
        if hole is None:
            self._holes[key] = hole = Hole(since=now)
            while len(self._holes) > HOLES_KEPT:
                del self._holes[next(iter(self._holes))]
        return hole

    def standing(self, agent: str, standing: RunStanding, incarnation: str, now: float) -> None:
        """Compare where a run stands by the birth of a process of its agent with what is recorded.

        What that process cannot send is lost if it lives the run. If another one did, by the recording, that one may still
        send it: the hole stays open for `GAP_AFTER` seconds, and then what goes on with the run must be lawful.
        """
        key = f"{agent}/{standing.run}"
        known = self._known_run(key)
        have, lives = self._stands(key, known)
        mine = not lives or incarnation == next(reversed(lives))
        if self._forgotten(key, known) or (known is None and self._crowded(agent)):
            pass  # its events will be refused, and that is said
        elif standing.first > have + 1 and standing.seq > have and mine:
            self._gap(agent, standing.run, have + 1, standing.first - 1, "no longer in the agent's spool")
            have = standing.first - 1
        elif standing.first > have + 1 and standing.seq > have:
            self._hole(key, now).first = standing.first
        stored = have if mine else lives.get(incarnation, 0)
        if standing.seq > have:
            self._resend(agent, standing.run, have)
        elif stored:
            self._say(agent, standing.run, stored, now)

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

    @property
    def holes(self) -> int:
        """Runs in which events are missing that may yet come."""
        return len(self._holes)

    def _resend(self, agent: str, run: str, after: int) -> None:
        self.senders.of(agent).resent += 1
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
        self.senders.of(address.agent).bad += 1
        text = f"{address.agent}/{address.run}: {plain(problem)}"
        self._alarms.raise_("bad-input", text, address.agent, address.run)


def _not_continued(envelope: Envelope, have: int) -> str:
    data = codec.decode_data(envelope)
    if not isinstance(data, RunStarted) or data.continues is None:
        return "this run id belongs to another process of the agent"
    if data.continues != envelope.seq - 1:
        return f"the run goes on after event {have}, not after {data.continues}"
    return ""

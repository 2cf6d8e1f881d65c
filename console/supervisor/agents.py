"""Lives of agents: births, heartbeats, goodbyes, wills, silence, and two processes under one id.

Liveness is a clock of its own, apart from progress. `lost` says that nobody knows, never that anything stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from bus import codec
from bus.codec import DecodeError
from bus.limits import AGENT_SILENT, EVENTS_IN_FLIGHT, WINDOW_MAX
from bus.messages import AgentStatus
from bus.records import AgentBorn, AgentLost, AgentStopped
from bus.topics import Address
from console.core.text import plain
from console.supervisor.alarming.alarms import Alarms
from console.supervisor.ingest import Ingest
from console.supervisor.intents.whole_floor import newcomer
from console.supervisor.judging.gates import Gates
from console.supervisor.judging.passes import Passes
from console.supervisor.ledger import Ledger
from console.supervisor.log import Log

OLD_KEPT: Final = 16
"""Superseded incarnations of an agent that are remembered."""

HOW_LOST: Final = {"will": "its link broke", "silence": "nothing was heard of it"}
"""How an agent was lost, for people."""

TWICE: Final = 3.0
"""Seconds over which a superseded incarnation must be heard to count as running still.

What a dead process said last may be delivered after the birth of the next one, all of it together: one broker keeps no
order between two connections. A living one goes on with its heartbeats, which are further apart than this."""

SPARE: Final = 500
"""Agents beyond those of the fleet that are remembered until they are forgotten together."""


@dataclass(slots=True)
class Pulse:
    """When an agent was last heard, and which of its incarnations were superseded, the last one last.

    Each of these with the time when it was first heard after that, None while it was not. `spoke` is when the present one
    last said something about itself.
    """

    heard: float
    spoke: float = float("-inf")
    old: dict[str, float | None] = field(default_factory=dict)

    def supersede(self, incarnation: str) -> None:
        """Remember that another process took an incarnation's place."""
        self.old.pop(incarnation, None)
        self.old[incarnation] = None
        while len(self.old) > OLD_KEPT:
            del self.old[next(iter(self.old))]


class Agents:
    """The watchdog of agent processes."""

    def __init__(
        self, log: Log, alarms: Alarms, ingest: Ingest, ledger: Ledger, gates: Gates, passes: Passes
    ) -> None:
        self._log = log
        self._fleet = log.fleet
        self._alarms = alarms
        self._ingest = ingest
        self._ledger = ledger
        self._gates = gates
        self._pulses: dict[str, Pulse] = {}
        self._passes = passes
        self.claimed: Callable[[int], bool] = lambda _: True
        """Told the era that an agent says it has followed; returns whether the site can get there."""
        self.on_lost: Callable[[str], None] = lambda _agent: None
        self._deaf = False

    @property
    def window(self) -> int:
        """Unstored events that each agent may have in flight, so that all together fit the poorest broker's queue."""
        online = sum(1 for life in self._fleet.agents.values() if life.status == "online")
        share = max(1, EVENTS_IN_FLIGHT // max(1, online))
        return min(WINDOW_MAX, 1 << (share.bit_length() - 1))

    def status(self, address: Address, payload: bytes, now: float, *, retained: bool = False) -> None:
        """Take one status message."""
        agent = address.agent
        try:
            status = codec.decode(payload, AgentStatus)
        except DecodeError as error:
            self._ingest.senders.of(agent).bad += 1
            self._alarms.raise_("bad-input", f"{agent}: not a status: {plain(str(error))}", agent)
            return
        self._era(agent, status)
        match status.status:
            case "online":
                if not (retained and self._gone(agent, status)):
                    self._born(agent, status, now)
            case "alive":
                self._alive(agent, status, now)
            case "stopped":
                self._stopped(agent, status)
            case "lost":
                self._will(agent, status)

    def _era(self, agent: str, status: AgentStatus) -> None:
        """Take what an agent says of the eras it has followed."""
        reached = self.claimed(status.era)
        if status.status not in ("online", "alive"):
            return
        if reached:
            self._alarms.clear("era-ahead", agent)
        else:
            text = (
                f"{agent} has followed a supervisor of a far later era and obeys nothing that this one says"
            )
            self._alarms.raise_("era-ahead", text, agent)

    def _gone(self, agent: str, status: AgentStatus) -> bool:
        """Whether a birth that the broker kept is that of a link known to be gone: no sign of life."""
        life = self._fleet.agents.get(agent)
        return life is not None and life.status != "online" and life.connection == status.connection

    def heard_at(self) -> list[tuple[str, float]]:
        """When each agent that is remembered was heard last, by the clock of `tick`."""
        return [(agent, pulse.heard) for agent, pulse in self._pulses.items()]

    def heard(self, agent: str, now: float) -> None:
        """Anything at all that an agent sends is a sign of life."""
        pulse = self._pulses.get(agent)
        if pulse is not None:
            pulse.heard = now

    def _born(self, agent: str, status: AgentStatus, now: float) -> None:
        life = self._fleet.agents.get(agent)
        pulse = self._pulses.setdefault(agent, Pulse(now))
        if self._superseded(agent, pulse, status.incarnation, now):
            return
        pulse.old.pop(status.incarnation, None)  # it outlived the one that had taken its place
        pulse.heard = pulse.spoke = now
        self._ingest.announced.add(agent)
        if life is not None and life.incarnation != status.incarnation:
            pulse.supersede(life.incarnation)
        if life is None or life.status != "online" or life.connection != status.connection:
            born = AgentBorn(
                incarnation=status.incarnation,
                connection=status.connection,
                sdk=status.sdk,
                control=status.control,
            )
            self._log.write(born, agent)
            self._alarms.clear("agent-lost", agent)
            self._alarms.into_service("agent-lost", agent)  # else its next loss would be seen by nobody
            self._forget()
        for standing in status.runs:
            self._ingest.standing(agent, standing, status.incarnation, now)
        for run in self._fleet.runs.values() if self._fleet.held else ():
            if run.agent == agent:
                newcomer(self._log, self._ledger, run, now)  # a birth brings back runs that were away
        self._ledger.again(agent, {standing.run: standing.open for standing in status.runs}, now)
        self._passes.born(agent)

    def _forget(self) -> None:
        """Let go of agents that the fleet has forgotten; who returns announces itself again."""
        agents = self._fleet.agents
        if len(self._pulses) <= len(agents) + SPARE:
            return
        for name in [name for name in self._pulses if name not in agents]:
            del self._pulses[name]
            self._ingest.announced.discard(name)
            self._passes.forget(name)
            self._gates.forget(name)

    def reissue(self, *, only: str = "") -> None:
        """Send every online agent its pass list anew, or one of them."""
        for name, life in self._fleet.agents.items():
            if life.status == "online" and only in ("", name):
                self._passes.issue(name)

    def _alive(self, agent: str, status: AgentStatus, now: float) -> None:
        pulse = self._pulses.setdefault(agent, Pulse(now))
        life = self._fleet.agents.get(agent)
        if self._superseded(agent, pulse, status.incarnation, now):
            return
        pulse.heard = now
        if life is None or life.status != "online" or life.incarnation != status.incarnation:
            self._born(agent, status, now)
        else:
            pulse.spoke = now
            self._passes.again(agent)

    def _superseded(self, agent: str, pulse: Pulse, incarnation: str, now: float) -> bool:
        """Whether a message is of a process that another one has replaced, and is not heeded.

        One late message says nothing. Heard again later, and the other one meanwhile, both run. Heard again alone, it is the
        one that runs, and what replaced it was a birth delivered late.
        """
        life = self._fleet.agents.get(agent)
        if incarnation not in pulse.old or life is None or life.status != "online":
            return False
        first = pulse.old[incarnation]
        if first is None:
            pulse.old[incarnation] = now
        if first is None or now - first < TWICE:
            return True
        if pulse.spoke <= first:
            return False
        text = f"two processes call themselves {agent}; the older one still runs"
        self._alarms.raise_("duplicate-agent", text, agent)
        return True

    def _stopped(self, agent: str, status: AgentStatus) -> None:
        life = self._fleet.agents.get(agent)
        if life is not None and life.incarnation == status.incarnation and life.status == "online":
            self._log.write(AgentStopped(incarnation=status.incarnation), agent)

    def _will(self, agent: str, status: AgentStatus) -> None:
        life = self._fleet.agents.get(agent)
        if life is not None and life.connection == status.connection and life.status == "online":
            self._lose(agent, status.incarnation, "will")

    def _lose(self, agent: str, incarnation: str, why: str) -> None:
        self._log.write(AgentLost(incarnation=incarnation, why="will" if why == "will" else "silence"), agent)
        self._alarms.raise_(
            "agent-lost", f"{agent} is lost: {HOW_LOST[why]}; what its runs did last is unknown", agent
        )
        self.on_lost(agent)

    def restore(self, now: float) -> None:
        """After a restart: give every agent that the recording calls online the usual time to say so again."""
        for name, life in self._fleet.agents.items():
            if life.status == "online":
                self._pulses[name] = Pulse(now)
                self._ingest.announced.add(name)

    def listen(self, now: float, *, deaf: bool) -> None:
        """Whether agents can be heard at all from now on: the silence of a dead link says nothing about them."""
        self._deaf = deaf
        for pulse in self._pulses.values():
            pulse.heard = now

    def slept(self, seconds: float) -> None:
        """Nobody listened for so long: what agents said meanwhile has yet to be heard."""
        for pulse in self._pulses.values():
            pulse.heard += seconds
            pulse.old = dict.fromkeys(pulse.old)  # what lay there meanwhile came together, however old it is

    def tick(self, now: float) -> None:
        """Lose the agents that were silent for too long while they could be heard."""
        if self._deaf:
            return
        for name, pulse in self._pulses.items():
            life = self._fleet.agents.get(name)
            if life is not None and life.status == "online" and now - pulse.heard >= AGENT_SILENT:
                self._lose(name, life.incarnation, "silence")

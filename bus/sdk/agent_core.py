"""The agent's side of the contract, whole and without I/O: bytes, times and calls go in, messages to publish come out.

No clock, no chance, no thread, no loop: `now` (seconds of one monotonic clock) comes with every call, wall time and ids from
injected functions. Whoever drives it feeds links and messages, calls `tick` at `next_deadline`, and after every call sends
what `take_publishes` returns, in order, and acts on `take_notices`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from bus.events import RunOutcome
from bus.identity import Identity
from bus.messages import (
    AgentStatus,
    AnyCommand,
    DecisionCommand,
    HoldCommand,
    KillCommand,
    PassListCommand,
    PauseCommand,
    RefusedCommand,
    ResendCommand,
    ResumeCommand,
    StoredCommand,
    SupervisorState,
)
from bus.sdk.courier import Courier, Publish
from bus.sdk.ear import Ear, Heard, Trust
from bus.sdk.era import Era
from bus.sdk.lease import Lease
from bus.sdk.presence import Goodbye, Presence
from bus.sdk.roster import Notice, Roster
from bus.sdk.run_core import RunCore
from bus.sdk.spool.store import Bounds, Spool


class AgentCore:
    """One agent process: all its runs, its link, and what it knows about the supervisor. Not thread-safe.

    `ignored` counts what was received and thrown away, by reason.
    """

    def __init__(
        self,
        identity: Identity,
        *,
        trust: Trust,
        wall: Callable[[], str],
        new_id: Callable[[], str],
        bounds: Bounds | None = None,
        goodbye: Goodbye = "stopped",
        era: Era | None = None,
    ) -> None:
        """Prepare an agent. `wall` tells the time as RFC 3339, `new_id` makes ids nobody has used.

        `goodbye` is `lost` for a process that only sends what a dead one left. `era` is what earlier processes of this
        agent have seen of the supervisor; nothing by default.
        """
        self.identity = identity
        era = era or Era()
        self.lease = Lease(era)
        self.ignored: Counter[str] = Counter()
        self.ear = Ear(identity, trust, self.ignored)
        self._publishes: list[Publish] = []
        self._notices: list[Notice] = []
        self._past = False  # said that the supervisor's era is
        self.presence = Presence(identity, self._publishes.append, goodbye, era)
        self.courier = Courier(self._publishes.append)
        self._roster = Roster(
            identity,
            courier=self.courier,
            lease=self.lease,
            bounds=bounds or Bounds(),
            wall=wall,
            new_id=new_id,
            notify=self._notices.append,
        )

    def take_publishes(self) -> list[Publish]:
        """Return what must be sent since the last call, in order."""
        out = self._publishes[:]
        self._publishes.clear()  # the courier appends to this very list
        return out

    def take_notices(self) -> list[Notice]:
        """Return what the driver should know since the last call, in order."""
        out = self._notices[:]
        self._notices.clear()
        return out

    @property
    def has_output(self) -> bool:
        """Whether there is something to take."""
        return bool(self._publishes or self._notices)

    def next_deadline(self) -> float:
        """When `tick` is needed next, by the clock of `now`; infinite if never."""
        return min(self.presence.beat_at, self.courier.deadline, self._roster.deadline)

    def subscriptions(self) -> tuple[str, str, str]:
        """Topics that this agent must receive."""
        return self.ear.topics

    @property
    def unstored(self) -> int:
        """Events made and not stored, over all runs."""
        return self._roster.unstored

    # ---- link and time -----------------------------------------------------------------------------------------------

    def link_up(self, connection: str, now: float) -> None:
        """The link is up and subscribed: announce this agent, then send everything unstored."""
        self.lease.alive(now)
        self.presence.linked(connection, now)
        self._announce()
        self.courier.link(up=not self.presence.over, now=now)

    def link_down(self, now: float) -> None:
        """The link is down: nothing is sent, gates expire by their own clock."""
        self.presence.connection = ""
        self.courier.link(up=False, now=now)

    def tick(self, now: float) -> None:
        """Do what is due. Early and late calls are harmless."""
        self.lease.alive(now)
        self.courier.tick(now)
        self._roster.tick(now)
        self.presence.beat(now)

    def stop(self, now: float) -> None:
        """Say goodbye: publish the retained `stopped`. Nothing is sent or announced afterwards."""
        self.presence.leave()
        self.courier.link(up=False, now=now)

    def close(self) -> None:
        """Let go of all spools; what is in them stays for the next process."""
        self._roster.close()

    # ---- runs --------------------------------------------------------------------------------------------------------

    def run(self, name: str) -> RunCore:
        """Return a run that goes on: its verbs are `emit`, `propose`, `take`, `report`, `withdraw`, `checkpoint`, `leave`.

        Raises:
            KeyError: there is none of that name.
        """
        return self._roster.runs[name]

    def start_run(
        self,
        run: str,
        spool: Spool,
        *,
        now: float,
        goal: str = "",
        model: str = "",
        parent: str = "",
        labels: dict[str, str] | None = None,
        proof: str = "",
    ) -> None:
        """Begin a run, or go on with the one that the spool holds: then its unsent events go first.

        Raises:
            BadIdError: the name is no id.
            ValueError: a run of that name goes on in this agent, or the labels are too large.
        """
        goes_on = spool.last > 0
        self._roster.start(
            run, spool, goal=goal, model=model, parent=parent, labels=labels or {}, now=now, proof=proof
        )
        if goes_on:
            self._announce()

    def finish_run(self, run: str, outcome: RunOutcome, text: str, now: float) -> None:
        """End a run; its spool goes when everything is stored (notice `gone`).

        Raises:
            KeyError: there is none of that name.
        """
        self._roster.finish(run, outcome, text, now)

    def send_rest(self, spool: Spool, now: float) -> None:
        """Send what a dead process left behind, unchanged, without claiming that its run goes on.

        Raises:
            ValueError: the run goes on in this agent, or is being sent.
        """
        self._roster.send_rest(spool, now)

    def release_rest(self, run: str, now: float) -> Spool | None:
        """Stop sending what a dead process left of a run and return its spool, so that `start_run` can go on with it."""
        return self._roster.release_rest(run, now)

    def unsendable(self, topic: str, why: str, now: float) -> None:
        """The transport will never take a message on `topic`. A run whose event it was is refused, as nothing follows it."""
        self._roster.unsendable(topic, why, now)

    # ---- messages ----------------------------------------------------------------------------------------------------

    def message(self, topic: str, payload: bytes, *, retained: bool, now: float) -> None:
        """Take in what was received. Whatever it is, it never raises."""
        heard = self.ear.read(topic, payload, retained=retained)
        if heard is not None:
            self.take(heard, now)

    def take(self, heard: Heard, now: float) -> None:
        """Act on what the ear has read."""
        self.lease.alive(now)
        match heard.what:
            case SupervisorState() as state:
                self._take_state(state, retained=heard.retained, now=now)
            case AgentStatus() as status:
                self._take_status(status, retained=heard.retained)
            case command:
                self._take_command(command, now)

    def _take_state(self, state: SupervisorState, *, retained: bool, now: float) -> None:
        if self.lease.is_past(state):
            self.ignored["era"] += 1
            if not self._past and (why := self.lease.unreached(state)):
                self._past = True
                self._notices.append(Notice("past", "", why))
            return
        change = self.lease.observe(state, retained=retained, now=now)
        if self.lease.epoch == state.epoch:
            self.courier.set_window(state.window, now)
        if change == "new":
            self._announce()
            self.courier.restart(now)

    def _take_status(self, status: AgentStatus, *, retained: bool) -> None:
        stranger = status.incarnation != self.identity.incarnation
        if status.status in {"online", "alive"}:
            if stranger and not retained:
                self._notices.append(Notice("rival", "", status.incarnation))
        elif status.status == "lost" or (stranger and not retained):
            # An old will, or the goodbye of a process before this one, stands where our birth should stand.
            self._announce()

    def _take_command(self, command: AnyCommand, now: float) -> None:
        if command.epoch != self.lease.epoch:
            self.ignored["epoch"] += 1
            if isinstance(command, DecisionCommand):
                self._roster.refuse_stale(command, now)
        else:
            self._obey(command, now)

    def _obey(self, command: AnyCommand, now: float) -> None:
        match command:
            case StoredCommand():
                for name, seq in command.runs.items():
                    self._roster.stored(name, seq, now)
                self.courier.pump(now)
            case ResendCommand():
                if self.courier.resend(command.run, command.after, now):
                    self._announce(command.run)
            case PassListCommand():
                self._take_passes(command)
            case RefusedCommand():
                if command.incarnation in {"", self.identity.incarnation}:
                    self._roster.refuse(command.run, command.reason, now)
            case DecisionCommand():
                self.ignored["run"] += not self._roster.decide(command, now)
            case PauseCommand() | ResumeCommand() | HoldCommand() | KillCommand():
                self.ignored["run"] += not self._roster.stop(command, now)

    def _take_passes(self, command: PassListCommand) -> None:
        ours = command.incarnation == self.identity.incarnation
        self.ignored[
            "incarnation"
        ] += not ours  # of an earlier process: said before ours was heard, or played back
        self.lease.issue(command.order, command.tools, command.schemas, gives=ours)

    def _announce(self, rest: str = "") -> None:
        """Publish the birth; `rest` is the run of a dead process whose standing the supervisor must know."""
        if self.presence.connection:
            for part in self._roster.standings(rest):
                self.presence.announce(part)

"""The open gates of one run: what is proposed, decided, begun, and how it ends. Every end is written exactly once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from bus.canonical import NotCanonicalError
from bus.events import (
    ActionFinished,
    ActionStarted,
    CommandAcknowledged,
    CommandEffective,
    ControlLevel,
    Data,
)
from bus.messages import DecisionCommand
from bus.sdk.brake import Brake
from bus.sdk.decision import Action, Decision, DecisionOutcome
from bus.sdk.gate import EditsTaken, Gate, Stage, Step
from bus.sdk.lease import Lease
from bus.sdk.proposal import bound, proposed
from bus.sdk.values import Arguments, clip
from bus.sdk.writer import EventWriter

KEPT: Final = 1_024
"""How many ended actions and answered decisions a run remembers, to answer what comes late."""

_OUTCOMES: Final[dict[Step, DecisionOutcome]] = {Step.EXPIRE: "expired", Step.REFUSE: "refused"}
"""What whoever waits is told of an end from our side; of every other, that it was canceled."""


class Recent(dict[str, str]):
    """The last `KEPT` of something, by id."""

    def note(self, key: str, value: str = "") -> None:
        """Remember one, and forget the oldest if there are too many."""
        self[key] = value
        if len(self) > KEPT:
            del self[next(iter(self))]


class Gates:
    """All gates of one run that somebody still waits at, or whose tool runs."""

    def __init__(
        self,
        *,
        control: ControlLevel,
        writer: EventWriter,
        brake: Brake,
        lease: Lease,
        ready: Callable[[str], object],
    ) -> None:
        self._gates: dict[str, Gate] = {}
        self._ended = Recent()
        self._answered = Recent()
        self._control = control
        self._writer = writer
        self._brake = brake
        self._lease = lease
        self._ready = ready

    def __getitem__(self, action: str) -> Gate:
        return self._gates[action]

    @property
    def waiting(self) -> list[Gate]:
        """Gates whose tool has not begun."""
        return [gate for gate in self._gates.values() if gate.waiting]

    def running(self, stopped: Iterable[str] = ()) -> bool:
        """Whether a tool runs. One that waits at a gate of its own or, as those `stopped`, at a checkpoint does not."""
        waiting = set[str]()
        for action in (*stopped, *(gate.inside for gate in self.waiting)):
            inner = action
            while inner in self._gates and inner not in waiting:
                waiting.add(inner)
                inner = self._gates[inner].inside
        return any(gate.running and gate.action not in waiting for gate in self._gates.values())

    @property
    def held(self) -> bool:
        """Whether a gate could not be shown yet."""
        return bool(self._held())

    @property
    def deadline(self) -> float:
        """When a gate expires next; infinite if none does."""
        return min((gate.deadline for gate in self._gates.values() if gate.waiting), default=math.inf)

    def propose(self, action: str, wanted: Action, step: int | None = None, inside: str = "") -> Gate:
        """Make the gate of a new action and show it, if it may be shown already. `inside`: see `Gate`.

        Raises:
            ValueError: see `proposal.proposed`.
        """
        proposal = proposed(action, wanted, step)
        try:
            proposal, fit, mark = bound(proposal, wanted.args)
        except NotCanonicalError as error:
            gate = self._gates[action] = Gate(proposal, Arguments({}, {}), outcome="refused", text=str(error))
            gate.advance(Step.REFUSE)
            self._write_end(gate, f"{proposal.tool}: {error}")
            return gate
        gate = self._gates[action] = Gate(proposal, fit, args=fit.full, digest=mark, inside=inside)
        self.show(gate)
        return gate

    def show(self, gate: Gate, *, taking: bool = False) -> bool:
        """Propose a held action, unless the run is stopped or the spool has no room. Return whether it has begun.

        An action that need not wait (pass list, observed run) is proposed and begun in one, when it is taken.
        """
        if self._brake.stopped:  # what is decided now could not begin, and would be stale when it may
            return False
        free = self._free(gate)
        if free and not taking:
            return False
        passed = free and self._control != "observed"
        events: list[Data] = [*gate.arguments.parts()]
        events.append(msgspec.structs.replace(gate.proposal, passed=True) if passed else gate.proposal)
        if free:
            events.append(ActionStarted(action=gate.action, digest=gate.digest))
        if not self._writer.proposal(events):
            return False
        gate.passed = passed
        gate.advance(Step.PASS if free else Step.PROPOSE)
        gate.deadline = math.inf if free else self._writer.now + gate.proposal.decide_within
        return free

    def looked_at(self, action: str, now: float) -> Gate:
        """A gate, expired if its time is over by now.

        Raises:
            KeyError: there is none of that name.
        """
        self._writer.now = now
        gate = self._gates[action]
        self.expire(gate)
        return gate

    def settled(self, gate: Gate) -> bool:
        """Whether nobody has to decide any more: it ended, it is allowed, or it need not wait."""
        return (
            not gate.waiting
            or gate.stage is Stage.ALLOWED
            or (gate.held and not self._brake.stopped and self._free(gate))
        )

    def show_held(self) -> None:
        """Try again to propose what could not be proposed."""
        for gate in self._held():
            self.show(gate)
        for gate in [] if self._brake.stopped else self._held():
            self._ready(gate.action)  # it may begin as soon as it is taken

    def take(self, gate: Gate, edits: EditsTaken) -> Decision | None:
        """Begin a waiting action, if it may. Return its decision if it did, or if it is an edit that is to be seen first."""
        if edits == "seen" and gate.stage is Stage.ALLOWED and gate.outcome == "edited":
            return gate.decision()
        begun = False
        if gate.held:
            begun = self.show(gate, taking=True)
        elif gate.stage is Stage.ALLOWED:
            begun = self.begin(gate)
        return gate.decision() if begun else None

    def begin(self, gate: Gate) -> bool:
        """Begin an allowed action, unless a stop is in force or the spool cannot keep the fact. Return whether it did."""
        if self._brake.stopped:
            return False
        events = [
            ActionStarted(action=gate.action, digest=gate.digest, decision=gate.command),
            CommandEffective(command=gate.command),
        ]
        if not self._writer.now_or_never(events):
            return False
        gate.advance(Step.TAKE)
        gate.deadline = math.inf
        return True

    def decide(self, command: DecisionCommand) -> None:
        """Apply a decision. One that is late, or bound to other arguments, is refused and changes nothing."""
        if command.id in self._answered:
            return
        self._answered.note(command.id)
        gate = self._gates.get(command.action)
        if gate is not None:
            self.expire(gate)
        if gate is None or not gate.allows(Step.ALLOW):
            ended = gate.stage if gate is not None else self._ended.get(command.action)
            self._writer.refused(command.id, f"too late: {ended}" if ended else "no such action")
            return
        problem = gate.apply(command, self._writer.now)
        if problem:
            self._writer.refused(command.id, problem)
            return
        if gate.stage is Stage.ALLOWED:
            # Whoever waits begins it in a moment: one write for both. If nobody does, it is written all the same.
            self._writer.soon(CommandAcknowledged(command=command.id))
        else:
            self._writer.acknowledged(command.id)
            self._writer.effective(command.id)
            self._write_end(gate, command.text)
        self._ready(gate.action)

    def answered(self, command: str) -> bool:
        """Whether a decision of that id was taken in before."""
        return command in self._answered

    def expire(self, gate: Gate) -> None:
        """End a gate whose time is over."""
        if gate.waiting and gate.deadline <= self._writer.now:
            what = "nobody decided in time"
            if gate.stage is Stage.ALLOWED:
                what = "approved, but not begun in time"
                if self._brake.stopped:
                    what += f": the run is {'paused' if self._brake.paused else 'held'}"
            self.end(gate, Step.EXPIRE, what)

    def end(self, gate: Gate, step: Step, text: str) -> None:
        """End a waiting gate from our side."""
        shown, allowed = not gate.held, gate.stage is Stage.ALLOWED
        gate.advance(step)
        gate.outcome = _OUTCOMES.get(step, "canceled")
        gate.text = text
        if allowed:
            self._writer.refused(gate.command, f"{gate.stage}: {text}" if text else gate.stage)
        if shown:
            self._write_end(gate, text)
        self._ready(gate.action)

    def misfit(self, gate: Gate, text: str) -> None:
        """End an allowed gate whose edited arguments do not fit the tool."""
        if gate.stage is Stage.ALLOWED:
            self.end(gate, Step.REFUSE, text)

    def withdraw(self, action: str, why: str) -> None:
        """End a gate that nobody waits at any more, if it has not begun or ended."""
        gate = self._gates.get(action)
        if gate is not None and gate.waiting:
            self.end(gate, Step.WITHDRAW, why)
        if gate is not None and not gate.running:
            self.forget(gate)

    def report(self, gate: Gate, *, done: bool, text: str) -> None:
        """Note what became of a running tool.

        Raises:
            IllegalStepError: it is not running.
        """
        gate.advance(Step.FINISH if done else Step.FAIL)
        self.forget(gate)
        self._write_end(gate, text)

    def forget(self, gate: Gate) -> None:
        """Let go of an ended gate: nobody will ask for it any more."""
        self._gates.pop(gate.action, None)
        self._ended.note(gate.action, gate.stage)

    def open(self) -> list[str]:
        """Ids of the actions that were proposed and have not begun."""
        return [gate.action for gate in self._gates.values() if gate.stage in {Stage.OPEN, Stage.ALLOWED}]

    def _held(self) -> list[Gate]:
        return [gate for gate in self._gates.values() if gate.held]

    def _free(self, gate: Gate) -> bool:
        if self._control == "observed":
            return True
        proposal = gate.proposal
        schema = proposal.hints.schema_digest if proposal.hints else None
        return self._lease.passes(proposal.tool, schema, self._writer.now)

    def _write_end(self, gate: Gate, text: str) -> None:
        short, cut = clip(text)
        end = ActionFinished(action=gate.action, outcome=gate.stage.value, text=short, truncated=cut)  # type: ignore[arg-type]
        self._writer.certain(end)

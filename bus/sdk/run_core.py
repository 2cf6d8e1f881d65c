"""One run of an agent, without I/O: its checkpoints, its gates, the commands for it. The whole: `agent_core`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bus.events import ControlLevel, Data, RunFinished, RunOutcome
from bus.messages import DecisionCommand, KillCommand, ResumeCommand, RunStanding
from bus.sdk.brake import Brake, Orders, StopCommand
from bus.sdk.decision import Action, Decision, RunKilled, RunRefusedError
from bus.sdk.gate import EditsTaken, IllegalStepError, Stage, Step
from bus.sdk.gates import Gates, Recent
from bus.sdk.lease import Lease
from bus.sdk.values import clip
from bus.sdk.writer import EventWriter

RETRY: Final = 1.0
"""Seconds until something is tried again that the spool had no room for."""


class RunCore:
    """The protocol of one run. `ready` is called with the token of whoever waits and should ask again."""

    def __init__(
        self,
        *,
        control: ControlLevel,
        writer: EventWriter,
        lease: Lease,
        new_id: Callable[[], str],
        ready: Callable[[str], object],
    ) -> None:
        self.writer = writer
        self.finished = False
        self.refused = ""
        self._new_id = new_id
        self._ready = ready
        # Checkpoints that wait, in order, and the action inside whose tool each is.
        self._stopped: dict[str, str] = {}
        self._listening: set[str] = set()  # who only wants to hear that the run is not to go on
        self._stale = Recent()
        self._orders = Orders(control, writer)
        self._brake = self._make_brake(writer)
        self._gates = Gates(control=control, writer=writer, brake=self._brake, lease=lease, ready=ready)

    def _make_brake(self, writer: EventWriter) -> Brake:
        return Brake(writer)

    @property
    def over(self) -> bool:
        """Whether nothing will be written any more."""
        return self.finished and not self.writer.behind

    # ---- what the agent's own code asks ------------------------------------------------------------------------------

    def emit(self, data: Data, now: float) -> int:
        """Report telemetry. Return its seq, or 0 if it was dropped and counted: no room, or too large."""
        self.writer.now = now
        return 0 if self.finished else self.writer.telemetry(data)

    def propose(self, action: Action, now: float, *, step: int | None = None, inside: str = "") -> str:
        """Open a gate and return the action's id; `take` tells what became of it. `step` is that of the action if it
        names none, `inside` the action whose tool proposes it, if one does.

        Raises:
            RunKilled, RunRefusedError: the run is not to go on.
            ValueError: see `proposal.proposed`.
        """
        self._check(now)
        gate = self._gates.propose(self._new_id(), action, step, inside)
        self._settle()
        return gate.action

    def take(self, action: str, now: float, *, edits: EditsTaken = "begun") -> Decision | None:
        """Return the decision on an action, or None: wait for `ready` with its id and ask again.

        If the decision allows it, the action has begun when this returns: the caller runs the tool and calls `report`. An
        edit that is to be `seen` first has not: the caller holds it against the tool, and takes it again or calls `misfit`.

        Raises:
            RunKilled, RunRefusedError: the run is not to go on.
            KeyError: there is no such action, or its end was taken already.
            IllegalStepError: it has begun already.
        """
        gate = self._gates.looked_at(action, now)
        if gate.running:
            raise IllegalStepError(f"action {action} was taken already")
        if gate.stage is Stage.OPEN and not self.refused:
            self._settle()
            return None
        if gate.waiting and not self.refused:
            decision = self._gates.take(gate, edits)
            self._settle()
            return decision
        if gate.waiting:
            gate.advance(Step.REFUSE)
        self._gates.forget(gate)
        if self.refused or gate.stage is Stage.KILLED:
            self._check(now)
        return gate.decision()

    def misfit(self, action: str, text: str, now: float) -> Decision | None:
        """Say that an operator's edit does not fit the tool: it never begins. Return, or raise, as `take` does."""
        self._gates.misfit(self._gates.looked_at(action, now), text)
        self._settle()
        return self.take(action, now)

    def look(self, action: str, now: float) -> Decision | None:
        """What was decided about an action, as `take` says it, without beginning it."""
        gate = self._gates.looked_at(action, now)
        if self.refused or gate.stage is Stage.KILLED:
            self._check(now)
        return gate.decision() if self._gates.settled(gate) else None

    def report(self, action: str, *, done: bool, text: str, now: float) -> None:
        """Say what became of an action that had begun. Ignored once the run has finished.

        Raises:
            KeyError: no such action is running, or it was reported already.
            IllegalStepError: it has not begun.
        """
        self.writer.now = now
        gate = self._gates[action]
        if not self.finished:
            self._gates.report(gate, done=done, text=text)
            self._settle()

    def withdraw(self, action: str, now: float, why: str = "whoever waited was cancelled") -> None:
        """Say that nobody waits for an action any more. What has begun or ended stays as it is."""
        self.writer.now = now
        self._gates.withdraw(action, why)

    def checkpoint(self, token: str, now: float, inside: str = "") -> bool:
        """Return whether the run may go on. If not, wait for `ready` with the token and ask again.

        `inside` is the action whose tool waits here, if one does: it does not run meanwhile, so a pause is effective.

        Raises:
            RunKilled, RunRefusedError: the run is not to go on at all.
        """
        self._stopped.pop(token, None)
        self._check(now)
        if self._brake.paused:
            self._stopped[token] = inside
            self._settle()
        return not self._brake.paused

    def listen(self, token: str, now: float) -> None:
        """Wait for the kill of the run, whatever it does meanwhile: at `ready` with the token ask again.

        Raises:
            RunKilled, RunRefusedError: the run is not to go on at all.
        """
        self._listening.discard(token)
        self._check(now)
        self._listening.add(token)

    def leave(self, token: str) -> None:
        """Say that nobody waits under this token any more, at a checkpoint or for the kill."""
        self._stopped.pop(token, None)
        self._listening.discard(token)

    def finish(self, outcome: RunOutcome, text: str, now: float) -> None:
        """End the run: open gates are withdrawn, pending commands answered. Doing so twice changes nothing."""
        self.writer.now = now
        if self.finished:
            return
        for gate in self._gates.waiting:
            self._gates.end(gate, Step.WITHDRAW, "the run ended")
        if outcome == "killed":
            self._brake.died()
        self._brake.ended()
        self.writer.certain(RunFinished(outcome=outcome, text=clip(text)[0]))
        self.finished = True
        self._mark_end()

    # ---- what the supervisor says ------------------------------------------------------------------------------------

    def decide(self, command: DecisionCommand, now: float) -> None:
        """Take in a decision whose signature and epoch were checked. Repetitions change nothing."""
        self.writer.now = now
        if not self.finished:
            self._gates.decide(command)
            self._settle()

    def refuse_stale(self, command: DecisionCommand, now: float) -> None:
        """Answer, once, a decision of another supervisor epoch."""
        self.writer.now = now
        if not self.finished and command.id not in self._stale and not self._gates.answered(command.id):
            self._stale.note(command.id)
            self.writer.refused(command.id, "stale: it was made under another supervisor epoch")

    def stop(self, command: StopCommand, now: float) -> None:
        """Take in a pause, hold, kill or resume. Repetitions change nothing."""
        self.writer.now = now
        if self.finished or not self._orders.accept(command):
            return
        self._brake.obey(command)
        if isinstance(command, ResumeCommand):
            self._gates.show_held()
            self._wake()
        elif isinstance(command, KillCommand):
            for gate in self._gates.waiting:
                self._gates.end(gate, Step.KILL, command.reason)
            self._wake()
        self._settle()

    def refuse(self, reason: str) -> None:
        """Note that the supervisor does not accept this run: nothing of it is written any more and no gate opens."""
        self.refused = reason or "the supervisor refused the run"
        self.writer.mute()
        self._wake()

    # ---- time --------------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Let time-outs happen, and try again what the spool had no room for."""
        self.writer.now = now
        for gate in self._gates.waiting:
            self._gates.expire(gate)
        self.room(now)

    def room(self, now: float) -> None:
        """Write what waited for room in the spool."""
        self.writer.now = now
        self.writer.catch_up()
        self._gates.show_held()
        self._mark_end()

    @property
    def deadline(self) -> float:
        """When `tick` is needed next: a gate expires, or something waits to be written. Infinite if never."""
        deadline = min(self._gates.deadline, self.writer.due)
        blocked = self.writer.behind or (not self._brake.stopped and self._gates.held)
        return min(deadline, self.writer.now + RETRY) if blocked else deadline

    def standing(self) -> RunStanding:
        """Where the run stands, for a birth."""
        box = self.writer.box
        return RunStanding(run=box.run, seq=box.spool.last, first=box.stored + 1, open=self._gates.open())

    def _check(self, now: float) -> None:
        self.writer.now = now
        if self.refused:
            raise RunRefusedError(self.refused)
        if self._brake.killed:
            self._brake.died()
            raise RunKilled(self._brake.reason)
        if self.finished:
            raise RuntimeError(f"run {self.writer.box.run} is finished")

    def _mark_end(self) -> None:
        if self.over and not self.refused:
            self.writer.mark_end()

    def _settle(self) -> None:
        if not self._brake.unsettled:
            return  # nearly always: whoever waits for a decision need not wait for the rest
        waiting = bool(self._gates.waiting)
        self._brake.settle(
            waiting=waiting or bool(self._stopped),
            at_gate=waiting,
            running=self._gates.running(self._stopped.values()),
        )

    def _wake(self) -> None:
        for token in (*self._stopped, *self._listening):
            self._ready(token)
        for gate in self._gates.waiting:
            self._ready(gate.action)

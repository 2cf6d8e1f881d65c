"""What must hold, whatever broke: at every effect, at every answer, as time passes, and in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bus.canonical import digest
from bus.codec import Record
from bus.limits import LEASE_TTL
from bus.messages import Answer
from bus.records import ActionDecided, CommandRequested
from bus.sdk.decision import Decision
from console.core.fleet.state import encode
from console.core.reducing.apply_alarm import unhideable
from tests.simulation.audit import OUTCOMES
from tests.simulation.bus import DELAY_MOST
from tests.simulation.strays import STRAY

if TYPE_CHECKING:
    from tests.simulation.people import Operator
    from tests.simulation.worker import Worker
    from tests.simulation.world import World

FORBIDDEN: Final = (
    "ungated-action",
    "gap",
    "misdeed",
    "bad-input",
    "run-refused",
    "events-dropped",
    "internal-error",
    "duplicate-agent",
)
"""Alarms that no fault of the simulation may bring about: each would be our own."""


class Checks:
    """The promises, checked without asking the code that should keep them. Everything wrong goes to `world.problem`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ledger: set[tuple[str, str, str]] = set()
        self.used: set[str] = set()
        self.passed: set[str] = set()
        self.outdated = 0
        self._followed: dict[str, tuple[tuple[str, str], int]] = {}

    # ---- when a tool runs --------------------------------------------------------------------------------------------

    def effect(self, worker: Worker, decision: Decision) -> None:
        """A tool runs. At this very moment its decision must stand in the recording, for exactly these arguments."""
        world, name = self.world, f"{worker.name}/{worker.run}/{decision.action}"
        done = digest(decision.tool, decision.args)
        if (worker.name, worker.run, decision.action) in self.ledger or decision.command in self.used:
            world.problem(f"{name} was done twice")
        self.ledger.add((worker.name, worker.run, decision.action))
        if decision.passed:
            self.passed.add(name)
            epoch = worker.core.lease.epoch
            if decision.tool not in worker.told.lists.get(epoch, (0, ()))[1]:
                world.problem(f"{name} passed {decision.tool}, which the last list it got does not allow")
            life = world.view.agents.get(worker.name)
            if life is None or decision.tool not in [*life.passes, *(tool for tool, _ in life.withdrawn)]:
                world.problem(f"{name} passed {decision.tool}, which stands on no recorded list")
            if not worker.told.states.get(epoch, (0, False))[1]:
                world.problem(f"{name} passed {decision.tool} while approvals are closed")
            if world.now - world.office.renewed > LEASE_TTL + 2 * DELAY_MOST:
                world.problem(f"{name} passed {decision.tool} without a lease")
            return
        self.used.add(decision.command)
        known = world.view.action(name)
        if known is None or known.outcome not in ("approved", "edited") or known.decided_digest != done:
            world.problem(f"{name} was done undecided")

    def followed(self, worker: Worker, payload: bytes) -> None:
        """A payload was taken in: no process may begin to follow an earlier era than any process of its agent did before."""
        self.outdated += worker.core.ignored.pop("era", 0)
        told = self.world.told.get(payload)
        if told is None or told[0] != worker.core.lease.epoch:
            return
        process, last = self._followed.get(worker.name, (("", ""), 0))
        now = (worker.core.identity.incarnation, told[0])
        if now != process and told[1] < last:
            self.world.problem(f"{worker.name} went back to {told[0]}, a supervisor of an earlier era")
        self._followed[worker.name] = (now, max(told[1], last))

    # ---- when something is taken in or time passes -------------------------------------------------------------------

    def accepted_closed(self, record: Record) -> None:
        """While the recording fails, nothing that needs a commit may even be accepted."""
        match record.data:
            case ActionDecided(outcome=outcome) if outcome in ("approved", "edited", "responded"):
                if record.data.by != "pass-list":
                    self.world.problem(f"{record.data.action} was {outcome} while approvals are closed")
            case CommandRequested(kind="resume"):
                self.world.problem("a resume was taken while approvals are closed")
            case _:
                return

    def stopped(self, worker: Worker) -> None:
        """Where the last word is to stop, and the agent says that it has stopped, it has."""
        run = self.world.view.runs.get(f"{worker.name}/{worker.run}")
        if run is None or not run.stop or worker.over or not worker.living:
            return
        mine = [
            command
            for command in self.world.view.commands.values()
            if (command.agent, command.run) == (run.agent, run.run)
            and command.kind in ("pause", "hold", "resume")
        ]
        brake = worker.core.run(worker.run)._brake
        told = mine[-1].kind == run.stop and mine[-1].state == "effective" if mine else False
        here = next(reversed(run.lives)) == worker.core.identity.incarnation
        if told and here and not (brake.paused if run.stop == "pause" else brake.held):
            self.world.problem(f"{run.key} goes on, and the last word was {run.stop}")

    # ---- when an operator is told ------------------------------------------------------------------------------------

    def answered(self, operator: Operator, answer: Answer) -> None:
        """Who is told that his answer counts must be the one of whom the recording says so."""
        intent = self.world.keys.issued.get(answer.intent)
        if intent is None or not answer.accepted or intent.verb not in OUTCOMES:
            return
        action = self.world.view.action(f"{intent.agent}/{intent.run}/{intent.action}")
        if intent.verb == "reject" and (action is None or action.outcome is None):
            return  # stops are told before they are recorded, while that fails
        if action is None or (action.outcome, action.decided_by) != (OUTCOMES[intent.verb], operator.name):
            self.world.problem(f"{operator.name} was told that {intent.verb} of {intent.action} counts")

    # ---- in the end --------------------------------------------------------------------------------------------------

    def final(self) -> None:
        """Nothing lost, nothing twice, one state however it is reached, nothing left over."""
        world, tape = self.world, self.world.tape
        if [entry.pos for entry in tape.entries] != list(range(1, tape.pos + 1)):
            world.problem("positions have holes")
        for worker in world.workers:
            self._stored(worker)
        desk = world.office.desk
        if desk is not None and not desk.log.staged and desk.committed_pos == tape.pos:
            self._states(encode(desk.fleet))
        for alarm in world.view.alarms.values():
            if alarm.kind in FORBIDDEN and alarm.kind not in world.expected and alarm.agent != STRAY:
                world.problem(f"alarm {alarm.id}: {alarm.text}")
            if alarm.shown != "shown" and unhideable(alarm):
                world.problem(f"alarm {alarm.id} is {alarm.shown}, and {unhideable(alarm)}")
        for worker in world.workers if desk is not None else ():
            assert desk is not None
            if not world.agrees(worker):
                allowed = desk.gates.pass_list(worker.name)
                world.problem(f"{worker.name} passes {sorted(worker.core.lease.tools)}, allowed is {allowed}")

    def _stored(self, worker: Worker) -> None:
        for run, disk in worker.disks.items():
            stored = [
                entry.event
                for entry in self.world.tape.entries
                if entry.from_agent and entry.agent == worker.name and entry.run == run
            ]
            if stored != disk.ever:
                self.world.problem(
                    f"{worker.name}/{run} made {len(disk.ever)} events, {len(stored)} are recorded, or in another order"
                )
            if self.world.settled and (disk.stored != disk.last or (disk.finished and not disk.removed)):
                self.world.problem(f"the spool of {worker.name}/{run} is not empty")

    def _states(self, live: bytes) -> None:
        tape = self.world.tape
        if encode(self.world.view) != live:
            self.world.problem("the recording does not reduce to the live state")
        number = self.world.chance.randrange(len(tape.keyframes))
        if encode(tape.restored(number)) != live:
            self.world.problem(
                f"keyframe {number} at {tape.keyframes[number][0]} does not lead to the live state"
            )

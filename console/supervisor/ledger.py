"""The command ledger: requests commands, sends them, and watches their four facts.

requested (recorded) → sent (the broker has it) → acknowledged (the agent has it) → effective, or refused, or failed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from bus import messages
from bus.limits import COMMAND_TIMEOUT
from bus.records import CommandFailed, CommandRequested, CommandSent
from console.core.fleet.due import due_at
from console.core.fleet.lifecycle import ENDED, SUPERSEDED, IllegalTransitionError
from console.core.fleet.state import Action, Command, Fleet, Run
from console.core.fleet.turns import told_if_back
from console.supervisor.alarming.alarms import Alarms
from console.supervisor.log import Log
from console.supervisor.outbox import Outbox
from console.supervisor.steered import STEERING, Steered

CommandKind = type[
    messages.PauseCommand | messages.ResumeCommand | messages.HoldCommand | messages.KillCommand
]

_KINDS: Final[dict[str, CommandKind]] = {
    "pause": messages.PauseCommand,
    "resume": messages.ResumeCommand,
    "hold": messages.HoldCommand,
    "kill": messages.KillCommand,
}
_CAN_BE_LATE: Final = (*STEERING, "decision")
"""Commands whose alarm goes when they take effect after all."""

_OPEN: Final = ("requested", "sent", "acknowledged")

AGAIN: Final = 2.0
"""Seconds after which a command that nobody acknowledged is sent again; agents take each id once."""


@dataclass(slots=True)
class Watch:
    """When a command must have been acknowledged, and for a kill when it must have taken effect."""

    deadline: float
    again: float
    acknowledged: bool = False


class Ledger:
    """Sends commands and decisions, and says when one did not arrive."""

    def __init__(self, log: Log, outbox: Outbox, alarms: Alarms, new_id: Callable[[], str]) -> None:
        self._log = log
        self._fleet = log.fleet
        self._outbox = outbox
        self._alarms = alarms
        self._new_id = new_id
        self._watched: dict[str, Watch] = {}
        self._failed: dict[
            str, tuple[str, str]
        ] = {}  # what did not arrive, and may yet, by the id of the command
        self._steered = Steered(log.fleet)
        self.highest = 0
        """The highest order of any command that was ever sent, as far as this process can know."""
        self.first: Callable[[str, float], object] = lambda _run, _now: None
        """Told of a run before a command for it alone is requested: what was wanted of it before comes first."""

    def request(
        self, kind: str, run: Run, by: str, reason: str, intent: str, now: float, *, floor: bool = False
    ) -> str:
        """Record that somebody wants a command for a run, and send it behind the commit. Returns its id.

        `floor`: it is wanted of all runs, and of this one therefore.
        """
        self.first(run.key, now)
        return self.request_in_turn(kind, run, by, reason, intent, now, floor=floor)

    def request_in_turn(
        self, kind: str, run: Run, by: str, reason: str, intent: str, now: float, *, floor: bool = False
    ) -> str:
        """The same by whom `first` would tell. Looks at no commands but those of the run."""
        if kind in STEERING:
            for command in self._steered.unheard(run):
                failed = CommandFailed(command=command.id, reason=f"{SUPERSEDED}{kind}")
                self._log.write(failed, run.agent, run.run)
        name = self._request(kind, run, by, reason, intent, now, floor=floor)
        if kind in STEERING:
            self._steered.newest(run, name)
        return name

    def _request(
        self, kind: str, run: Run, by: str, reason: str, intent: str, now: float, *, floor: bool
    ) -> str:
        name = self._new_id()
        requested = CommandRequested(
            command=name,
            kind=kind,  # type: ignore[arg-type]
            by=by,
            order=self._order(),
            reason=reason,
            intent=intent,
            floor=floor,
        )
        self._log.write(requested, run.agent, run.run)
        self._send(self._fleet.commands[name])
        self._watch(name, now)
        return name

    def _order(self) -> int:
        """The order of the next command, above that of every other.

        It starts from the time, because a command may have gone out that no disk took, not even the emergency log.
        """
        self.highest = max(self.highest, self._fleet.order, self._log.now()) + 1
        return self.highest

    def heard(self, run: Run, now: float) -> None:
        """A run is heard of: what was said of all runs while it was lost is said to it again, and watched from now on."""
        for command in self._steered.unheard(run):
            if command.id not in self._watched and run.state != "lost":
                self._send(command)
                self._watch(command.id, now)

    def continued(self, run: Run, now: float) -> None:
        """A run goes on in a new process, which knows of no pause and no kill: stop it again, end it again."""
        if run.stop:
            reason = "it was stopped before its process was replaced"
            self.request(run.stop, run, run.stopped_by, reason, "", now, floor=run.by_floor)
        if run.killing:
            self._kill_again(run, now)

    def _kill_again(self, run: Run, now: float) -> None:
        """Repeat a kill that another process took and did not live to carry out, or that reached nobody."""
        by = "supervisor"
        for command in list(self._fleet.commands.values()):
            if command.kind != "kill" or (command.agent, command.run) != (run.agent, run.run):
                continue
            by = command.by
            if command.state in ("requested", "sent"):
                self._send(command)
                self._watch(command.id, now)
                return
            if command.state == "acknowledged":
                failed = CommandFailed(command=command.id, reason="its process was replaced before it ended")
                self._log.write(failed, run.agent, run.run)
        reason = "it was to be killed before its process was replaced"
        self.request("kill", run, by, reason, "", now)

    def decision(self, action: Action, now: float) -> None:
        """Send the decision that stands recorded for an action."""
        outcome: Any = action.outcome
        command = messages.DecisionCommand(
            epoch=self._log.epoch,
            agent=action.agent,
            run=action.run,
            id=action.decision,
            action=action.id,
            outcome=outcome,
            digest=action.decided_digest or None,
            args=action.edited,
            text=action.answer,
            by=action.decided_by,
        )
        allows = action.outcome in ("approved", "edited", "responded")  # what needs a commit
        self._outbox.command(command, stops=not allows, fact=True)
        if action.outcome != "expired" and action.decision not in self._watched:
            self._watch(action.decision, now)

    def _send(self, command: Command) -> None:
        fields: dict[str, Any] = {
            "epoch": self._log.epoch,
            "agent": command.agent,
            "run": command.run,
            "id": command.id,
            "order": command.order,
        }
        if command.kind != "resume":
            fields["reason"] = command.reason
        self._outbox.command(_KINDS[command.kind](**fields), stops=command.kind != "resume", fact=True)

    def taken(self, name: str) -> None:
        """The broker has taken a command: write the second fact, once."""
        command = self._fleet.commands.get(name)
        if command is not None and command.sent_at is None:
            self._log.write(CommandSent(command=name), command.agent, command.run)

    def proven(self, agent: str, run: str, name: str) -> None:
        """A run speaks of a command, so a broker had it, whether or not its receipt has come yet."""
        command = self._fleet.commands.get(name)
        if command is not None and command.agent == agent and command.run in ("", run):
            self.taken(name)

    def again(self, agent: str, open_actions: dict[str, list[str]], now: float) -> None:
        """An agent announced itself: send again what it may have missed.

        `open_actions` are its open gates by run; a decision it still waits for is signed and sent anew.
        """
        for command in list(self._fleet.commands.values()):
            if (
                command.agent != agent
                or command.kind == "decision"
                or command.state not in ("requested", "sent")
            ):
                continue
            run = self._fleet.run(agent, command.run)
            if run is not None and run.state not in ENDED:
                self._send(command)
                self._watch(command.id, now)
        for run_name, actions in open_actions.items():
            run = self._fleet.run(agent, run_name)
            for name in actions:
                action = run.actions.get(name) if run else None
                if action is not None and action.outcome is not None and action.decision:
                    self.decision(action, now)

    def send_unsent(self, now: float) -> None:
        """Send again, under this epoch, every command that no broker is known to have taken, and watch the open ones."""
        for command in list(self._fleet.commands.values()):
            if command.kind in _CAN_BE_LATE and command.failed_at is not None:
                self._failed[command.id] = (command.agent, command.run)
            if command.state not in _OPEN:
                continue
            self._watch(command.id, now)
            if command.state == "requested":
                self._repeat(command, now)

    def slept(self, seconds: float) -> None:
        """Nobody listened for so long: acknowledgements have yet to be heard."""
        for watch in self._watched.values():
            watch.deadline += seconds

    def tick(self, now: float) -> None:
        """Repeat what was not acknowledged; fail it in the end, and kills that did not take effect."""
        for name, (agent, run) in list(self._failed.items()):
            if self._came_late(name, agent, run):
                del self._failed[name]
                self._alarms.clear("command-failed", agent, run, about=name)
        for name, watch in list(self._watched.items()):
            command = self._fleet.commands.get(name)
            if command is None or command.state not in _OPEN:
                del self._watched[name]
                continue
            if _kept(self._log, command):
                watch.deadline, watch.again = now + COMMAND_TIMEOUT, now + AGAIN
                continue
            if command.acknowledged_at is not None and not watch.acknowledged:
                watch.acknowledged = True
                watch.deadline = now + COMMAND_TIMEOUT
            if watch.acknowledged and command.kind != "kill":
                del self._watched[name]
            elif now >= watch.deadline:
                del self._watched[name]
                self._fail(command, "no effect" if watch.acknowledged else "not acknowledged")
            elif now >= watch.again and not watch.acknowledged:
                watch.again = now + AGAIN
                self._repeat(command, now)

    def _watch(self, name: str, now: float) -> None:
        command = self._fleet.commands.get(name)
        if command is None or not told_if_back(self._fleet, command):  # its loss is an alarm already
            self._watched[name] = Watch(now + COMMAND_TIMEOUT, now + AGAIN)

    def _repeat(self, command: Command, now: float) -> None:
        if command.kind != "decision":
            self._send(command)
            return
        action = self._fleet.action(f"{command.agent}/{command.run}/{command.action}")
        if action is not None and action.decision == command.id:
            self.decision(action, now)

    def _fail(self, command: Command, what: str) -> None:
        text = f"{what} within {COMMAND_TIMEOUT:.0f} s"
        run = self._fleet.run(command.agent, command.run)
        if command.kind == "decision" and (run is None or run.state in ENDED):
            text += ", the run is gone"
        elif command.kind == "decision" and run is not None and run.state == "lost":
            text = "the agent did not return while the ask was open"
        try:
            self._log.write(CommandFailed(command=command.id, reason=text), command.agent, command.run)
        except IllegalTransitionError:
            return
        if command.kind in _CAN_BE_LATE:
            self._failed[command.id] = (command.agent, command.run)
            if command.kind in STEERING and _over(self._fleet, command.agent, command.run):
                return
        about = f"{command.kind} of {command.agent}/{command.run}: {text}"
        kind = "kill-unconfirmed" if command.kind == "kill" else "command-failed"
        # However often a run was told to end, that it did not is one alarm.
        name = "" if command.kind == "kill" else command.id
        self._alarms.raise_(kind, about, command.agent, command.run, about=name)

    def _came_late(self, name: str, agent: str, run: str) -> bool:
        """Whether a command that failed has taken effect after all, or nothing is left to pause, hold or resume."""
        command = self._fleet.commands.get(name)
        if command is None or command.effective_at is not None:
            return True
        return command.kind in STEERING and _over(self._fleet, agent, run)


def _kept(log: Log, command: Command) -> bool:
    """Whether a decision waits for a lost agent: it is kept until that returns, as long as its ask is open there."""
    if command.kind != "decision" or command.state not in ("requested", "sent"):
        return False
    run = log.fleet.run(command.agent, command.run)
    action = run.actions.get(command.action) if run is not None and run.state == "lost" else None
    return action is not None and log.now() < due_at(action)


def _over(fleet: Fleet, agent: str, run: str) -> bool:
    known = fleet.run(agent, run)
    return known is None or known.state in ENDED

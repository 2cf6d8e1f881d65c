"""The log as it grows, held against what really happened: no word before its fact, no permission from nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from bus.canonical import digest
from bus.codec import Record
from bus.events import (
    ActionFinished,
    ActionProposed,
    ActionStarted,
    CommandAcknowledged,
    CommandEffective,
    RunFinished,
    RunStarted,
    StepStarted,
)
from bus.floor_records import FloorHeld
from bus.messages import Intent
from bus.records import ActionAsked, ActionDecided, CommandRequested, CommandSent, GapFound
from console.core.fleet.lifecycle import ENDED
from console.core.fleet.state import Run
from console.supervisor.intents.sweeps import GOES_ON, UNFINISHED, UNFINISHED_ON
from tests.simulation.strays import STRAY

if TYPE_CHECKING:
    from tests.simulation.world import World

OUTCOMES: Final = {"approve": "approved", "edit": "edited", "reject": "rejected", "respond": "responded"}
VERBS: Final = {outcome: verb for verb, outcome in OUTCOMES.items()}
FREE: Final = ("pause", "hold", "reject")
"""What needs no signature."""


class Audit:
    """Reads every record when it is committed, with a model of its own: who is stopped, what runs, which facts are known."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._stopped: dict[str, set[str]] = {"pause": set(), "hold": set(), "kill": set()}
        self._running: dict[str, set[str]] = {}
        self._ends: dict[str, str] = {}
        self._facts: dict[str, set[str]] = {}
        self._kinds: dict[str, str] = {}
        self._dying: set[str] = set()
        self._owed: set[str] = set()
        self._effects: set[tuple[str, str, str]] = set()
        self._there: set[str] = set()
        self._unheld: set[str] = set()
        self._readers: dict[type, Callable[[Record, str, Any], None]] = {
            CommandRequested: self._requested,
            CommandSent: self._sent,
            CommandAcknowledged: self._acknowledged,
            CommandEffective: self._effective,
            ActionDecided: self._decided,
            ActionAsked: self._asked,
            ActionProposed: self._proposed,
            StepStarted: self._begun,
            ActionStarted: self._begun,
            ActionFinished: self._finished,
            RunStarted: self._started,
            RunFinished: self._ended,
            GapFound: self._gap,
        }

    def committed(self, record: Record) -> None:
        """Take a record that the view has taken."""
        self._newcomers(record)
        read = self._readers.get(type(record.data))
        key = f"{record.agent}/{record.run}"
        if read is not None:
            read(record, key, record.data)
        run = self.world.view.runs.get(key)
        if run is not None:
            self._words(run)
        self._word(getattr(record.data, "command", ""))

    def _newcomers(self, record: Record) -> None:
        """What began or came back while all are held is asked to hold before anything is decided about it."""
        view = self.world.view
        if view.held is None:
            self._unheld.clear()
        elif not isinstance(record.data, FloorHeld):
            self._unheld |= view.runs.keys() - self._there
        self._there = set(view.runs)
        key = f"{record.agent}/{record.run}"
        if isinstance(record.data, CommandRequested) and record.data.kind != "decision":
            self._unheld.discard(key)
        elif isinstance(record.data, ActionDecided) and key in self._unheld:
            self.world.problem(f"{key} began while all are held, and was judged before it was told")

    # ---- commands ----------------------------------------------------------------------------------------------------

    def _requested(self, record: Record, key: str, data: CommandRequested) -> None:
        self._kinds[data.command] = data.kind
        if data.kind == "kill":
            self._owed.discard(key)
            if not data.intent and key in self._dying:
                return  # somebody wanted it, of a process that did not live to do it
            self._dying.add(key)
        self._authority(record, data.intent, data.kind, data.by)

    def _sent(self, record: Record, key: str, data: CommandSent) -> None:
        self._fact(data.command, "sent")
        if data.command not in self.world.handed:
            self.world.problem(f"command {data.command} is called sent, and the broker never had it")

    def _acknowledged(self, record: Record, key: str, data: CommandAcknowledged) -> None:
        self._fact(data.command, "acknowledged")
        if self._kinds.get(data.command) == "kill":
            self._stopped["kill"].add(key)

    def _effective(self, record: Record, key: str, data: CommandEffective) -> None:
        self._fact(data.command, "effective")
        kind = self._kinds.get(data.command, "")
        if kind == "resume":
            self._stopped["pause"].discard(key)
            self._stopped["hold"].discard(key)
        elif kind in self._stopped:
            self._stopped[kind].add(key)
        if kind == "pause" and self._running.get(key):
            self.world.problem(f"{key} is called paused while a tool runs")

    def _fact(self, command: str, fact: str) -> None:
        self._facts.setdefault(command, set()).add(fact)

    # ---- what agents do ----------------------------------------------------------------------------------------------

    def _started(self, record: Record, key: str, data: RunStarted) -> None:
        """A new process knows of no stop, and the tools of the old one are gone. A kill is repeated in the same breath."""
        if key in self._stopped["kill"]:
            self._owed.add(key)
        for stopped in self._stopped.values():
            stopped.discard(key)
        self._running.pop(key, None)

    def _begun(self, record: Record, key: str, data: StepStarted | ActionStarted) -> None:
        if key in self._owed:
            self.world.problem(
                f"{key}: {data.TYPE} of a run that was told to die, and nobody told its new process"
            )
        if key in self._stopped["pause"]:
            self.world.problem(f"{key}: {data.TYPE} while it is paused")
        if key in self._stopped["kill"]:
            self.world.problem(f"{key}: {data.TYPE} after it was told to die")
        if isinstance(data, ActionStarted):
            if key in self._stopped["hold"]:
                self.world.problem(f"{key}: {data.TYPE} while it is held")
            self._running.setdefault(key, set()).add(data.action)

    def _proposed(self, record: Record, key: str, data: ActionProposed) -> None:
        for stop in ("pause", "hold"):
            if key in self._stopped[stop]:
                self.world.problem(f"{key}: {data.TYPE} under a {stop}")

    def _finished(self, record: Record, key: str, data: ActionFinished) -> None:
        self._running.setdefault(key, set()).discard(data.action)

    def _ended(self, record: Record, key: str, data: RunFinished) -> None:
        self._ends[key] = data.outcome

    def _gap(self, record: Record, key: str, data: GapFound) -> None:
        if record.agent != STRAY:
            self.world.problem(f"a gap from {data.first} to {data.last} in {key}")

    def _words(self, run: Run) -> None:
        """The state word of a run, against the facts seen so far."""
        if run.state == "paused" and run.key not in self._stopped["pause"]:
            self.world.problem(f"{run.key} is called paused, and no pause took effect")
        if run.state in ENDED and self._ends.get(run.key) != run.state:
            self.world.problem(f"{run.key} is called {run.state}, and the agent never said so")

    def _word(self, name: str) -> None:
        """The state word of a command, against the same."""
        command = self.world.view.commands.get(name)
        if command is None or command.state not in ("sent", "acknowledged", "effective"):
            return
        if command.state not in self._facts.get(name, ()):
            self.world.problem(f"{command.kind} {name} is called {command.state} without that fact")

    # ---- decisions ---------------------------------------------------------------------------------------------------

    def _asked(self, record: Record, key: str, data: ActionAsked) -> None:
        action = self.world.view.action(f"{key}/{data.action}")
        if action is not None:
            for operator in self.world.operators:
                operator.asked(action)

    def _decided(self, record: Record, key: str, data: ActionDecided) -> None:
        if data.command:
            self._kinds[data.command] = "decision"
        if not data.intent:
            if data.outcome in ("approved", "edited", "responded") and data.by not in ("policy", "pass-list"):
                self.world.problem(
                    f"{key}/{data.action} was {data.outcome} by {data.by}, and nobody asked for it"
                )
            return
        intent = self._authority(record, data.intent, VERBS.get(data.outcome, ""), data.by)
        if intent is None:
            return
        tool = self.world.view.runs[key].actions[data.action].exact_tool
        bound = intent.digest if intent.args is None else digest(tool, intent.args)
        if intent.action != data.action or (data.digest and data.digest != bound):
            self.world.problem(
                f"{key}/{data.action} was {data.outcome}, which {intent.operator} never wanted"
            )

    def _authority(self, record: Record, name: str, verb: str, by: str) -> Intent | None:
        """Whoever got this done must have signed for it, under this supervisor, once; anybody may stop things."""
        key = f"{record.agent}/{record.run}"
        about = f"{verb} of {key} by {by}"
        if not name:
            if verb not in ("pause", "hold") and by != "recorded late":
                self.world.problem(f"{about}: nobody wanted it")
            return None
        if (name, verb, key) in self._effects:
            self.world.problem(f"{about}: one intent had two effects")
        self._effects.add((name, verb, key))
        # A supervisor goes on with what all runs were told where one before it was cut short; that one had said so.
        said = {"hold": UNFINISHED, "resume": UNFINISHED_ON}.get(verb)
        goes_on = by == GOES_ON and said in self.world.view.alarms
        free = goes_on or (verb in FREE and by.endswith("(unsigned)"))
        intent = self.world.keys.issued.get(name)
        if intent is None:
            if not free:
                self.world.problem(f"{about}: nobody signed for it")
            return None
        if not free and (intent.verb != verb or (intent.agent and intent.agent != record.agent)):
            self.world.problem(
                f"{about}: {intent.operator} wanted {intent.verb} of {intent.agent}/{intent.run}"
            )
        if not free and intent.epoch != record.incarnation:
            self.world.problem(f"{about}: it was wanted under another supervisor")
        return None if free else intent

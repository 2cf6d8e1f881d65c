"""What the log has of a run beyond what the fleet keeps: pages of its records, lived again by the one reducer. Pure.

The fleet keeps a bounded tail with texts cut for display. Records come here in pages, the newest page first, and give back
what stands before that tail, and everything of a step or an action whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec import structs

from bus.codec import Record
from bus.events import ActionFinished, ActionProposed, MessageSeen, StepFinished, StepStarted, Usage
from bus.records import ActionDecided
from console.core.fleet.lifecycle import IllegalTransitionError
from console.core.fleet.state import Action, Command, Fleet, Run, Step
from console.core.reducing.reduce import reduce


class Page(NamedTuple):
    """Records of one run in the order of the log. `more`: the log has earlier ones."""

    records: Sequence[Record]
    more: bool


class NoHistoryError(Exception):
    """A page of the log cannot be had. The text is one line that says why."""


class Whole(NamedTuple):
    """What the fleet keeps cut, or not at all, of a step or an action; `usage` is what the step consumed."""

    text: str = ""
    reason: str = ""
    truncated: bool = False
    usage: Usage | None = None


class PastRun:
    """The pages of one run that are here. `version` grows with each."""

    def __init__(self, agent: str, run: str) -> None:
        self.records: list[Record] = []
        self.more = True
        """Whether the log may have records before those that are here."""
        self.version = 0
        self._name = (agent, run)
        self._forget()

    def _forget(self) -> None:
        agent, run = self._name
        self._fleet = Fleet()
        self._fleet.runs[f"{agent}/{run}"] = Run(agent=agent, run=run, state="working")
        self._steps: dict[int, Step] = {}
        self._actions: dict[str, Action] = {}
        self._whole: dict[str, Whole] = {}
        self._began: set[str] = set()

    @property
    def before(self) -> int | None:
        """The position before which the next page ends; None while there is no page."""
        return self.records[0].pos if self.records else None

    @property
    def until(self) -> int:
        """The last position that a page reached; 0 while there is none."""
        return self.records[-1].pos if self.records else 0

    def add(self, page: Page) -> None:
        """Take a page: an earlier one, or one that goes on from those here. What is here already is not taken twice."""
        own = [record for record in page.records if (record.agent, record.run) == self._name]
        before = self.before
        known = {record.pos for record in self.records}
        if before is None or (own and own[0].pos < before) or not own:
            self.more = page.more
        self.records = sorted(
            [*self.records, *(record for record in own if record.pos not in known)],
            key=lambda record: record.pos,
        )
        self.version += 1
        self._live_again()

    def _live_again(self) -> None:
        self._forget()
        for number, record in enumerate(self.records, 1):
            try:
                reduce(self._fleet, structs.replace(record, pos=number))
            except IllegalTransitionError:
                self._fleet.pos = number  # it goes on from something before these pages
            self._keep(record)
        for action in self._actions.values():
            proposed = [one for one in self.of_action(action) if isinstance(one.data, ActionProposed)]
            decided = [one for one in self.of_action(action) if isinstance(one.data, ActionDecided)]
            if action.args_cut and proposed and isinstance(proposed[-1].data, ActionProposed):
                action.args, action.args_cut = proposed[-1].data.args, False
            if decided and isinstance(decided[-1].data, ActionDecided) and action.edited is None:
                action.edited = decided[-1].data.args

    def _keep(self, record: Record) -> None:
        for run in (*self._fleet.runs.values(), *self._fleet.away.values()):
            self._steps.update((step.step, step) for step in run.steps)
            self._actions.update(run.actions)
        match record.data:
            case StepStarted() as data:
                self._began.add(f"step:{data.step}")
            case StepFinished() as data:
                self._whole[f"step:{data.step}"] = Whole(text=data.text, usage=data.usage)
            case ActionProposed() as data:
                self._began.add(f"action:{data.action}")
                self._whole[f"action:{data.action}"] = Whole(reason=data.reason)
            case ActionFinished() as data:
                known = self._whole.get(f"action:{data.action}", Whole())
                self._whole[f"action:{data.action}"] = known._replace(
                    text=data.text, truncated=data.truncated
                )
            case _:
                pass

    @property
    def run(self) -> Run:
        """The run as far as these pages tell, with no bound on steps and actions; none whose beginning is yet to come."""
        found = next(iter(self._fleet.runs.values()), None) or next(iter(self._fleet.away.values()), None)
        agent, name = self._name
        run = found or Run(agent=agent, run=name)
        steps = [self._steps[step] for step in sorted(self._steps) if self.has(f"step:{step}")]
        actions = {name: action for name, action in self._actions.items() if self.has(f"action:{name}")}
        return structs.replace(run, steps=steps, actions=actions)

    def has(self, name: str) -> bool:
        """Whether these pages go back to where `step:5` or `action:a1` began, or to the beginning of the log."""
        return name in self._began or not self.more

    def merged(self, run: Run | None) -> Run:
        """The run as the fleet has it, with what only these pages have; without one, as the pages have it."""
        mine = self.run
        if run is None:
            return mine
        kept = {step.step for step in run.steps}
        steps = [step for step in mine.steps if step.step not in kept] + run.steps
        actions = {name: action for name, action in mine.actions.items() if name not in run.actions}
        for name, action in run.actions.items():
            whole = mine.actions.get(name)
            if action.args_cut and whole is not None and not whole.args_cut:
                actions[name] = structs.replace(action, args=whole.args, edited=whole.edited, args_cut=False)
            else:
                actions[name] = action
        return structs.replace(run, steps=sorted(steps, key=lambda step: step.step), actions=actions)

    def whole(self, name: str) -> Whole | None:
        """The texts of `step:5` or `action:a1` as they were sent, or None while no page has them."""
        return self._whole.get(name)

    def command(self, action: Action) -> Command | None:
        """The command that carried an action's decision, as far as these pages tell."""
        return self._fleet.commands.get(action.decision) if action.decision else None

    def of_action(self, action: Action) -> Iterator[Record]:
        """The records about an action, those of its decision's command included."""
        for record in self.records:
            data = record.data
            if getattr(data, "action", None) == action.id or (
                action.decision and getattr(data, "command", None) == action.decision
            ):
                yield record

    def of_step(self, step: int) -> Iterator[Record]:
        """The records about a step, and the messages said in it."""
        return (record for record in self.records if getattr(record.data, "step", None) == step)

    def said_in(self, step: int) -> Iterable[MessageSeen]:
        """What was said in a step, whole."""
        return [record.data for record in self.of_step(step) if isinstance(record.data, MessageSeen)]

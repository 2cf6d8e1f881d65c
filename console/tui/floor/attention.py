"""How well a run is, in the order of attention: stop, act, watch, or well. Pure.

Claims and their limit, errors, losses, commands without effect and alarms; one fact each, the worst one first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from bus.limits import CONFIDENCE_LIMIT
from console.core.fleet import alarm_standing
from console.core.fleet.alarm_standing import hidden
from console.core.fleet.holding import is_holding
from console.core.fleet.lifecycle import ENDED, SUPERSEDED

if TYPE_CHECKING:
    from console.core.fleet.alarm_state import Alarm
    from console.core.fleet.state import Action, Command, Fleet, Run

Level = Literal["stop", "act", "watch"]

MARKS: Final[dict[Level, str]] = {"stop": "■", "act": "▲", "watch": "◇"}
ORDER: Final[dict[Level, int]] = {"stop": 0, "act": 1, "watch": 2}
CONTROL: Final = {"observed": "○", "gated": "◐", "contained": "●"}
SEVERITY: Final = ("S0 observe", "S1 local", "S2 shared", "S3 costly", "S4 catastrophic")

FAILED_FOR: Final = 10 * 60 * 1000
"""How long (ms) a failed run stays among those that are not well; then it rests."""

_BY_PRIORITY: Final[dict[int, Level]] = {1: "stop", 2: "act", 3: "watch"}


class Plight(NamedTuple):
    """Why a run needs a look: how much, the one fact, since when (ms), and the alarm if it is its whole agent's."""

    level: Level
    fact: str
    since: int
    shared: str = ""


def level_of_alarm(alarm: Alarm) -> Level:
    return _BY_PRIORITY.get(alarm.priority, "watch")


def wants_answer(alarm: Alarm, now: int) -> bool:
    """Whether nobody has acknowledged an alarm yet, and nothing hides it."""
    return not hidden(alarm, now) and alarm.state in ("unacknowledged", "returned")


stands: Final = alarm_standing.stands
"""Whether an alarm is so and wants an answer; the verb `alarms` counts the same."""


def plight(run: Run, commands: Iterable[Command], alarms: Iterable[Alarm], now: int) -> Plight | None:
    """The worst that is to be said about a run, or None if it is well or at rest."""
    found = [
        *_by_gate(run),
        *_by_alarm(run, alarms, now),
        *_by_command(run, commands),
        *_by_record(run, now),
    ]
    return min(found, key=lambda plight: ORDER[plight.level], default=None)


def _by_alarm(run: Run, alarms: Iterable[Alarm], now: int) -> Iterable[Plight]:
    for alarm in alarms:
        if stands(alarm, now):
            shared = "" if alarm.run else alarm.id
            yield Plight(level_of_alarm(alarm), without_name(alarm), _concerns(run, alarm), shared)


def without_name(alarm: Alarm) -> str:
    """What an alarm says, for a row that names its agent, and its run, in a column of its own."""
    text = alarm.text or alarm.kind
    if alarm.run:
        name = f"{alarm.agent}/{alarm.run}"
        text = text.removeprefix(f"{name}: ").replace(f" of {name}", "", 1)
    return text.removeprefix(f"{alarm.agent} is lost: ").removeprefix(f"{alarm.agent}: ")


def _concerns(run: Run, alarm: Alarm) -> int:
    """Since when (ms) an alarm concerns a run: that of a whole agent may be older than the run, or than its loss."""
    since = alarm_standing.began(alarm)
    if alarm.run:
        return since
    return max(since, run.last_at if run.state == "lost" else run.started_at)


def _by_command(run: Run, commands: Iterable[Command]) -> Iterable[Plight]:
    orders = [command for command in commands if command.kind != "decision" and run.state not in ENDED]
    for place, command in enumerate(orders):
        if command.kind in ("pause", "hold") and any(later.kind == "resume" for later in orders[place + 1 :]):
            continue  # taken back: whether it had any effect concerns nobody
        if command.failed_at is not None and command.problem.startswith(SUPERSEDED):
            continue  # and so it is with what a later word took the place of, which speaks for itself
        if command.state in ("failed", "refused"):
            at = command.failed_at or command.refused_at or command.requested_at
            yield Plight("act", f"{command.kind} {command.state}: {command.problem}".rstrip(": "), at)
        elif command.effective_at is None and (command.kind == "kill" or run.state == "pausing"):
            yield Plight("watch", f"{command.kind} {_so_far(command)}", command.requested_at)
        elif command.effective_at is None and command.kind == "hold" and is_holding(run):
            heard = command.acknowledged_at is not None
            fact = "goes on until its next gate" if heard else f"hold {_so_far(command)}"
            yield Plight("watch", fact, command.requested_at)


def _so_far(command: Command) -> str:
    if command.acknowledged_at is not None:
        return "acknowledged, not effective"
    return "sent, not acknowledged" if command.sent_at is not None else "requested, not sent"


def unasked(run: Run) -> list[Action]:
    """What the run ran, or began, though nothing had allowed it; oldest first."""
    return [action for action in run.actions.values() if action.ungated]


def _by_gate(run: Run) -> Iterable[Plight]:
    """Of a run that is over it is the latched alarm that says so, until somebody has reset it."""
    if run.state not in ENDED:
        for action in unasked(run):
            at = action.started_at or action.finished_at or run.last_at
            yield Plight("stop", f"{action.tool} ran without a decision", at)


def _by_record(run: Run, now: int) -> Iterable[Plight]:
    if run.state == "lost":
        last = run.steps[-1].step if run.steps else 0
        yield Plight("act", f"last heard at step {last}" if last else "never heard at a step", run.last_at)
    if run.state == "failed" and now - (run.ended_at or now) < FAILED_FOR:
        yield Plight("watch", run.ended_text or "failed", run.ended_at or now)
    if run.state not in ENDED:
        yield from _by_telemetry(run)
        if run.state not in ("paused", "pausing"):
            yield from _by_work(run)


def _by_telemetry(run: Run) -> Iterable[Plight]:
    if run.gaps:
        yield Plight("act", f"{run.gaps} events are missing for ever", run.last_at)
    if run.misdeeds:
        yield Plight("watch", f"{run.misdeeds} events not allowed: {run.misdeed}", run.last_at)
    if run.dropped:
        yield Plight("watch", f"{run.dropped} pieces of telemetry dropped", run.last_at)


def _by_work(run: Run) -> Iterable[Plight]:
    step = run.steps[-1] if run.steps else None
    if step is not None and step.ok is False:
        yield Plight("watch", f"step {step.step} {step.name} failed", step.finished_at or run.last_at)
    if run.claims and run.claims[-1] < CONFIDENCE_LIMIT:
        fact = f"claims {run.claims[-1]:.2f}, limit {CONFIDENCE_LIMIT:.2f}"
        yield Plight("watch", fact, _low_since(run))


def _low_since(run: Run) -> int:
    """Since when (ms) the steps claim too little: a row must not move at each step that goes on so."""
    since = run.last_at
    for step in reversed(run.steps):
        if step.confidence is None or step.confidence.value >= CONFIDENCE_LIMIT:
            break
        since = step.started_at
    return since


def alarms_of(fleet: Fleet, run: Run) -> list[Alarm]:
    """Alarms that name the run, or its agent as a whole while the run has not ended."""
    names = (run.run,) if run.state in ENDED else ("", run.run)
    return [alarm for alarm in fleet.alarms.values() if alarm.agent == run.agent and alarm.run in names]

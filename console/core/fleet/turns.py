"""Turns in a run's life that several record types take: its end, its loss and return, the closing of its asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from bus.codec import Record
from bus.events import Confidence
from console.core.deeds import UNSIGNED
from console.core.fleet.alike import alike_key, note_end
from console.core.fleet.holding import hold_changed
from console.core.fleet.kept import AWAY_KEPT, CLAIMS_KEPT, ENDED_KEPT
from console.core.fleet.lifecycle import ENDED, OPEN, RUN, IllegalTransitionError, advance
from console.core.fleet.room import forget_action, forget_run
from console.core.fleet.state import Action, Command, Fleet, Run

Touched = Iterable[tuple[Any, str]]
"""Kinds and keys of what changed."""

ApplyAgent = Callable[[Fleet, Run, Record, Any], Touched]
"""What a record of an agent does to its run."""

ApplySupervisor = Callable[[Fleet, Record, Any], Touched]
"""What a record of the supervisor does to the fleet."""


def living(run: Run) -> None:
    """Raise IllegalTransitionError if the run is over."""
    if run.state in ENDED:
        msg = f"the run is over ({run.state})"
        raise IllegalTransitionError(msg)


def claim(run: Run, confidence: Confidence | None) -> None:
    """Remember a claimed confidence; an absent one is not remembered as anything."""
    if confidence is not None:
        run.claims = [*run.claims[-CLAIMS_KEPT + 1 :], confidence.value]


def told(run: Run, command: Command) -> None:
    """Keep in mind what the operators want of a run.

    A signed word about the run itself outlives the hold of all that it comes upon. An unsigned one does not: else a
    stranger could make one word of an operator, which lets all go on, into hundreds.
    """
    if command.kind in ("pause", "hold"):
        if not run.stop:
            run.by_floor = command.floor
        elif not command.floor and not command.by.endswith(UNSIGNED):
            run.by_floor = False
        run.stop, run.stopped_by = ("pause" if command.kind == "pause" else "hold"), command.by
        hold_changed(run, command)
    elif command.kind == "resume":
        run.stop, run.stopped_by, run.by_floor, run.holding = "", "", False, False
    elif command.kind == "kill":
        run.killing = True


def told_if_back(fleet: Fleet, command: Command) -> bool:
    """Whether a word to all runs has not been heard by one that is lost: nobody is there to hear it, until it is back."""
    key = f"{command.agent}/{command.run}"
    run = fleet.runs.get(key) or fleet.away.get(key)
    return (
        command.floor and command.state in ("requested", "sent") and run is not None and run.state == "lost"
    )


def resumable(fleet: Fleet) -> bool:
    """Whether there is anything to resume of all: it is held, or a run is still stopped that only its hold stops."""
    return fleet.held is not None or any(
        run.by_floor and run.state not in ENDED for run in fleet.runs.values()
    )


def pause_failed(fleet: Fleet, run: Run) -> None:
    """A pause did not happen: the run goes on, or waits on."""
    if run.state == "pausing":
        run.state = advance(RUN, run.state, "pause-failed")
        if waits(fleet, run):
            run.state = advance(RUN, run.state, "ask")


def waits(fleet: Fleet, run: Run) -> bool:
    """Whether an action of the run waits for a person."""
    prefix = run.key + "/"
    return any(key.startswith(prefix) for key in fleet.waiting)


def find(fleet: Fleet, run: Run) -> None:
    """A lost run is heard of again: it stands where it stood, a pause still in force."""
    if run.lost_from == "paused":
        run.state = advance(RUN, run.state, "find-paused")
    elif run.lost_from == "pausing":
        run.state = advance(RUN, run.state, "find-pausing")
    else:
        run.state = advance(RUN, run.state, "find")
    run.lost_from = None
    if waits(fleet, run):
        run.state = advance(RUN, run.state, "ask")


def close_ask(fleet: Fleet, run: Run, action: Action) -> None:
    """Take an action off the waiting list, and its run out of `input-required` with the last one; count how it ended."""
    if action.key in fleet.waiting:
        fleet.waiting.remove(action.key)
        note_end(fleet.alike, alike_key(action.agent, action.tool), action.outcome)
    if run.state == "input-required" and not waits(fleet, run):
        run.state = advance(RUN, run.state, "answer")


def retire(fleet: Fleet, key: str) -> None:
    """Forget a finished run but for where it ended; the log keeps it."""
    run = fleet.runs.pop(key, None)
    if run is None:
        return
    fleet.waiting = [waiting for waiting in fleet.waiting if not waiting.startswith(key + "/")]
    _remember(fleet, run)


def put_away(fleet: Fleet, key: str) -> None:
    """Take a lost run from the floor, but keep what it needs to go on: nobody said that it is over.

    What it may do and what it has read stay, or it would come back as a stranger whose first calls look harmless. What is
    only shown goes; the log keeps it.
    """
    run = fleet.runs.pop(key, None)
    if run is None:
        return
    run.steps, run.messages = [], []
    for action in list(run.actions.values()):
        if action.state not in OPEN and action.finished_at is not None:
            forget_action(fleet, run, action)
    fleet.away[key] = run
    while len(fleet.away) > AWAY_KEPT:
        _remember(fleet, fleet.away.pop(next(iter(fleet.away))))


def bring_back(fleet: Fleet, key: str) -> Run | None:
    """Put a run that was away on the floor again, lost as it was. Returns it, or None if there is none."""
    run = fleet.away.pop(key, None)
    if run is not None:
        fleet.runs[key] = run
    return run


def _remember(fleet: Fleet, run: Run) -> None:
    forget_run(fleet, run)
    fleet.ended[run.key] = run.lives or {"": run.seq}
    while len(fleet.ended) > ENDED_KEPT:
        del fleet.ended[next(iter(fleet.ended))]

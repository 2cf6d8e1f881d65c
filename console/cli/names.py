"""From what an operator types to the one run, action or alarm that is meant. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from console.cli.exits import CliError, Exit, bad
from console.core.fleet.alarm_state import Alarm
from console.core.fleet.lifecycle import ENDED
from console.core.fleet.state import Action, Fleet, Run
from console.core.text import ELLIPSIS

SHORT: Final = 4
"""Characters of a short id: its end, where ids differ most."""

NAMED: Final = 5
"""How many candidates an error names."""


class SeveralError(CliError):
    """What was typed fits more than one thing. The text names them and says how to name one."""

    def __init__(self, message: str) -> None:
        super().__init__(Exit.USAGE, message)


def short(run: str) -> str:
    """The short form of a run's id, which `kill` wants typed."""
    return run if len(run) <= SHORT + 1 else run[-SHORT:]


def find_run(fleet: Fleet, text: str) -> Run:
    """The run meant by `run`, `agent/run`, or an unambiguous beginning or end of one.

    Living runs come before ended ones where both fit.

    Raises:
        CliError: there is none, or more than one.
    """
    text = _typed(text)
    for fits in (
        [run for run in fleet.runs.values() if text in (run.run, run.key)],
        [run for run in fleet.runs.values() if run.run.startswith(text) or run.key.startswith(text)],
        [run for run in fleet.runs.values() if len(text) >= SHORT and run.run.endswith(text)],
    ):
        living = [run for run in fits if run.state not in ENDED]
        chosen = living or fits
        if len(chosen) == 1:
            return chosen[0]
        if chosen:
            raise SeveralError(f"{text!r} fits {_some(run.key for run in chosen)}: name it as agent/run")
    away = [key for key in fleet.away if text in (key, key.rpartition("/")[2])]
    if away:
        raise CliError(
            Exit.REFUSED,
            f"run {_some(away)} left the floor lost; it comes back if its agent does. See: watchfloor show {text} "
            "--session NAME",
        )
    if text in fleet.ended or any(key.rpartition("/")[2] == text for key in fleet.ended):
        raise CliError(
            Exit.REFUSED, f"run {text!r} ended long ago; see: watchfloor show {text} --session NAME"
        )
    raise bad(f"no run {text!r} on site {fleet.site}; see: watchfloor ls --all")


def find_action(fleet: Fleet, text: str) -> Action:
    """The action meant by `action`, `run/action`, `agent/run/action`, or an unambiguous beginning of a waiting one's id.

    Actions that wait come before others.

    Raises:
        CliError: there is none, or more than one.
    """
    text = _typed(text)
    waiting = [action for key in fleet.waiting if (action := fleet.action(key)) is not None]
    everything = [action for run in fleet.runs.values() for action in run.actions.values()]
    for fits in (
        [action for action in waiting if _called(action, text)],
        [action for action in waiting if action.id.startswith(text)],
        [action for action in waiting if _ends(action, text)],
        [action for action in everything if _called(action, text)],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise SeveralError(
                f"{text!r} fits {_some(action.key for action in fits)}: name it as agent/run/action"
            )
    raise bad(f"no action {text!r} on site {fleet.site}; see: watchfloor asks")


def find_alarm(fleet: Fleet, text: str) -> Alarm:
    """The alarm meant by its id or an unambiguous beginning of it.

    Raises:
        CliError: there is none, or more than one.
    """
    exact = fleet.alarms.get(text)
    if exact is not None:
        return exact
    fits = [alarm for alarm in fleet.alarms.values() if alarm.id.startswith(text)]
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise SeveralError(f"{text!r} fits {_some(alarm.id for alarm in fits)}: name one of them")
    raise bad(f"no alarm {text!r} on site {fleet.site}; see: watchfloor ls")


def _called(action: Action, text: str) -> bool:
    return text in (action.id, f"{action.run}/{action.id}", action.key)


def _ends(action: Action, text: str) -> bool:
    run, slash, name = text.partition("/")
    return bool(slash) and len(run) >= SHORT and action.run.endswith(run) and name == action.id


def _typed(text: str) -> str:
    """What stands behind the mark of a list that left something out."""
    return text.rpartition(ELLIPSIS)[2]


def _some(names: Iterable[str]) -> str:
    found = sorted(names)
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return ", ".join(found[:NAMED]) + more

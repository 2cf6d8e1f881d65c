"""From a number or an id that was typed to the thing that a word is about. Pure."""

from __future__ import annotations

from console.cli.exits import CliError, bad
from console.cli.names import SeveralError, find_action, find_alarm, find_run
from console.cli.plain.things import Numbers, Thing
from console.cli.plain.words import Word
from console.core.fleet.alarm_state import Alarm
from console.core.fleet.state import Action, Fleet, Run


def meant(
    fleet: Fleet, numbers: Numbers, opened: Thing | None, word: Word, name: str
) -> Action | Run | Alarm:
    """The thing that `name` is, or without a name the one that was opened.

    Raises:
        CliError: there is none such, more than one, or it is of another kind than the word is for.
    """
    thing = numbers.thing(name) if name else opened
    if thing is not None:
        return _of_kind(fleet, numbers, thing, word)
    if not name:
        raise bad(f"{word.form}: which? queue, fleet and alarms give the numbers")
    if name.isdecimal():
        raise bad(f"nothing has the number {name} here; queue, fleet and alarms give the numbers")
    match word.of:
        case "action":
            return find_action(fleet, name)
        case "run":
            return find_run(fleet, name)
        case "alarm":
            return find_alarm(fleet, name)
    return _whatever(fleet, name)


def _whatever(fleet: Fleet, name: str) -> Action | Run | Alarm:
    """The one thing of any kind that is called so."""
    several: SeveralError | None = None
    for find in (find_action, find_run, find_alarm):
        try:
            return find(fleet, name)
        except SeveralError as error:
            several = several or error
        except CliError:
            continue
    if several is not None:
        raise several
    raise bad(f"no action, run or alarm {name!r} on site {fleet.site}")


def _of_kind(fleet: Fleet, numbers: Numbers, thing: Thing, word: Word) -> Action | Run | Alarm:
    """A thing that has a number; for a word about runs the run of an action."""
    found: Action | Run | Alarm | None
    if word.of == "run" and thing.kind == "action":
        found = fleet.runs.get(thing.key.rpartition("/")[0])
    elif word.of not in ("thing", thing.kind):
        raise bad(f"{word.name} is for {word.of}s; {numbers.of(*thing)} is of another kind")
    elif thing.kind == "run":
        found = fleet.runs.get(thing.key)
    else:
        found = fleet.action(thing.key) if thing.kind == "action" else fleet.alarms.get(thing.key)
    if found is None:
        raise bad(f"{numbers.of(*thing)} has left the floor; the recording has it")
    return found

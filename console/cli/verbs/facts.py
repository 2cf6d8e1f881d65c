"""Saying an intent and telling what became of it: the answer, then each of the four facts as the log has it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import click

from bus.messages import Answer, Verb
from bus.records import ActionDecided, CommandRequested
from console.cli import printing, shapes
from console.cli.exits import CliError, Exit, bad, complain
from console.cli.numbers import Real
from console.cli.options import Place
from console.core.fleet.holding import is_holding, until_a_gate
from console.core.fleet.state import Command, Fleet
from console.core.fleet.turns import told_if_back
from console.link.floor import Floor, Wanted
from console.link.follower import Applied
from console.link.status import UNRECORDED

WAIT: Final = 5.0
"""Seconds that a verb waits for the facts unless told otherwise."""

UNSIGNED_MAY: Final = frozenset({"pause", "hold", "reject"})
"""Verbs that need no key."""

FACTS: Final = ("requested", "sent", "acknowledged", "effective")
ENDS: Final = ("refused", "failed")
SETTLED: Final = ("effective", "refused", "failed")
DECISIONS: Final = frozenset({"approve", "edit", "reject", "respond"})


@dataclass(slots=True)
class Deed:
    """One intent and everything recorded about it so far.

    `commands` are the ids of what it set going, each once: the answer and the record tell of it in either order. `lost`
    are the runs that were lost before it was said. `whole`: it is about all runs.
    """

    verb: Verb
    wait: float
    answer: Answer
    commands: dict[str, None] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()
    whole: bool = False


def wait_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--wait`."""
    return click.option(
        "--wait",
        type=Real(min=0.0),
        default=WAIT,
        show_default=True,
        metavar="SECONDS",
        help="How long to wait for the four facts; 0: only for the answer.",
    )(function)


def check_signs(place: Place, verb: Verb) -> None:
    """Check that the operator can sign what needs a signature.

    Raises:
        CliError: there is no key here, and the verb needs one.
        KeyFileError: the key cannot be used.
    """
    if place.key() is not None:
        return
    who, path = place.who(), place.home().operator_key(place.who())
    if verb not in UNSIGNED_MAY:
        raise bad(
            f"{verb} needs a key of operator {who}: there is none at {path}; make one with: watchfloor keys new {who}"
        )
    complain(f"no key of operator {who} at {path}: {verb} goes out unsigned")


async def carry_out(
    place: Place, floor: Floor, verb: Verb, wanted: Wanted, wait: float, head: Sequence[str]
) -> Exit:
    """Say an intent, then print what it is about, `head`, and the facts as they are recorded. Returns what to exit with.

    Nothing is printed before it went out: not even a terminal that takes no more may keep a stop back.

    Raises:
        CliError: it was refused; nobody answered.
    """
    intent = secrets.token_hex(8)
    begun: dict[str, None] = {}
    lost = frozenset(run.key for run in floor.fleet.runs.values() if run.state == "lost")
    stop = floor.listen_to_records(lambda applied: begun.update(_begun_by(intent, applied)))
    try:
        try:
            answer = await floor.say(verb, intent=intent, timeout=place.timeout, **wanted)
        finally:
            for text in [] if place.json else head:
                printing.tell(text)
        deed = Deed(verb, wait, answer, begun, lost, "run" not in wanted)
        if answer.command:
            begun[answer.command] = None
        if answer.accepted and wait and not answer.unrecorded:  # of what is not recorded nothing can be told
            await _follow(deed, floor, quiet=place.json)
    finally:
        stop()
    code = verdict(deed, floor.fleet)
    if place.json:
        printing.tell(printing.safe_json(deed_shape(deed, floor.fleet, code)))
    if not answer.accepted:
        raise CliError(
            Exit.REFUSED, f"{verb} was refused ({answer.outcome}): {answer.text or 'no reason given'}"
        )
    if not place.json:
        _conclude(deed, floor.fleet, code)
    return code


def verdict(deed: Deed, fleet: Fleet) -> Exit:
    """What the facts amount to."""
    if not deed.answer.accepted:
        return Exit.REFUSED
    if deed.answer.unrecorded:
        return Exit.UNCONFIRMED
    commands = _commands(deed, fleet)
    if any(command.state == "refused" for command in commands):
        return Exit.REFUSED
    if deed.verb in DECISIONS or not deed.wait:
        return Exit.DONE
    # Who is lost may run on, so a hold has not stopped him; nobody is left waiting where a resume finds nobody.
    # And who works on until his next gate, has been told, but is not stopped: not all are held.
    enough = ("effective",) if deed.whole and deed.verb == "hold" else ("acknowledged", "effective")
    there = all(
        command.state in enough or (deed.verb == "resume" and _if_back(deed, fleet, command))
        for command in commands
    )
    return Exit.DONE if there and len(commands) == len(deed.commands) else Exit.UNCONFIRMED


def deed_shape(deed: Deed, fleet: Fleet, code: Exit) -> dict[str, Any]:
    """What the verb prints as JSON."""
    answer = deed.answer
    return {
        "verb": deed.verb,
        "intent": answer.intent,
        "outcome": answer.outcome,
        "accepted": answer.accepted,
        "unrecorded": answer.unrecorded,
        "text": answer.text,
        "pos": answer.pos,
        "commands": [shapes.command_shape(command) for command in _commands(deed, fleet)],
        "exit": int(code),
    }


def _begun_by(intent: str, applied: list[Applied]) -> dict[str, None]:
    found: dict[str, None] = {}
    for record, _ in applied:
        data = record.data
        if isinstance(data, CommandRequested | ActionDecided) and data.intent == intent and data.command:
            found[data.command] = None
    return found


def _commands(deed: Deed, fleet: Fleet) -> list[Command]:
    return [command for name in deed.commands if (command := fleet.commands.get(name)) is not None]


def _if_back(deed: Deed, fleet: Fleet, command: Command) -> bool:
    """Whether nobody is there to confirm a command: a word to all, for a run that was lost then and is so still."""
    return f"{command.agent}/{command.run}" in deed.lost and told_if_back(fleet, command)


async def _follow(deed: Deed, floor: Floor, *, quiet: bool) -> None:
    """Print facts until all commands are settled or the time is up."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + deed.wait
    await floor.until(lambda fleet: fleet.pos >= deed.answer.pos, deed.wait)
    told: set[tuple[str, str]] = set()
    while True:
        commands = _commands(deed, floor.fleet)
        if not quiet:
            _tell(commands, told)
        left = deadline - loop.time()
        if left <= 0 or all(
            command.state in SETTLED or _if_back(deed, floor.fleet, command) for command in commands
        ):
            return
        before = _marks(deed, floor.fleet)
        await floor.until(lambda fleet, before=before: _marks(deed, fleet) != before, left)  # type: ignore[misc]


def _marks(deed: Deed, fleet: Fleet) -> list[tuple[object, ...]]:
    return [(command.id, command.state, *facts(command).values()) for command in _commands(deed, fleet)]


def facts(command: Command) -> dict[str, int | None]:
    """The facts of a command by name, each with its recorded time or None."""
    return {name: getattr(command, f"{name}_at") for name in (*FACTS, *ENDS)}


def _tell(commands: list[Command], told: set[tuple[str, str]]) -> None:
    for command in commands:
        for name, at in facts(command).items():
            if at is None or (command.id, name) in told:
                continue
            told.add((command.id, name))
            whose = f"  {command.agent}/{command.run}" if len(commands) > 1 else ""
            note = f"  by {command.by}" if name == "requested" else ""
            note = f"  {command.problem}" if name in ENDS else note
            printing.tell(f"  {name:<13} {printing.clock(at)}{whose}{note}")


def _conclude(deed: Deed, fleet: Fleet, code: Exit) -> None:
    answer = deed.answer
    text = f": {answer.text}" if answer.text else ""
    if answer.unrecorded:
        printing.tell(f"{answer.outcome}{text}; {UNRECORDED}; watchfloor ls shows how it stands")
        return
    if not deed.wait or not deed.commands:
        printing.tell(f"recorded as {answer.outcome} at position {answer.pos}{text}")
        return
    for command in _commands(deed, fleet):
        if command.state in SETTLED:
            continue
        if _if_back(deed, fleet, command):
            printing.tell(f"  {'lost':<13} told if it is back; {command.agent}/{command.run}")
            continue
        missing = next(name for name in FACTS if facts(command)[name] is None)
        printing.tell(f"  {missing:<13} –  not within {deed.wait:g} s; {command.agent}/{command.run}")
    runs = (fleet.run(command.agent, command.run) for command in _commands(deed, fleet))
    if deed.verb == "hold" and (on := until_a_gate(run for run in runs if run and is_holding(run))):
        printing.tell(f"  {on}")
    if code == Exit.REFUSED:
        complain(f"the agent refused the {deed.verb}")

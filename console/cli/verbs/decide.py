"""Verbs about a waiting action: `approve`, `edit`, `reject`, `respond` decide it, `escalate` and `claim` tell others of it.

What is sent is bound to the digest of what was shown. On a terminal the action is shown in full and confirmed by what
proves that it was read; without one the same is given by options.
"""

from __future__ import annotations

import sys
from typing import Literal

import click

from bus.canonical import digest as digest_of
from bus.limits import DECISION_VALID
from bus.messages import Verb
from console.cli import terminal
from console.cli.exits import CliError, Exit, bad
from console.cli.live import live
from console.cli.names import find_action
from console.cli.options import Place, common
from console.cli.verbs.confirming import DIGEST_LEAST, Given, confirmed, confirming
from console.cli.verbs.editing import arguments, edit_in_editor
from console.cli.verbs.facts import carry_out, check_signs, wait_option
from console.core.fleet.state import Action, Fleet
from console.core.judging.grants import once_because
from console.link.floor import Floor, Wanted


async def _see(floor: Floor) -> Fleet:
    return floor.fleet


def _waiting(fleet: Fleet, text: str, bound: str = "") -> Action:
    """The action that is meant, if it waits and is the one that was shown.

    Raises:
        CliError: there is none such, it was decided, or its arguments are others.
    """
    action = find_action(fleet, text)
    if action.state != "asked":
        how = f"{action.outcome} by {action.decided_by}" if action.outcome else action.state
        raise CliError(Exit.REFUSED, f"{action.key} does not wait: {how}")
    if not action.digest.startswith(bound.lower()):
        raise CliError(
            Exit.REFUSED, f"{action.key} has digest {action.digest}, not {bound}: look at it again"
        )
    return action


def _about(action: Action) -> Wanted:
    return Wanted(agent=action.agent, run=action.run, action=action.id, digest=action.digest)


def _send(place: Place, verb: Verb, shown: Action, epoch: str, wanted: Wanted, wait: float) -> int:
    """Say the decision, if the supervisor and the action are still those that were shown."""

    async def work(floor: Floor) -> Exit:
        if floor.fleet.epoch != epoch:
            raise CliError(Exit.REFUSED, "another supervisor took over meanwhile: look at it again")
        _waiting(floor.fleet, shown.key, shown.digest)
        head = [f"{verb} {shown.tool}  {shown.key}  digest {shown.digest[:DIGEST_LEAST]}"]
        if stopped := _stopped(floor.fleet, shown):
            head.append(
                f"the run is {stopped}: this takes effect when it is resumed, if that is within {DECISION_VALID:g} s"
            )
        return await carry_out(place, floor, verb, wanted, wait, head)

    return live(place, work)


def _stopped(fleet: Fleet, action: Action) -> str:
    """What keeps an action's run from going on after a decision, or nothing."""
    run = fleet.run(action.agent, action.run)
    if run is None:
        return ""
    if run.state in ("paused", "pausing"):
        return run.state
    return "held" if run.held else ""


@click.command()
@click.argument("action")
@confirming
@click.option(
    "--scope",
    type=click.Choice(["once", "run"]),
    default="once",
    show_default=True,
    help="run: also let calls like it run, for the rest of its run, where that is offered.",
)
@wait_option
@common
def approve(place: Place, action: str, *, given: Given, scope: Literal["once", "run"], wait: float) -> int:
    """Let ACTION run: action, run/action or agent/run/action. On a terminal it is shown in full first."""
    check_signs(place, "approve")
    fleet = live(place, _see)
    shown = _waiting(fleet, action, given.digest)
    if scope == "run" and shown.offer is None:
        why = once_because(shown.tool, shown.args, shown.severity, shown.gate)
        raise CliError(Exit.REFUSED, f"{shown.key} can be approved once only: {why}; nothing was sent")
    typed = confirmed(place, fleet, shown, given)
    wanted = Wanted(**_about(shown), code=typed, reason=given.reason, scope=scope)
    return _send(place, "approve", shown, fleet.epoch, wanted, wait)


@click.command()
@click.argument("action")
@click.option(
    "--args", "written", metavar="JSON|@FILE|-", help="The arguments to run it with; else $EDITOR is opened."
)
@confirming
@wait_option
@common
def edit(place: Place, action: str, written: str | None, *, given: Given, wait: float) -> int:
    """Let ACTION run with other arguments."""
    check_signs(place, "edit")
    fleet = live(place, _see)
    shown = _waiting(fleet, action, given.digest)
    if written is None and not terminal.interactive(place):
        raise bad("without a terminal edit needs --args: JSON, @FILE, or - for standard input")
    edited = edit_in_editor(shown.args) if written is None else arguments(written)
    if digest_of(shown.exact_tool, edited) == shown.digest:
        raise bad(
            "the arguments are the same as before; nothing was sent (to let it run as it is: watchfloor approve)"
        )
    typed = confirmed(place, fleet, shown, given, edited=edited)
    wanted = Wanted(**_about(shown), code=typed, reason=given.reason, args=edited)
    return _send(place, "edit", shown, fleet.epoch, wanted, wait)


def _say(place: Place, verb: Verb, action: str, said: str, wait: float) -> int:
    """Say what lets nothing run; it is bound to the action as it stands, and nothing more is asked."""

    async def work(floor: Floor) -> Exit:
        shown = _waiting(floor.fleet, action)
        wanted = Wanted(**_about(shown), reason=said)
        return await carry_out(place, floor, verb, wanted, wait, [f"{verb} {shown.tool}  {shown.key}"])

    return live(place, work)


@click.command()
@click.argument("action")
@click.option("--reason", default="", metavar="TEXT", help="Why; the agent is told, and it is recorded.")
@wait_option
@common
def reject(place: Place, action: str, *, reason: str, wait: float) -> int:
    """Refuse ACTION. Nothing more is asked."""
    check_signs(place, "reject")
    return _say(place, "reject", action, reason, wait)


@click.command()
@click.argument("action")
@click.argument("text")
@wait_option
@common
def respond(place: Place, action: str, text: str, *, wait: float) -> int:
    """Answer ACTION with TEXT instead of letting it run; - reads standard input."""
    check_signs(place, "respond")
    return _say(place, "respond", action, _words(text, "the answer is"), wait)


@click.command()
@click.argument("action")
@click.argument("words", required=False)
@click.option("--reason", metavar="WORDS", help="The same words, as other verbs take them.")
@common
def escalate(place: Place, action: str, words: str | None, *, reason: str | None) -> int:
    """Tell the others, in WORDS, that they should look at ACTION; - reads standard input. It goes on waiting."""
    if words is not None and reason is not None:
        raise bad("give the words once: as WORDS, or as --reason; nothing was sent")
    words = reason if words is None else words
    if words is None:
        raise bad("give WORDS: what the others should look at, and why; nothing was sent")
    check_signs(place, "escalate")
    return _say(place, "escalate", action, _words(words, "the words are"), 0.0)


@click.command()
@click.argument("action")
@common
def claim(place: Place, action: str) -> int:
    """Tell the others that you look into ACTION. It goes on waiting."""
    check_signs(place, "claim")
    return _say(place, "claim", action, "", 0.0)


def _words(text: str, what: str) -> str:
    said = sys.stdin.read() if text == "-" else text
    if not said.strip():
        raise bad(f"{what} empty; nothing was sent")
    return said

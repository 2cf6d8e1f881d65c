"""Verbs that decide a waiting action: `approve`, `edit`, `reject`, `respond`.

What is sent is bound to the digest of what was shown. On a terminal the action is shown in full and confirmed by what
proves that it was read; without one the same is given by options.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from bus.canonical import code as code_of
from bus.canonical import digest as digest_of
from bus.messages import Verb
from console.cli import card, printing, terminal
from console.cli.editing import arguments, edit_in_editor
from console.cli.exits import CliError, Exit, bad
from console.cli.facts import carry_out, check_signs, wait_option
from console.cli.live import live
from console.cli.names import find_action
from console.cli.options import Place, common
from console.core.blobs import blob_bytes, references
from console.core.state import Action, Fleet
from console.link.floor import Floor, Wanted

DIGEST_LEAST = 8
"""Fewest characters of a digest that name it."""


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
        if not place.json:
            click.echo(f"{verb} {shown.tool}  {shown.key}  digest {shown.digest[:DIGEST_LEAST]}")
        return await carry_out(place, floor, verb, wanted, wait)

    return live(place, work)


def check_seen(action: Action, args: dict[str, Any], *, unseen: bool) -> None:
    """Refuse to let an action run with a value that nobody can read here, unless that is wanted.

    Raises:
        CliError: there is such a value.
    """
    sizes = [blob_bytes(reference) for reference in references(args)]
    if sizes and not unseen:
        what = ", ".join("unknown" if size is None else f"{size} bytes" for size in sizes[:3])
        more = f" and {len(sizes) - 3} more" if len(sizes) > 3 else ""
        raise bad(
            f"{action.key} has a value that was sent apart and cannot be read here ({what}{more}); nothing was sent"
            " (to let it run all the same: --unseen)"
        )


def confirmed(
    action: Action, fleet: Fleet, place: Place, *, yes: bool, code: str, edited: dict[str, Any] | None
) -> str:
    """Have the operator confirm an action that is about to be let run. Returns the code to send, empty for an ask.

    Raises:
        CliError: it was not confirmed, or without a terminal the option that confirms it is missing.
    """
    hold = action.gate == "hold"
    wanted = code_of(action.digest)
    if not (code if hold else yes):
        if not terminal.interactive(place):
            how = "--code with the four digits that `watchfloor asks --full` shows" if hold else "--yes"
            raise bad(f"{action.key} is {'a hold' if hold else 'an ask'}: without a terminal it needs {how}")
        printing.say(card.action_card(fleet, action, printing.now_ms()))
        if edited is not None:
            printing.say(
                ["  instead these arguments:", *(f"           {line}" for line in card.exact(edited))]
            )
            printing.say(card.parts(edited, fleet.run(action.agent, action.run)))
        what = "the four-digit code" if hold else "y"
        typed = terminal.typed(f"Type {what} to let it run with exactly these arguments")
        yes, code = typed == "y", typed
    if not (code == wanted if hold else yes):
        raise bad(f"{action.key} was not confirmed{' by its code' if hold else ''}; nothing was sent")
    return code if hold else ""


def _digest(_ctx: click.Context, _option: click.Parameter, value: str) -> str:
    if value and (len(value) < DIGEST_LEAST or not set(value.lower()) <= set("0123456789abcdef")):
        raise click.BadParameter(f"at least {DIGEST_LEAST} hexadecimal digits of the digest")
    return value


def _confirming(function: Callable[..., Any]) -> Callable[..., Any]:
    options: list[Callable[[Callable[..., Any]], Callable[..., Any]]] = [
        click.option("--yes", is_flag=True, help="Confirm an ask without a terminal."),
        click.option("--code", default="", metavar="CODE", help="Confirm a hold by its four-digit code."),
        click.option(
            "--digest",
            default="",
            metavar="PREFIX",
            callback=_digest,
            help="Only if the action has this digest (8 digits or more).",
        ),
        click.option(
            "--unseen",
            is_flag=True,
            help="Let it run although a value was sent apart: you answer for what neither you nor this command has read.",
        ),
        click.option("--reason", default="", metavar="TEXT", help="Why; it is recorded."),
    ]
    for option in options:
        function = option(function)
    return function


@click.command()
@click.argument("action")
@_confirming
@wait_option
@common
def approve(
    place: Place,
    action: str,
    *,
    yes: bool,
    code: str,
    digest: str,
    unseen: bool,
    reason: str,
    wait: float,
) -> int:
    """Let ACTION run: action, run/action or agent/run/action. On a terminal it is shown in full first."""
    check_signs(place, "approve")
    fleet = live(place, _see)
    shown = _waiting(fleet, action, digest)
    check_seen(shown, shown.args, unseen=unseen)
    typed = confirmed(shown, fleet, place, yes=yes, code=code, edited=None)
    return _send(
        place, "approve", shown, fleet.epoch, Wanted(**_about(shown), code=typed, reason=reason), wait
    )


@click.command()
@click.argument("action")
@click.option(
    "--args", "given", metavar="JSON|@FILE|-", help="The arguments to run it with; else $EDITOR is opened."
)
@_confirming
@wait_option
@common
def edit(  # noqa: PLR0913  (the options of the verb)
    place: Place,
    action: str,
    given: str | None,
    *,
    yes: bool,
    code: str,
    digest: str,
    unseen: bool,
    reason: str,
    wait: float,
) -> int:
    """Let ACTION run with other arguments."""
    check_signs(place, "edit")
    fleet = live(place, _see)
    shown = _waiting(fleet, action, digest)
    if given is None and not terminal.interactive(place):
        raise bad("without a terminal edit needs --args: JSON, @FILE, or - for standard input")
    edited = edit_in_editor(shown.args) if given is None else arguments(given)
    if digest_of(shown.exact_tool, edited) == shown.digest:
        raise bad(
            "the arguments are the same as before; nothing was sent (to let it run as it is: watchfloor approve)"
        )
    check_seen(shown, edited, unseen=unseen)
    typed = confirmed(shown, fleet, place, yes=yes, code=code, edited=edited)
    wanted = Wanted(**_about(shown), code=typed, reason=reason, args=edited)
    return _send(place, "edit", shown, fleet.epoch, wanted, wait)


@click.command()
@click.argument("action")
@click.option("--reason", default="", metavar="TEXT", help="Why; the agent is told, and it is recorded.")
@wait_option
@common
def reject(place: Place, action: str, *, reason: str, wait: float) -> int:
    """Refuse ACTION. Nothing more is asked."""
    check_signs(place, "reject")

    async def work(floor: Floor) -> Exit:
        shown = _waiting(floor.fleet, action)
        if not place.json:
            click.echo(f"reject {shown.tool}  {shown.key}")
        return await carry_out(place, floor, "reject", Wanted(**_about(shown), reason=reason), wait)

    return live(place, work)


@click.command()
@click.argument("action")
@click.argument("text")
@wait_option
@common
def respond(place: Place, action: str, text: str, *, wait: float) -> int:
    """Answer ACTION with TEXT instead of letting it run; - reads standard input."""
    check_signs(place, "respond")
    said = sys.stdin.read() if text == "-" else text
    if not said.strip():
        raise bad("the answer is empty; nothing was sent")

    async def work(floor: Floor) -> Exit:
        shown = _waiting(floor.fleet, action)
        if not place.json:
            click.echo(f"respond {shown.tool}  {shown.key}")
        return await carry_out(place, floor, "respond", Wanted(**_about(shown), reason=said), wait)

    return live(place, work)

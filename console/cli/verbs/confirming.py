"""What an operator gives to have an action let run: that it was seen, all of it, and the confirmation of that."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Final

import click

from bus.canonical import code as code_of
from console.cli import card, printing, terminal
from console.cli.exits import CliError, Exit, bad
from console.cli.options import Place
from console.cli.verbs.blob import Value, read_values, show
from console.core.blobs import blob_names, references, said_bytes
from console.core.fleet.binding import unbound
from console.core.fleet.state import Action, Fleet

DIGEST_LEAST: Final = 8
"""Fewest characters of a digest that name it."""


@dataclass(frozen=True, slots=True)
class Given:
    """The options of a verb that lets an action run, as given."""

    yes: bool
    code: str
    digest: str
    seen: tuple[str, ...]
    unseen: bool
    reason: str

    def confirms(self, action: Action) -> bool:
        """Whether a confirmation was given, right or wrong: then nothing is asked."""
        return bool(self.code) if action.gate == "hold" else self.yes


def confirming(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that confirm an action, as one `given`."""

    @functools.wraps(function)
    def wrapped(*args: Any, **options: Any) -> Any:
        given = Given(**{field.name: options.pop(field.name) for field in fields(Given)})
        return function(*args, given=given, **options)

    options: list[Callable[[Callable[..., Any]], Callable[..., Any]]] = [
        click.option("--reason", default="", metavar="TEXT", help="Why; it is recorded."),
        click.option(
            "--unseen",
            is_flag=True,
            help="Let it run although a value was sent apart: you answer for what neither you nor this command has read.",
        ),
        click.option(
            "--seen",
            multiple=True,
            metavar="SHA256",
            callback=_digests,
            help="You have read this value that was sent apart (8 digits or more; see: watchfloor blob).",
        ),
        click.option(
            "--digest",
            default="",
            metavar="PREFIX",
            callback=_digest,
            help="Only if the action has this digest (8 digits or more).",
        ),
        click.option("--code", default="", metavar="CODE", help="Confirm a hold by its four-digit code."),
        click.option("--yes", is_flag=True, help="Confirm an ask without a terminal."),
    ]
    command: Callable[..., Any] = wrapped
    for option in options:
        command = option(command)
    return command


def _digest(_ctx: click.Context, _option: click.Parameter, value: str) -> str:
    if value and (len(value) < DIGEST_LEAST or not set(value.lower()) <= set("0123456789abcdef")):
        raise click.BadParameter(f"at least {DIGEST_LEAST} hexadecimal digits of the digest")
    return value.lower()


def _digests(ctx: click.Context, option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_digest(ctx, option, value) for value in values)


def unread(place: Place, action: Action, args: dict[str, Any], given: Given) -> list[Value]:
    """The values that were sent apart and are still to be shown before `args` may run.

    Raises:
        CliError: there are some and nobody would be shown them, or they cannot be read here.
    """
    names = list(dict.fromkeys(blob_names(args)))
    for prefix in given.seen:
        if not any(name.startswith(prefix) for name in names):
            raise bad(f"{action.key} has no value {prefix} that was sent apart; nothing was sent")
    left = [name for name in names if not name.startswith(given.seen)]
    if not left or given.unseen:
        return []
    if given.confirms(action) or not terminal.interactive(place):
        sizes = {
            name: said_bytes(reference)
            for name, reference in zip(blob_names(args), references(args), strict=True)
        }
        what = ", ".join(f"{name[:DIGEST_LEAST]} of {sizes[name]} bytes" for name in left[:3])
        more = f" and {len(left) - 3} more" if len(left) > 3 else ""
        raise bad(
            f"{action.key} has a value that was sent apart and was not shown ({what}{more}); nothing was sent."
            f" Read it: watchfloor blob {action.key}; then give --seen {left[0][:DIGEST_LEAST]}"
            " (to let it run unread: --unseen)"
        )
    return read_values(place, action, left)


def confirmed(
    place: Place, fleet: Fleet, action: Action, given: Given, *, edited: dict[str, Any] | None = None
) -> str:
    """Have the operator confirm an action that is about to be let run. Returns the code to send, empty for an ask.

    Raises:
        CliError: it was not confirmed, or without a terminal the option that confirms it is missing; a value that was
            sent apart was not seen.
    """
    if why := unbound(action):
        raise CliError(Exit.REFUSED, f"{action.key}: {why}; nothing was sent")
    values = unread(place, action, action.args if edited is None else edited, given)
    hold = action.gate == "hold"
    yes, code = given.yes, given.code
    if not given.confirms(action):
        if not terminal.interactive(place):
            how = "--code with the four digits that `watchfloor asks --full` shows" if hold else "--yes"
            raise bad(f"{action.key} is {'a hold' if hold else 'an ask'}: without a terminal it needs {how}")
        _display(fleet, action, edited, values)
        what = "the four-digit code" if hold else "y"
        typed = terminal.typed(f"Type {what} to let it run with exactly these arguments")
        yes, code = typed == "y", typed
    if not (code == code_of(action.digest) if hold else yes):
        raise bad(f"{action.key} was not confirmed{' by its code' if hold else ''}; nothing was sent")
    return code if hold else ""


def _display(fleet: Fleet, action: Action, edited: dict[str, Any] | None, values: list[Value]) -> None:
    if values:
        show(values)
    printing.say(card.action_card(fleet, action, printing.now_ms()))
    if edited is not None:
        printing.say(["  instead these arguments:", *(f"           {line}" for line in card.exact(edited))])
        printing.say(card.parts(action, edited, fleet.run(action.agent, action.run)))

"""The options that say how the console looks, and what follows from them."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from console.cli.exits import bad
from console.tui.settings import THEMES, Asked, settled

if TYPE_CHECKING:
    from pathlib import Path

    from console.cli.options import Place
    from console.tui.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")


def looks(function: Callable[..., R]) -> Callable[..., R]:
    """Give a command that opens the screens its options, and pass it a `look` of them."""

    @functools.wraps(function)
    def wrapped(*args: Any, **given: Any) -> R:
        theme, only, mouse = (given.pop(name) for name in ("theme", "ascii_only", "mouse"))
        return function(*args, look=Asked(theme, only, mouse), **given)

    options = (
        click.option(
            "--theme",
            type=click.Choice(THEMES),
            help="Colours. [WATCHFLOOR_THEME, else console.toml, else by the terminal]",
        ),
        click.option(
            "--ascii/--no-ascii",
            "ascii_only",
            default=None,
            help="Signs in ASCII only. [by TERM and the locale]",
        ),
        click.option("--mouse/--no-mouse", default=None, help="Take clicks and the wheel. [--mouse]"),
    )
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped


def settings_for(place: Place, look: Asked) -> Settings:
    """What holds for a console of this place on this terminal.

    Raises:
        CliError: a variable or the file `console.toml` means nothing.
    """
    try:
        home = place.home()
        return settled(look, _of_file(home.console), os.environ)._replace(kept=str(home.kept))
    except ValueError as error:
        raise bad(str(error)) from None


def _of_file(path: Path) -> Asked:
    if not path.exists():
        return Asked()
    from console.tui.settings_file import read  # late: most consoles have no such file

    return read(path)

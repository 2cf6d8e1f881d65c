"""Opening the console on a terminal."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from console.cli.exits import bad
from console.cli.looks import settings_for
from console.cli.options import Place
from console.cli.terminal import check_screen, painted

if TYPE_CHECKING:
    from console.tui.settings import Asked


def open_console(place: Place, look: Asked, *, read_only: bool) -> int:
    """Show the floor until the operator leaves. Returns the exit code.

    Raises:
        CliError: there is no terminal, or a setting means nothing.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise bad("the console needs a terminal; in a pipe use a verb, or --plain (see: watchfloor --help)")
    check_screen("watchfloor --plain")
    operator = place.who()  # checked before a toolkit is loaded
    place.url()
    from console.tui.terminal.calling import BadSettingError, ways

    try:
        ways(os.environ)
    except BadSettingError as error:
        raise bad(str(error)) from None
    from console.cli.screens.archive import LateArchive
    from console.tui.app import run_console

    with painted():
        return run_console(
            broker=place.broker,
            site=place.site,
            operator=operator,
            read_only=read_only,
            archive=LateArchive,
            straight=True,
            settings=settings_for(place, look),
        )

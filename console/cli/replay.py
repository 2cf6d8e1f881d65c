"""`watchfloor replay`: the console over a recorded session. Paints first, and reads the recording behind that."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from console.cli.exits import bad
from console.cli.looks import looks, settings_for
from console.cli.options import Place, common
from console.cli.records.session_file import session_path
from console.cli.terminal import check_screen, painted
from console.core.amounts import size
from console.core.replay.timeline import FASTEST, SLOWEST

if TYPE_CHECKING:
    from console.cli.screens.replayed import Replayed
    from console.tui.settings import Asked, Settings


class Speed(click.ParamType[float]):
    """How many times as fast; 0 is at once, without waiting for the recorded time."""

    name = "speed"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        text = str(value).casefold()
        try:
            speed = 0.0 if text == "all" else float(text)
        except ValueError:
            speed = -1.0
        if speed and not SLOWEST <= speed <= FASTEST:
            self.fail(f"{value!r} is not 0, all, or {SLOWEST:g} to {FASTEST:g}", param, ctx)
        return speed


@click.command()
@click.argument("session", default="last", metavar="[SESSION|FILE]")
@click.option(
    "--speed",
    type=Speed(),
    metavar="X|all",
    help=f"So many times as fast, {SLOWEST:g} to {FASTEST:g}; with --plain also 0 or all: at once. [1]",
)
@click.option(
    "--at", metavar="TIME|PERCENT", help="Stand still there: HH:MM:SS, +30, -2m (before the end) or 50%."
)
@click.option("--plain", is_flag=True, help="Line by line, as the recorded time passes.")
@click.option("--from", "begin", metavar="TIME|PERCENT", help="With --plain: begin there.")
@click.option("--to", "end", metavar="TIME|PERCENT", help="With --plain: end there.")
@click.option("--events", is_flag=True, help="With --plain: every record as a line.")
@click.option("--colour", is_flag=True, help="With --plain: colour the lines that wanted a person.")
@common
@looks
def replay(
    place: Place, session: str, look: Asked, *, speed: float | None, at: str | None, plain: bool, **lines: Any
) -> int:
    """Show a recorded SESSION in the screens of the console: a name, the beginning of one, `last`, or a file.

    Space plays, `,` and `.` step, `?` names the other keys. Nothing in it can act: it has no connection to anything.
    """
    if place.json:
        raise bad("replay is for eyes; for programs see: watchfloor export --json")
    if plain:
        ascii_only = settings_for(place, look).ascii_only
        path = session_path(place.home(), session)
        return _in_lines(path, speed, at, Lines(**lines), ascii_only=ascii_only)
    if any(lines.values()) or speed == 0:
        raise bad("--from, --to, --events, --colour and --speed all are for --plain")
    speed = speed or 1.0
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise bad("replay needs a terminal; in a pipe: watchfloor replay --plain, or export")
    check_screen("watchfloor oncall, tail or export")
    settings = settings_for(place, look)
    path = session_path(place.home(), session)
    with painted():
        return asyncio.run(_show(path, place.home().site, speed, at, settings))


class Lines(NamedTuple):
    """What was asked for of a replay in line mode."""

    begin: str | None
    end: str | None
    events: bool
    colour: bool


def _in_lines(path: Path, speed: float | None, at: str | None, wanted: Lines, *, ascii_only: bool) -> int:
    """Play it in lines. Where nobody can wind it, all of it is printed at once unless a speed is given."""
    from console.cli.plain.replaying import Stretch, attended, replay_plain

    if at is not None and (wanted.begin is not None or not attended()):
        raise bad("--at stands still where somebody can play on; to begin there: --from")
    speed = speed if speed is not None else 1.0 if attended() else 0.0
    stretch = Stretch(at or wanted.begin, wanted.end, speed, still=at is not None, events=wanted.events)
    return replay_plain(path, stretch, coloured=wanted.colour, ascii_only=ascii_only)


async def _show(path: Path, site: str, speed: float, at: str | None, settings: Settings) -> int:
    from console.cli.screens.archived import Archived
    from console.tui.app import leave_on_signals, prepare

    prepare(settings)
    from console.tui.replay.replay_app import ReplayApp

    app = ReplayApp(
        lambda: _opened(path, speed, at),
        site=site,
        reading=f"{path.stem}, {_size(path)}",
        archive=Archived(path.parent),
        settings=settings,
    )
    leave_on_signals(app)
    try:
        code = await app.run_async(mouse=settings.mouse)
    finally:
        await app.left()
    if app.failure is not None:
        raise app.failure
    return code if code is not None else (app.return_code or 0)


@asynccontextmanager
async def _opened(path: Path, speed: float, at: str | None) -> AsyncIterator[Replayed]:
    """The recording; everything that it brings along is loaded here, after the first paint."""
    from console.cli.screens.replayed import opened

    async with opened(path, speed, at) as source:
        yield source


def _size(path: Path) -> str:
    return size(path.stat().st_size)

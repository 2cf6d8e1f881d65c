"""`watchfloor hook`: what Claude Code runs at every event, and how it comes into Claude Code's settings."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from bus.adapters.claude_code import settings
from bus.limits import DECIDE_WITHIN
from console.cli import printing
from console.cli.exits import Exit, bad
from console.cli.numbers import Real
from console.cli.options import Place, common

ASK_VERSION: Final = 20.0
"""Seconds that Claude Code may take to say its version."""


def about(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb the options that say which hooks are meant."""
    options = (
        click.option(
            "--agent", default=settings.AGENT, show_default=True, metavar="NAME", help="The agent's name."
        ),
        click.option(
            "--wait",
            type=Real(min=1.0, max=82_800.0),
            default=DECIDE_WITHIN,
            show_default=True,
            metavar="SECONDS",
            help="How long a tool call waits for a decision.",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


def located(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb the options that say which settings file is meant."""
    options = (
        click.option(
            "--scope",
            type=click.Choice(["user", "project", "local"]),
            help="Whose settings: yours, this folder's, or yours for this folder. [user]",
        ),
        click.option(
            "--file", "path", type=click.Path(path_type=Path), metavar="FILE", help="That file instead."
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


@click.group(invoke_without_command=True)
@about
@common
@click.pass_context
def hook(ctx: click.Context, place: Place, *, agent: str, wait: float) -> int:
    """Handle one event of Claude Code, as JSON on standard input. `hook install` lets Claude Code do so by itself."""
    if ctx.invoked_subcommand is not None:
        ctx.obj = place
        return 0
    from bus.adapters.claude_code.hook import main

    folder, name, waits, *rest = _wanted(place, agent, wait).arguments
    return main([folder, name, "-", waits, *rest])


@hook.command("install")
@about
@located
@common
def install(place: Place, *, agent: str, wait: float, scope: str | None, path: Path | None) -> int:
    """Put the hooks into Claude Code's settings: every tool call waits for a decision. The rest of the file stays."""
    file = _file(scope, path)
    wanted = _wanted(place, agent, wait)
    before = _read(file)
    after = settings.with_ours(before, wanted)
    if after != before:
        _write(file, after)
    problems = settings.problems(after, wanted)
    if place.json:
        printing.say_json({"file": str(file), "changed": after != before, "problems": problems})
    else:
        printing.say([f"{file}: {'hooks installed' if after != before else 'nothing to change'}", *problems])
    return Exit.REFUSED if problems else Exit.DONE


@hook.command("uninstall")
@located
@common
def uninstall(place: Place, *, scope: str | None, path: Path | None) -> int:
    """Take the hooks out of Claude Code's settings. The rest of the file stays."""
    file = _file(scope, path)
    before = _read(file)
    after = settings.without_ours(before)
    if after != before:
        _write(file, after)
    if place.json:
        printing.say_json({"file": str(file), "changed": after != before})
    else:
        printing.say([f"{file}: {'hooks taken out' if after != before else 'nothing to change'}"])
    return Exit.DONE


@hook.command("status")
@about
@located
@click.option(
    "--claude", default="claude", show_default=True, metavar="FILE", help="The Claude Code to be asked."
)
@common
def status(
    place: Place, *, agent: str, wait: float, scope: str | None, path: Path | None, claude: str
) -> int:
    """Say whether every tool call of Claude Code would wait for a decision, and what is missing if not."""
    file = _file(scope, path)
    problems = settings.problems(_read(file), _wanted(place, agent, wait))
    found = _version(claude)
    if found is None:
        problems.append(f"{claude}: no such program here, or it does not say its version; see --claude")
    elif found < settings.SINCE:
        since = ".".join(map(str, settings.SINCE))
        problems.append(
            f"Claude Code {'.'.join(map(str, found))} does not know onFailure: a failing hook lets the tool run;"
            f" take {since} or later"
        )
    if place.json:
        printing.say_json({"file": str(file), "holds": not problems, "problems": problems})
    else:
        printing.say([f"{file}: {'every tool call waits' if not problems else 'not in order'}", *problems])
    return Exit.REFUSED if problems else Exit.DONE


def _file(scope: str | None, path: Path | None) -> Path:
    """The settings file that is meant.

    Raises:
        CliError: it is named twice.
    """
    if path is not None and scope is not None:
        raise bad(f"hook: --file {path} and --scope {scope} name two files: leave one of them out")
    return path or settings.place(scope or "user", Path.cwd())


def _wanted(place: Place, agent: str, wait: float) -> settings.Wanted:
    return settings.Wanted(home=place.home(), agent=agent, wait=wait, broker=place.broker)


def _read(file: Path) -> dict[str, Any]:
    try:
        return settings.read(file)
    except settings.SettingsError as error:
        raise bad(str(error)) from None


def _write(file: Path, content: dict[str, Any]) -> None:
    try:
        settings.write(file, content)
    except settings.SettingsError as error:
        raise bad(str(error)) from None


def _version(claude: str) -> tuple[int, ...] | None:
    program = shutil.which(claude)
    if program is None:
        return None
    try:
        told = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=ASK_VERSION, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    number = re.match(r"(\d+)\.(\d+)\.(\d+)", told.stdout)
    return tuple(map(int, number.groups())) if number else None

"""`watchfloor run`: a command under a wrapper that can freeze and end it, with all that it starts."""

from __future__ import annotations

import logging
import re
import secrets
import sys
from pathlib import Path
from typing import Any, Final

import click

from bus.topics import check_id
from console.cli.agents.passage import Passage
from console.cli.exits import bad, complain
from console.cli.numbers import Real, Whole
from console.cli.options import Place, common

_UNITS: Final = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)([kmg]?)(?:i?b)?", re.IGNORECASE)
_TIME: Final = re.compile(r"(\d+(?:\.\d+)?)(s|m|h)?", re.IGNORECASE)
_SECONDS: Final = {None: 1, "s": 1, "m": 60, "h": 3_600}


class Size(click.ParamType[int]):
    """A number of bytes: `500M`, `2G`."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read it."""
        found = _SIZE.fullmatch(str(value).strip())
        if found is None or (size := int(float(found[1]) * _UNITS[found[2].lower()])) < 1:
            self.fail(f"{value!r} is no size: a number and K, M or G", param, ctx)
        return size


class Duration(click.ParamType[float]):
    """A time: `90`, `90s`, `15m`, `2h`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read it, in seconds."""
        found = _TIME.fullmatch(str(value).strip())
        if found is None or (time := float(found[1]) * _SECONDS[found[2] and found[2].lower()]) <= 0:
            self.fail(f"{value!r} is no time: a number and s, m or h", param, ctx)
        return time


@click.command(context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--agent", metavar="NAME", help="The agent's name. [the command's file name]")
@click.option("--run", "run_id", metavar="ID", help="The run's id. [a random one]")
@click.option(
    "--goal",
    metavar="TEXT",
    help="What its user asked for, in their words. [nothing; the command line is shown]",
)
@click.option("--time", "time_", type=Duration(), metavar="TIME", help="End it after so long: 90, 15m, 2h.")
@click.option("--memory", type=Size(), metavar="SIZE", help="End it when all of it uses more: 500M, 2G.")
@click.option("--processes", type=Whole(min=1), metavar="N", help="At most so many at once.")
@click.option(
    "--grace",
    # Two rungs and the last one must be over before the supervisor calls a kill unconfirmed.
    type=Real(min=0.0, max=4.0),
    default=3.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a kill waits after each polite word.",
)
@click.option("--quiet", is_flag=True, help="Say nothing of your own on standard error.")
@click.option("--no-cgroup", is_flag=True, help="Use signals alone, even where there is a control group.")
@common
def run(  # noqa: PLR0913 - one argument an option
    place: Place,
    command: tuple[str, ...],
    *,
    agent: str | None,
    run_id: str | None,
    goal: str | None,
    time_: float | None,
    memory: int | None,
    processes: int | None,
    grace: float,
    quiet: bool,
    no_cgroup: bool,
) -> int:
    """Run COMMAND, contained: pause freezes it and kill ends it, with everything that it starts.

    Its output is passed on and reported; its exit code is this one's.
    """
    if sys.platform == "win32":
        raise bad("run: this system has no process groups and signals; see docs/containment.md")
    from bus.contain.bounds import Bounds
    from bus.contain.session import contained
    from bus.contain.wrapper import Plan

    logging.basicConfig(
        format="watchfloor: %(message)s", level=logging.ERROR if quiet else logging.WARNING, stream=sys.stderr
    )
    name = check_id(agent or _agent_name(command[0]), "agent")
    plan = Plan(
        command=command,
        goal=goal or "",
        bounds=Bounds(time_ or 0.0, memory or 0, processes or 0),
        grace=grace,
        group=not no_cgroup,
    )
    passage = Passage()
    code = contained(
        plan,
        home=place.home(),
        agent=name,
        run=check_id(run_id or secrets.token_hex(6), "run"),
        broker=place.broker,
        passed=passage.take,
        told=(lambda _: None) if quiet else complain,
    )
    passage.close()
    return code


def _agent_name(command: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "-", Path(command).name)[:64] or "command"

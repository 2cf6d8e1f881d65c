"""`watchfloor demo`: a floor of small real agents in a temporary home, with the console on it, or without one."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, Self

import click

from console.cli import printing
from console.cli.exits import CliError, Exit
from console.cli.options import Place, common, user_name

if TYPE_CHECKING:
    from console.demo.crew import Plan
    from console.demo.summary import Latencies

SECONDS: Final = 30.0
SITE: Final = "demo"

Answering = Literal["approve", "reject", "none"]


@click.command()
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Seed of the scripted model. [random]")
@click.option(
    "--for", "seconds", type=click.FloatRange(min=1.0), metavar="SECONDS",
    help=f"How long to run without a console. [{SECONDS:g}]",
)
@click.option("--headless", is_flag=True, help="No console, a summary at the end. [without a terminal]")
@click.option(
    "--auto",
    type=click.Choice(["approve", "reject", "none"]),
    default="none",
    help="Answer every ask the same way; none leaves them to you.",
)
@click.option("--speed", type=click.FloatRange(min=0.1, max=50.0), default=1.0, metavar="X", help="Times as fast.")
@click.option("--keep", is_flag=True, help="Keep the home with the recording and what the agents did.")
@common
def demo(  # noqa: PLR0913  (one parameter an option)
    place: Place,
    *,
    seed: int | None,
    seconds: float | None,
    headless: bool,
    auto: Answering,
    speed: float,
    keep: bool,
) -> int:
    """Show a live floor of small agents that do real work in a temporary folder and fail in real ways.

    Nothing leaves this machine. Leaving the console ends everything.
    """
    from console.demo.crew import Plan

    plan = Plan(
        root=Path(tempfile.mkdtemp(prefix="watchfloor-demo-")).resolve(),
        site=place.site or SITE,
        seed=secrets.randbelow(10_000) if seed is None else seed,
        speed=speed,
        broker=place.broker,
        answer=auto,
        operator=place.operator or user_name(),
        keep=keep,
    )
    alone = headless or place.json or not (sys.stdin.isatty() and sys.stdout.isatty())
    code = Exit.DONE
    journal: Latencies | None = None
    with Staging(plan) as staging:
        url = staging.opened()
        if alone:
            journal = asyncio.run(_watch(plan, url, seconds or SECONDS, staging))
        else:
            code = Exit(_console(plan, url))
        until = printing.now_ms()
        staging.close()
        facts = _facts(plan, until, journal)
    facts["recording"] = str(plan.home.sessions) if keep else None
    _print(place, facts, plan)
    if staging.interrupted:
        return 128 + staging.interrupted
    return code if facts["lost"] == 0 else Exit.REFUSED

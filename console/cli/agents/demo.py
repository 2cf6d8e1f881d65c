"""`watchfloor demo`: a floor of small real agents in a temporary home, with the console on it, or without one."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from console.cli import printing
from console.cli.exits import CliError, Exit, bad
from console.cli.looks import looks, settings_for
from console.cli.numbers import Real, Whole
from console.cli.options import Place, common, user_name
from console.cli.terminal import check_screen, painted

if TYPE_CHECKING:
    from console.cli.agents.staging import Staging
    from console.demo.plan import Plan
    from console.demo.summary import Latencies
    from console.link.floor import Floor
    from console.tui.settings import Asked, Settings

SECONDS: Final = 30.0
SITE: Final = "demo"
JOIN_WITHIN: Final = 20.0
LOOK: Final = 0.5
"""Seconds between two looks whether the processes are still there, and whether a signal came."""


Answering = Literal["approve", "reject", "none"]


@click.command()
@click.option("--seed", type=Whole(min=0), metavar="N", help="Seed of the scripted model. [random]")
@click.option(
    "--for",
    "seconds",
    type=Real(min=1.0),
    metavar="SECONDS",
    help=f"How long to run without a console. [{SECONDS:g}]",
)
@click.option("--headless", is_flag=True, help="No console, a summary at the end. [without a terminal]")
@click.option(
    "--auto",
    type=click.Choice(["approve", "reject", "none"]),
    default="none",
    help="Answer every ask the same way; none leaves them to you.",
)
@click.option("--speed", type=Real(min=0.1, max=50.0), default=1.0, metavar="X", help="Times as fast.")
@click.option(
    "--detectors", is_flag=True, help="Show every detector: a flood of alarms and lost events, too."
)
@click.option("--llm", is_flag=True, help="One more agent, with a small real language model on this machine.")
@click.option("--keep", is_flag=True, help="Keep the home with the recording and what the agents did.")
@common
@looks
def demo(  # noqa: PLR0913 - click hands over what the options are
    place: Place,
    look: Asked,
    *,
    seed: int | None,
    seconds: float | None,
    headless: bool,
    auto: Answering,
    speed: float,
    detectors: bool,
    llm: bool,
    keep: bool,
) -> int:
    """Show a live floor of small agents that do real work in a temporary folder and fail in real ways.

    Nothing leaves this machine. Leaving the console ends everything.
    """
    from console.cli.agents.staging import Staging
    from console.demo.plan import Plan

    _check(place, llm=llm)
    plan = Plan(
        root=Path(tempfile.mkdtemp(prefix="watchfloor-demo-")).resolve(),
        site=place.site or SITE,
        seed=secrets.randbelow(10_000) if seed is None else seed,
        speed=speed,
        broker=place.broker,
        answer=auto,
        operator=place.operator or user_name(),
        keep=keep,
        detectors=detectors,
        llm=llm,
    )
    alone = headless or place.json or not (sys.stdin.isatty() and sys.stdout.isatty())
    journal: Latencies | None = None
    if not alone:
        check_screen("watchfloor demo --headless")
        click.echo(
            f"watchfloor demo: bringing a floor up, seed {plan.seed}; leaving its console ends it", err=True
        )
    with Staging(plan) as staging:
        url = staging.opened()
        if alone:
            staging.note_signals()
            journal = asyncio.run(_watch(plan, url, seconds or SECONDS, staging))
            code = 128 + staging.caught if staging.caught else Exit.DONE
        else:
            code = _console(plan, url, staging, look)
        until = printing.now_ms()
        staging.close()
        facts = _facts(plan, until, journal)
    if place.json:
        printing.say_json(facts)
    else:
        printing.say(_lines(facts))
    sound = facts["lost"] == 0 and facts["effects_undecided"] == 0
    return code or (Exit.DONE if sound else Exit.REFUSED)


def _check(place: Place, *, llm: bool) -> None:
    """See that the broker that was named, and the model that was asked for, are there.

    Raises:
        CliError: one is not.
    """
    if place.broker is not None:
        from console.cli.live import check_broker

        check_broker(place, "name another, or leave --broker out: the demo brings one of its own")
    if llm:
        from console.demo.model import NoModelError, find

        try:
            find()
        except NoModelError as error:
            raise bad(str(error)) from None


def _console(plan: Plan, url: str, staging: Staging, look: Asked) -> int:
    """Open the console on the demo's floor. Returns its exit code."""
    from console.cli.screens.archive import LateArchive
    from console.tui.app import run_console

    os.environ.update(
        {name: value for name, value in plan.environment.items() if name.startswith("WATCHFLOOR_")}
    )
    os.environ.pop("WATCHFLOOR_BROKER", None)
    try:
        settings = _lasting(settings_for(Place(site=plan.site), look), plan)
        with painted():
            return run_console(
                broker=url,
                site=plan.site,
                operator=plan.operator,
                read_only=False,
                archive=LateArchive,
                settings=settings,
                staged=True,
            )
    finally:
        staging.quit_on_signals()
        click.echo("watchfloor demo: ending the floor", err=True)


def _lasting(settings: Settings, plan: Plan) -> Settings:
    """What an operator keeps as a file outlasts the demo: it goes to the current folder, unless the demo's own is kept."""
    return settings if plan.keep else settings._replace(kept=str(Path.cwd()))


async def _watch(plan: Plan, url: str, seconds: float, staging: Staging) -> Latencies:
    """Follow the floor for so long, or until a signal. Returns how long events took to come here."""
    from bus import codec
    from bus.url import BrokerUrl
    from console.demo.summary import Latencies, milliseconds
    from console.link.floor import Floor
    from console.link.follower import Applied

    seen = Latencies(
        "an event's own time (agent's clock) to its arrival at a console here; one machine, one clock"
    )

    def look(batch: list[Applied]) -> None:
        now = time.time() * 1000
        for applied in batch:
            sent = milliseconds(codec.decode_envelope(applied.event).time)
            if applied.record.from_agent and sent is not None:
                seen.times.append(now - sent)

    loop = asyncio.get_running_loop()
    async with Floor(BrokerUrl.parse(url), home=plan.home, operator=plan.operator) as floor:
        await _join(floor, staging)
        floor.listen_to_records(look)
        end = loop.time() + seconds
        while not staging.caught and (left := end - loop.time()) > 0:
            if not staging.alive:
                raise CliError(Exit.NO_ANSWER, f"the demo ended before its time: {staging.last_words}")
            await asyncio.sleep(min(left, LOOK))
    return seen


async def _join(floor: Floor, staging: Staging) -> None:
    """Join the floor, or leave it at a signal.

    Raises:
        CliError: its processes ended meanwhile.
        NoAnswerError: nobody answered in time.
    """
    joining = asyncio.create_task(floor.join(JOIN_WITHIN))
    try:
        while not joining.done():
            if staging.caught:
                return
            await asyncio.wait({joining}, timeout=LOOK)
            if not staging.alive:
                raise CliError(Exit.NO_ANSWER, f"the demo did not come up: {staging.last_words}")
        joining.result()
    finally:
        joining.cancel()


def _facts(plan: Plan, until: int, journal: Latencies | None) -> dict[str, Any]:
    from console.demo import summary

    found = asyncio.run(summary.count(plan.home, until))
    facts = {"seed": plan.seed, "auto": plan.answer} | summary.shape(
        found, made=summary.effects(plan.sandbox.ledger), unsent=summary.unsent(plan.home)
    )
    if journal is not None:
        facts["latency_ms"]["publish_to_journal"] = journal.shape()
    facts["site"] = plan.site
    facts["home"] = str(plan.root) if plan.keep else None
    return facts


_CLOCK: Final = " (clock: nobody answered in time, and that is a no)"


def _lines(facts: dict[str, Any]) -> list[str]:
    def told(counts: dict[str, int]) -> str:
        return ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"

    lines = [
        f"seed       {facts['seed']}",
        f"events     {facts['events']} of {facts['agents']} agents, {facts['lost']} lost; {facts['records']} records",
        f"runs       {told(facts['runs'])}; all {'/'.join(facts['control']) or 'unknown'}",
        f"asks       {facts['asks']}: {told(facts['asks_by_gate'])}; {told(facts['asks_by_end'])}",
        f"decisions  {told(facts['decisions'])}",
        f"decided by {told(facts['decided_by'])}{_CLOCK if 'clock' in facts['decided_by'] else ''}",
        f"effects    {facts['effects']} in the ledger, {facts['effects_undecided']} without a decision",
        f"alarms     {told(facts['alarms'])}",
    ]
    for name, found in facts["latency_ms"].items():
        if found["n"]:
            lines.append(
                f"latency    {name.replace('_', ' ')}: p50 {found['p50']:g} ms, p99 {found['p99']:g} ms, n {found['n']}"
            )
    kept = facts["home"]
    lines.append(
        f"kept in    {kept}: WATCHFLOOR_HOME={kept}/home watchfloor --site {facts['site']} sessions"
        if kept
        else "recording  removed with everything else; --keep keeps it"
    )
    return lines

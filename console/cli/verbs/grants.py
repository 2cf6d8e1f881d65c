"""Verbs about grants: `grants` lists what may run without asking again, `revoke` ends one, or all of a run."""

from __future__ import annotations

import click

from console.cli import printing
from console.cli.exits import CliError, Exit
from console.cli.live import live
from console.cli.names import find_run
from console.cli.options import Place, common
from console.cli.verbs.facts import carry_out, check_signs
from console.core.fleet.state import Fleet
from console.core.judging.grants import Grant
from console.core.text import plain
from console.link.floor import Floor, Wanted


async def _see(floor: Floor) -> Fleet:
    return floor.fleet


@click.command()
@common
def grants(place: Place) -> None:
    """What may run without asking again: which calls, of which run, by whose word, how often so far, until when."""
    fleet = live(place, _see)
    if place.json:
        printing.say_json([_shape(grant) for grant in fleet.grants.values()])
        return
    if not fleet.grants:
        printing.say(["no grant counts: every ask comes to a person"])
    for grant in fleet.grants.values():
        printing.say(_lines(grant))


@click.command()
@click.argument("what", metavar="GRANT|RUN")
@click.option("--reason", default="", metavar="TEXT", help="Why; it is recorded.")
@common
def revoke(place: Place, what: str, *, reason: str) -> int:
    """End the GRANT of this id, or all grants of a RUN. The next call like it asks again."""
    check_signs(place, "revoke")

    async def work(floor: Floor) -> Exit:
        grant = floor.fleet.grants.get(what)
        if grant is not None:
            wanted = Wanted(agent=grant.agent, run=grant.run, grant=grant.id, reason=reason)
        else:
            run = find_run(floor.fleet, what)
            if not any(other.run_key == run.key for other in floor.fleet.grants.values()):
                raise CliError(Exit.REFUSED, f"no grant of {run.key} counts")
            wanted = Wanted(agent=run.agent, run=run.run, reason=reason)
        return await carry_out(place, floor, "revoke", wanted, 0.0, [])

    return live(place, work)


def _lines(grant: Grant) -> list[str]:
    until = printing.clock(grant.until)
    return [
        f"{grant.id}  {plain(grant.tool, 64)}  {grant.run_key}",
        f"  covers   {plain(', '.join(grant.destinations), 400)}",
        f"  by       {grant.by} at {printing.clock(grant.at)}, approving {grant.action}",
        f"  used     {grant.used} of {grant.uses}, until {until} or the end of the run",
    ]


def _shape(grant: Grant) -> dict[str, object]:
    names = (
        "id",
        "agent",
        "run",
        "action",
        "tool",
        "destinations",
        "by",
        "version",
        "uses",
        "seconds",
        "at",
        "used",
    )
    return {name: getattr(grant, name) for name in names}

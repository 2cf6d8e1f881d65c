"""`watchfloor reliability`: what agents have proven, and the site database it is kept in."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import click

from console.cli import printing
from console.cli.exits import bad
from console.cli.live import live
from console.cli.options import Place, common
from console.cli.printing import NOTHING, Table
from console.cli.whole_file import check_new, whole_file
from console.core.reliability.bounds import at_least, failure_bp
from console.core.reliability.calibration import Bin, diagram
from console.core.reliability.evidence import RUNGS, more_needed
from console.core.reliability.intervals import jeffreys
from console.core.reliability.standing import Reliability, Standing, Version, version_key
from console.link.floor import Floor
from console.recording.bodies import Row
from console.recording.export import export_jsonl
from console.recording.known import Known


@click.group(invoke_without_command=True)
@click.option("--local", is_flag=True, help="Out of this machine's database; nothing is connected.")
@click.pass_context
@common
def reliability(ctx: click.Context, place: Place, *, local: bool) -> None:
    """Show what agents have proven, by outcomes that somebody else verified: see `watchfloor verify`."""
    ctx.obj = place
    if ctx.invoked_subcommand is not None:
        return
    known = asyncio.run(_local(place)) if local else live(place, _known)
    if place.json:
        printing.say_json(shape(known))
        return
    printing.say(lines(known))


async def _known(floor: Floor) -> Reliability:
    return floor.fleet.reliability


async def _local(place: Place) -> Reliability:
    async with await Known.open(_there(place)) as known:
        return await known.folded()


def _there(place: Place) -> Path:
    path = place.home().reliability
    if not path.exists():
        raise bad(f"{path}: there is none; it is where the supervisor runs")
    return path


@reliability.command()
@common
def rebuild(place: Place) -> None:
    """Make the database anew from the sessions. What is older than the oldest session is kept."""
    older, read = asyncio.run(_rebuild(place))
    if place.json:
        printing.say_json({"kept": older, "read": read})
        return
    printing.say([f"{read} records from the sessions, {older} older ones kept"])


async def _rebuild(place: Place) -> tuple[int, int]:
    home = place.home()
    async with await Known.open(home.reliability) as known:
        return await known.rebuild(home.sessions)


@reliability.command("export")
@click.option(
    "--output", "-o", default="-", metavar="FILE", help="Where to; an existing file is not replaced. [-]"
)
@common
def export(place: Place, output: str) -> None:
    """Write every verdict and rung as JSON lines, in the form of `watchfloor export`."""
    path = _there(place)
    if output != "-":
        check_new(Path(output))
        with whole_file(Path(output)) as file:
            count = asyncio.run(export_jsonl(_rows(path), file))
        printing.say_json({"file": output, "records": count}) if place.json else printing.say(
            [f"{count} records in {output}"]
        )
        return
    asyncio.run(export_jsonl(_rows(path), sys.stdout.buffer))


async def _rows(path: Path) -> AsyncIterator[Row]:
    async with await Known.open(path) as known:
        async for row in known.rows():
            yield row


# ---- how it is shown, pure -------------------------------------------------------------------------------------------


def lines(known: Reliability, table: Table = printing.columns) -> list[str]:
    """What is known, as a table of strata and one of claims."""
    if not known.strata and not known.versions:
        return ["nothing was verified yet; see: watchfloor verify --help"]
    rows = [_row(standing) for standing in sorted(known.strata.values(), key=_order)]
    head = ("AGENT", "VERSION", "TOOL", "EFFECT", "N", "RIGHT", "90 %", "EARNED", "RUNG", "TO THE NEXT")
    said = table(head, rows) if rows else ["no call was verified yet"]
    for version in known.versions.values():
        said += _runs(version)
        said += _claims(version, table)
    return said


def _order(standing: Standing) -> tuple[str, str, str]:
    return standing.agent, standing.version, standing.tool


def _row(standing: Standing) -> tuple[str, ...]:
    low, high = jeffreys(standing.right, standing.n)
    least = at_least(standing.right, standing.wrong)
    more = _more(standing)
    return (
        standing.agent,
        standing.version or NOTHING,
        standing.tool,
        standing.effect or NOTHING,
        str(standing.n),
        str(standing.right),
        f"{low:.2f} to {high:.2f}",
        NOTHING if least is None else f"≥{least:.2f}",
        standing.rung,
        NOTHING if more is None else f"{more} right in a row",
    )


def _more(standing: Standing) -> int | None:
    """How many right outcomes in a row would earn the next rung; None if there is none, or none can be earned."""
    if standing.rung == "proven-99" or not standing.version or not standing.effect:
        return None
    rung = next(rung for rung in RUNGS if rung != standing.rung)
    return more_needed(standing.right_since, standing.wrong_since, rung, standing.lost)


def _runs(version: Version) -> list[str]:
    right, wrong = version.runs
    if not right + wrong:
        return []
    low, high = jeffreys(right, right + wrong)
    return [
        "",
        f"{_name(version)}: {right} of {right + wrong} verified runs succeeded, 90 % interval {low:.2f} to {high:.2f}",
    ]


def _claims(version: Version, table: Table) -> list[str]:
    bars = diagram(version)
    if not bars:
        return []
    said = ["", f"{_name(version)}: what it claimed of its calls, and what was found"]
    rows = [
        (
            f"{bar.claimed:.2f}",
            f"{bar.earned:.2f}",
            f"{bar.interval.low:.2f} to {bar.interval.high:.2f}",
            f"{bar.band.low:.2f} to {bar.band.high:.2f}",
            str(bar.n),
            "claims too much" if bar.overclaims else "",
        )
        for bar in bars
    ]
    return said + table(("CLAIMED", "RIGHT", "90 %", "IF HONEST", "N", ""), rows)


def _name(version: Version) -> str:
    return f"{version.agent} {version.version}".rstrip()


def shape(known: Reliability) -> dict[str, Any]:
    """What is known, as JSON."""
    return {
        "strata": [
            {
                "stratum": key,
                "agent": standing.agent,
                "version": standing.version,
                "tool": standing.tool,
                "effect": standing.effect,
                "right": standing.right,
                "wrong": standing.wrong,
                "n": standing.n,
                "interval": list(jeffreys(standing.right, standing.n)),
                "earned": at_least(standing.right, standing.wrong),
                "failure_bp": failure_bp(
                    standing, known.versions.get(version_key(standing.agent, standing.version))
                ),
                "rung": standing.rung,
                "more": _more(standing),
                "lost": standing.lost,
                "at": standing.at,
            }
            for key, standing in known.strata.items()
        ],
        "versions": [
            {
                "agent": version.agent,
                "version": version.version,
                "right": version.right,
                "wrong": version.wrong,
                "runs": version.runs,
                "claims": [_bar(bar) for bar in diagram(version)],
            }
            for version in known.versions.values()
        ],
    }


def _bar(bar: Bin) -> dict[str, Any]:
    return {
        "n": bar.n,
        "claimed": bar.claimed,
        "earned": bar.earned,
        "interval": list(bar.interval),
        "if_honest": list(bar.band),
        "overclaims": bar.overclaims,
    }

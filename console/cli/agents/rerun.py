"""`watchfloor rerun FILE...`: recorded runs lived again as agents on the floor, gates and all."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from console.cli import printing
from console.cli.exits import Exit, bad
from console.cli.numbers import Real, Whole
from console.cli.options import Place, common

if TYPE_CHECKING:
    from console.demo.ledger import EffectLedger
    from console.demo.recorded import RecordedRun
    from console.demo.rerun import Pace, Summary


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--run", "only", default="", metavar="ID", help="Only the run of this recorded id.")
@click.option("--limit", type=Whole(min=1), metavar="N", help="At most so many runs.")
@click.option("--speed", type=Real(min=0), default=1.0, metavar="X", help="Times as fast; 0: no pauses.")
@click.option("--parallel", type=Whole(1, 512), default=8, metavar="N", help="Runs lived at once.")
@click.option(
    "--auto",
    type=click.Choice(["approve", "reject", "none"]),
    default="none",
    help="Answer every ask of these runs; none leaves them to the operators.",
)
@click.option(
    "--ledger",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    metavar="FILE",
    help="Where the tools write what they did; by default rerun-ledger.jsonl in the site's data folder.",
)
@click.option(
    "--decide-within", type=Real(min=0.1, max=86_400), default=600.0, metavar="SECONDS",
    help="How long a call waits for its decision.",
)  # fmt: skip
@common
def rerun(  # noqa: PLR0913  (one parameter an option)
    place: Place,
    files: tuple[Path, ...],
    *,
    only: str,
    limit: int | None,
    speed: float,
    parallel: int,
    auto: Literal["approve", "reject", "none"],
    ledger: Path | None,
    decide_within: float,
) -> int:
    """Live the recorded runs of FILE... again: each an agent on the floor that reports, asks and obeys.

    The form of the files is described in docs/recorded-runs.md. Confidence is unknown.
    """
    from console.demo.ledger import EffectLedger
    from console.demo.recorded import RecordedRunError
    from console.demo.rerun import Pace

    ledger = ledger or place.home().data / "rerun-ledger.jsonl"
    runs = itertools.islice(_chosen(files, only), limit)
    try:
        ledger.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with EffectLedger(ledger) as effects:
            summary = asyncio.run(_live(place, runs, Pace(speed, parallel, decide_within), effects, auto))
    except RecordedRunError as error:
        raise bad(str(error)) from None
    except OSError as error:
        raise bad(f"{ledger}: {error.strerror}") from None
    if not summary.runs:
        raise bad(f"no run {only!r} in these files" if only else "no runs in these files")
    _print(place, summary, ledger)
    return Exit.DONE


def _chosen(files: tuple[Path, ...], only: str) -> Iterator[RecordedRun]:
    from console.demo.recorded import recorded_runs

    for path in files:
        for recorded in recorded_runs(path):
            if not only or recorded.run_id == only:
                yield recorded


async def _live(
    place: Place,
    runs: Iterator[RecordedRun],
    pace: Pace,
    ledger: EffectLedger,
    auto: Literal["approve", "reject", "none"],
) -> Summary:
    from console.demo.oracle import Oracle
    from console.demo.rerun import Rerun
    from console.link.floor import Floor

    life = Rerun(place.home(), place.broker, pace, ledger)
    async with AsyncExitStack() as stack:
        if auto != "none":
            floor = Floor(
                place.connect or place.url(), home=place.home(), operator=place.who(), key=place.key()
            )
            await stack.enter_async_context(floor)
            await floor.join(place.timeout)
            oracle = Oracle(floor, auto, life.summary.names)
            floor.listen(oracle.look)
        return await life.live(runs)


def _print(place: Place, summary: Summary, ledger: Path) -> None:
    facts = {
        "runs": summary.runs,
        "steps": summary.steps,
        "actions": summary.actions,
        "effects": summary.effects,
        "decisions": dict(sorted(summary.outcomes.items())),
        "ends": dict(sorted(summary.ends.items())),
        "ledger": str(ledger),
    }
    if place.json:
        click.echo(json.dumps(facts))
    else:
        printing.say([f"{name:<10} {_in_words(value)}" for name, value in facts.items()])


def _in_words(value: object) -> str:
    if not isinstance(value, dict):
        return str(value)
    return ", ".join(f"{count} {word}" for word, count in value.items()) or "none"

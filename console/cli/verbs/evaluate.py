"""`watchfloor evaluate FILE...`: the judge over recorded runs, and what its flags are worth where there are labels."""

from __future__ import annotations

import json
from pathlib import Path

import click

from console.cli import printing
from console.cli.exits import Exit, bad
from console.cli.options import Place, common


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--flags",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write one line of JSON a run: every call that is not auto, with its gate and a score.",
)
@click.option(
    "--policy",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Judge under these rules.",
)
@click.option(
    "--catalogue",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Judge with this catalogue.",
)
@click.option("--baselines", is_flag=True, help="Print what simple judges would catch and cost.")
@common
def evaluate(
    place: Place,
    files: tuple[Path, ...],
    *,
    flags: Path | None,
    policy: Path | None,
    catalogue: Path | None,
    baselines: bool,
) -> int:
    """Judge the recorded runs of FILE... step by step, each call from what came before it, and measure the judge.

    The form of the files is described in docs/recorded-runs.md. Labels are not needed; without them only the load is known.
    What this site's own catalogue and policy say does not count here.
    """
    from console.demo.recorded import RecordedRunError
    from console.evaluation.report import as_json, rows, write_flags
    from console.evaluation.report import evaluate as judge_file
    from console.policy.files import PolicyFileError
    from console.policy.load import Rulebook

    given = [path for path in (catalogue, policy) if path is not None]
    missing = next((path for path in given if not path.exists()), None)
    if missing is not None:
        raise bad(f"{missing}: no such file")
    lines: list[bytes] | None = [] if flags is not None else None
    try:
        judge = Rulebook(catalogue, policy, required=given).judge
        reports = []
        for path in files:
            report = judge_file(path, judge, baselines=baselines, flags=lines)
            reports.append(report)
            if not place.json:
                printing.say([*rows(report), ""])
        if flags is not None and lines is not None:
            write_flags(flags, lines)
    except (RecordedRunError, PolicyFileError) as error:
        raise bad(str(error)) from None
    if place.json:
        click.echo(json.dumps([as_json(report) for report in reports]))
    return Exit.DONE

"""`watchfloor import`: a session file out of an export, to be read and replayed; no part of this machine's recording."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from bus import codec
from bus.codec import DecodeError
from console.cli import printing
from console.cli.exits import bad
from console.cli.options import Place, common
from console.cli.whole_file import check_new
from console.core.fleet.lifecycle import IllegalTransitionError
from console.core.fleet.state import Fleet, encode
from console.core.reducing.reduce import HoleInLogError, reduce
from console.recording.export import import_jsonl
from console.recording.files import SUFFIX
from console.recording.history import GIVEN_MOST
from console.recording.reader import Reader


@click.command("import")
@click.argument("source", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--output",
    "-o",
    metavar="SESSION",
    type=click.Path(path_type=Path),
    help=f"The session file to make; an existing one is not replaced. [FILE, ending in {SUFFIX}]",
)
@common
def import_(place: Place, source: Path, output: Path | None) -> None:
    """Make a session file out of FILE, an export of the whole log, for `replay`, `show --session` and `export`."""
    target = check_new(output or source.with_suffix(SUFFIX))
    # Under another name until it is seen to hold together: nobody is to find half of it.
    tried = target.with_name(f".{target.name}.import")
    tried.unlink(missing_ok=True)
    try:
        count = asyncio.run(_import(source, tried, Fleet(site=place.home().site)))
        check_new(target)
        tried.rename(target)
    finally:
        tried.unlink(missing_ok=True)
    if place.json:
        printing.say_json({"file": str(target), "records": count})
    else:
        printing.say([f"{count} records in {target}; see them: watchfloor replay {target}"])


async def _import(source: Path, target: Path, fleet: Fleet) -> int:
    """Make the file, and live through it once. Returns how many records it has.

    Raises:
        CliError: records are missing, or contradict those before them.
        RecordingError: a line is no record, or a file cannot be used.
    """
    count = await import_jsonl(source, target, initial=encode(fleet))
    async with await Reader.open(target) as reader:
        async for row in reader.rows():
            try:
                reduce(fleet, codec.record(row.pos, row.at, codec.decode_envelope(row.event)))
            except HoleInLogError:
                missing = f"the records from {fleet.pos + 1} to {row.pos - 1} are not in it"
                cure = "export the whole log: watchfloor export -o FILE, without --run"
                if row.pos - fleet.pos > GIVEN_MOST:
                    cure = "its site has lost them; copy the session files instead, replay and show read each"
                raise bad(f"{source}: {missing}; {cure}") from None
            except (DecodeError, IllegalTransitionError) as error:
                raise bad(
                    f"{source}: record {row.pos}: {error}; the file was changed, export it anew"
                ) from None
    return count

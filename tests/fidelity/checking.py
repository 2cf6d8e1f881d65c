"""Does the recording hold what happened? `python -m tests.fidelity FILES...` lives recorded runs on a real site and counts.

A console that follows keeps its encoded fleet at random moments and at the end. Afterwards the recording is read: every
event that the agents must have made is there once and in order, nothing else of theirs is, its reduction gives the
console's bytes at every kept position, and every effect in the ledger has a decision that was recorded before it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import zstandard

from console.core.fleet.state import encode
from console.core.reducing.reduce import Change
from console.demo.recorded import RecordedRun, recorded_runs
from console.link.floor import Floor
from console.link.follower import REPLACED, Applied
from console.recording.verify import verify_folder
from tests.bench.site import WATCHFLOOR, Site, running_site
from tests.fidelity.reading import Findings, Reading
from tests.fixtures.broker_kinds import KINDS, absent

JOIN_WITHIN = 30.0
QUIET = 1.5
"""Seconds without a record after which the site has nothing more to say."""


class Witness:
    """A console's memory: the encoded fleet after randomly chosen batches of the journal, every one equally likely."""

    def __init__(self, floor: Floor, positions: int, seed: int) -> None:
        self.keyframes = 0
        self.kept: dict[int, bytes] = {}
        self._heard = asyncio.Event()
        self._floor = floor
        self._positions = positions
        self._random = random.Random(seed)
        self._order: list[int] = []
        self._seen = 0
        floor.listen(self._changed)
        floor.listen_to_records(self._records)

    def keep(self) -> None:
        """Keep what the console holds now, whatever chance says."""
        fleet = self._floor.fleet
        self.kept[fleet.pos] = zstandard.compress(encode(fleet), 1)

    async def quiet(self) -> None:
        """Wait until the site has nothing more to say."""
        with contextlib.suppress(TimeoutError):
            while True:
                self._heard.clear()
                await asyncio.wait_for(self._heard.wait(), QUIET)

    def _changed(self, changes: list[Change]) -> None:
        self.keyframes += REPLACED in changes

    def _records(self, _: list[Applied]) -> None:
        self._heard.set()
        self._seen += 1
        if len(self._order) < self._positions:
            self._order.append(self._floor.fleet.pos)
        else:
            place = self._random.randrange(self._seen)
            if place >= self._positions:
                return
            del self.kept[self._order[place]]
            self._order[place] = self._floor.fleet.pos
        self.keep()


def command(files: Sequence[Path], site: Site, *, parallel: int, limit: int | None) -> list[str | Path]:
    """The command that lives the runs on a site at full speed, everything approved."""
    words: list[str | Path] = [WATCHFLOOR, "rerun", *files, "--speed", "0", "--auto", "approve"]
    words += ["--parallel", str(parallel), "--ledger", site.root / "ledger.jsonl", "--json"]
    return words + (["--limit", str(limit)] if limit else [])


async def live(site: Site, files: Sequence[Path], options: argparse.Namespace) -> Witness:
    """Live the runs while a console watches; return what it saw."""
    floor = Floor(site.url, home=site.home, operator="witness")
    async with floor:
        await floor.join(JOIN_WITHIN)
        witness = Witness(floor, options.positions, options.seed)
        witness.keep()
        process = await asyncio.create_subprocess_exec(
            *command(files, site, parallel=options.parallel, limit=options.limit),
            env=site.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        try:
            said, _ = await process.communicate()
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            raise
        if process.returncode != 0:
            raise RuntimeError(f"rerun ended with {process.returncode}\n{site.log()}")
        tell(f"rerun: {said.decode().strip()}")
        await witness.quiet()
        await floor.join(JOIN_WITHIN)
        witness.keep()
    return witness


async def check(site: Site, kept: dict[int, bytes], recorded: Iterable[RecordedRun]) -> Findings:
    """Read the recording of a site that has ended, and its ledger."""
    reading = Reading(kept)
    for session, problems in (await verify_folder(site.home.sessions)).items():
        for problem in problems:
            reading.found.problem(f"session {session}: {problem}")
    await reading.read(site.home)
    reading.check_runs(recorded)
    text = (site.root / "ledger.jsonl").read_text("utf-8")
    reading.check_ledger([json.loads(line) for line in text.splitlines()])
    for path in site.home.spool.glob("*/*.sqlite3"):
        reading.found.problem(f"{path.name}: left in the agent's spool")
    return reading.found


def chosen(files: Sequence[Path], limit: int | None) -> Iterator[RecordedRun]:
    """The runs that `rerun` lives of these files."""
    return itertools.islice(itertools.chain.from_iterable(map(recorded_runs, files)), limit)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fidelity", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--broker", choices=list(KINDS), default="embedded")
    parser.add_argument("--parallel", type=int, default=8, metavar="N")
    parser.add_argument("--limit", type=int, metavar="N")
    parser.add_argument("--positions", type=int, default=200, metavar="N")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32), metavar="N")
    options = parser.parse_args(arguments)
    if why := absent(options.broker):
        parser.error(why)
    files = [path.resolve() for path in options.files]
    began = time.monotonic()
    with running_site(options.broker) as site:
        witness = asyncio.run(live(site, files, options))
        took = time.monotonic() - began
        site.stop()
        findings = asyncio.run(check(site, witness.kept, chosen(files, options.limit)))
    for problem in findings.problems[:20]:
        tell(f"problem: {problem[:400]}")
    tell(
        f"{'FAILED' if findings.problems else 'ok'}: {options.broker}, seed {options.seed}: {findings.line()}, "
        f"keyframes fetched again {witness.keyframes}, lived in {took:.0f} s"
    )
    return 1 if findings.problems else 0


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()

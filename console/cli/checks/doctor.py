"""`watchfloor doctor`: looks at everything a site needs, and says what to do about what is not well."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

import click

from bus.signing import KeyFileError
from bus.topics import BadIdError
from bus.url import BadBrokerUrlError
from console.cli import printing
from console.cli.checks import bus_checks, local_checks
from console.cli.checks.finding import Finding, fail
from console.cli.exits import Exit
from console.cli.options import Place, common


@click.command()
@click.option("--full", is_flag=True, help="Read the whole recording through, not only its newest session.")
@common
def doctor(place: Place, *, full: bool) -> int:
    """Check folders, keys, rules, recording, broker, supervisor and clock. Each line: ok, warn or FAIL, and what to do."""
    findings = asyncio.run(_examine(place, full=full))
    if place.json:
        printing.say_json([asdict(finding) for finding in findings])
    else:
        printing.say(line for finding in findings for line in _lines(finding))
    return Exit.REFUSED if any(finding.verdict == "FAIL" for finding in findings) else Exit.DONE


async def _examine(place: Place, *, full: bool) -> list[Finding]:
    home = place.home()
    findings = [*local_checks.folders(home), *local_checks.key_files(place, home), *local_checks.rules(home)]
    findings += await local_checks.recording(home, full=full)
    try:
        findings += await bus_checks.bus(place)
    except (BadBrokerUrlError, BadIdError, KeyFileError) as error:
        findings.append(fail("broker", str(error), "name another with --broker or WATCHFLOOR_BROKER"))
    return findings


def _lines(finding: Finding) -> list[str]:
    lines = [f"{finding.verdict:<4}  {finding.check:<15} {finding.text}"]
    return [*lines, f"      {'':<15} {finding.advice}"] if finding.advice else lines

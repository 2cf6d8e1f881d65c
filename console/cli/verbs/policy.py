"""`watchfloor policy`: check the rules, try their examples, explain a judgement, and judge a recorded session anew."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.cli import printing
from console.cli.exits import Exit, bad, complain
from console.cli.numbers import Real
from console.cli.options import Place, common
from console.core.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from console.core.provenance.trail import Trail
    from console.policy.judge import Judge

_FILE = click.Path(path_type=Path, dir_okay=False)

_catalogue = click.option("--catalogue", type=_FILE, metavar="FILE", help="This catalogue. [the site's]")
_policy = click.option("--policy", "rules", type=_FILE, metavar="FILE", help="These rules. [the site's]")


@click.group()
def policy() -> None:
    """Check and try the rules of this site, or of a FILE, before they count."""


def _given(path: Path | None, ours: Path) -> Path | None:
    """A file that was named and must be there, or the site's, which need not be.

    Raises:
        CliError: it was named and is not there.
    """
    if path is not None and not path.exists():
        raise bad(f"{path}: no such file")
    return path or (ours if ours.exists() else None)


def _judge(place: Place, rules: Path | None, catalogue: Path | None) -> Judge:
    """The judge made of the files that were named, or of the site's.

    Raises:
        CliError: one cannot be put in force.
    """
    from console.policy.files import PolicyFileError
    from console.policy.load import Rulebook

    home = place.home()
    try:
        return Rulebook(_given(catalogue, home.catalogue), _given(rules, home.policy)).judge
    except PolicyFileError as error:
        raise bad(str(error)) from None


@policy.command()
@click.argument("file", required=False, type=_FILE)
@_catalogue
@common
def check(place: Place, file: Path | None, *, catalogue: Path | None) -> int:
    """Say whether the rules in FILE, by default the site's, and the catalogue would be put in force."""
    from console.policy.catalogue import load_catalogue
    from console.policy.files import PolicyFileError
    from console.policy.rules import load_policy

    home = place.home()
    paths = {"policy": _given(file, home.policy), "catalogue": _given(catalogue, home.catalogue)}
    said: list[dict[str, Any]] = []
    for what, path in paths.items():
        found: dict[str, Any] = {"what": what, "file": None if path is None else str(path), "problem": ""}
        try:
            if what == "policy":
                read = load_policy(path)
                found |= {"rules": len(read.rules), "conditions": read.conditions, "digest": read.digest}
            else:
                found["digest"] = load_catalogue(path).digest
        except PolicyFileError as error:
            found["problem"] = str(error)
        said.append(found)
    if place.json:
        printing.say_json(said)
    else:
        for one in said:
            if one["problem"]:
                complain(one["problem"])
            else:
                printing.say([_checked(one)])
    return Exit.REFUSED if any(one["problem"] for one in said) else Exit.DONE


def _checked(one: dict[str, Any]) -> str:
    where = one["file"] or f"no {one['what']}.toml"
    if one["what"] == "catalogue":
        return f"{where}: good{'' if one['file'] else ', the presets alone'}"
    return f"{where}: good, {one['rules']} rules, {one['conditions']} of them with a condition"


@policy.command("test")
@click.argument("file", required=False, type=_FILE)
@common
def try_(place: Place, file: Path | None) -> int:
    """Try every example of the rules in FILE, by default the site's, and print what came of each."""
    from console.policy.files import PolicyFileError
    from console.policy.rules import Tried, load_policy

    tried: list[Tried] = []
    try:
        load_policy(_given(file, place.home().policy), tried)
    except PolicyFileError as error:
        complain(str(error))
        return Exit.REFUSED
    wrong = sum(bool(one.problem) for one in tried)
    if place.json:
        printing.say_json(
            [
                {"rule": one.rule, "kind": one.kind, "number": one.number, "problem": one.problem}
                for one in tried
            ]
        )
    else:
        rows = [
            (
                "no" if one.problem else "yes",
                one.rule,
                f"{one.kind} {one.number}",
                plain(one.problem) or _shown(one),
            )
            for one in tried
        ]
        printing.say(printing.columns(("AS WRITTEN", "RULE", "EXAMPLE", ""), rows) if rows else [])
        printing.say([f"{len(tried)} examples, {wrong} not as written"])
    return Exit.REFUSED if wrong else Exit.DONE


def _shown(one: Any) -> str:
    import msgspec

    from console.policy.known import Known

    blank = msgspec.to_builtins(Known())
    said = {key: value for key, value in msgspec.to_builtins(one.example).items() if value != blank[key]}
    return printing.safe_json(said)


@policy.command()
@click.argument("tool")
@click.option("--args", "arguments", default="{}", metavar="JSON", help="The call's arguments. [{}]")
@click.option("--agent", default="agent", metavar="NAME", help="Whose call it is. [agent]")
@click.option("--confidence", type=Real(0.0, 1.0), help="What the agent claims.")
@click.option("--said", multiple=True, metavar="TEXT", help="What the user told the run.")
@click.option(
    "--read", "read", multiple=True, metavar="TEXT", help="What the run read from strangers before."
)
@click.option("--untold", is_flag=True, help="Nothing is known of what the run was told.")
@click.option("--tainted", is_flag=True, help="The run has read untrusted input.")
@click.option("--sensitive", is_flag=True, help="The run has read sensitive data.")
@click.option("--first-use", is_flag=True, help="This version of the agent never used the tool.")
@click.option("--gap", is_flag=True, help="Events of the run are missing.")
@click.option(
    "--changed", is_flag=True, help="Its server says something else of it than what it is pinned to."
)
@_policy
@_catalogue
@common
def explain(  # noqa: PLR0913  (one parameter an option)
    place: Place,
    tool: str,
    *,
    arguments: str,
    agent: str,
    confidence: float | None,
    said: tuple[str, ...],
    read: tuple[str, ...],
    untold: bool,
    tainted: bool,
    sensitive: bool,
    first_use: bool,
    gap: bool,
    changed: bool,
    rules: Path | None,
    catalogue: Path | None,
) -> int:
    """Say how a call of TOOL would be judged, and why: its row, every reason, every rule that looked at it.

    Judged as live. Without --said, as of a run whose goal says nothing of the call; with --untold, as of one of
    which nothing is known, such as one that began before the supervisor.
    """
    from bus.events import ActionProposed, Confidence, Hints
    from console.cli.verbs.policy_report import Told, explained
    from console.core.call_facts import CallFacts

    args = _arguments(arguments)
    judge = _judge(place, rules, catalogue)
    if untold and (said or read):
        raise bad("--untold says that nothing is known of the run: leave out --said and --read, or --untold")
    suspicion = None
    facts = judge.catalogue.lookup(tool)
    schema = "0" * 64 if changed else (facts.schema if facts else "")
    if not untold:
        suspicion = judge.suspect(_lived(said, read), tool, args, schema=schema)
    claim = None if confidence is None else Confidence(value=confidence, kind="stated")
    hints = Hints(schema_digest=schema) if schema else None
    proposal = ActionProposed(action="a", tool=tool, args=args, confidence=claim, hints=hints)
    call = CallFacts(
        agent=agent, digest_ok=None, tainted=tainted or bool(read), sensitive=sensitive, first_use=first_use, gap=gap,
        incomplete=False, suspicion=suspicion,
    )  # fmt: skip
    evidence = judge.evidence(proposal, call)
    told: Told = "untold" if untold else "told" if said else "goal"
    shape, lines = explained(judge, evidence, agent, told)
    printing.say_json(shape) if place.json else printing.say(lines)
    return Exit.DONE


def _arguments(text: str) -> dict[str, Any]:
    try:
        args = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise bad(f"--args is not JSON: {error}") from None
    if not isinstance(args, dict):
        raise bad('--args must be an object, such as {"to": "ann@harbour.example"}')
    return args


def _lived(said: Iterable[str], read: Iterable[str]) -> Trail:
    """What a run was told, and then read from strangers."""
    from console.core.provenance.trail import Trail

    trail = Trail()
    for text in said:
        trail.said(text)
    for text in read:
        trail.read("read", text)
    return trail


@policy.command()
@click.argument("recording", metavar="SESSION|FILE")
@_policy
@_catalogue
@common
def replay(place: Place, recording: str, *, rules: Path | None, catalogue: Path | None) -> int:
    """Judge every proposal of a recorded session anew, and print what these rules would have asked and missed.

    Each is judged from what came before it. What a run would have done after another decision, nobody knows.
    """
    from console.cli.records.session_file import session_path
    from console.cli.verbs.policy_report import replayed
    from console.evaluation.anew import judge_anew

    judge = _judge(place, rules, catalogue)
    found = asyncio.run(judge_anew(session_path(place.home(), recording), judge))
    shape, lines = replayed(found)
    printing.say_json(shape) if place.json else printing.say(lines)
    return Exit.DONE

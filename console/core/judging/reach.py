"""What a proposed call reaches, counted from its arguments and the catalogue, and whether it can be taken back. Pure.

Only what is known is said: a count that cannot be had is called unknown, and nothing is guessed from prose. The names of
arguments are the agent's, so this describes a call and never makes its judgement milder.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from math import inf
from typing import Any, Final, NamedTuple

from bus.events import Hints
from console.core.judging.effects import WHAT, classify
from console.core.judging.tool_facts import ToolFacts
from console.core.provenance.leaves import leaf_values
from console.core.provenance.normal import host, is_address
from console.core.shell.graded import Graded
from console.core.text import plain

LOOKED_AT: Final = 2_000
"""Values of the arguments that are counted; where there are more, counts are said to be at least so."""

WORDS_CHARS: Final = 120
SENTENCE_CHARS: Final = 200

PHRASES: Final = 12
"""Phrases of a judgement at most."""

_NAMED: Final = 2
"""Hosts that are named; more are only counted."""

_FROM: Final = frozenset(["from", "sender", "reply_to", "replyto", "from_address"])
_FILES: Final = frozenset(
    {"path", "paths", "file", "files", "filename", "filenames", "filepath", "file_path", "src", "dst"}
    | {"attach", "attachment", "attachments"}
)
_FOLDERS: Final = frozenset(["dir", "directory", "folder", "folders", "directories", "root", "cwd"])
_AMOUNTS: Final = frozenset(["amount", "total", "price", "sum"])
_CURRENCY: Final = frozenset(["currency", "currency_code"])
_ROWS: Final = frozenset(["ids", "rows", "records", "items", "lines", "entries", "orders", "users"])
_COUNTS: Final = frozenset(["count", "limit", "max_rows"])
_STATEMENTS: Final = frozenset(["sql", "query", "statement"])
_PATTERN: Final = frozenset("*?[")
_FINAL: Final = frozenset({"destroy", "money", "send"})


class Consequences(NamedTuple):
    """`reaches` as short phrases, none where nothing is known; `no_undo` a sentence, empty where nothing says so."""

    reaches: list[str]
    no_undo: str


UNTOLD: Final = Consequences([], "")
"""Of a call that nobody is asked about."""


def consequences(
    tool: str,
    args: dict[str, Any],
    facts: ToolFacts | None,
    hints: Hints | None,
    graded: Graded | None = None,
    unpinned: str = "",
) -> Consequences:
    """Return what is known of a call before it runs: `facts` by the catalogue, `graded` of a shell command in it.

    `unpinned`: why the tool is not what it was pinned to, empty if it is.

    At most `PHRASES`, the last of them saying how many more there are. What the agent has no say in comes first, and its own
    arguments, of which it can make as many as it likes, come last.
    """
    leaves = list(islice(leaf_values(args), LOOKED_AT + 1))
    words = [f"not the tool that was pinned: {unpinned}"] if unpinned else []
    if facts is None and unpinned:
        words += ["what the tool does is unknown: nothing else of the catalogue fits it"]
    elif facts is None:
        words += ["what the tool does is unknown: it is in no catalogue"]
    elif facts.carries_out or (graded is not None and graded.outside):
        words += ["outside the site"]
    words += _of_command(graded) if graded is not None else []
    counts = counted(args, leaves[:LOOKED_AT], reads=facts is not None and facts.effect == "read")
    if len(leaves) > LOOKED_AT:
        counts = [f"at least {phrase}" if phrase[:1].isdigit() else phrase for phrase in counts]
    words += counts
    if len(words) > PHRASES:
        words = [*words[: PHRASES - 1], f"and {len(words) - PHRASES + 1} more"]
    reaches = [plain(phrase, WORDS_CHARS) for phrase in words]
    return Consequences(reaches, plain(_no_undo(tool, leaves, facts, hints, graded), SENTENCE_CHARS))


def counted(args: dict[str, Any], leaves: Sequence[tuple[str, object]], *, reads: bool = False) -> list[str]:
    """Return what the arguments themselves count: people, hosts, files, money, rows."""
    found: dict[str, dict[str, None]] = {"person": {}, "host": {}, "file": {}, "folder": {}}
    for path, value in leaves:
        if isinstance(value, str) and (kind := _kind(_names(path), value)):
            found[kind][
                host(value) if kind == "host" else value.casefold() if kind == "person" else value
            ] = None
    words = []
    if people := found["person"]:
        words.append(_count(len(people), "recipient", "recipients", _domains(people)))
    if hosts := found["host"]:
        words.append(_count(len(hosts), "host", "hosts", list(hosts)))
    if files := found["file"]:
        words.append(_count(len(files), "path", "paths"))
    if folders := found["folder"]:
        words.append(
            _count(len(folders), "folder or pattern", "folders or patterns") + ", files in it unknown"
        )
    return [*words, *_money(leaves), *_rows(args, reads=reads)]


def _kind(names: frozenset[str], value: str) -> str:
    """Return what a value names, by its look and by the names on the way to it; empty if that is nothing that counts."""
    if is_address(value) and "@" in value:
        return "" if names & _FROM else "person"
    if is_address(value) and _links(value, names):
        return "host"
    if value and names & (_FILES | _FOLDERS):
        many = names & _FOLDERS or value.endswith("/") or set(value) & _PATTERN
        return "folder" if many else "file"
    return ""


def _money(leaves: Iterable[tuple[str, object]]) -> list[str]:
    """Return each amount with the currency that stands beside it."""
    amounts: dict[tuple[str, str], None] = {}
    beside: dict[str, str] = {}
    found: list[tuple[str, object]] = []
    for path, value in leaves:
        parent, _, name = path.rpartition(".")
        if name.casefold() in _CURRENCY and isinstance(value, str):
            beside[parent] = value[:3].upper()
        elif name.casefold() in _AMOUNTS:
            found.append((parent, value))
    for parent, value in found:
        amount = _number(value)
        if amount is not None:
            amounts[beside.get(parent, ""), f"{amount:.2f}"] = None
    if len(amounts) > _NAMED:
        return [f"{len(amounts)} amounts of money"]
    return [
        f"{currency} {amount}" if currency else f"{amount} in no named currency"
        for currency, amount in amounts
    ]


def _rows(args: dict[str, Any], *, reads: bool) -> list[str]:
    """Return what is told of rows, the most first: empty lists push nothing out of sight."""
    words: list[tuple[float, str]] = []
    for name, value in args.items():
        low = name.casefold()
        if isinstance(value, list) and (low in _ROWS or low.endswith("_ids")):
            words.append((len(value), _count(len(value), "entry", "entries") + f" in {name}"))
        elif low in _COUNTS and isinstance(value, int) and not isinstance(value, bool):
            words.append((value, f"{name} {value}"))
        elif low in _STATEMENTS and isinstance(value, str) and not reads:
            words.append((inf, "rows unknown"))
    return [phrase for _, phrase in sorted(words, key=lambda row: -row[0])]


def _of_command(graded: Graded) -> list[str]:
    words = []
    outside = list(dict.fromkeys(host(value) for _, value in graded.leaves if host(value)))
    if outside:
        words.append(_count(len(outside), "host", "hosts", outside))
    if graded.removes:
        words.append(f"takes away {_count(len(graded.removes), 'target', 'targets')}")
    return words


def _no_undo(
    tool: str,
    leaves: Sequence[tuple[str, object]],
    facts: ToolFacts | None,
    hints: Hints | None,
    graded: Graded | None,
) -> str:
    """Return why a call cannot be taken back. What a hint admits counts whatever else is said, what a name says least."""
    if graded is not None and graded.removes:
        return f"the command takes away for good: {graded.removes[0]}"
    if facts is not None and facts.undo is False:
        why = facts.why.rstrip(".") or "what is done stays done"
        return f"{why} ({facts.origin or 'catalogue'})"
    if hints is not None and hints.destructive_hint is True:
        return "it may destroy, by its own hint"
    said = facts is not None and (facts.undo is not None or facts.effect == "read")
    if not said and (kind := classify(tool, leaves[:LOOKED_AT])) in _FINAL:
        return f"it {WHAT[kind]}, by its name"
    return ""


def _links(value: str, names: frozenset[str]) -> bool:
    """Whether an address is a link or a host, and not the name of a file that looks like one."""
    return bool(host(value)) and (
        value.casefold().startswith(("http", "www.")) or not names & (_FILES | _FOLDERS)
    )


def _names(path: str) -> frozenset[str]:
    return frozenset(part.casefold() for part in path.split("."))


def _domains(people: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(host(address) for address in people))


def _count(number: int, one: str, more: str, named: Sequence[str] = ()) -> str:
    words = f"{number} {one if number == 1 else more}"
    return f"{words} ({', '.join(named)})" if 0 < len(named) <= _NAMED else words


def _number(value: object) -> float | None:
    """Return an amount as a number, from a number or a text that is one; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = float(value)
    except (ValueError, OverflowError):
        return None
    return amount if abs(amount) < 1e15 else None

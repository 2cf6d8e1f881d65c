"""The tool catalogue: what each tool does at worst, by the operator's word (`catalogue.toml`) and by shipped presets.

A catalogue grades names, and an agent chooses the names. So a preset holds exact, well-known names only; a pattern in the
operator's own file grades what nobody graded by exact name, and only raises what a preset says. Names are
compared exactly, case included.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from console.core.judging.gate_table import SEVERITIES
from console.core.judging.tool_facts import EFFECTS, Effect, ToolFacts
from console.policy.files import convert, read_toml, refuse, table
from console.policy.glob import PATTERN_CHARS, Glob, is_glob

_DIGEST: Final = re.compile("[0-9a-f]{64}")
PRESETS: Final = Path(__file__).parent / "presets"


class _Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `[tool."name"]` as written. `outside` unsaid means what the effect says: `send` reaches outside. `undo` unsaid does
    too: what was sent cannot be called back.

    `command` names the argument that is a shell command; the command is then judged instead of the tool. `schema` is the
    digest of the tool's definition that was looked at: of another the entry lowers nothing.
    """

    severity: int | str
    effect: Effect
    outside: bool | None = None
    untrusted: bool = False
    sensitive: bool = False
    pinned: bool = False
    polls: bool = False
    undo: bool | None = None
    command: str = ""
    schema: str = ""
    why: str = ""


TOOLS_REMEMBERED: Final = 1_024
"""Tools, each with a definition, of which it is remembered what is known: each call asks again, of all its run used."""


class Catalogue:
    """The catalogue in force. Made by `load_catalogue`; does not change."""

    def __init__(self, site: Mapping[str, ToolFacts], presets: Mapping[str, ToolFacts]) -> None:
        """`site` is the operator's: names and patterns. `presets` are exact names."""
        self.site: Final = dict(site)
        self._presets = dict(presets)
        self._exact = {name: facts for name, facts in site.items() if not is_glob(name)}
        self._globs = [(Glob(name), facts) for name, facts in site.items() if is_glob(name)]
        self._told: dict[tuple[str, str | None], tuple[ToolFacts | None, str]] = {}
        inside = [sorted(self._presets.items()), sorted(site.items())]
        self.digest: Final = hashlib.sha256(msgspec.json.encode(inside)).hexdigest()
        """SHA-256 over all entries in force, for the record."""

    @property
    def presets(self) -> str:
        """SHA-256 over the presets in force, empty where the site does without."""
        found = sorted(self._presets.items())
        return hashlib.sha256(msgspec.json.encode(found)).hexdigest() if found else ""

    def lookup(self, tool: str) -> ToolFacts | None:
        """Return what is known about a tool; None is unknown, to be taken for the worst.

        The operator's exact entry stands alone. Otherwise the worst of the preset and every pattern that fits.
        """
        exact = self._exact.get(tool)
        return exact if exact is not None else _joined(self._others(tool))

    def lookup_defined(self, tool: str, schema: str | None) -> tuple[ToolFacts | None, str]:
        """Return what is known about a tool with this definition, and why its entry is out of force, if it is.

        An entry that is pinned to another definition lowers nothing: it counts as one among presets and patterns, and where
        there are none the tool is unknown.
        """
        told = self._told.get((tool, schema))
        if told is None:
            if len(self._told) >= TOOLS_REMEMBERED:
                self._told.clear()
            told = self._told[tool, schema] = self._look_up(tool, schema)
        return told

    def _look_up(self, tool: str, schema: str | None) -> tuple[ToolFacts | None, str]:
        exact = self._exact.get(tool)
        if exact is None or exact.schema in ("", schema):
            return self.lookup(tool), ""
        others = self._others(tool)
        why = "its server gives another now" if schema else "nobody says which it has now"
        return _joined([exact, *others]) if others else None, why

    def _others(self, tool: str) -> list[ToolFacts]:
        found = [facts for glob, facts in self._globs if glob.matches(tool)]
        preset = self._presets.get(tool)
        return found if preset is None else [*found, preset]

    def pass_list(self) -> list[str]:
        """Return the tools that need not wait, sorted: pinned by exact name, S0, only reads, nothing outside.

        Rules have not been asked; `Judge.pass_list` does.
        """
        return sorted(name for name, facts in self._passing() if not facts.schema)

    def pass_schemas(self) -> dict[str, str]:
        """Return those that need not wait as long as their definition has this digest, sorted."""
        return {name: facts.schema for name, facts in sorted(self._passing()) if facts.schema}

    def _passing(self) -> list[tuple[str, ToolFacts]]:
        return [(name, facts) for name, facts in self._exact.items() if facts.pinned and facts.may_pass]


def load_catalogue(path: Path | None) -> Catalogue:
    """Read the operator's catalogue over the shipped presets; with None, the presets alone.

    Raises:
        PolicyFileError: the file cannot be put in force.
    """
    if path is None:
        return Catalogue({}, load_presets())
    content = read_toml(path)
    table(path, content, ("presets", "tool"))
    presets = content.get("presets", True)
    if not isinstance(presets, bool):
        raise refuse(path, "presets", "write `presets = true` or `presets = false`")
    return Catalogue(_entries(path, content), load_presets() if presets else {})


@cache
def load_presets() -> Mapping[str, ToolFacts]:
    """Read the shipped presets: exact names, nothing pinned.

    Raises:
        PolicyFileError: a preset is broken, grades a pattern, pins a tool, or repeats a name of another.
    """
    known: dict[str, ToolFacts] = {}
    for path in sorted(PRESETS.glob("*.toml")):
        content = read_toml(path)
        table(path, content, ("tool",))
        for name, facts in _entries(path, content).items():
            if is_glob(name) or facts.pinned or name in known:
                raise refuse(path, f'[tool."{name}"]', "a preset grades exact names, once, and pins nothing")
            known[name] = facts
    return known


def _entries(path: Path, content: Mapping[str, Any]) -> dict[str, ToolFacts]:
    tools = content.get("tool", {})
    if not isinstance(tools, dict):
        raise refuse(path, "tool", 'write one table per tool, such as [tool."read_file"]')
    return {name: _facts(path, name, value) for name, value in tools.items()}


def _facts(path: Path, name: str, written: object) -> ToolFacts:
    """Check one entry: a type, then what no type can say."""
    where = f'[tool."{name}"]'
    entry = convert(path, where, written, _Entry)
    severity = _severity(entry.severity)
    wrong = ""
    if not 0 < len(name) <= PATTERN_CHARS:
        wrong = f"a name has 1 to {PATTERN_CHARS} characters"
    elif severity is None:
        wrong = (
            f"severity {entry.severity!r} is none of 0 to 4 or S0 ({SEVERITIES[0]}) to S4 ({SEVERITIES[4]})"
        )
    elif severity == 0 and entry.effect != "read":
        wrong = f"S0 only observes, and {entry.effect} changes something: make it S1 or more, or effect read"
    elif entry.command and entry.effect != "execute":
        wrong = f"command = {entry.command!r} is for a tool that runs commands: make it effect execute"
    elif entry.effect == "send" and entry.outside is False:
        wrong = "effect send reaches outside: drop `outside = false`, or make it effect write"
    if wrong or severity is None:
        raise refuse(path, where, wrong)
    facts = ToolFacts(
        severity=severity,
        effect=entry.effect,
        outside=entry.effect == "send" if entry.outside is None else entry.outside,
        reads_untrusted=entry.untrusted,
        reads_sensitive=entry.sensitive,
        pinned=entry.pinned,
        polls=entry.polls,
        undo=False if entry.undo is None and entry.effect == "send" else entry.undo,
        command=entry.command,
        schema=entry.schema,
        origin=f"{path.name}: {name}",
        why=entry.why,
    )
    _check_schema(path, where, name, entry.schema)
    if facts.pinned and is_glob(name):
        raise refuse(path, where, "only an exact name may be pinned: write out each tool")
    if facts.pinned and not facts.may_pass:
        raise refuse(
            path,
            where,
            "pinned needs severity 0, effect read, and neither outside nor untrusted: drop pinned",
        )
    return facts


def _check_schema(path: Path, where: str, name: str, schema: str) -> None:
    if schema and not _DIGEST.fullmatch(schema):
        raise refuse(
            path,
            where,
            "schema is no digest of 64 hexadecimal characters: `watchfloor mcp --pins` prints it",
        )
    if schema and is_glob(name):
        raise refuse(path, where, "only an exact name may have a schema: write out each tool")


def _severity(written: int | str) -> int | None:
    """Return 0 to 4 for 0 to 4 or S0 to S4, otherwise None."""
    names = {f"S{level}": level for level in range(len(SEVERITIES))}
    level = names.get(written) if isinstance(written, str) else written
    return level if level in range(len(SEVERITIES)) else None


def _joined(found: list[ToolFacts]) -> ToolFacts | None:
    return found[0] if len(found) == 1 else _worst(found) if found else None


def _worst(found: list[ToolFacts]) -> ToolFacts:
    """Join entries: each property as the worst of them has it. The words are those of the gravest."""
    gravest = max(found, key=lambda facts: facts.severity)
    return ToolFacts(
        severity=gravest.severity,
        effect=max((facts.effect for facts in found), key=EFFECTS.index),
        outside=any(facts.outside for facts in found),
        reads_untrusted=any(facts.reads_untrusted for facts in found),
        reads_sensitive=any(facts.reads_sensitive for facts in found),
        polls=all(facts.polls for facts in found),
        undo=_undo(found),
        command=gravest.command if all(facts.command == gravest.command for facts in found) else "",
        origin=gravest.origin,
        why=gravest.why,
    )


def _undo(found: list[ToolFacts]) -> bool | None:
    """Whether a call can be taken back: not if one entry says no, and only if all that speak say yes."""
    said = {facts.undo for facts in found} - {None}
    return None if not said else False not in said

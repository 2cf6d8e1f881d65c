"""`watchfloor mcp --pins`: what a server says of its tools, as entries of the catalogue that are pinned to just that."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from bus.adapters.mcp.listing import NoListError, tools_at, tools_of
from bus.adapters.mcp.words import NAME_CHARS, UNDEFINED, schema_digest
from console.cli import printing
from console.cli.exits import Exit, bad
from console.core.text import plain

WIDTH: Final = 110
"""Characters of a description on one line."""

LINES: Final = 40
"""Lines of a description that are shown; what follows is counted."""


APART: Final = ("name", "description", "inputSchema", *UNDEFINED)
"""Members of a tool that are not shown among what it says besides."""


def pins(command: Sequence[str], url: str | None) -> int:
    """Ask the server and print an entry for each of its tools.

    Raises:
        CliError: it did not list them.
        OSError: it cannot be started.
    """
    try:
        tools = asyncio.run(tools_at(url) if url else tools_of(command))
    except (NoListError, ValueError) as error:
        raise bad(f"mcp: {url or command[0]}: {plain(str(error))}") from None
    printing.say(
        [
            "# Entries for catalogue.toml, each pinned to what this server says of the tool now. The grades are what",
            "# its hints claim: read every description and grade what the tool does. A read at S0 may be pinned = true.",
        ]
    )
    for lines in _entries(tools):
        printing.say(lines)
    return Exit.DONE


def _entries(tools: Sequence[dict[str, Any]]) -> Iterator[list[str]]:
    """An entry for each tool. One that is listed with several definitions has none that could be pinned."""
    digests: dict[str, set[str | None]] = {}
    for tool in tools:
        digests.setdefault(str(tool.get("name")), set()).add(schema_digest(tool))
    twice = {name for name, found in digests.items() if len(found) > 1}
    said: set[str] = set()
    for tool in tools:
        name = str(tool.get("name"))
        if name in twice and name not in said:
            yield [
                "",
                f"# {plain(name, NAME_CHARS)}: cannot be pinned: it is listed with {len(digests[name])} definitions",
            ]
        elif name not in said:
            yield list(_entry(tool))
        said.add(name)


def _entry(tool: dict[str, Any]) -> Iterator[str]:
    name, digest = tool.get("name"), schema_digest(tool)
    yield ""
    if not isinstance(name, str) or not 0 < len(name) <= NAME_CHARS or plain(name) != name or digest is None:
        yield f"# {plain(str(name), NAME_CHARS)}: cannot be pinned: its name or its schema has no one written form"
        return
    said = str(tool.get("description") or "says nothing of itself")
    more = {key: value for key, value in tool.items() if key not in APART and value is not None}
    if more:
        said += "\nalso says: " + json.dumps(more, ensure_ascii=False)
    # Words of the server: whatever they are, they stay behind the #.
    lines = [
        line[at : at + WIDTH]
        for line in (plain(one, len(one) + 1) for one in said.splitlines())
        for at in range(0, max(len(line), 1), WIDTH)
    ]
    yield from (f"# {line}".rstrip() for line in lines[:LINES])
    if len(lines) > LINES:
        yield f"# … {len(lines) - LINES} lines more: read them before you pin this"
    yield f"[tool.{json.dumps(name, ensure_ascii=False)}]"
    yield from _graded(tool.get("annotations"))
    yield f'schema = "{digest}"'


def _graded(annotations: object) -> Iterator[str]:
    """The mildest grade that the hints allow, with the protocol's own defaults for what they leave out."""
    hints = annotations if isinstance(annotations, dict) else {}
    outside = hints.get("openWorldHint") is not False
    if hints.get("readOnlyHint") is True:
        yield f'severity = "{"S1" if outside else "S0"}"'
        yield 'effect = "read"'
    else:
        yield f'severity = "{"S2" if hints.get("destructiveHint") is False else "S3"}"'
        yield 'effect = "write"'
    if outside:
        yield "outside = true"
        yield "untrusted = true"

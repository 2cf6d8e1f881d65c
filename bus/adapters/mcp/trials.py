"""What a call would change, asked of the server itself: tools that can be called for a trial, which changes nothing.

That a trial changes nothing is never believed of a server: whoever starts the proxy says so, `--preview TOOL=ARGUMENT`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from bus.adapters.mcp import words
from bus.adapters.mcp.words import Message
from bus.events import Preview

TRIAL_WITHIN: Final = 10.0
"""Seconds that a trial may take; then the call is proposed without a preview."""


def trials(given: Iterable[str]) -> dict[str, str]:
    """Read `TOOL=ARGUMENT` words: for each tool the argument that makes a trial of its call.

    Raises:
        ValueError: one is not of that form; the text names it.
    """
    found: dict[str, str] = {}
    for word in given:
        tool, equals, argument = word.rpartition("=")
        if not (tool and equals and argument):
            raise ValueError(f"{word!r} is not TOOL=ARGUMENT, such as edit_file=dryRun")
        found[tool] = argument
    return found


def trial(tool: Mapping[str, Any] | None, args: Mapping[str, Any], argument: str) -> dict[str, Any] | None:
    """The arguments of a trial; None where the tool has no such switch, or the call is a trial itself."""
    schema = tool.get("inputSchema") if tool else None
    switches = schema.get("properties") if isinstance(schema, dict) else None
    switch = switches.get(argument) if isinstance(switches, dict) else None
    if not isinstance(switch, dict) or switch.get("type") != "boolean" or args.get(argument) is True:
        return None
    return {**args, argument: True}


def previewed(tool: str, answer: Message) -> Preview:
    """What the server answered to a trial. A unified diff becomes its two sides, anything else stands as it came."""
    well, text = words.outcome(answer)
    if not well:
        return Preview(of=f"a trial of {tool}, which failed", present="", proposed=text)
    lines = text.splitlines()
    first = next((at for at, line in enumerate(lines) if line.startswith("@@ ")), None)
    if first is None:
        return Preview(of=f"a trial of {tool}", present="", proposed=text)
    named = next((line[4:].partition("\t")[0] for line in lines[:first] if line.startswith("+++ ")), "")
    present: list[str] = []
    proposed: list[str] = []
    for line in lines[first:]:
        if line.startswith("```"):
            break
        if line[:1] in ("-", " "):
            present.append(line[1:])
        if line[:1] in ("+", " "):
            proposed.append(line[1:])
    return Preview(
        of=named or f"a trial of {tool}",
        present="".join(f"{line}\n" for line in present),
        proposed="".join(f"{line}\n" for line in proposed),
        cut=True,  # a diff leaves out what stays
    )

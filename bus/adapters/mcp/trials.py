"""What a call would change, asked of the server itself: tools that can be called for a trial, which changes nothing.

That a trial changes nothing is never believed of a server: whoever starts the proxy says so, `--preview TOOL=ARGUMENT`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from bus.adapters.mcp import words
from bus.adapters.mcp.words import Message
from bus.events import Preview

log = logging.getLogger("watchfloor")

TRIAL_WITHIN: Final = 10.0
"""Seconds that a trial may take; then the call is proposed without a preview."""


class Trials(dict[str, str]):
    """For each tool that can be tried the argument that makes a trial of its call. One for all sessions with a server."""

    def __init__(self, arguments: Mapping[str, str] | None = None) -> None:
        super().__init__(arguments or {})
        self._said: set[str] = set()

    def compare(self, tool_of: Callable[[str], Mapping[str, Any] | None]) -> None:
        """Say once, in the log, of each tool that the server's whole list does not have so: its calls show no preview."""
        for name, argument in self.items():
            tool = tool_of(name)
            if name in self._said or (tool is not None and trial(tool, {}, argument) is not None):
                continue
            self._said.add(name)
            lacks = "no such tool" if tool is None else f"no tool {name} with a boolean argument {argument}"
            log.warning("--preview %s=%s: the server has %s; nothing is shown by it", name, argument, lacks)


def trials(given: Iterable[str]) -> Trials:
    """Read `TOOL=ARGUMENT` words.

    Raises:
        ValueError: one is not of that form; the text names it.
    """
    found = Trials()
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

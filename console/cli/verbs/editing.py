"""Arguments as an operator gives them: on the command line, in a file, or in an editor."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from console.cli.card import exact
from console.cli.exits import bad


def arguments(given: str) -> dict[str, Any]:
    """Read arguments from JSON, `@FILE`, or `-` for standard input.

    Raises:
        CliError: not a JSON object, or the file cannot be read.
    """
    if given == "-":
        return parse(sys.stdin.read(), "standard input")
    if given.startswith("@"):
        path = Path(given[1:])
        try:
            return parse(path.read_text(encoding="utf-8"), str(path))
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
            raise bad(f"--args {given}: cannot be read: {reason}") from None
    return parse(given, "--args")


def parse(text: str, where: str) -> dict[str, Any]:
    """Read a JSON object in which no name stands twice.

    Raises:
        CliError: it is none; `where` says where it came from.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in pairs:
            if name in found:
                raise bad(f"{where}: {json.dumps(name)} stands there twice")
            found[name] = value
        return found

    def constant(name: str) -> Any:
        raise bad(f"{where}: {name} is not JSON")

    try:
        value = json.loads(text, object_pairs_hook=once, parse_constant=constant)
    except json.JSONDecodeError as error:
        raise bad(f"{where}: line {error.lineno}, column {error.colno}: {error.msg}") from None
    except (RecursionError, ValueError) as error:
        raise bad(f"{where}: {error}") from None
    if not isinstance(value, dict):
        raise bad(f"{where}: arguments are a JSON object, {{...}}")
    return value


def edit_in_editor(args: dict[str, Any]) -> dict[str, Any]:
    """Open the arguments in the operator's editor and read what was saved.

    Raises:
        CliError: nothing was saved, or it is not a JSON object.
    """
    try:
        text = click.edit("\n".join(exact(args)) + "\n", extension=".json")
    except click.ClickException as error:
        raise bad(f"{error.format_message()}; set EDITOR, or use --args") from None
    if text is None:
        raise bad("nothing was saved; nothing was sent")
    return parse(text, "the edited text")

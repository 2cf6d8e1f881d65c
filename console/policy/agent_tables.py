"""Files that are a list of tables, each for the agents that a pattern fits: budgets, suppressions."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from console.policy.files import convert, read_toml, refuse, table
from console.policy.glob import Glob


class AgentTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every such table may say: for which agents it is, by default for all."""

    agent: str = "*"


T = TypeVar("T", bound=AgentTable)


def agent_tables(path: Path, name: str, kind: type[T], most: int) -> list[tuple[str, T]]:
    """Read each `[[name]]` of a file: where it stands, in words, and what it says, in order. Its `agent` is a pattern.

    A file that is not there has none.

    Raises:
        PolicyFileError: the file cannot be read, has anything else in it, or more than `most` tables.
    """
    if not path.exists():
        return []
    content = read_toml(path)
    table(path, content, (name,))
    entries = content.get(name, [])
    if not isinstance(entries, list) or len(entries) > most:
        raise refuse(path, name, f"write each as [[{name}]], at most {most} of them")
    found = []
    for number, entry in enumerate(entries, 1):
        where = f"[[{name}]] {number}"
        one = convert(path, where, entry, kind)
        try:
            Glob(one.agent)
        except ValueError as error:
            raise refuse(path, where, f"agent: {error}") from None
        found.append((where, one))
    return found

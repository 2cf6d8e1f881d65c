"""What the scripted models of these examples ask for, turn by turn. Agents and tools around them are real; no network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple

GOAL = "Write a note draft.txt that says hello, then notes a.txt and b.txt that say one and two."


class Call(NamedTuple):
    """A call of a tool, by the model's own id."""

    id: str
    tool: str
    args: dict[str, Any]


TURNS = [
    [Call("c1", "write_note", {"name": "draft.txt", "text": "hello"})],
    [
        Call("c2", "write_note", {"name": "a.txt", "text": "one"}),
        Call("c3", "write_note", {"name": "b.txt", "text": "two"}),
    ],
]


def folder() -> Path:
    """The folder that was named; one line says how it is named, and ends the program."""
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        print(f"usage: {Path(sys.argv[0]).name} FOLDER (it must exist)", file=sys.stderr)
        sys.exit(2)
    return Path(sys.argv[1])


def turn(number: int) -> list[Call]:
    """What the model asks for in a turn, from 0; nothing after the last."""
    return TURNS[number] if number < len(TURNS) else []


def last_words(heard: list[str]) -> str:
    """What the model says at the end: what it was told of each call."""
    return "I was told: " + " | ".join(heard)


def append(where: Path, name: str, text: str) -> str:
    """The one thing that the agents do: it can be seen on the disk, and twice is not once."""
    with (where / name).open("a", encoding="utf-8") as file:
        file.write(text + "\n")
    return f"wrote {name}"

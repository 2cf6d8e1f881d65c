"""The one table of what can be typed in a replay in line mode, and which key of the screens each word stands for. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from console.cli.plain.words import also
from console.core.replay.seek import FORMS


class ReplayWord(NamedTuple):
    """One command; `keys` are other ways to type it, `winds` the action of the console's table that it stands for."""

    name: str
    keys: tuple[str, ...]
    form: str
    help: str
    winds: str = ""


# fmt: off
WORDS: Final[tuple[ReplayWord, ...]] = (
    ReplayWord("pause", ("p", "stop"), "pause", "stand still", "play"),
    ReplayWord("play", ("continue",), "play", "go on from here", "play"),
    ReplayWord("next", ("e",), "next", "to the next alarm, decision or kill, and stand there", "turn"),
    ReplayWord("previous", ("E", "prev"), "previous", "to the one before", "turn"),
    ReplayWord("mark", ("]",), "mark", "to the next ask, alarm, decision or kill", "mark"),
    ReplayWord("mark-back", ("[",), "mark-back", "to the one before", "mark"),
    ReplayWord("go", ("t",), "go PLACE", f"to a place: {FORMS}", "go"),
    ReplayWord("step", (".",), "step", "one record on", "step"),
    ReplayWord("step-back", (",",), "step-back", "one record back", "step"),
    ReplayWord("speed", (), "speed X, or all", "so many times as fast, or all that is left at once", "speed"),
    ReplayWord("events", (), "events on, or off", "every record as a line, or not"),
    ReplayWord("queue", ("Q",), "queue", "what waited for a person at this moment"),
    ReplayWord("fleet", ("ls",), "fleet", "every run as it was"),
    ReplayWord("alarms", (), "alarms", "every alarm as it stood"),
    ReplayWord("open", ("show", "o", "f"), "open N, or N", "an action, a run or an alarm in full, as it was"),
    ReplayWord("status", (), "status", "where the replay stands"),
    ReplayWord("help", ("?",), "help", "this"),
    ReplayWord("quit", ("q",), "quit", "leave"),
)
"""In the order of the help. None of them can act: there is nothing to act on."""
# fmt: on

_BY_NAME: Final = {name: word for word in WORDS for name in (word.name, *word.keys)}


def find(name: str) -> ReplayWord | None:
    """What a word means, or None. Keys count upper and lower case apart, words do not."""
    return _BY_NAME.get(name) or _BY_NAME.get(name.casefold() if len(name) > 1 else name)


def page() -> list[str]:
    """The help."""
    column = max(len(word.form) for word in WORDS) + 2
    return [
        "An empty line does nothing.",
        *(f"{word.form:<{column}}{word.help}{also(word.keys)}" for word in WORDS),
    ]

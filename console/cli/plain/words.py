"""The one table of what can be typed in line mode. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

Kind = Literal["", "action", "run", "alarm", "thing"]


class Word(NamedTuple):
    """One command. `of` is what it is about; `acting` words are not there in a read-only console.

    `keys` are the other ways to type it: those of the console that mean the same.
    """

    name: str
    keys: tuple[str, ...]
    of: Kind
    form: str
    help: str
    acting: bool = False


def _word(name: str, keys: str, of: Kind, form: str, text: str, *, acting: bool = False) -> Word:
    return Word(name, tuple(keys.split()), of, form, text, acting)


# fmt: off
WORDS: Final[tuple[Word, ...]] = (
    _word("queue", "Q asks", "", "queue", "what waits for a person, the most urgent first"),
    _word("fleet", "ls", "", "fleet", "every run: who waits, who is not well, who is well, who rests"),
    _word("alarms", "", "", "alarms", "every alarm, those first that want an answer"),
    _word("open", "show o f", "thing", "open N, or N", "an action, a run or an alarm in full, and what can be done"),
    _word("approve", "a", "action", "approve N", "let it run: then y, or the code of a hold", acting=True),
    _word("edit", "e", "action", "edit N", "let it run with other arguments: then y, or the code", acting=True),
    _word("reject", "d", "action", "reject N [REASON]", "refuse it, at once", acting=True),
    _word("reject-because", "D", "action", "reject-because N", "refuse it, and be asked for a reason", acting=True),
    _word("respond", "r", "action", "respond N [TEXT]", "answer in words, run nothing", acting=True),
    _word("escalate", "x", "action", "escalate N [WORDS]", "others should look at it", acting=True),
    _word("claim", "c", "action", "claim N", "tell others that you look into it", acting=True),
    _word("pause", "p", "run", "pause N", "stop the run at its next checkpoint or gate", acting=True),
    _word("resume", "", "run", "resume N", "let it go on after a pause or a hold", acting=True),
    _word("hold", "", "run", "hold N", "stop the run at its next gate", acting=True),
    _word("hold-all", "H", "", "hold all", "all runs, at their next gates: then y", acting=True),
    _word("resume-all", "U", "", "resume all", "all runs that a hold of all stopped: then y", acting=True),
    _word("revoke", "", "run", "revoke N", "all grants of the run: calls like those ask again", acting=True),
    _word("kill", "K", "run", "kill N", "end the run: then its short id", acting=True),
    _word("ack", "A", "alarm", "ack N", "you have seen the alarm", acting=True),
    _word("reset", "R", "alarm", "reset N [REASON]", "a latched alarm, with a reason", acting=True),
    _word("shelve", "z", "alarm", "shelve N [30m] [REASON]", "hide the alarm for a time, with a reason", acting=True),
    _word("remove", "O", "alarm", "remove N [REASON]", "out of service until put back, with a reason", acting=True),
    _word("restore", "", "alarm", "restore N", "a shelved or removed alarm back into sight", acting=True),
    _word("reliability", "L", "", "reliability", "what agents have proven, and how to say how a call ended"),
    _word("filter", "/", "", "filter [WORDS]", "fleet and queue only with these words; without words all again"),
    _word("events", "", "", "events on, or off", "every record of the log as a line, or not"),
    _word("status", "", "", "status", "how bus, supervisor and recording are, and what is counted"),
    _word("wait", "", "", "wait [SECONDS]", "until all that you said is answered and settled"),
    _word("help", "?", "", "help", "this"),
    _word("quit", "q", "", "quit", "leave"),
)
"""In the order of the help."""
# fmt: on

_BY_NAME: Final = {name: word for word in WORDS for name in (word.name, *word.keys)}


def find(name: str, *, read_only: bool) -> Word | None:
    """What a word means, or None. Keys count upper and lower case apart, words do not."""
    word = _BY_NAME.get(name) or _BY_NAME.get(name.casefold() if len(name) > 1 else name)
    return None if word is None or (read_only and word.acting) else word


def page(*, read_only: bool) -> list[str]:
    """The help."""
    offered = [word for word in WORDS if not (read_only and word.acting)]
    column = max(len(word.form) for word in offered) + 2
    lines = [f"{word.form:<{column}}{word.help}{also(word.keys)}" for word in offered]
    return [
        "Things have numbers from 11 up, given once and never again; ids do as well.",
        "After a thing is opened, 1 to 9 choose what to do with it, and words need no number.",
        "An empty line does nothing: at a question it leaves things as they are.",
        *lines,
    ]


def also(keys: Sequence[str]) -> str:
    """What the help says after a word of the keys that mean the same."""
    keys = [key for key in keys if len(key) == 1]
    return f" (also {', '.join(keys)})" if keys else ""

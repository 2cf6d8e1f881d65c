"""Which rows an operator asked to see. Pure.

Words are all to be found, in any order, upper and lower case alike. `agent:`, `run:`, `state:` or `tool:` before a word
says where; `!` before it says that it is not to be found.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from console.core.fleet.state import Action, Run
from console.tui.floor.attention import Plight
from console.tui.rows.arguments import telling
from console.tui.rows.fleet_rows import hindrance, state_word

FORMS: Final = "words, or agent: run: state: tool: before one; ! before it: without"
CHARS: Final = 60
_FIELDS: Final = ("agent", "run", "state", "tool")


class Word(NamedTuple):
    """One word of a filter. `field` is empty for one that may stand anywhere."""

    text: str
    field: str = ""
    without: bool = False


class Filter(NamedTuple):
    """What was typed, and what it means. Without words it lets everything through."""

    text: str = ""
    words: tuple[Word, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.words)

    def admits(self, run: Run, found: Plight | None = None, action: Action | None = None) -> bool:
        """Whether a run is shown, or one action of it that waits. `found` is why the run is not well."""
        return self.passes(_fields(run, found, action))

    def passes(self, fields: Mapping[str, str]) -> bool:
        """Whether something is shown of which this is known: case-folded, under `agent`, `run`, `state`, `tool`, `text`."""
        everything = "\n".join(fields.values())
        return all(
            (word.text in (fields[word.field] if word.field else everything)) is not word.without
            for word in self.words
        )


def parse(text: str) -> Filter:
    """The filter that was typed. A field without a word yet is none."""
    words = []
    for piece in text.casefold().split():
        bare = piece.removeprefix("!")
        field, colon, rest = bare.partition(":")
        word = (
            Word(rest, field, bare != piece) if colon and field in _FIELDS else Word(bare, "", bare != piece)
        )
        if word.text:
            words.append(word)
    return Filter(text, tuple(words))


def _fields(run: Run, found: Plight | None, action: Action | None) -> dict[str, str]:
    waits = [action] if action else [each for each in run.actions.values() if each.state == "asked"]
    state = [state_word(run), run.state, hindrance(run), run.control, found.level if found else ""]
    state += [f"waits {each.gate}" for each in waits]
    step = run.steps[-1] if run.steps else None
    text = [run.goal, run.ended_text, found.fact if found else "", f"{step.name} {step.text}" if step else ""]
    text += [telling(each.args) for each in waits]
    return {
        "agent": run.agent.casefold(),
        "run": run.run.casefold(),
        "state": " ".join(state).casefold(),
        "tool": " ".join(each.tool for each in waits).casefold(),
        "text": "\n".join(text).casefold(),
    }


class Sieve:
    """A filter that remembers what it found of each run until something is heard of that."""

    def __init__(self, through: Filter) -> None:
        self.filter = through
        self._known: dict[str, tuple[tuple[object, ...], bool]] = {}

    def admits(self, run: Run, found: Plight | None) -> bool:
        """Whether a run is shown."""
        of = (run.seq, run.state, run.held, found)
        known = self._known.get(run.key)
        if known is None or known[0] != of:
            known = self._known[run.key] = of, self.filter.admits(run, found)
        return known[1]

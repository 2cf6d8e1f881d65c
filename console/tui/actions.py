"""The one table of what a key does where. Bindings, key line, help and the tests of friction all read it.

A mode is a screen, or the sheet that is up on it: a sheet takes all keys. What a sheet takes as typed text (a run's id, the
digits of a code, words) is no binding; its rows here have `typed`, for help and tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

Mode = Literal["fleet", "run", "decide", "edit", "help", "approve", "code", "kill", "hold", "words", "small"]

SHEETS: Final[frozenset[Mode]] = frozenset({"approve", "code", "kill", "hold", "words"})


class KeyAction(NamedTuple):
    """One key in some modes.

    `acting` states an intent, or leads to one; read-only has none of these. `safe` keys never leave the key line.
    `confirms` names the actions that this one completes: the initiating key is never the confirming one.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    modes: frozenset[Mode]
    help: str
    acting: bool = False
    safe: bool = False
    hidden: bool = False
    typed: bool = False
    confirms: tuple[str, ...] = ()


def _modes(*names: Mode) -> frozenset[Mode]:
    return frozenset(names)


_LISTS: Final = _modes("fleet", "run", "decide", "help")
_SCREENS: Final = _modes("fleet", "run", "decide")

ACTIONS: Final[tuple[KeyAction, ...]] = (
    KeyAction("yes", ("y",), "yes, approve", _modes("approve"), "approve exactly what is shown", acting=True, safe=True, confirms=("approve", "check")),
    KeyAction("yes", ("y",), "yes, hold all", _modes("hold"), "hold every run at its next gate", acting=True, safe=True, confirms=("hold_all",)),
    KeyAction("code", ("0-9",), "the code", _modes("code"), "the last digit approves the hold", acting=True, safe=True, typed=True, confirms=("approve", "check")),
    KeyAction("id", ("id",), "kill", _modes("kill"), "the last character of the run's id kills it", acting=True, safe=True, typed=True, confirms=("kill",)),
    KeyAction("send", ("ctrl+t",), "send", _modes("words"), "send what you typed", acting=True, safe=True, confirms=("respond", "reject_why")),
    KeyAction("check", ("ctrl+t",), "check and confirm", _modes("edit"), "check the edited arguments", acting=True, safe=True, confirms=("edit",)),
    KeyAction("open", ("enter",), "open", _modes("fleet"), "open the decision or the run, unfold an agent", safe=True),
    KeyAction("open", ("enter",), "decide", _modes("run"), "open the action under the cursor", safe=True),
    KeyAction("reject", ("d",), "reject", _modes("fleet", "run", "decide", "approve", "code"), "reject the waiting action, at once", acting=True, safe=True),
    KeyAction("reject_why", ("D",), "reject, why", _modes("fleet", "run", "decide"), "reject, and tell the agent why", acting=True, hidden=True),
    KeyAction("edit", ("e",), "edit", _modes("decide", "approve", "code"), "change the arguments, then approve those", acting=True),
    KeyAction("respond", ("r",), "respond", _modes("decide"), "answer in words instead of running the tool", acting=True),
    KeyAction("approve", ("a",), "approve", _modes("decide"), "approve: then y, or the code of a hold", acting=True),
    KeyAction("pause", ("p",), "pause", _SCREENS, "pause the run; again: resume it", acting=True, safe=True),
    KeyAction("hold_all", ("H",), "hold all", _SCREENS, "hold all runs at their next gate: then y", acting=True, safe=True),
    KeyAction("kill", ("K",), "kill", _SCREENS, "kill the run: then type its id", acting=True, safe=True),
    KeyAction("unfold", ("o",), "open", _modes("decide"), "show long values whole; again: fold them"),
    KeyAction("says", ("f",), "agent says", _modes("decide"), "show the agent's own reason"),
    KeyAction("up", ("up", "k"), "up", _LISTS, "up", hidden=True),
    KeyAction("down", ("down", "j"), "down", _LISTS, "down", hidden=True),
    KeyAction("page_up", ("pageup",), "page up", _LISTS, "a page up", hidden=True),
    KeyAction("page_down", ("pagedown", "space"), "page down", _LISTS, "a page down", hidden=True),
    KeyAction("top", ("g", "home"), "top", _LISTS, "to the top", hidden=True),
    KeyAction("bottom", ("G", "end"), "bottom", _LISTS, "to the bottom", hidden=True),
    KeyAction("back", ("escape",), "back", _modes("run", "decide", "help"), "back", safe=True),
    KeyAction("back", ("escape",), "keep it waiting", _modes("approve", "code", "edit", "words"), "keep it waiting", safe=True),
    KeyAction("back", ("escape",), "keep running", _modes("kill", "hold"), "keep it running", safe=True),
    KeyAction("quit", ("q",), "quit", _modes("fleet", "small"), "leave the console; nothing on the floor changes", safe=True),
    KeyAction("back", ("q",), "back", _modes("run", "decide", "help"), "back", hidden=True),
    KeyAction("no_quit", ("ctrl+c", "ctrl+q"), "", _SCREENS | _modes("help", "edit", "small"), "says how to leave", hidden=True),
    KeyAction("help", ("question_mark", "f1"), "help", _modes("fleet", "run", "decide", "approve"), "this page", safe=True),
)  # fmt: skip
"""In the order of the key line."""

_NAMES: Final = {"question_mark": "?", "escape": "esc", "pageup": "page up", "pagedown": "page down"}


def name_of(key: str) -> str:
    """A key as people write it."""
    return _NAMES.get(key, key)


def offered(mode: Mode, *, read_only: bool) -> Iterator[KeyAction]:
    """What there is to do in a mode, in the order of the key line."""
    for action in ACTIONS:
        if mode in action.modes and not (read_only and action.acting):
            yield action


def find(mode: Mode, key: str, *, read_only: bool) -> KeyAction | None:
    """What a key does in a mode, or None. Typed rows are not found: their sheet reads the characters."""
    for action in offered(mode, read_only=read_only):
        if key in action.keys and not action.typed:
            return action
    return None


def bound_keys() -> list[str]:
    """Every key that does something somewhere."""
    return sorted({key for action in ACTIONS if not action.typed for key in action.keys})

"""The one table of what a key does where. Bindings, key line, help and the tests of friction all read it.

A mode is a screen, or the sheet that is up on it: a sheet takes all keys. What a sheet takes as typed text (a run's id, the
digits of a code, words) is no binding; its rows here have `typed`, for help and tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

Mode = Literal["fleet", "run", "decide", "edit", "help", "approve", "code", "kill", "hold", "words", "small"]

SHEETS: Final[frozenset[str]] = frozenset({"approve", "code", "kill", "hold", "words"})


class KeyAction(NamedTuple):
    """One key in some modes.

    `acting` states an intent, or leads to one; read-only has none of these. `safe` keys never leave the key line.
    `confirms` names the actions that this one completes: the initiating key is never the confirming one.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    modes: frozenset[str]
    help: str
    acting: bool = False
    safe: bool = False
    hidden: bool = False
    typed: bool = False
    confirms: tuple[str, ...] = ()


def _key(
    name: str, keys: str, modes: str, label: str, text: str, how: str = "", confirms: str = ""
) -> KeyAction:
    flags = how.split()
    return KeyAction(
        id=name,
        keys=tuple(keys.split()),
        label=label,
        modes=frozenset(modes.split()),
        help=text,
        acting="acting" in flags,
        safe="safe" in flags,
        hidden="hidden" in flags,
        typed="typed" in flags,
        confirms=tuple(confirms.split()),
    )


_LISTS: Final = "fleet run decide help"
_SCREENS: Final = "fleet run decide"

# fmt: off
ACTIONS: Final[tuple[KeyAction, ...]] = (
    _key("yes", "y", "approve", "yes, approve", "approve exactly what is shown", "acting safe", "approve check"),
    _key("yes", "y", "hold", "yes, hold all", "hold every run at its next gate", "acting safe", "hold_all"),
    _key("code", "0-9", "code", "the code", "the last digit approves", "acting safe typed", "approve check"),
    _key("id", "id", "kill", "kill", "the last character of the run's id kills it", "acting safe typed", "kill"),
    _key("send", "ctrl+t", "words", "send", "send what you typed", "acting safe", "respond reject_why"),
    _key("check", "ctrl+t", "edit", "check, then confirm", "check the arguments", "acting safe", "edit"),
    _key("open", "enter", "fleet", "open", "a decision or run; unfold agents", "safe"),
    _key("open", "enter", "run", "decide", "the action under the cursor", "safe"),
    _key("reject", "d", "fleet run decide approve code", "reject", "the waiting action, at once", "acting safe"),
    _key("reject_why", "D", _SCREENS, "reject, why", "the same, and tell it why", "acting hidden"),
    _key("edit", "e", "decide approve code", "edit", "change arguments, approve those", "acting"),
    _key("respond", "r", "decide", "respond", "answer in words, run nothing", "acting"),
    _key("approve", "a", "decide", "approve", "then y, or the code of a hold", "acting safe"),
    _key("pause", "p", "fleet run", "pause", "pause the run, or resume it", "acting safe"),
    _key("pause", "p", "decide", "pause", "pause its run, or resume it", "acting hidden"),
    _key("hold_all", "H", "fleet run", "hold all", "all runs, at their gates: then y", "acting"),
    _key("hold_all", "H", "decide", "hold all", "all runs, at their gates: then y", "acting hidden"),
    _key("kill", "K", "fleet run", "kill", "the run: then type its id", "acting safe"),
    _key("kill", "K", "decide", "kill", "its run: then type the id", "acting hidden"),
    _key("unfold", "o", "decide", "open", "show long values whole, or fold"),
    _key("says", "f", "decide", "it says", "the agent's own reason"),
    _key("up", "up k", _LISTS, "up", "up", "hidden"),
    _key("down", "down j", _LISTS, "down", "down", "hidden"),
    _key("page_up", "pageup", _LISTS, "page up", "a page up", "hidden"),
    _key("page_down", "pagedown space", _LISTS, "page down", "a page down", "hidden"),
    _key("top", "g home", _LISTS, "top", "to the top", "hidden"),
    _key("bottom", "G end", _LISTS, "bottom", "to the bottom", "hidden"),
    _key("back", "escape", "run decide help", "back", "back", "safe"),
    _key("back", "escape", "approve code edit words", "keep it waiting", "keep it waiting", "safe"),
    _key("back", "escape", "kill hold", "keep running", "keep it running", "safe"),
    _key("quit", "q", "fleet small", "quit", "leave; the floor goes on", "safe"),
    _key("back", "q", "run decide help", "back", "back", "hidden"),
    _key("how_to_quit", "ctrl+c ctrl+q", "fleet run decide help edit small", "", "says how to leave", "hidden"),
    _key("help", "question_mark f1", "fleet run decide", "help", "this page", "safe"),
)
# fmt: on
"""In the order of the key line."""

_NAMES: Final = {"question_mark": "?", "escape": "esc", "pageup": "pgup", "pagedown": "pgdn"}


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

"""Other keys for the actions of the table, as an operator wants them; what would be less safe is refused. Pure.

It is read before the toolkit may be loaded, so the toolkit's names of keys are made here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final, get_args

from console.tui.keys.actions import ACTIONS, KeyAction, Mode, name_of, offered

EATEN: Final[dict[str, str]] = {
    "ctrl+a": "screen takes it",
    "ctrl+b": "tmux takes it",
    "ctrl+c": "it says how to leave",
    "ctrl+d": "it ends the input of whatever else reads this terminal",
    "ctrl+h": "terminals send it for backspace",
    "ctrl+i": "terminals send it for tab",
    "ctrl+j": "terminals send it for enter",
    "ctrl+m": "terminals send it for enter",
    "ctrl+p": "docker and podman wait after it",
    "ctrl+q": "flow control takes it",
    "ctrl+s": "flow control takes it",
    "ctrl+z": "it stops the program that has the terminal",
}
"""Keys that do not come here as themselves, and why."""

_NAMED: Final = (
    "enter", "escape", "tab", "space", "up", "down", "left", "right", "home", "end", "pageup", "pagedown",
    "insert", "delete", *(f"f{number}" for number in range(1, 13)),
)  # fmt: skip
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
KEYS_MOST: Final = 3
"""Keys that one action may have."""

_HARMLESS: Final = (
    "enter", "escape", "tab", "space", "up", "down", "left", "right", "home", "end", "pageup", "pagedown", "backspace",
)  # fmt: skip
"""Keys that hands press without a thought: nothing dangerous is put on them."""


class BadKeysError(ValueError):
    """Keys that cannot be had. `entry` is the action; the text says why, and what may stand there."""

    def __init__(self, entry: str, text: str) -> None:
        super().__init__(text)
        self.entry = entry


_OTHERWISE: Final = {
    "solidus": "slash", "reverse_solidus": "backslash", "commercial_at": "at", "hyphen_minus": "minus",
    "plus_sign": "plus", "low_line": "underscore",
}  # fmt: skip
"""Signs that the toolkit calls otherwise than Unicode does."""


def key_of(sign: str) -> str:
    """The toolkit's name of the key of one printable sign."""
    if sign.isalnum():
        return sign
    name = unicodedata.name(sign).casefold().replace("-", "_").replace(" ", "_")
    return _OTHERWISE.get(name, name)


def fixed(action: KeyAction) -> bool:
    """Whether an action keeps its keys: what confirms, takes typed text or winds a replay, and the ways out of a sheet."""
    return bool(action.confirms) or action.typed or action.winds or action.id in ("back", "how_to_quit")


def rebindable() -> list[str]:
    """The actions that may have other keys, by name."""
    kept = {action.id for action in ACTIONS if fixed(action)}
    return sorted({action.id for action in ACTIONS} - kept)


def rebound(wanted: Mapping[str, Sequence[str]]) -> tuple[KeyAction, ...]:
    """The table with other keys for some actions. In a replay the keys that wind it come first: they stay what they are.

    Raises:
        BadKeysError: an unknown action or key, one that is fixed, one that is not safe there, or two actions on one key.
    """
    if not wanted:
        return ACTIONS
    found = {name: _keys(name, keys) for name, keys in wanted.items()}
    winding = {key for action in ACTIONS if action.winds for key in action.keys}
    rows = []
    for action in ACTIONS:
        keys = found.get(action.id)
        if keys is None or fixed(action):
            rows.append(action)
            continue
        left = tuple(key for key in keys if key not in winding) if action.floor == "replay" else keys
        rows.append(action._replace(keys=left, pair=False))
    _no_two_on_one(tuple(rows), found)
    return tuple(rows)


def _keys(name: str, keys: Sequence[str]) -> tuple[str, ...]:
    """The toolkit's names of the keys of one action."""
    if name not in {action.id for action in ACTIONS}:
        raise BadKeysError(name, f"no such action; the actions are {', '.join(rebindable())}")
    if name not in rebindable():
        raise BadKeysError(name, "this key is fixed: what confirms, winds or leads back stays where it is")
    if not 1 <= len(keys) <= KEYS_MOST:
        raise BadKeysError(name, f"{len(keys)} keys: must be 1 to {KEYS_MOST}")
    acting = any(action.acting for action in ACTIONS if action.id == name)
    return tuple(_key(name, key, acting=acting) for key in keys)


def _key(name: str, said: str, *, acting: bool) -> str:
    if len(said) == 1 and said.isascii() and said.isprintable():
        key = key_of(said)
    else:
        key = {"esc": "escape", "pgup": "pageup", "pgdn": "pagedown"}.get(said, said)
    control = key.startswith("ctrl+") and key[5:] in _LETTERS and len(key) == len("ctrl+x")
    if key in EATEN:
        raise BadKeysError(name, f"{said}: cannot be had, {EATEN[key]}")
    if not (len(said) == 1 and said.isascii() and said.isprintable()) and not control and key not in _NAMED:
        raise BadKeysError(
            name, f"{said!r}: no such key; a sign, f1 to f12, ctrl+ a letter, or {', '.join(_NAMED[:14])}"
        )
    confirming = {each for action in ACTIONS if action.confirms for each in action.keys}
    if acting and (key in _HARMLESS or key in confirming or said.isdecimal()):
        why = "confirms" if key in confirming or said.isdecimal() else "is pressed without a thought"
        raise BadKeysError(name, f"{said}: {why}, and {name} acts; choose another key")
    return key


def _no_two_on_one(rows: tuple[KeyAction, ...], wanted: Mapping[str, Sequence[str]]) -> None:
    for mode in get_args(Mode):
        for replay in (False, True):
            taken: dict[str, str] = {}
            for action in offered(mode, read_only=False, replay=replay, rows=rows):
                for key in () if action.typed else action.keys:
                    other = taken.setdefault(key, action.id)
                    if other != action.id and {other, action.id} & wanted.keys():
                        name = action.id if action.id in wanted else other
                        rest = other if name == action.id else action.id
                        where = f"a replay's {mode}" if replay else mode
                        raise BadKeysError(
                            name, f"{name_of(key)}: is {rest} in {where}; give {rest} another key too"
                        )

"""The one table of what a key does where. Bindings, key line, help and the tests of friction all read it.

A mode is a screen, or the sheet that is up on it: a sheet takes all keys. What a sheet takes as typed text (a run's id, the
digits of a code, words) is no binding; its rows here have `typed`, for the key line and tests. So has the one that names
several keys of a screen together.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Literal, NamedTuple

# fmt: off
Mode = Literal[
    "fleet", "queue", "run", "decide", "step", "alarms", "reliability", "bus", "recorder", "sessions", "audit",
    "policy", "edit", "help",
    "approve", "code", "kill", "hold", "words", "filter", "commands", "small",
]
# fmt: on


class KeyAction(NamedTuple):
    """One key in some modes.

    `acting` states an intent, or leads to one; read-only has none of these. `safe` keys never leave the key line,
    `firm` ones leave it last.
    `confirms` names the actions that this one completes: the initiating key is never the confirming one.
    `floor` says whether it is there on a live floor, in a replay, or on both; what `winds` moves a replay, whatever the
    screen. Of a `pair` the key line names both keys.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    modes: frozenset[str]
    help: str
    acting: bool = False
    safe: bool = False
    firm: bool = False
    hidden: bool = False
    typed: bool = False
    confirms: tuple[str, ...] = ()
    floor: Literal["both", "live", "replay"] = "both"
    winds: bool = False
    pair: bool = False

    @property
    def shown(self) -> str:
        """The key, or both, as the key line names them."""
        return " ".join(map(name_of, self.keys[: 2 if self.pair else 1]))


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
        firm="firm" in flags,
        hidden="hidden" in flags,
        typed="typed" in flags,
        confirms=tuple(confirms.split()),
        floor="live" if "live" in flags else "replay" if {"replay", "winds"} & {*flags} else "both",
        winds="winds" in flags,
        pair="pair" in flags,
    )


_LISTS: Final = "fleet queue run decide step alarms reliability bus recorder sessions audit policy help"
_SCREENS: Final = "fleet queue run decide"
_RUNS: Final = "fleet queue run"
_NOT_RUNS: Final = "decide step alarms reliability bus recorder sessions audit policy"
_LESS: Final = "queue run decide step alarms reliability bus recorder sessions audit policy help"
_BELOW: Final = "queue decide step alarms reliability bus recorder sessions audit policy help"
_OTHERS: Final = "fleet alarms reliability bus recorder sessions audit policy"
_VIEWS: Final = "fleet queue run decide step alarms reliability bus recorder sessions audit policy"
_COPIED: Final = "fleet queue run decide step alarms"
_BRACKETS: Final = "left_square_bracket right_square_bracket"
_ANGLES: Final = "less_than_sign greater_than_sign"


def _view(name: str, digit: str, letter: str, text: str) -> tuple[KeyAction, KeyAction]:
    """The keys that lead to a view from every other; digits wind a replay."""
    others = " ".join(view for view in _VIEWS.split() if view != name)
    return (
        _key(name, f"{digit} {letter}", others, name, text, "hidden live"),
        _key(name, letter, others, name, text, "hidden replay"),
    )


def _shown_on(
    name: str, keys: str, shown: str, hidden: str, label: str, text: str, how: str, shows: str = ""
) -> tuple[KeyAction, KeyAction]:
    """One key on screens that name it, and `hidden` on those whose key line has no room for it."""
    return (
        _key(name, keys, shown, label, text, f"{how} {shows}"),
        _key(name, keys, hidden, label, text, f"{how} hidden"),
    )


# fmt: off
ACTIONS: Final[tuple[KeyAction, ...]] = (
    _key("yes", "y", "approve", "yes, approve", "approve exactly what is shown", "acting safe", "approve check"),
    _key("yes_run", "t", "approve", "also like it", "this one, and those like it in this run", "acting safe", "approve"),
    _key("yes", "y", "hold", "yes, hold all", "hold, or resume, every run", "acting safe", "hold_all resume_all"),
    _key("code", "0-9", "code", "the code", "the last digit approves", "acting safe typed", "approve check"),
    _key("id", "id", "kill", "kill", "the last character of the run's id kills it", "acting safe typed", "kill"),
    _key("send", "ctrl+t", "words", "send", "send it", "acting safe", "respond reject_why escalate reset shelve remove"),
    _key("check", "ctrl+t", "edit", "check, then confirm", "check the arguments", "acting safe", "edit"),
    _key("play", "space", _LISTS, "play", "play, or stand still", "winds safe"),
    _key("step", "comma full_stop", _LISTS, "step", "one record back, on", "winds safe pair"),
    *_shown_on("mark", _BRACKETS, "fleet", _LESS, "mark", "to the last, next mark", "winds pair", "safe"),
    _key("turn", "e E", _LISTS, "alarm", "next, last alarm, decision", "winds safe"),
    *_shown_on("go", "t", "fleet run", _BELOW, "time", "HH:MM:SS, +30, -2m or 50%", "winds", "safe"),
    *_shown_on("speed", _ANGLES, "fleet run", _BELOW, "speed", "half, twice as fast", "winds pair", "safe"),
    *_shown_on("idle", "i", "fleet", _LESS, "skip idle", "no gap over a second", "winds"),
    _key("seconds", "left right", _LISTS, "5 s", "5 s back, on", "winds hidden"),
    _key("tenth", "shift+left shift+right", _LISTS, "10 %", "a tenth back, shift+right on", "winds hidden"),
    _key("share", "0 1 2 3 4 5 6 7 8 9", _LISTS, "share", "to 0 %, 10 % ... 90 %", "winds hidden"),
    _key("session", "N P", _LISTS, "session", "next, previous session", "winds hidden"),
    _key("open", "enter", "fleet", "open", "the ask, run or agent's runs", "safe live"),
    _key("open", "enter", "queue", "open", "the ask under the cursor", "safe live"),
    _key("open", "enter", "run", "open", "an ask, or the line in full", "safe live"),
    _key("open", "enter", "step", "decide", "the action, while it waits", "safe"),
    _key("open", "enter", "fleet queue run", "open", "what is under the cursor", "hidden replay"),
    _key("reject", "d", "fleet queue run decide approve code", "reject", "what waits, at once", "acting safe"),
    _key("reject_why", "D", _SCREENS, "reject, why", "the same, with words", "acting hidden"),
    _key("edit", "e", "decide approve code", "edit", "with other arguments", "acting"),
    _key("respond", "r", "queue decide", "respond", "in words, and run nothing", "acting"),
    _key("approve", "a", "decide", "approve", "then y, or a hold's code", "acting safe"),
    _key("earlier", f"{_BRACKETS.split()[0]} left h", "step", "earlier", "the run's line before", "safe live"),
    _key("later", f"{_BRACKETS.split()[1]} right l", "step", "later", "the line after it", "safe live"),
    _key("earlier", "h", "step", "earlier", "the run's line before", "replay"),
    _key("later", "l", "step", "later", "the line after it", "replay"),
    _key("pause", "p", "fleet queue run step", "pause", "pause the run, or resume it", "acting safe"),
    _key("pause", "p", "decide", "pause", "pause its run, or resume it", "acting hidden"),
    *_shown_on("hold_all", "H", _RUNS, _NOT_RUNS, "hold all", "every run: then y", "acting", "safe"),
    *_shown_on("resume_all", "U", _RUNS, _NOT_RUNS, "resume all", "what is held: then y", "acting"),
    _key("kill", "K", "fleet queue run", "kill", "the run: then type its id", "acting safe"),
    _key("kill", "K", "decide step", "kill", "its run: then type the id", "acting hidden"),
    _key("revoke", "R", "run", "revoke", "its grants: they ask again", "acting"),
    _key("open", "enter", "alarms", "open", "the run it is about"),
    _key("acknowledge", "A", "alarms", "ack", "it, and those under it", "acting safe"),
    _key("shelve", "z", "alarms", "shelve", "for a time, with a reason", "acting safe"),
    _key("reset", "R", "alarms", "reset", "a latched or seen one: why", "acting safe"),
    _key("remove", "O", "alarms", "out of service", "until put back", "acting"),
    _key("next", "n", "alarms", "next", "the next that nobody saw"),
    _key("tab", "tab", "alarms", "list", "shelved, suppressed, out"),
    _key("fold", "o", "alarms", "unfold", "what follows from it"),
    _key("open", "enter", "sessions", "replay", "show it again; or how to", "safe"),
    _key("open", "enter", "audit", "open", "the run, ask or alarm of it", "safe"),
    _key("open", "enter", "policy", "open", "all of a rule or tool; back", "safe"),
    _key("older", "b", "audit", "older", "what is recorded before"),
    _key("tab", "tab", "policy", "list", "rules, tools, limits"),
    _key("verify", "v", "reliability", "verify", "how a call really ended"),
    _key("filter", "slash", "fleet queue", "filter", "only rows with some words", "firm live"),
    _key("filter", "slash", "audit", "filter", "only rows with some words", "safe live"),
    _key("filter", "slash", "fleet queue audit", "filter", "only rows with some words", "hidden replay"),
    _key("text", "text", "filter", "narrow the list", "rows that have these words", "safe typed"),
    _key("keep", "enter", "filter", "keep it", "keep the filter", "safe"),
    _key("views", "1-9", "queue run", "views", "Fleet, Queue, Alarms ... Policy", "firm live typed"),
    _key("views", "1-9", _OTHERS, "views", "Fleet, Queue, Alarms ... Policy", "safe live typed"),
    _key("fleet", "1", _VIEWS.removeprefix("fleet "), "fleet", "the whole floor", "hidden live"),
    *_view("queue", "2", "Q", "what waits for a person"),
    *_view("alarms", "3", "A", "every alarm, in words"),
    *_view("reliability", "4", "L", "what agents proved"),
    *_view("bus", "5", "B", "broker, agents, what is lost"),
    *_view("recorder", "6", "C", "where all is written"),
    *_view("sessions", "7", "S", "what was recorded"),
    *_view("audit", "8", "W", "who did what"),
    *_view("policy", "9", "Y", "what is judged by"),
    _key("unfold", "o", "decide step", "open", "long values whole, or fold"),
    _key("says", "f", "decide", "it says", "the agent's own reason"),
    _key("escalate", "x", "queue decide", "escalate", "to others, with words", "acting"),
    _key("claim", "c", "queue decide", "I look", "say that you look into it", "acting"),
    _key("copy", "w", _COPIED, "copy", "the run, action or alarm", "hidden"),
    _key("keep_screen", "s", _LISTS, "screen to file", "as text and SVG", "hidden"),
    _key("up", "up k", _LISTS, "up", "up", "hidden"),
    _key("down", "down j", _LISTS, "down", "down", "hidden"),
    _key("page_up", "pageup", _LISTS, "page up", "a page up", "hidden"),
    _key("page_down", "pagedown space", _LISTS, "page down", "a page down", "hidden live"),
    _key("page_down", "pagedown", _LISTS, "page down", "a page down", "hidden replay"),
    _key("top", "g home", _LISTS, "top", "to the top", "hidden"),
    _key("bottom", "G end", _LISTS, "bottom", "to the bottom", "hidden"),
    _key("back", "escape", _LESS, "back", "back", "safe"),
    _key("back", "escape", "fleet", "show all", "after a filter", "hidden"),
    _key("choose", "enter", "commands", "press its key", "as if its key had been pressed", "safe typed"),
    _key("leave", "escape", "commands", "close", "back to the screen", "safe typed"),
    _key("clear", "escape", "filter", "show all", "take the filter away", "safe"),
    _key("back", "escape", "approve code edit words", "keep it waiting", "keep it waiting", "safe"),
    _key("back", "escape", "kill hold", "keep running", "keep it running", "safe"),
    _key("quit", "q", "fleet small", "quit", "leave"),
    _key("back", "q", _LESS, "back", "back", "hidden"),
    _key("how_to_quit", "ctrl+c ctrl+q", f"{_LISTS} edit filter small", "", "says how to leave", "hidden"),
    # ctrl+p alone would not do: docker and podman wait after it for the ctrl+q that detaches, and some editors take it
    _key("commands", "colon ctrl+p", _LISTS, "commands", "find a key or a run", "hidden"),
    _key("help", "question_mark f1", _VIEWS, "help", "this page", "safe"),
)
# fmt: on
"""In the order of the key line."""

_NAMES: Final = {
    "question_mark": "?",
    "escape": "esc",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "comma": ",",
    "full_stop": ".",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "slash": "/",
    "colon": ":",
}


def name_of(key: str) -> str:
    """A key as people write it."""
    return _NAMES.get(key, key)


class _InForce:
    rows = ACTIONS


def put_in_force(rows: tuple[KeyAction, ...]) -> None:
    """Have this table hold from now on: the one terminal of a process has one set of keys."""
    _InForce.rows = rows
    _offered.cache_clear()


def key_for(name: str) -> str:
    """The first key of an action, as people write it."""
    return next(name_of(action.keys[0]) for action in _InForce.rows if action.id == name and action.keys)


def offered(
    mode: Mode, *, read_only: bool, replay: bool = False, rows: tuple[KeyAction, ...] | None = None
) -> Sequence[KeyAction]:
    """What there is to do in a mode, in the order of the key line, by the table in force or `rows`.

    In a replay nothing acts.
    """
    return _offered(mode, read_only, replay) if rows is None else _of(rows, mode, read_only, replay)


@lru_cache  # the table is long, and every frame asks
def _offered(mode: Mode, read_only: bool, replay: bool, /) -> Sequence[KeyAction]:  # noqa: FBT001
    return _of(_InForce.rows, mode, read_only, replay)


def _of(rows: tuple[KeyAction, ...], mode: Mode, read_only: bool, replay: bool, /) -> Sequence[KeyAction]:  # noqa: FBT001
    floors, acts = ("both", "replay" if replay else "live"), not (read_only or replay)
    return tuple(
        action
        for action in rows
        if mode in action.modes and action.floor in floors and action.keys and (acts or not action.acting)
    )


def find(mode: Mode, key: str, *, read_only: bool, replay: bool = False) -> KeyAction | None:
    """What a key does in a mode, or None. Typed rows are not found: their sheet reads the characters."""
    for action in offered(mode, read_only=read_only, replay=replay):
        if key in action.keys and not action.typed:
            return action
    return None


def anywhere(key: str) -> list[KeyAction]:
    """What a key does on any screen that has no sheet up, by the table in force."""
    screens = frozenset(_LISTS.split())
    return [row for row in _InForce.rows if key in row.keys and not row.typed and row.modes & screens]

"""The command palette: Textual's own, over the table of actions and the ids of runs. Loaded when it is first opened.

Choosing a command presses its key on the screen below, no more: whatever a key must confirm is confirmed there, by another
key. A key acts on the row that was under the cursor when the palette opened, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import ClassVar, Final, NamedTuple, cast

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.events import Key

from console.core.fleet.state import Run
from console.tui.drawing import signs
from console.tui.drawing.beyond import NOTHING_BEYOND, Beyond
from console.tui.drawing.paint import cut_words, safe
from console.tui.keys.actions import KeyAction, Mode, name_of, offered
from console.tui.keys.keystrokes import Typed
from console.tui.rows.fleet_rows import state_word
from console.tui.rows.frame_rows import Note
from console.tui.screens.floor_screen import FloorScreen
from console.tui.screens.host import Host

SCREENS: Final[tuple[Mode, ...]] = (
    "fleet", "queue", "alarms", "reliability", "sessions", "audit", "policy", "bus", "recorder", "run", "decide", "step",
)  # fmt: skip
"""Where a key is looked for, those to which one key leads first."""

OPENED: Final[dict[Mode, str]] = {
    "run": "a key of Run, which enter opens from Fleet",
    "decide": "a key of Decide, which enter opens from Queue",
    "step": "a key of Step, which enter opens from Run",
}
"""Screens about one run or action: nobody can be led there without one."""

RUNS_FOUND: Final = 20
_CHOOSES: Final = ("enter", "up", "down", "pageup", "pagedown")
_LEFT_OUT: Final = ("up", "down", "page_up", "page_down", "top", "bottom", "back", "commands")
"""Keys that only move about: nobody looks them up to press them once."""

_KEY_CELLS: Final = 9
_LABEL_CELLS: Final = 17
_EDGES: Final = 6
"""Columns of a row, left and right, that have no text."""

_AROUND: Final = 8
"""Rows of the terminal that are not the list's: the fixed ones, the input, and a free one."""


STOPS: Final = ("stop", "halt", "freeze")
"""What people look for who want something to stop."""

_STOPPING: Final = ("hold_all", "pause", "kill")
"""Keys that stop runs, what stops the most of them first."""

_LETTERS: Final = 3
"""So many letters of such a word are enough."""


def _meant(query: str, name: str) -> float:
    """How surely a key is meant by a word for stopping: above all that is merely like the word, or not at all."""
    word = query.strip().casefold()
    if name not in _STOPPING or len(word) < _LETTERS or not any(one.startswith(word) for one in STOPS):
        return 0.0
    return 100.0 - _STOPPING.index(name)


def _row(key: str, label: str, more: str, width: int) -> Content:
    """One line of the palette, never two. As content, so that no word of an agent's is read as markup."""
    start = f"{key:<{_KEY_CELLS - 1}} {label}" if key else label  # a long key moves its label on
    start = f"{start:<{_KEY_CELLS + _LABEL_CELLS}} "
    return Content.assemble(start, (cut_words(more, width - _EDGES - len(start)), "$wf-muted"))


class Command(NamedTuple):
    """What the palette finds: by which key, what it is called, what it does, and what choosing it does."""

    key: str
    label: str
    help: str
    act: Callable[[], None]
    id: str

    @property
    def words(self) -> str:
        return f"{self.label}  {self.key}"


class Commands(Provider):
    """What the screen below offers, each by its label and its help, what others do, and runs by their ids."""

    async def discover(self) -> Hits:
        """Every command, in the order of the key line."""
        for found in self._commands():
            yield DiscoveryHit(self._line(found), found.act, found.words)

    async def search(self, query: str) -> Hits:
        """Commands whose words are like the query, here before elsewhere, and runs whose agent or id has it."""
        matcher = self.matcher(query)
        for found, weight in (
            *((one, 1.0) for one in self._commands()),
            *((one, 0.5) for one in self._elsewhere()),
        ):
            score = weight * max(matcher.match(found.words), matcher.match(found.help) * 0.8)
            score = max(score, _meant(query, found.id))
            if score > 0:
                yield Hit(score, self._line(found), found.act, found.words)
        for run in self._runs(query):
            text = f"{safe(run.agent)} {safe(run.run)}"
            goal = safe(f"{state_word(run)}  “{run.goal}”")
            score = 1.0 if run.run.casefold().endswith(query.casefold()) else 0.5
            yield Hit(score, _row("", text, goal, self._width), partial(self._jump, run.key), text)

    @property
    def _below(self) -> FloorScreen:
        return cast("FloorScreen", self.screen)

    @property
    def _width(self) -> int:
        return self._below.extent.width

    def _line(self, found: Command) -> Content:
        return _row(found.key, found.label, found.help, self._width)

    def _commands(self) -> Iterator[Command]:
        below = self._below
        chosen = below.body.cursor
        replay = below.view.replay
        for action in offered(below.mode, read_only=below.floor.read_only, replay=replay):
            label, why = below.label(action), below.closed(action)
            if not (label or why) or action.typed or action.id in _LEFT_OUT:
                continue
            for key in action.keys if action.pair else action.keys[:1]:
                help_ = f"closed: {why}" if why else action.help
                act = partial(self._press, action, key, chosen)
                yield Command(name_of(key), label or action.label, help_, act, action.id)

    def _elsewhere(self) -> Iterator[Command]:
        """What keys do on other screens only: each once, and on which."""
        below = self._below
        only, replay = below.floor.read_only, below.view.replay
        known = {action.id for action in offered(below.mode, read_only=only, replay=replay)}
        for mode in SCREENS:
            for action in offered(mode, read_only=only, replay=replay):
                if action.id in known or not action.label or action.typed or action.id in _LEFT_OUT:
                    continue
                known.add(action.id)
                there = f"on {mode.capitalize()}: {action.help}"
                act = partial(self._lead, mode, action)
                yield Command(name_of(action.keys[0]), action.label, there, act, action.id)

    def _press(self, action: KeyAction, key: str, chosen: str) -> None:
        below = self._below
        if action.acting and below.body.cursor != chosen:
            below.floor.tell(
                Note(f"{action.label}: not done, the row under the cursor went away meanwhile", "act")
            )
            below.floor.draw()
        else:
            below.press(key)

    def _lead(self, mode: Mode, action: KeyAction) -> None:
        """Go where a key is one, if a key leads there; otherwise say what comes first. The key itself is not pressed."""
        below = self._below
        if mode in OPENED:
            below.floor.tell(Note(f"{action.label}: {OPENED[mode]}", brief=True))
            below.floor.draw()
            return
        below.floor.show(mode)
        below.floor.tell(Note(f"{name_of(action.keys[0])} is the key here: {action.help}", brief=True))

    def _runs(self, query: str) -> Iterator[Run]:
        text, found = query.casefold(), 0
        for run in self._below.floor.fleet.runs.values():
            if text in f"{run.agent} {run.run}".casefold():
                yield run
                found += 1
                if found == RUNS_FOUND:
                    return

    def _jump(self, key: str) -> None:
        from console.tui.screens.run_screen import RunScreen

        self._below.app.push_screen(RunScreen(key))


class Palette(CommandPalette):
    """The palette in the inks of the look; rows 1 to 3 stay in view."""

    CSS: ClassVar[str] = """
    Palette { background: transparent; color: $wf-text; }
    Palette > Vertical { margin-top: 3; background: $wf-bg; width: 100%; height: 1fr; margin-bottom: 2; }
    Palette > Vertical { visibility: visible; }
    Palette #--input { border: none; border-bottom: solid $wf-rule; background: $wf-bg; }
    Palette #--input.--list-visible { border-bottom: solid $wf-rule; }
    Palette SearchIcon { display: none; }
    Palette CommandInput, Palette CommandInput:focus { border: none; padding: 0 3; height: 1; }
    Palette CommandInput { color: $wf-strong; background: $wf-bg; }
    Palette.-without-colour CommandInput > .input--cursor { color: $wf-text; background: $wf-bg; text-style: reverse; }
    Palette.-without-colour CommandInput > .input--selection { text-style: reverse; }
    Palette.-without-colour CommandInput > .input--placeholder { color: $wf-muted; }
    Palette CommandList { border: none; background: $wf-bg; scrollbar-size: 0 0; }
    Palette CommandList > .option-list--option { padding: 0 3; color: $wf-text; text-style: none; }
    Palette CommandList > .option-list--option-highlighted { background: $wf-raised; color: $wf-strong; text-style: bold; }
    Palette.-without-colour CommandList > .option-list--option-highlighted { text-style: bold underline; }
    Palette > .command-palette--help-text { color: $wf-muted; text-style: none; }
    Palette.-ascii #--input, Palette.-ascii #--input.--list-visible { border-bottom: ascii $wf-rule; }
    Palette LoadingIndicator { display: none; }
    """

    def __init__(self) -> None:
        super().__init__([Commands], placeholder="what to do, or a run's id")
        self._chosen = False  # what comes after that is the screen's below

    def on_mount(self) -> None:
        """Let nothing blink, and show the chosen line without colour too."""
        from textual.command import CommandInput

        self.on_resize()
        self.query_one(CommandInput).cursor_blink = False
        self.set_class(self.app.current_theme.ansi, "-without-colour")
        self.set_class(signs.ascii_only(), "-ascii")

    def on_resize(self) -> None:
        """Have as many rows as the terminal leaves."""
        from textual.command import CommandList

        self.query_one(CommandList).styles.max_height = max(1, self.app.size.height - _AROUND)

    def beyond(self) -> Beyond:
        """How many of what was found are out of view."""
        from textual.command import CommandList

        found = next(iter(self.query(CommandList)), None)  # none before it stands there
        if found is None or not self._list_visible or not found.size.height:
            return NOTHING_BEYOND
        top = found.scroll_offset.y
        return Beyond(top, max(0, found.option_count - top - found.size.height), items=True)

    def on_option_list_option_highlighted(self) -> None:
        """Another line is chosen: what is out of view may be another."""
        self.call_after_refresh(self._floor.draw)

    @property
    def _floor(self) -> Host:
        return cast("Host", self.app)

    def on_screen_resume(self) -> None:
        """Take what was typed while the palette was not there yet."""
        self.call_later(self._floor.go_on)

    def on_worker_state_changed(self) -> None:
        """A search began or ended: a key that waited for its end goes on."""
        self._floor.go_on()
        self.call_after_refresh(self._floor.draw)

    def ready_for(self, typed: Typed) -> bool:
        """Whether the input is there; a key that chooses waits for what was searched for, and then for the choice."""
        from textual.command import CommandInput

        if self._chosen or not self.is_mounted or not isinstance(self.focused, CommandInput):
            return False
        if isinstance(typed, Key) and typed.key in _CHOOSES:
            return all(worker.is_finished for worker in self.workers if worker.node is self)
        return True

    def take(self, typed: Typed) -> bool:
        """Take nothing: all keys are the input's."""
        from textual.command import CommandList

        if isinstance(typed, Key) and typed.key == "enter":
            chosen = self.query_one(CommandList).highlighted
            self._chosen = self._list_visible and chosen is not None
        return False

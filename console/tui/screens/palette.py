"""The command palette: Textual's own, over the table of actions and the ids of runs. Loaded when it is first opened.

Choosing a command presses its key on the screen below, no more: whatever a key must confirm is confirmed there, by another
key. A key acts on the row that was under the cursor when the palette opened, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import ClassVar, Final, cast

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.events import Key

from console.core.fleet.state import Run
from console.tui.drawing import signs
from console.tui.drawing.paint import cut, safe
from console.tui.keys.actions import KeyAction, name_of, offered
from console.tui.keys.keystrokes import Typed
from console.tui.rows.fleet_rows import state_word
from console.tui.rows.frame_rows import Note
from console.tui.screens.floor_screen import FloorScreen
from console.tui.screens.host import Host

RUNS_FOUND: Final = 20
_CHOOSES: Final = ("enter", "up", "down", "pageup", "pagedown")
_LEFT_OUT: Final = ("up", "down", "page_up", "page_down", "top", "bottom", "back", "commands")
"""Keys that only move about: nobody looks them up to press them once."""

_TEXT_CELLS: Final = 22
_GOAL_CELLS: Final = 46


def _row(text: str, more: str) -> Content:
    """One line of the palette. As content, so that no word of an agent's is read as markup."""
    return Content.assemble(text.ljust(_TEXT_CELLS), " ", (more, "$wf-muted"))


class Commands(Provider):
    """What the screen below offers, each by its label and its help, and runs by their ids."""

    async def discover(self) -> Hits:
        """Every command, in the order of the key line."""
        for text, help_, act in self._commands():
            yield DiscoveryHit(_row(text, help_), act, text)

    async def search(self, query: str) -> Hits:
        """Commands whose words are like the query, and runs whose agent or id has it."""
        matcher = self.matcher(query)
        for text, help_, act in self._commands():
            score = max(matcher.match(text), matcher.match(help_) * 0.8)
            if score > 0:
                yield Hit(score, _row(text, help_), act, text)
        for run in self._runs(query):
            text = f"{safe(run.agent)} {safe(run.run)}"
            goal = safe(cut(f"{state_word(run)}  “{safe(run.goal)}”", _GOAL_CELLS))
            score = 1.0 if run.run.casefold().endswith(query.casefold()) else 0.5
            yield Hit(score, _row(text, goal), partial(self._jump, run.key), text)

    @property
    def _below(self) -> FloorScreen:
        return cast("FloorScreen", self.screen)

    def _commands(self) -> Iterator[tuple[str, str, Callable[[], None]]]:
        below = self._below
        chosen = below.body.cursor
        replay = below.view.replay
        for action in offered(below.mode, read_only=below.floor.read_only, replay=replay):
            label = below.label(action)
            if not label or action.typed or action.id in _LEFT_OUT:
                continue
            for key in action.keys if action.pair else action.keys[:1]:
                why = below.closed(action)
                help_ = f"{action.help}; closed: {why}" if why else action.help
                yield f"{label}  {name_of(key)}", help_, partial(self._press, action, key, chosen)

    def _press(self, action: KeyAction, key: str, chosen: str) -> None:
        below = self._below
        if action.acting and below.body.cursor != chosen:
            below.floor.tell(
                Note(f"{action.label}: not done, the row under the cursor went away meanwhile", "act")
            )
            below.floor.draw()
        else:
            below.press(key)

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
    Palette CommandList { border: none; background: $wf-bg; max-height: 16; scrollbar-size: 0 0; }
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

        self.query_one(CommandInput).cursor_blink = False
        self.set_class(self.app.current_theme.ansi, "-without-colour")
        self.set_class(signs.ascii_only(), "-ascii")

    @property
    def _floor(self) -> Host:
        return cast("Host", self.app)

    def on_screen_resume(self) -> None:
        """Take what was typed while the palette was not there yet."""
        self.call_later(self._floor.go_on)

    def on_worker_state_changed(self) -> None:
        """A search began or ended: a key that waited for its end goes on."""
        self._floor.go_on()

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

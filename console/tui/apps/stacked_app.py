"""An application whose screens lie on top of each other: which is in front, and how what is typed finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.events import Event, Key, Paste

from console.tui.apps.painted_app import PaintedApp
from console.tui.keys.keystrokes import Keystrokes, Typed

if TYPE_CHECKING:
    from console.tui.keys.actions import Mode
    from console.tui.screens.floor_screen import FloorScreen
    from console.tui.settings import Settings


class StackedApp(PaintedApp, inherit_bindings=False):
    """Base of the application: Fleet at the bottom, and what was opened from there above it."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._keystrokes = Keystrokes(self)

    def draw(self) -> None:
        """Bring the screen in front up to date."""
        raise NotImplementedError

    # ---- what is typed -----------------------------------------------------------------------------------------------

    async def on_event(self, event: Event) -> None:
        """Keep what is typed in its order; all else is the toolkit's."""
        if isinstance(event, Key | Paste) and not event.is_forwarded:
            self._keystrokes.add(event)
        else:
            await super().on_event(event)

    def go_on(self) -> None:
        """Take what was typed while the screen in front was not there yet."""
        self._keystrokes.go_on()

    def take_first(self, typed: Typed) -> None:
        """Take what is left of a pasted text before whatever was typed after it."""
        self._keystrokes.first(typed)

    @property
    def asks_for_place(self) -> bool:
        """Whether a place in time is asked for: never, on a live floor."""
        return False

    def take(self, key: str, character: str | None) -> bool:  # noqa: ARG002  (a replay's)
        """Take no key from the screens."""
        return False

    # ---- screens -----------------------------------------------------------------------------------------------------

    def show(self, mode: Mode, at: str = "") -> None:
        """Go to Fleet or one of the views beside it, from wherever we are; `at` names the item to choose there."""
        from console.tui.screens.floor_screen import FloorScreen

        while len(self.screen_stack) > 1 and isinstance(self.screen, FloorScreen):
            self.pop_screen()
        if mode == "queue":
            from console.tui.screens.queue_screen import QueueScreen

            self.push_screen(QueueScreen(at))
        elif mode == "alarms":
            from console.tui.screens.alarms_screen import AlarmsScreen

            self.push_screen(AlarmsScreen())
        elif mode == "reliability":
            from console.tui.screens.reliability_screen import ReliabilityScreen

            self.push_screen(ReliabilityScreen())
        elif mode == "bus":
            from console.tui.screens.bus_screen import BusScreen

            self.push_screen(BusScreen())
        elif mode == "recorder":
            from console.tui.screens.recorder_screen import RecorderScreen

            self.push_screen(RecorderScreen())
        elif mode == "sessions":
            from console.tui.screens.sessions_screen import SessionsScreen

            self.push_screen(SessionsScreen())
        elif mode == "audit":
            from console.tui.screens.audit_screen import AuditScreen

            self.push_screen(AuditScreen())
        elif mode == "policy":
            from console.tui.screens.policy_screen import PolicyScreen

            self.push_screen(PolicyScreen())

    def show_commands(self) -> None:
        """Open the command palette over the screen in front."""
        screen = self.front
        if screen is not None and screen is self.screen:
            from console.tui.screens.palette import Palette

            def uncover(_: None) -> None:
                screen.covered = None
                self.draw()

            screen.covered = palette = Palette()
            self.push_screen(palette, uncover)
            self.draw()

    @property
    def front(self) -> FloorScreen | None:
        """The screen of the floor in front; the palette may lie over it."""
        from console.tui.screens.floor_screen import FloorScreen

        found = (screen for screen in reversed(self.screen_stack) if isinstance(screen, FloorScreen))
        return next(found, None)

    def show_help(self, mode: Mode) -> None:
        """Open the help of a screen."""
        from console.tui.screens.help_screen import HelpScreen

        self.push_screen(HelpScreen(mode))

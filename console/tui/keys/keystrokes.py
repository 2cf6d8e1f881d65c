"""Keys and pasted text, one after the other: each goes where the one before it led, however fast they come.

A screen that opens takes a moment to stand there. What is typed meanwhile waits for it: it must not be lost, and it must not
be taken as a key of the screen below.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from textual import events

if TYPE_CHECKING:
    from textual.app import App
    from textual.message_pump import MessagePump

Typed = events.Key | events.Paste

ROUNDS: Final = 2
"""How often a key is followed up from its widget to the application: the widget may have sent a message after it."""


@runtime_checkable
class Typewritten(Protocol):
    """A screen that says when it can take what is typed."""

    def ready_for(self, typed: Typed) -> bool:
        """Whether this can be taken now. A screen that was not ready has `Keystrokes.go_on` called once it is."""

    def take(self, typed: Typed) -> bool:
        """Take it. Returns whether it was taken; what was not is the focused widget's."""


@runtime_checkable
class Displayed(Protocol):
    """A screen that wants to know when it was painted: what is typed before that was typed blind."""

    def displayed(self) -> None:
        """What was drawn of it was handed to the terminal just now."""


class Keystrokes:
    """Hands what is typed to the screen in front, in order, and the next only once the one before it was dealt with."""

    def __init__(self, app: App[int]) -> None:
        self._app = app
        self._waiting: deque[Typed] = deque()
        self._way: list[MessagePump] = []  # what a key that a widget deals with has yet to pass

    def add(self, typed: Typed) -> None:
        """A key was pressed, or text was pasted."""
        self._waiting.append(typed)
        self.go_on()

    def first(self, typed: Typed) -> None:
        """Put what is left of a pasted text before all that waits."""
        self._waiting.appendleft(typed)

    def go_on(self) -> None:
        """Hand on what waits, as far as the screen in front takes it."""
        while self._waiting and not self._under_way():
            screen = self._app.screen
            if not isinstance(screen, Typewritten) or not screen.ready_for(self._waiting[0]):
                return
            typed = self._waiting.popleft()
            if not screen.take(typed):
                widget = screen.focused or screen
                self._way = [*widget.ancestors_with_self] * ROUNDS
                widget._forward_event(typed)  # noqa: SLF001  (as the application does it: it must not come back)
                self._follow()

    def _under_way(self) -> bool:
        return bool(self._way) and self._way[0].is_running

    def _follow(self) -> None:
        """Go through the queues after a key: what stands there behind it comes after it."""
        while self._way and not self._way[0].call_later(self._passed):
            del self._way[0]  # the screen that dealt with the key is gone

    def _passed(self) -> None:
        del self._way[:1]
        self._follow()
        if not self._way:
            self.go_on()

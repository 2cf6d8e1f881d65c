"""Keys on the fleet of a real console: choose a row, go back, wait for a row."""

from __future__ import annotations

import re
from typing import Final

from tests.terminal import Terminal

CHECK: Final = "\x14"
"""ctrl+t"""

_DOWN, _END, _BACKSPACE = "\x1b[B", "\x1b[F", "\x7f"


def choose(screen: Terminal, *words: str) -> None:
    """Move the cursor of the fleet to the row that has these words."""

    def chosen(text: str) -> bool:
        return any(line.startswith("▌") and all(word in line for word in words) for line in text.splitlines())

    if chosen(screen.text):
        return
    screen.press("g")
    for _ in range(40):
        try:
            screen.until(chosen, f"the cursor on {words}", 0.4)
        except AssertionError:
            screen.press("j")
        else:
            return
    raise AssertionError(f"no row with {words}\n{screen.text}")


def fleet(screen: Terminal) -> None:
    """Go back to the fleet."""
    screen.press("\x1b")
    screen.until(lambda text: "q quit" in text and " esc " not in text, "the fleet")


def waits(screen: Terminal, *words: str, within: float = 20.0) -> None:
    """Wait until one row of the screen has all these words."""
    screen.until(
        lambda text: any(all(word in line for word in words) for line in text.splitlines()),
        f"a row with {words}",
        within,
    )


def number_becomes(screen: Terminal, text: str) -> None:
    """In the open editor, put a text behind the number in the second line."""
    screen.shows('"number": ')
    screen.press(_DOWN + _END + _BACKSPACE)
    # Text that is typed in the same breath as the keys before it may overtake them.
    screen.until(lambda shown: re.search(r'"number": \d+$', shown, re.MULTILINE), "the comma gone")
    screen.press(text)
    screen.shows(text)

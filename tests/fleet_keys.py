"""Keys on the fleet of a real console: choose a row, go back, wait for a row."""

from __future__ import annotations

from tests.terminal import Terminal


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

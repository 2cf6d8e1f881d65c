"""Keys on the fleet of a real console: choose a row, go back, wait for a row."""

from __future__ import annotations

import re
from typing import Final

from tests.terminal import Terminal

FACTS: Final = r"requested (\S+) +sent (\S+) +acknowledged (\S+) +effective (\S+)"
"""The four facts of a decision or a kill, where it was made."""

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
    screen.until(lambda text: "› Fleet  " in text.partition("\n")[0] and " esc " not in text, "the fleet")


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
    screen.press(_DOWN + _END + _BACKSPACE + text)  # in one breath: on a slow line keys come in bunches
    screen.until(lambda shown: re.search(rf'"number": \d+{re.escape(text)}$', shown, re.MULTILINE), text)


def facts_come(screen: Terminal, kind: str = "") -> None:
    """Watch the four facts of the last command come to the screen: none stands there before the one that it follows.

    With a `kind`, of the last such command in the list of a run; else where it was made.
    """
    row = rf"\b{kind} .*?(\d\d:\d\d:\d\d\.\d) +(\S+) +(\S+) +(\S+)" if kind else FACTS

    def come(text: str) -> bool:
        found = re.findall(row, text)
        if not found:
            return False
        there = [fact.startswith("+") for fact in found[-1][1:]]
        assert there == sorted(there, reverse=True), f"a fact before its time\n{text}"
        times = [float(fact.strip("+s")) for fact in found[-1][1:]] if all(there) else []
        assert times == sorted(times), text
        return all(there)

    screen.until(come, f"the four facts {kind}")

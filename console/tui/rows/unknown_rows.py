"""What stands where the list would be while nothing is known: what is so, why, and what to do about it. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from console.tui.drawing.paint import safe, wrap

if TYPE_CHECKING:
    from console.tui.rows.frame_rows import View

CAUSE_LINES: Final = 4
"""Lines that a cause may take."""

_WHERE: Final = "The address is that of --broker, else WATCHFLOOR_BROKER, else that of the"
_START: Final = "If no floor runs here, start one with: watchfloor up"

# What the link says, in the order in which it is looked for; what to do about it.
_STEPS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (
        r"is refused|[Nn]ot authori[sz]ed|[Bb]ad user",
        (
            "Name an account that the broker knows, in the address:",
            "  WATCHFLOOR_BROKER=mqtt://USER:PASSWORD@HOST:PORT watchfloor",
        ),
    ),
    (
        r"refused the subscription",
        ("The broker lets you in but not read this site: see its access rules.",),
    ),
    (
        r"certificate|SSL|TLS",
        ("Check the address in --broker or WATCHFLOOR_BROKER:", "  mqtts://HOST:PORT?ca=FILE"),
    ),
    (
        r"cannot connect|timed out|no answer",
        (
            _WHERE,
            "running `watchfloor up`. On this machine a broker and a floor start with:",
            "  watchfloor up",
        ),
    ),
)


def nothing_known(view: View) -> list[str]:
    """Lines for a list that has nothing to list yet, each no wider than the list."""
    room = view.last - 3
    link = view.standing
    if view.replay and not link.joined:
        return [
            line
            for text in ("Reading the recording.", link.reason)
            for line in wrap(safe(text), room)[:CAUSE_LINES]
        ]
    if link.bus == "up" and link.joined:
        return ["No agent has reported yet.", "The first event of a run puts it here."]
    if link.bus != "up":
        first = "Nothing known yet." if link.bus == "down" else "Connecting to the bus."
        steps = next((steps for words, steps in _STEPS if re.search(words, link.reason)), (_START,))
    elif link.misfit:
        first, steps = "The floor cannot be shown.", ("Which version this is: watchfloor --version",)
    else:
        first = "Asking the supervisor for the state of the floor."
        steps = (_START, "If one runs: is its site this one? See --site, and: watchfloor doctor")
    cause = [line.rstrip() for line in wrap(safe(link.reason), room)[:CAUSE_LINES]] if link.reason else []
    return [first, *cause, *([""] if cause else []), *steps]

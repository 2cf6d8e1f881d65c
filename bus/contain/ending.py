"""How a process ended, in the words of a run."""

from __future__ import annotations

import os
import signal
from typing import NamedTuple

from bus.events import RunOutcome


class Ended(NamedTuple):
    """An outcome, a text for people, an exit code."""

    outcome: RunOutcome
    text: str
    code: int = 0


def ending(status: int | None) -> Ended:
    """Say what a wait status means: an exit code, or the signal that ended the process, by name."""
    if status is None:
        return Ended("failed", "how it ended is not known", 1)
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return Ended("failed" if code else "completed", f"exit status {code}", code)
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = "unnamed"
    core = ", core dumped" if os.WCOREDUMP(status) else ""
    return Ended("failed", f"ended by signal {-code} ({name}){core}", 128 - code)

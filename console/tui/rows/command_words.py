"""A command in few words: how far it is, and who stopped a run. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from console.core.fleet.state import Command
from console.tui.drawing import figures

KILLED: Final = "the run is being killed"
"""Why nothing else is said to it any more."""


def so_far(command: Command) -> str:
    """The facts of a command after its request, a dash for what is not so yet."""
    if command.state in ("failed", "refused"):
        return command.state
    asked = command.requested_at
    facts = (
        ("sent", command.sent_at), ("acknowledged", command.acknowledged_at), ("effective", command.effective_at),
    )  # fmt: skip
    return ", ".join(f"{name} {figures.after(at, asked)}" for name, at in facts)


def stopped_by(commands: Sequence[Command]) -> str:
    """Who stopped a run that rests, and how far that is; nothing if nobody did."""
    command = next((one for one in reversed(commands) if one.kind in ("pause", "hold", "kill")), None)
    return f"by {command.by}, {command.state}" if command else ""

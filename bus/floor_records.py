"""The record types about the floor as a whole: that all of it is held, runs that begin later too, and that it no longer is.

Only the supervisor writes them. The commands to runs that follow from them have records of their own.
"""

from __future__ import annotations

from typing import ClassVar

from bus.events import Data


class FloorHeld(Data, frozen=True, kw_only=True, omit_defaults=True):
    """Every run is held from here on, each that begins later too. `by` is whoever wanted it, by the `intent`."""

    TYPE: ClassVar[str] = "floor.held"
    by: str
    reason: str = ""
    intent: str = ""


class FloorReleased(Data, frozen=True, kw_only=True, omit_defaults=True):
    """Runs that begin are held no longer. `by` is the operator who signed the `intent`."""

    TYPE: ClassVar[str] = "floor.released"
    by: str
    intent: str = ""

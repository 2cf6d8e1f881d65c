"""What of a list is not in view. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple


class Beyond(NamedTuple):
    """How many items of a list, or else lines of a page, are above and below what is in view."""

    above: int = 0
    below: int = 0
    items: bool = False


NOTHING_BEYOND: Final = Beyond()

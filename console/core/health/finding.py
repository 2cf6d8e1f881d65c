"""What a detector looks at, and what it says."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from msgspec import Struct

Kind = Literal["loop", "error-streak", "no-progress", "budget"]

KINDS: Final[tuple[Kind, ...]] = ("loop", "error-streak", "no-progress", "budget")
"""What can be wrong with a run while it goes on."""


class Deed(NamedTuple):
    """One finished call: its tool, digests of its arguments and its result, whether it failed, whether its tool polls.

    Without `args` nothing is known of them, so that it is compared with no other.
    """

    tool: str
    args: str
    result: str
    failed: bool
    polls: bool = False


class Finding(Struct, frozen=True, kw_only=True):
    """Something wrong with a run: a sentence with its counts. `pause`: so wrong that the run should stop and wait."""

    kind: Kind
    text: str
    pause: bool = False
    about: str = ""

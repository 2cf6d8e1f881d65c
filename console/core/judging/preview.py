"""What a call would change, by its agent's own word: within bounds, made harmless, and as the lines that differ. Pure."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from msgspec import Struct

from bus.events import Preview
from bus.limits import LABEL_CHARS, PREVIEW_BYTES
from console.core.text import lines, plain

LINES: Final = 200
"""Lines of a side that are kept: the difference of two sides takes the product of their lines to find."""

CONTEXT: Final = 1
"""Lines before and after what differs that are shown though they are the same."""

Sign = Literal["-", "+", " ", "…"]


class Sides(Struct, kw_only=True):
    """A preview as lines that can be seen. None: there is no such side. `cut`: not all is here."""

    of: str = ""
    present: list[str] | None = None
    proposed: list[str] | None = None
    cut: bool = False


class Differing(NamedTuple):
    """A line: `-` is so and would go, `+` would come, blank stays, `…` stands for lines that stay."""

    sign: Sign
    text: str


def sides(preview: Preview | None) -> Sides | None:
    """Return what the fleet keeps of a preview."""
    if preview is None:
        return None
    present, less = _side(preview.present)
    proposed, lesser = _side(preview.proposed)
    return Sides(
        of=plain(preview.of, LABEL_CHARS),
        present=present,
        proposed=proposed,
        cut=preview.cut or less or lesser,
    )


def _side(text: str | None) -> tuple[list[str] | None, bool]:
    if text is None:
        return None, False
    found = lines(text[:PREVIEW_BYTES], PREVIEW_BYTES)
    if len(found) > 1 and not found[-1]:
        found.pop()  # a last line end begins no line
    return found[:LINES], len(text) > PREVIEW_BYTES or len(found) > LINES


def difference(found: Sides) -> list[Differing]:
    """Return all lines of both sides in order; those in a longest common subsequence stand once."""
    old, new = found.present or [], found.proposed or []
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    middle = _between(old[start : len(old) - end], new[start : len(new) - end])
    before = [Differing(" ", line) for line in old[:start]]
    return [*before, *middle, *(Differing(" ", line) for line in old[len(old) - end :])]


def _between(old: list[str], new: list[str]) -> list[Differing]:
    # longest[i][j]: how many lines old[i:] and new[j:] have in common, in order.
    longest = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in range(len(old) - 1, -1, -1):
        row, below = longest[i], longest[i + 1]
        for j in range(len(new) - 1, -1, -1):
            row[j] = below[j + 1] + 1 if old[i] == new[j] else max(below[j], row[j + 1])
    found: list[Differing] = []
    i = j = 0
    while i < len(old) or j < len(new):
        if i < len(old) and j < len(new) and old[i] == new[j]:
            found.append(Differing(" ", old[i]))
            i, j = i + 1, j + 1
        elif j == len(new) or (i < len(old) and longest[i + 1][j] >= longest[i][j + 1]):
            found.append(Differing("-", old[i]))
            i += 1
        else:
            found.append(Differing("+", new[j]))
            j += 1
    return found


def shown(found: Sides) -> list[Differing]:
    """Return what differs, with the lines around it; lines that stay beyond those are counted."""
    whole = difference(found)
    near = set()
    for place, line in enumerate(whole):
        if line.sign != " ":
            near |= set(range(place - CONTEXT, place + CONTEXT + 1))
    told: list[Differing] = []
    left_out = 0
    for place, line in enumerate(whole):
        if place not in near:
            left_out += 1
            continue
        told += [*_alike(left_out), line]
        left_out = 0
    return [*told, *_alike(left_out)]


def _alike(count: int) -> list[Differing]:
    return [Differing("…", "1 line the same" if count == 1 else f"{count} lines the same")] if count else []


def verdict(found: Sides) -> str:
    """What a preview comes to, in words."""
    if found.present is None and found.proposed is None:
        words = "too large to be sent" if found.cut else "nothing is said"
    elif found.present is None:
        words = "it does not exist yet"
    elif found.proposed is None:
        words = "it would be gone"
    elif found.present == found.proposed:
        words = "no line differs"
    else:
        words = "present and proposed"
    return f"{words}; cut, there is more" if found.cut and (found.present or found.proposed) else words

"""What an edit changed of an action's arguments, as the sheet that confirms it says it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from console.core.text import ELLIPSIS
from console.tui.drawing.paint import Line, Row, cut
from console.tui.rows.arguments import leaves

if TYPE_CHECKING:
    from console.tui.rows.frame_rows import View


class Edit(NamedTuple):
    """One changed argument: its path, and its value before and after as the screen shows them."""

    path: str
    before: str
    after: str


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[Edit]:
    """What an edit changed, one entry a leaf."""
    old, new = ({leaf.path: leaf.value for leaf in leaves(args)} for args in (before, after))
    return [
        Edit(path, old.get(path, "absent"), new.get(path, "absent"))
        for path in dict.fromkeys([*old, *new])
        if old.get(path) != new.get(path)
    ]


def _difference(edit: Edit, cells: int) -> str:
    """An edit in at most `cells` characters if it can be: of long values the part where they begin to differ."""
    whole = f"{edit.path}: {edit.before} → {edit.after}"
    if len(whole) <= cells:
        return whole
    room = max(12, (cells - len(edit.path) - 5) // 2)
    same = 0
    for one, other in zip(edit.before, edit.after, strict=False):
        if one != other:
            break
        same += 1
    start = max(0, same - room // 3)
    return f"{edit.path}: {_window(edit.before, start, room)} → {_window(edit.after, start, room)}"


def _window(value: str, start: int, room: int) -> str:
    start = 0 if len(value) <= room else start
    head = ELLIPSIS if start else ""
    return head + cut(value[start:], room - len(head))


def edited(edits: list[Edit], view: View) -> list[Line]:
    """The first of the changes, a row each, and how many more there are."""
    lines = [Row().at(3, _difference(edit, view.last - 2), end=view.last + 1).line for edit in edits[:3]]
    more = len(edits) - len(lines)
    return [*lines, Row().at(3, f"and {more} more changes", "muted").line] if more > 0 else lines

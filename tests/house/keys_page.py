"""docs/keys.md out of the table of keys. `python -m tests.house.keys_page` writes it; `test_keys_page.py` compares."""

from __future__ import annotations

from typing import Final, get_args

from console.tui.keys.actions import Mode, name_of, offered
from tests import ROOT

PAGE: Final = ROOT / "docs" / "keys.md"

HEAD: Final = """# Keys

Every key of the console on a live floor, made from the table that binds them (`console/tui/keys/actions.py`);
`?` shows those of the screen in front. [replay.md](replay.md) has the keys that move a replay.

A key acts on what was under the cursor when it was pressed. Enter never approves and never kills, and the key that asks
never confirms. Keys marked × state an intent or lead to one: `watchfloor --read-only` has none of them.
"""

TITLES: Final[dict[str, str]] = {
    "approve": "Sheet: approve an ask",
    "code": "Sheet: approve a hold",
    "kill": "Sheet: kill a run",
    "hold": "Sheet: hold all",
    "words": "Sheet: your words (respond, reject with a reason; reset, shelve, out of service)",
    "edit": "Editing arguments",
    "filter": "The filter line",
    "commands": "The command palette",
    "small": "A terminal that is too small",
}
"""Titles of modes; a screen has its own name."""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for mode in get_args(Mode):
        rows = [
            f"| {keys} | {action.label}{' ×' if action.acting else ''} | {action.help} |"
            for action in offered(mode, read_only=False)
            if (keys := " ".join(f"`{name_of(key)}`" for key in action.keys))
        ]
        title = TITLES.get(mode, mode.capitalize())
        parts.append("\n".join([f"\n## {title}\n", "| key | | |", "|---|---|---|", *rows, ""]))
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

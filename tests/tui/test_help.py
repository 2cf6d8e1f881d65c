"""Help: what each key is called and does, and what each sign means; no word of it is cut."""

from typing import get_args

import pytest

from console.tui.keys.actions import ACTIONS, Mode, offered
from console.tui.screens.help_screen import KEYS_AT, OWN, SAID_AT, SIGNS, SIGNS_AT, TEXT_AT
from tests.fixtures.console import console
from tests.fixtures.floor import busy

OPENED: dict[str, tuple[str, ...]] = {
    "fleet": (), "queue": ("2",), "run": ("colon", "7", "q", "4", "f", "enter"), "decide": ("enter",),
    "alarms": ("3",), "reliability": ("4",), "bus": ("5",), "recorder": ("6",), "sessions": ("7",), "audit": ("8",),
    "policy": ("9",),
}  # fmt: skip
"""Keys that open each screen."""


@pytest.mark.parametrize("mode", OPENED)
async def test_help_names_every_key_of_its_screen_and_what_it_is_called(mode: Mode) -> None:
    async with console(busy()) as it:
        await it.press(*OPENED[mode])
        assert it.mode() == mode
        await it.press("question_mark")
        assert it.lines()[0].startswith(f" harbour › {mode.capitalize()} › Help")
        seen: list[str] = []
        for _ in range(4):
            seen += it.lines()
            await it.press("pagedown")
        whole = "\n".join(seen)
        for action in offered(mode, read_only=False):
            if action.label and not action.typed:
                assert f"{action.label}: {action.help}" in whole or action.label == action.help, action.id
        assert "…" not in whole.replace("“…”", "")
        for _, words in (*SIGNS, *OWN.get(mode, ())):
            assert words in whole


def test_every_word_of_help_has_room_in_its_column() -> None:
    screens = {
        mode for mode in get_args(Mode) if any(mode in row.modes and row.id == "help" for row in ACTIONS)
    }
    for row in ACTIONS:
        if row.modes & screens and row.label and not row.typed:
            assert len(f"{row.label}: {row.help}") <= SIGNS_AT - 2 - TEXT_AT, row.id
    for sign, words in (*SIGNS, *(sign for own in OWN.values() for sign in own)):
        assert len(sign) < SAID_AT - SIGNS_AT
        assert len(words) <= 79 - SAID_AT
    assert KEYS_AT < TEXT_AT < SIGNS_AT < SAID_AT

"""On a real terminal: text that means harm reaches every screen, and not one control byte of it comes out."""

import os
import re
import sys

import pytest

from console.tui.keys.actions import ACTIONS
from tests.fixtures.terminal import Terminal
from tests.tui.hostile_console import MARK

pytestmark = [pytest.mark.pty, pytest.mark.skipif(sys.platform == "win32", reason="no pty")]

COMMAND = [sys.executable, "-m", "tests.tui.hostile_console"]

OURS = re.compile(
    rb"\x1b\[[0-9;:]*m"  # colours and weights
    rb"|\x1b\[\d+;\d+H|\x1b\[H"  # where the next cells stand
    rb"|\x1b\[\?(?:7|25|1000|1003|1004|1006|1015|1049|2004|2026|2048)[hl]"  # modes of the toolkit
    rb"|\x1b\[\?(?:2026|2048)\$p|\x1b\[[<>]\d*u|\x1b\[22;2t|\x1b\[23;2t"  # questions, keyboard, title kept
    rb"|\x1b\]2;[ -~]*watchfloor harbour\x1b\\"  # our title
    rb"|\x1b\]22;[a-z]+\x07"  # the shape of the pointer
    rb"|\x07|\r?\n"  # our bell; ends of lines of a whole picture
)
"""Every sequence that the console itself writes."""

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2028\u2029\u2066-\u2069]")

ESC = "\x1b[27u"
"""The key as terminals send it that tell it from the beginning of another."""

WALK = (
    ("\r", "open"),  # Decide of an ask
    *(("o", ""), ("f", ""), ("a", "exactly these arguments"), (ESC, ""), ("G", "")),
    *(("K", "type its id"), (ESC, ""), ("D", "because"), (ESC, "")),
    *(("e", "Arguments of"), (ESC, ""), ("H", "Hold all"), (ESC, "")),
    *(("?", "signs"), (ESC, ""), (":", ""), ("evil", ""), (ESC, "")),
    *(("2", "Queue"), ("3", "Alarms"), ("o", ""), ("\r", ""), (ESC, "")),
    *(("4", "Reliability"), ("5", "Bus"), ("6", "Recorder"), ("7", "Sessions")),
    *(("8", "Audit"), ("\r", ""), (ESC, ""), ("9", "Policy"), ("\r", ""), (ESC, "")),
    *(("1", "Fleet"), ("G", ""), ("\r", ""), ("\r", ""), (ESC, ""), (ESC, "")),
)
"""Keys that lead through every screen and sheet, and words that stand there then."""


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
@pytest.mark.parametrize("charset", ["C.UTF-8", "C"])
def test_no_control_byte_of_anybody_comes_out(size: tuple[int, int], charset: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "TMUX"))}
    columns, rows = size
    seen = 0
    with Terminal(
        COMMAND, environment | {"LANG": charset, "LC_ALL": charset}, columns=columns, rows=rows
    ) as terminal:
        terminal.shows("waits for you")
        for keys, words in WALK:
            if words:
                terminal.press_until(keys, words)
            else:
                terminal.press(keys)
                terminal.look(0.3)  # whatever comes of it
            seen += MARK in terminal.text
        for _ in range(6):
            terminal.press(ESC)
        terminal.press_until("1", "waits for you")
        terminal.press("q")
        assert terminal.ended() == 0
    rest = OURS.sub(b"", bytes(terminal.received)).decode("utf-8")
    assert CONTROL.findall(rest) == []
    assert seen > len(WALK) / 2
    if charset == "C":
        assert rest.isascii()


def test_the_walk_goes_to_every_screen_of_the_table() -> None:
    views = {key for action in ACTIONS if action.id in _VIEWS for key in action.keys if key.isdecimal()}
    assert views <= {keys for keys, _ in WALK}


_VIEWS = {"fleet", "queue", "alarms", "reliability", "bus", "recorder", "sessions", "audit", "policy"}

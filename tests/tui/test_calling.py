"""Calling a person: by which bytes for which terminal, how often, and never with a byte of anybody else's."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.tui.terminal.calling import (
    BELL_EVERY,
    NOTIFY_EVERY,
    SETTING,
    WAYS,
    BadSettingError,
    Caller,
    Standing,
    ways,
)
from console.tui.terminal.terminals import (
    BELL,
    TERMINALS,
    Known,
    Terminal,
    notification,
    terminal_of,
    title_back,
    titled,
)
from tests.fixtures.site_processes import FloorProcesses, until
from tests.fixtures.terminal import Terminal as Pty

WEZTERM = terminal_of({"TERM_PROGRAM": "WezTerm"})
ALL = frozenset(WAYS)


def waits(*names: str, level: str = "stop") -> Standing:
    return Standing({name: (level, f"tool_{name}") for name in names}, {})  # type: ignore[misc]


@pytest.mark.parametrize("row", TERMINALS, ids=lambda row: f"{row.variable}={row.begins}")
def test_every_row_of_the_table_is_reached(row: Known) -> None:
    variable, begins, name, form, titled_, copies = row
    assert terminal_of({"TERM": "xterm", variable: begins or "1"}) == Terminal(
        name, form, titled_, copies=copies
    )


@pytest.mark.parametrize(
    "environment, expected",
    [
        ({"TERM": "xterm-kitty"}, "\x1b]99;i=watchfloor:d=0;a\x1b\\\x1b]99;i=watchfloor:p=body;b\x1b\\"),
        ({"TERM_PROGRAM": "ghostty"}, "\x1b]777;notify;a;b\x1b\\"),
        ({"TERM_PROGRAM": "iTerm.app"}, "\x1b]9;a: b\x1b\\"),
        ({"TERM_PROGRAM": "iTerm.app", "TMUX": "/tmp/x"}, "\x1bPtmux;\x1b\x1b]9;a: b\x1b\x1b\\\x1b\\"),
        ({"TERM_PROGRAM": "iTerm.app", "STY": "1"}, "\x1bP\x1b]9;a: b\a\x1b\\"),
        ({"TERM": "xterm-256color"}, ""),
        ({"TERM": "dumb", "TERM_PROGRAM": "iTerm.app"}, ""),
        ({}, ""),
    ],
)
def test_a_notification_is_what_the_terminal_understands(environment: dict[str, str], expected: str) -> None:
    assert notification(terminal_of(environment), "a", "b") == expected


@given(st.sampled_from(TERMINALS), st.sampled_from(["", "tmux", "screen"]), st.text(), st.text())
def test_no_text_ends_or_begins_a_sequence(row: Known, wrap: Any, title: str, body: str) -> None:
    """Whatever the words are, the control bytes are those of harmless words, and so are the fields."""
    terminal = Terminal(row.name, row.form, row.titled, wrap)
    for made, harmless in (
        (notification(terminal, title, body), notification(terminal, "a", "b")),
        (titled(terminal, title), titled(terminal, "a")),
    ):
        assert re.findall(r"[\x00-\x1f\x7f-\x9f]", made) == re.findall(r"[\x00-\x1f\x7f-\x9f]", harmless)
        assert made.count(";") == harmless.count(";") or made.startswith("\x1b]2;")


def test_inside_tmux_the_terminal_outside_is_known_by_what_tmux_leaves() -> None:
    inside = {"TERM": "tmux-256color", "TERM_PROGRAM": "tmux", "TMUX": "/tmp/x", "WEZTERM_PANE": "0"}
    assert terminal_of(inside) == Terminal("WezTerm", "777", wrap="tmux")


def test_what_waits_rings_and_notifies_once() -> None:
    caller = Caller(WEZTERM, ALL, "harbour")
    first = caller.look(waits("a"), 0.0)
    assert BELL in first
    assert "777;notify;watchfloor harbour;tool_a, 1 waits" in first
    assert "]2;(1) watchfloor harbour" in first
    assert caller.look(waits("a"), 100.0) == ""


def test_bells_and_notifications_are_rare_and_nothing_is_forgotten() -> None:
    caller = Caller(WEZTERM, ALL - {"title"}, "harbour")
    names = [str(number) for number in range(200)]
    written = [caller.look(waits(*names[: number + 1]), float(number)) for number in range(200)]
    assert sum(BELL in text for text in written) == 200 / BELL_EVERY
    told = [text for text in written if "777" in text]
    assert len(told) == -(-200 // int(NOTIFY_EVERY))
    assert "tool_1 and 59 more" in told[1]


def test_what_is_answered_before_its_notification_is_not_notified() -> None:
    caller = Caller(WEZTERM, ALL - {"title", "bell"}, "harbour")
    assert caller.look(waits("a"), 0.0)
    assert caller.look(waits("a", "b"), 1.0) == ""
    assert caller.look(waits("a"), NOTIFY_EVERY + 1) == ""


def test_an_ask_rings_and_only_what_is_grave_notifies() -> None:
    caller = Caller(WEZTERM, ALL - {"title"}, "harbour")
    assert caller.look(waits("a", level="act"), 0.0) == BELL
    grave = Standing({}, {"x": "ungated-action"})
    assert "ungated-action, 0 wait" in caller.look(grave, NOTIFY_EVERY)


@pytest.mark.parametrize(
    "said, allowed", [("", ALL), ("off", set()), ("bell, title", {"bell", "title"}), ("BELL", {"bell"})]
)
def test_the_setting_says_which_ways(said: str, allowed: set[str]) -> None:
    assert ways({SETTING: said}) == allowed
    caller = Caller(WEZTERM, ways({SETTING: said}), "harbour")
    written = caller.begin() + caller.look(waits("a"), 0.0) + caller.end()
    assert (BELL in written) == ("bell" in allowed)
    assert ("777" in written) == ("notify" in allowed)
    assert ("]2;" in written) == ("title" in allowed)
    if not allowed:
        assert written == ""


@pytest.mark.parametrize("said", ["loud", "off bell"])
def test_a_setting_that_means_nothing_is_named(said: str) -> None:
    with pytest.raises(BadSettingError, match=f"{SETTING}={said}: off, or some of bell, notify, title"):
        ways({SETTING: said})


def test_the_title_is_given_back() -> None:
    assert title_back(WEZTERM) == "\x1b[23;2t"
    assert title_back(terminal_of({"TERM": "tmux", "TMUX": "x"})) == "\x1b]2;\x1b\\"
    assert title_back(terminal_of({"TERM": "dumb"})) == ""


AGENT = """
from bus import Action, main, run
async def work():
    async with run("refunds") as job:
        await job.gate(Action("issue\\x1b]2;owned\\x07_refund;9", {"to": "x"}))
main(work())
"""


@pytest.mark.broker
@pytest.mark.pty
async def test_a_real_console_calls_and_leaves_the_title_as_it_was(tmp_path: Path) -> None:
    with FloorProcesses(tmp_path) as floor:
        floor.start()
        await until(lambda: "supervisor: up" in floor.log(), 60.0, "the site is up")
        path = os.pathsep.join(entry for entry in sys.path if entry)
        environment = floor.environment | {
            "PYTHONPATH": path, "WATCHFLOOR_BROKER": str(floor.url), "TERM_PROGRAM": "WezTerm", SETTING: "",
        }  # fmt: skip
        for name in ("TMUX", "STY", "KITTY_WINDOW_ID"):
            environment.pop(name, None)
        with Pty([sys.executable, "-m", "console.cli.main"], environment) as terminal:
            # Known before anything waits: it opens on what alone waits when the floor is first known.
            terminal.shows("No agent has reported yet.")
            agent = floor.spawn("-c", AGENT, said=tmp_path / "agent.log")
            try:
                terminal.shows("refunds")
                terminal.until(lambda _: b"]777;notify;" in terminal.received, "a notification")
                terminal.until(lambda _: b"]2;(1) watchfloor" in terminal.received, "a title")
                terminal.press("q")
                terminal.ended()
            finally:
                agent.kill()
                agent.wait()
        received = bytes(terminal.received)
        assert received.index(b"\x1b[22;2t") < received.index(b"\x1b]2;") < received.rindex(b"\x1b[23;2t")
        assert b"\x1b]2;owned" not in received
        assert b"\a" in received

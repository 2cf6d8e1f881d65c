"""What is on screen, cell by cell: the pictures in `screens/`, calm, and text that means harm.

`WATCHFLOOR_SCREENS=write pytest tests/tui/test_screens.py` draws the pictures anew.
"""

import os
import re
from collections.abc import Callable

import pytest

from console.core.text import plain
from console.tui.screens.run_screen import RunScreen
from tests import ROOT
from tests.fixtures.alarms import alarming, flooded, proven
from tests.fixtures.changes import changing
from tests.fixtures.console import Console, console
from tests.fixtures.floor import Script, busy, calm
from tests.policy.floor import acted, ruled

SCREENS = ROOT / "tests" / "screens"
WRITE = os.environ.get("WATCHFLOOR_SCREENS") == "write"


def empty() -> Script:
    return Script()


def decided() -> Script:
    script = busy()
    script.obey("refunds", "7q51", script.decide("refunds", "7q51", "a2"))
    script.do("refunds", "7q51", "a2", "refunded")
    return script


def answered() -> Script:
    """An action that was asked, approved and done, with a long result."""
    script = busy()
    script.obey("refunds", "7q51", script.decide("refunds", "7q51", "a2"))
    script.do("refunds", "7q51", "a2", "refunded\n" + "one more line of what the tool answered\n" * 12)
    return script


def failing() -> Script:
    script = busy()
    script.alarm("recording-failing", "the recording fails; approvals are closed", 1)
    return script


RUN = ("2", "escape", "colon", "7", "q", "4", "f", "enter")
"""Keys that open the run with the hold."""

PICTURES: dict[str, tuple[Callable[[], Script], tuple[int, int], tuple[str, ...], dict[str, object]]] = {
    "fleet": (busy, (80, 24), (), {}),
    "fleet-wide": (busy, (120, 36), (), {}),
    "fleet-huge": (busy, (200, 50), (), {}),
    "fleet-filter": (busy, (80, 24), ("slash", "r", "e", "s", "enter"), {}),
    "fleet-filter-typing": (busy, (80, 24), ("slash",), {}),
    "fleet-calm": (calm, (80, 24), (), {}),
    "queue": (decided, (80, 24), ("2",), {}),
    "queue-wide": (decided, (120, 36), ("2",), {}),
    "queue-empty": (calm, (80, 24), ("2",), {}),
    "queue-bus-lost": (
        busy,
        (80, 24),
        ("2",),
        {"bus": "down", "bus_since": 88.0, "supervisor": "unknown", "joined": False},
    ),
    "fleet-empty": (empty, (80, 24), (), {}),
    "fleet-bus-lost": (
        busy,
        (80, 24),
        (),
        {"bus": "down", "bus_since": 88.0, "supervisor": "unknown", "joined": False},
    ),
    "fleet-supervisor-lost": (busy, (80, 24), (), {"supervisor": "lost", "supervisor_since": 96.0}),
    "fleet-recording-failing": (busy, (80, 24), (), {"recording": "failing"}),
    "fleet-two-supervisors": (busy, (80, 24), (), {"conflict": True}),
    "fleet-unfolded": (calm, (80, 24), ("down", "enter"), {}),
    "run": (busy, (80, 24), ("K", "escape", "enter", "escape", "down", "down", "down", "down", "enter"), {}),
    "run-wide": (busy, (120, 36), ("2", "escape", "colon", "7", "q", "4", "f", "enter"), {}),
    "step": (busy, (80, 24), (*RUN, "up", "enter"), {}),
    "step-action": (answered, (80, 36), ("2", "escape", "colon", "7", "q", "5", "1", "enter", "enter"), {}),
    "step-wide": (busy, (120, 36), (*RUN, "up", "up", "enter"), {}),
    "bus": (busy, (80, 24), ("5",), {}),
    "bus-wide": (busy, (140, 36), ("5", "G"), {}),
    "bus-lost": (
        busy,
        (80, 24),
        ("5",),
        {"bus": "down", "bus_since": 88.0, "supervisor": "unknown", "joined": False},
    ),
    "recorder": (busy, (80, 24), ("6",), {}),
    "recorder-failing": (failing, (80, 24), ("6",), {"recording": "failing"}),
    "decide-wide": (busy, (120, 36), ("enter",), {}),
    "decide-huge": (busy, (200, 50), ("enter", "f"), {}),
    "commands": (busy, (80, 24), ("colon",), {}),
    "run-lost": (busy, (80, 24), ("down", "down", "down", "enter"), {}),
    "decide-hold": (busy, (80, 24), ("enter",), {}),
    "decide-hold-code": (busy, (80, 24), ("enter", "a"), {}),
    "decide-ask-confirm": (busy, (80, 24), ("down", "enter", "a"), {}),
    "decide-says": (busy, (80, 24), ("enter", "f"), {}),
    "decide-changes": (changing, (80, 24), ("2", "g", "enter"), {}),
    "decide-changes-huge": (changing, (200, 50), ("2", "g", "enter"), {}),
    "decide-respond": (busy, (80, 24), ("down", "enter", "r", "n", "o"), {}),
    "edit": (busy, (80, 24), ("down", "enter", "e"), {}),
    "kill": (busy, (80, 24), ("K", "7"), {}),
    "hold-all": (busy, (80, 24), ("H",), {}),
    "alarms": (alarming, (80, 24), ("A",), {}),
    "alarms-huge": (alarming, (200, 50), ("A", "down", "down", "o"), {}),
    "alarms-hidden": (alarming, (80, 24), ("A", "tab"), {}),
    "alarms-shelve": (alarming, (80, 24), ("A", "down", "down", "z", "2", "h", "space", "m"), {}),
    "alarms-flood": (flooded, (80, 24), ("A",), {}),
    "reliability": (proven, (80, 24), ("4", "down", "down", "down"), {}),
    "reliability-huge": (proven, (200, 50), ("4", "down", "down", "down"), {}),
    "policy": (ruled, (80, 24), ("9",), {}),
    "policy-rule": (ruled, (80, 24), ("9", "enter"), {}),
    "policy-tools": (ruled, (80, 24), ("9", "tab"), {}),
    "policy-limits": (ruled, (120, 36), ("9", "tab", "tab"), {}),
    "policy-wide": (ruled, (120, 36), ("9", "tab"), {}),
    "policy-none": (empty, (80, 24), ("9",), {}),
    "audit": (acted, (80, 24), ("8",), {}),
    "audit-wide": (acted, (120, 36), ("8", "down"), {}),
    "audit-filter": (acted, (80, 24), ("8", "slash", "o", "p", "minus", "2", "enter"), {}),
    "audit-empty": (empty, (80, 24), ("8",), {}),
    "sessions-none": (busy, (80, 24), ("7",), {}),
    "help": (busy, (80, 24), ("question_mark",), {}),
    "help-decide": (busy, (80, 24), ("enter", "question_mark"), {}),
}


@pytest.mark.parametrize("name", PICTURES)
async def test_the_screen_is_as_pictured(name: str) -> None:
    make, size, keys, link = PICTURES[name]
    async with console(make(), size=size) as it:
        it.source.turn(**link)
        await it.press(*keys)
        shown = it.text()
    path = SCREENS / f"{name}.txt"
    if WRITE:
        path.write_text(shown, "utf-8")
    assert shown == path.read_text("utf-8")


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_keep_the_grid(name: str) -> None:
    _, (width, height), _, _ = PICTURES[name]
    lines = (SCREENS / f"{name}.txt").read_text("utf-8").splitlines()
    assert len(lines) == height
    assert max(map(len, lines)) <= width
    assert lines[0].startswith(" harbour › ")
    assert lines[2] == "" or lines[2].startswith(" filter")
    assert lines[-1].strip()


async def test_the_run_that_waits_opens_at_its_gate() -> None:
    script = busy()
    async with console(script) as it:
        await it.press("enter", "escape")
        it.app.push_screen(RunScreen("refunds/7q4f"))
        await it.settle()
        assert "hold, due" in it.text()
        assert it.screen.body.cursor == "action:a1"
        await it.press("enter")
        assert it.screen.mode == "decide"


async def test_the_facts_of_a_decision_are_shown_where_it_was_made() -> None:
    script = decided()
    async with console(script) as it:
        from console.tui.screens.decide_screen import DecideScreen

        it.app.push_screen(DecideScreen("refunds/7q51/a2"))
        await it.settle()
        assert re.search(r"outcome    approved at \S+ by you", it.text())
        assert "sent +0.1s   acknowledged +0.2s   effective +0.4s" in it.text()
        assert "“refunded”" in it.text()


async def test_a_calm_floor_has_no_coloured_cell() -> None:
    async with console(calm()) as it:
        for keys in ((), ("down",), ("enter",), ("question_mark",)):
            await it.press(*keys)
            assert it.coloured() == []


async def test_colour_marks_what_is_wrong_and_little_else() -> None:
    async with console(busy()) as it:
        coloured = it.coloured()
        assert 0 < len(coloured) <= 20
        assert "hold" in coloured


async def test_a_lost_link_is_told_in_the_first_two_rows_and_where_it_hurts() -> None:
    async with console(busy()) as it:
        it.source.turn(bus="down", bus_since=95.0, joined=False)
        await it.settle()
        assert "! bus lost 6s" in it.lines()[0]
        assert "as of " in it.lines()[1]
        assert it.lines()[4].endswith("?")
        assert "Nothing can be decided until the bus is back." in it.text()
        now = it.app.view(80).now
        await it.settle(30)
        assert it.app.view(80).now == now  # what is not known does not age


async def test_time_goes_on_between_records() -> None:
    async with console(busy()) as it:
        assert "1:38" in it.lines()[1] or "1:39" in it.lines()[1]
        await it.settle(60)
        assert "0:39" in it.lines()[1] or "0:38" in it.lines()[1]


# ---- text that means harm ----------------------------------------------------------------------------------------------

HOSTILE = (
    "[/x]",
    "[@click=app.quit]approve[/]",
    "[red]red[/red]",
    "\x1b]0;owned\x1b\\",
    "\x1b[2J\x1b[H",
    "\x9b31m",
    "\x07\x08\x7f",
    "a\u202eb\u2066c",
    "zero\u200bwidth",
    "two\nlines\rback\ttab",
    "\ud800",
    "漢字かな",
    "e\u0301\u0301",
    "A" * 500,
    "${wf-text} $wf-bg {x}",
)


def hostile(text: str) -> Script:
    text = text.replace("\ud800", "\ufffe")  # JSON on the bus cannot carry a lone surrogate
    script = calm()
    script.start("evil", "e001", text, version=text[:40])
    script.step("evil", "e001", 1, text, 0.3, text=text)
    script.ask(
        "evil", "e001", "a1", text[:100], {text[:60]: text, "nested": [{text[:30]: text}]}, step=1,
        reason=text, reasons=(text,),
    )  # fmt: skip
    script.start("worse", "e002", text)
    script.ask("worse", "e002", "a1", text[:100], {"to": text}, gate="hold", reason=text)
    script.start("gone", "e003", text)
    script.finish("gone", "e003", "failed", text)
    script.alarm("odd", text, 1, "evil", "e001")
    return script


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: plain(text, 20))
async def test_text_that_means_harm_is_only_text_on_every_screen(text: str) -> None:
    async with console(hostile(text)) as it:
        for keys in (
            (),
            ("enter",),
            ("o",),
            ("f",),
            ("a",),
            ("escape",),
            ("e",),
            ("escape",),
            ("r",),
            ("escape",),
            ("question_mark",),
            ("escape", "escape"),
            ("K",),
            ("escape", "D"),
            ("escape", "down", "enter", "o", "f"),
            ("a",),
            ("escape", "escape"),
        ):
            await it.press(*keys)
            check(it)
        for key in ("evil/e001", "worse/e002", "gone/e003"):
            it.app.push_screen(RunScreen(key))
            await it.settle()
            check(it)
        assert it.app.is_running
        assert it.said == []


def check(it: Console) -> None:
    for strip in it.strips():
        line = "".join(segment.text for segment in strip)
        assert line.isprintable(), ascii(line)
        assert sum(segment.cell_length for segment in strip) == it.app.size.width
        assert not any(segment.style and segment.style.meta.get("@click") for segment in strip)


async def test_markup_is_shown_as_it_was_sent() -> None:
    async with console(hostile("[@click=app.quit]x[/]")) as it:
        await it.press("enter")
        assert "[@click=app.quit]x[/]" in it.text()


async def test_escapes_are_shown_as_escapes() -> None:
    async with console(hostile("\x1b]0;owned\x07 \u202e")) as it:
        await it.press("enter")
        assert "\\u001b]0;owned\\u0007 \\u202e" in it.text()


# ---- when it breaks ----------------------------------------------------------------------------------------------------


async def test_a_crash_tells_where_and_neither_secrets_nor_control_bytes() -> None:
    async def fall(it: Console) -> None:
        secret = "hunter" + "2"
        try:
            raise RuntimeError(f"bad \x1b]0;owned\x07 after {len(secret)}")
        except RuntimeError:
            it.app._fatal_error()

    async with console(calm()) as it:
        await fall(it)
        left = "".join(
            segment.text for part in it.app._exit_renderables for segment in it.app.console.render(part)
        )
        it.app._exit_renderables.clear()
    assert "RuntimeError: bad \\x1b]0;owned" in left
    assert "in fall" in left
    assert "hunter2" not in left
    assert "\x1b" not in left

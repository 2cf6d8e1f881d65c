"""The rows that never move: row 2 at every width, what stands there while nothing is known, notes, and help."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC

import pytest

from console.tui.drawing.paint import text_of, width_of
from console.tui.floor.counting import Counts
from console.tui.rows.frame_rows import NOWHERE, View
from console.tui.rows.header_counts import alarm_line
from console.tui.rows.unknown_rows import nothing_known
from console.tui.screens.help_screen import HelpScreen
from console.tui.source import UNSEEN
from tests.fixtures.console import console
from tests.fixtures.floor import busy

NOW = 1_760_000_000_000
LIVE = UNSEEN._replace(bus="up", supervisor="up", joined=True)


def view(width: int, **more: object) -> View:
    return NOWHERE._replace(now=NOW, width=width, zone=UTC, standing=LIVE)._replace(**more)  # type: ignore[arg-type]


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("alarms", [0, 1, 5, 40])
@pytest.mark.parametrize("name", ["refunds", "注文処理係の代理人", "a" * 64])
@pytest.mark.parametrize("busy_floor", [False, True])
def test_row_two_fits_and_loses_no_count(width: int, alarms: int, name: str, *, busy_floor: bool) -> None:
    counts = Counts(
        stop=12 if busy_floor else 1, act=40 if busy_floor else 0, watch=150 if busy_floor else 0,
        first_due=NOW + 98_000, first_agent=name, alarms=alarms, alarm_level="act", alarm_since=NOW - 700_000,
        alarm_text=f"{name} 警報 stands", returned=3 if busy_floor else 0, hidden=11 if busy_floor else 0,
    )  # fmt: skip
    line = alarm_line(view(width), counts, NOW - 5_000, NOW)
    text = text_of(line)
    assert width_of(line) <= width - 1
    assert f"{counts.stop} stop" in text
    if busy_floor:
        assert "40 act" in text
        assert "150 watch" in text
    if alarms:
        assert f"!! {alarms} alarm" in text
    if width >= 80:
        assert "due 1:38" in text
    if width >= 120 and alarms and name == "refunds":
        assert "refunds" in text.partition("1:38")[2]
        assert "11m" in text


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("flood", [0, 12, 1_000])
def test_a_flood_is_said_calmly_and_never_instead_of_the_first_deadline(width: int, flood: int) -> None:
    counts = Counts(
        act=3, first_due=NOW + 98_000, first_agent="refunds", alarms=12, alarm_level="act",
        alarm_since=NOW - 240_000, returned=2, hidden=1, flood=flood,
    )  # fmt: skip
    line = alarm_line(view(width), counts, NOW, NOW)
    text = text_of(line)
    assert "due 1:38" in text
    assert (f"flood {flood}" in text) is bool(flood)
    assert ("refunds" in text.partition("1:38")[2]) is (width == 120 or not flood)
    assert [segment.ink for segment in line if "flood" in segment.text] == ["muted"] * bool(flood)
    assert "due" not in text_of(alarm_line(view(width), counts._replace(first_due=None), NOW, NOW))


REASONS = {
    "cannot connect to mqtt://broker.example:1883: [Errno 111] Connection refused": "watchfloor up",
    "a client without user name is refused: Not authorized": "WATCHFLOOR_BROKER=mqtt://USER:PASSWORD@HOST:PORT",
    "user 'op-1' is refused: Bad user name or password": "WATCHFLOOR_BROKER=mqtt://USER:PASSWORD@HOST:PORT",
    "cannot connect to mqtts://b:8883: certificate verify failed: unable to get local issuer certificate": "ca=FILE",
    "mqtt://b:1883 refused the subscription to watchfloor/v1/harbour/journal, watchfloor/v1/harbour/consoles/c": "access",
}


@pytest.mark.parametrize("reason, step", REASONS.items())
@pytest.mark.parametrize("width", [80, 120])
def test_a_link_that_fails_says_its_whole_cause_and_what_to_do(reason: str, step: str, width: int) -> None:
    down = UNSEEN._replace(bus="down", reason=reason)
    lines = nothing_known(view(width, standing=down))
    assert max(map(len, lines)) <= width - 5
    joined = " ".join(line.strip() for line in lines)
    assert reason.replace(" ", "") in joined.replace(" ", "")
    assert step in joined
    assert ("watchfloor up" in joined) is ("cannot connect" in reason and "certificate" not in reason)


async def test_a_link_that_fails_is_told_so_on_the_screen() -> None:
    refused = "user 'a-rather-long-operator-name' is refused: Bad user name or password"
    async with console(busy()) as it:
        it.source.fleet.runs.clear()
        it.source.turn(bus="down", bus_since=90.0, joined=False, bus_reason=refused)
        await it.settle()
        words = nothing_known(it.app.view(80))
        assert any("WATCHFLOOR_BROKER" in line for line in words)


# ---- notes -----------------------------------------------------------------------------------------------------------


def note_of(lines: list[str]) -> str:
    return lines[-2].strip().partition("   ")[0]


async def test_why_a_key_did_nothing_goes_with_the_next_key() -> None:
    async with console(busy(), signed=False) as it:
        await it.press("K")
        assert note_of(it.lines()).startswith("kill: you have no key; watchfloor keys new makes one")
        await it.press("down", apart=0.01)
        assert note_of(it.lines()) == ""


async def test_a_note_on_an_ask_goes_with_the_ask() -> None:
    script = busy()
    async with console(script, signed=False) as it:
        await it.press("enter", "a")
        assert note_of(it.lines()).startswith("approve: you have no key; watchfloor keys new makes one")
        script.decide("refunds", "7q4f", "a1")
        await it.settle(0.0)
        assert note_of(it.lines()) == ""


async def test_what_became_of_a_wish_stays_while_keys_follow_at_once_and_goes_with_a_later_one() -> None:
    async with console(busy()) as it:
        await it.press("p")
        assert "recorded as" in note_of(it.lines())
        await it.press("down", apart=0.2)
        assert "recorded as" in note_of(it.lines())
        await it.press("up", apart=1.0)
        assert note_of(it.lines()) == ""


# ---- help ------------------------------------------------------------------------------------------------------------


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    made: list[int] = []
    rows = HelpScreen._rows

    def once(self: HelpScreen) -> object:
        made.append(self.view.width)
        return rows(self)

    monkeypatch.setattr(HelpScreen, "_rows", once)
    yield made


async def test_help_is_made_once_for_a_width(monkeypatch: pytest.MonkeyPatch) -> None:
    with counted(monkeypatch) as made:
        async with console(busy()) as it:
            await it.press("question_mark", "down", "up")
            assert "screen to file: as text and SVG" in it.text()
            assert made == [80]
            await it.pilot.resize_terminal(120, 36)
            await it.settle()
            assert made == [80, 120]


# ---- coming back -----------------------------------------------------------------------------------------------------


async def test_the_first_frame_after_coming_back_is_of_now() -> None:
    script = busy()
    async with console(script) as it:
        await it.press("down", "enter")
        script.decide("refunds", "7q4f", "a1")
        script.start("newcomer", "n1", "Just came")
        script.ask("newcomer", "n1", "a1", "send_letter", {"to": "x"})
        await it.settle(0.0)
        await it.key("escape")
        text = "\n".join(it.lines()[3:8])
        assert "newcomer" in text
        assert "7q4f" not in text


# ---- a key that is made later ----------------------------------------------------------------------------------------


async def test_a_key_that_is_made_while_the_console_is_open_is_found() -> None:
    there: list[bool] = []
    async with console(busy(), signed=False, look_for_key=lambda: bool(there)) as it:
        await it.settle()
        it._clock[0] += 1.0
        it.app._tick()
        await it.press("K")
        assert "unsigned" in it.lines()[0]
        assert note_of(it.lines()) == "kill: you have no key; watchfloor keys new makes one"
        there.append(True)
        await it.settle()
        it._clock[0] += 1.0
        it.app._tick()
        await it.settle(0.0)
        assert "unsigned" not in it.lines()[0]
        assert "your key is here now" in note_of(it.lines())
        await it.press("K")
        assert it.mode() == "kill"


async def test_a_key_that_cannot_be_used_says_so_once() -> None:
    def broken() -> bool:
        raise ValueError("op-1_ed25519: not a key")

    async with console(busy(), signed=False, look_for_key=broken) as it:
        await it.settle()
        it._clock[0] += 1.0
        it.app._tick()
        await it.settle(0.0)
        assert note_of(it.lines()) == "your key: op-1_ed25519: not a key"
        await it.press("down")
        it._clock[0] += 1.0
        it.app._tick()
        await it.settle(0.0)
        assert note_of(it.lines()) == ""

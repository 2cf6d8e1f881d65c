"""The queue: its order, what a key does in it, and where one is after a decision."""

import re

import pytest

from bus.canonical import digest
from bus.events import Gate
from tests.fixtures.console import Console, console
from tests.fixtures.floor import Script, busy, calm

ASK = {"agent": "refunds", "run": "7q51", "action": "a2"}


def asks(*wanted: tuple[str, float, int, Gate]) -> Script:
    """A floor on which these wait: run, seconds left, severity, gate."""
    script = calm()
    for run, within, severity, gate in wanted:
        script.start("mailer", run, f"Mail {run}")
        script.ask("mailer", run, "a1", "send", {"to": run}, gate=gate, severity=severity, within=within)
    return script


def order(it: Console) -> list[str]:
    return [name.split("/")[1] for name in it.screen.body.names if name]


async def test_the_queue_is_ordered_by_deadline_then_severity_then_gate() -> None:
    script = asks(
        ("late", 900, 4, "hold"), ("mild", 600, 2, "ask"), ("ask", 600, 3, "ask"), ("hold", 600, 3, "hold")
    )
    async with console(script) as it:
        await it.press("2")
        assert order(it) == ["hold", "ask", "mild", "late"]
        assert "S3" in it.lines()[4]
        assert "to hold" in it.lines()[5]


async def test_a_decision_leads_to_the_next_ask_and_no_stray_key_decides_that() -> None:
    script = busy()
    async with console(script) as it:
        await it.press("2", "enter")
        assert it.lines()[0].startswith(" harbour › Queue › refunds 7q51 › Decide")
        await it.press("a", "y")
        assert it.verbs() == ["approve"]
        assert it.mode() == "decide"  # nothing is recorded yet
        script.decide("refunds", "7q51", "a2")
        await it.settle(0.0)
        assert it.mode() == "queue"
        assert it.screen.body.cursor == "wait:refunds/7q4f/a1"
        await it.key("d")
        assert it.verbs() == ["approve"]
        await it.press("d")
        assert [said["action"] for said in it.said] == ["a2", "a1"]


async def test_what_another_decides_stays_on_screen() -> None:
    script = busy()
    async with console(script) as it:
        await it.press("2", "enter")
        script.decide("refunds", "7q51", "a2", "rejected", "op-2")
        await it.settle()
        assert it.mode() == "decide"
        assert re.search(r"rejected at \S+ by op-2", it.text())


async def test_a_decision_opened_elsewhere_stays_on_screen() -> None:
    script = busy()
    async with console(script) as it:
        await it.press("down", "enter", "d")
        script.decide("refunds", "7q51", "a2", "rejected")
        await it.settle()
        assert it.mode() == "decide"


async def test_one_key_rejects_and_answers_what_is_under_the_cursor() -> None:
    script = busy()
    args = {"order_id": "88240", "amount": 480.0, "currency": "EUR"}
    async with console(script) as it:
        await it.press("2", "d")
        assert it.said == [{"verb": "reject", **ASK, "digest": digest("issue_refund", args)}]
        await it.press("r")
        await it.type("tomorrow")
        await it.press("ctrl+t")
        assert it.said[1:] == [
            {"verb": "respond", **ASK, "reason": "tomorrow", "digest": digest("issue_refund", args)}
        ]
        await it.press("a")
        assert it.screen.sheet is None  # nothing is approved unread


async def test_a_new_ask_moves_nothing_under_the_cursor() -> None:
    script = busy()
    async with console(script) as it:
        await it.press("2", "down")
        chosen = it.screen.body.cursor
        script.start("urgent", "u001")
        script.ask("urgent", "u001", "a9", "wipe", {"path": "/"}, gate="hold", within=5.0)
        await it.settle()
        assert it.screen.body.cursor == chosen
        assert "urgent" in it.text()


async def test_both_rows_of_an_ask_are_in_view() -> None:
    async with console(
        asks(*((f"r{number:03d}", 600 + number, 3, "ask") for number in range(20))), size=(80, 25)
    ) as it:
        await it.press("2", "G")
        assert "to r019" in it.text()
        await it.press("g")
        assert "to r000" in it.text()
        for number in range(1, 14):
            await it.press("down")
            assert f"to r{number:03d}" in it.text()


async def test_an_empty_queue_is_calm_and_says_so() -> None:
    script = calm()
    async with console(script) as it:
        await it.press("2")
        assert "Nothing waits for you." in it.text()
        assert it.coloured() == []
        await it.press("d", "K", "enter", "r", "p")
        assert it.said == []
        assert it.mode() == "queue"
        script.start("late", "l1")
        script.ask("late", "l1", "a1", "send", {"to": "x"})
        await it.settle()
        assert it.screen.body.cursor == "wait:late/l1/a1"


async def test_what_was_decided_says_by_whom_and_how_far_it_is() -> None:
    script = busy()
    command = script.tick(5).decide("refunds", "7q51", "a2")
    script.tick(1).decide("janitor", "c0xe", "a3", "expired", "clock")
    async with console(script) as it:
        await it.press("2")
        assert [line.split()[0] for line in it.lines() if "in 1m" in line or "nobody" in line] == [
            "expired",
            "approved",
        ]
        assert "by you in 1m, on its way" in it.text()
        script.obey("refunds", "7q51", command)
        await it.settle()
        assert "by you in 1m, effective" in it.text()


PATHS = {
    ("2",): "queue",
    ("Q",): "queue",
    ("3",): "alarms",
    ("2", "3"): "alarms",
    ("3", "2"): "queue",
    ("2", "1"): "fleet",
    ("enter", "2"): "queue",
    ("2", "enter", "1"): "fleet",
}


@pytest.mark.parametrize("keys", PATHS)
async def test_every_list_is_one_key_away(keys: tuple[str, ...]) -> None:
    async with console(busy()) as it:
        await it.press(*keys)
        assert it.mode() == PATHS[keys]
        assert len(it.app.screen_stack) == (1 if PATHS[keys] == "fleet" else 2)


async def test_the_queue_opens_at_the_ask_that_was_chosen() -> None:
    async with console(busy()) as it:
        await it.press("down", "down", "2")
        assert it.screen.body.cursor == "wait:janitor/c0xe/a3"


async def test_a_bar_of_time_that_is_over_stands_where_the_others_do() -> None:
    script = asks(("refunds", 0.4, 3, "ask"), ("janitor", 600.0, 3, "hold"))
    script.tick(1.0)
    async with console(script) as it:
        await it.press("2")
        bars = [line for line in it.lines() if "━━" in line or "──" in line]
        assert [line.index("────────" if "━" not in line else "━") for line in bars] == [61, 61]

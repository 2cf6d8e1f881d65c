"""The actions table, walked on real screens: what one key states, what no key held down states, how many keys there are."""

from __future__ import annotations

import random
from typing import Final

import pytest

from bus.alarm_records import AlarmAcknowledged
from bus.canonical import code, digest
from bus.floor_records import FloorHeld
from console.tui.keys.actions import ACTIONS, find
from tests.fixtures.alarms import flooded, raised
from tests.fixtures.console import Console, console, painted
from tests.fixtures.floor import ARGS, FakeSource, Script, busy, calm

DANGEROUS: Final = frozenset(
    {"approve", "edit", "kill", "hold", "respond", "reset", "shelve", "remove", "reject_why"}
)
"""What no single key and no key held down may state: all but to reject, pause, resume and acknowledge."""

HERE: Final[dict[str, tuple[str, ...]]] = {
    "fleet": ("down",),
    "queue": ("2",),
    "run": ("R",),
    "decide": ("down", "enter"),
    "step": ("R", "down", "enter"),
    "alarms": ("3",),
    "reliability": ("4",),
    "bus": ("5",),
    "recorder": ("6",),
    "sessions": ("7",),
    "audit": ("8",),
    "policy": ("9",),
    "approve": ("down", "enter", "a"),
    "code": ("enter", "a"),
}
"""Keys from Fleet to every place where something acts; `R` stands for the run of the ask that is open."""

ELSEWHERE: Final = {"revoke"}
"""What takes a grant on the floor: see the tests of grants."""

ACT: Final = frozenset(key for row in ACTIONS if row.acting and not row.typed for key in row.keys)
"""Keys that act somewhere: what else a key leads to, it is one of these that would act there when held down."""

DIGITS: Final = code(digest("send_email", ARGS))

COMPLETED: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "reject": ((), "reject"),
    "reject_why": (("w", "h", "y", "ctrl+t"), "reject"),
    "respond": (("n", "o", "ctrl+t"), "respond"),
    "escalate": (("l", "o", "o", "k", "ctrl+t"), "escalate"),
    "claim": ((), "claim"),
    "approve": (("y",), "approve"),
    "edit": (("EDITED", "ctrl+t", "y"), "edit"),
    "pause": ((), "pause"),
    "hold_all": (("y",), "hold"),
    "resume_all": (("y",), "resume"),
    "kill": (tuple("7q51"), "kill"),
    "acknowledge": ((), "acknowledge"),
    "shelve": (("3", "0", "m", "space", "w", "h", "y", "ctrl+t"), "shelve"),
    "reset": (("w", "h", "y", "ctrl+t"), "reset"),
    "remove": (("w", "h", "y", "ctrl+t"), "remove"),
}
"""What is pressed after the key of an action, and the one intent that comes of it."""


def floor() -> Script:
    """Two asks and a hold, and one alarm that may be hidden."""
    script = busy()
    script.step("refunds", "7q51", 1, "read_ticket", 0.9)
    raised(script, "loop", "the same again", "refunds", "7q51")
    return script


async def go(it: Console, mode: str) -> None:
    """Go from Fleet to a place."""
    for key in HERE[mode]:
        if key == "R":
            from console.tui.screens.run_screen import RunScreen

            it.app.push_screen(RunScreen("refunds/7q51"))
            await it.settle()
        else:
            await it.press(key)
    assert it.mode() == mode, it.text()


async def press(it: Console, key: str) -> None:
    """Press a key as a person does who has seen what is there."""
    if key == "EDITED":
        from textual.widgets import TextArea

        area = it.app.screen.query_one(TextArea)
        area.text = area.text.replace("480.0", "48.0").replace("62.5", "6.5")
        return
    if it.screen.sheet is not None:
        await painted(it)
    await it.press(key)


def acting() -> list[tuple[str, str, str]]:
    """Every key of every mode in which it acts, but for those that only confirm."""
    rows = [action for action in ACTIONS if action.id in COMPLETED and action.acting]
    return [(row.id, mode, key) for row in rows for mode in sorted(row.modes) for key in row.keys]


@pytest.mark.parametrize("name, mode, key", acting())
async def test_rule_12_an_acting_key_and_what_completes_it_state_one_intent(
    name: str, mode: str, key: str
) -> None:
    after, verb = COMPLETED[name]
    script = floor()
    if name == "reset":  # what nobody has seen is acknowledged first
        script.supervisor(AlarmAcknowledged(alarm="loop/refunds/7q51", by="op-2"), "refunds", "7q51")
    if name == "resume_all":
        script.supervisor(FloorHeld(by="op-2"))
    async with console(script) as it:
        await go(it, mode)
        while mode == "alarms" and "7q51" not in it.screen.body.cursor:
            await it.press("down")
        await press(it, key)
        if after:
            assert it.said == [], "one key alone has stated it"
        if (mode, name) == ("code", "edit"):
            after = (*after[:-1], *DIGITS)
        for more in after:
            assert it.said == []
            await press(it, more)
        assert it.verbs() == [verb]


@pytest.mark.parametrize("mode", sorted(HERE))
async def test_rule_12_no_key_held_down_and_no_enter_states_what_is_dangerous(mode: str) -> None:
    async with console(floor()) as it:
        for key in sorted({*ACT, "enter"}):
            found = find(mode, key, read_only=False)  # type: ignore[arg-type]
            if found is None or found.confirms:
                continue  # it does nothing here, or is the other key of two
            await go(it, mode)
            it.said.clear()
            for pressed in (key, key, key, key, "enter", "enter"):
                await it.settle()
                await it.key(pressed)
            assert not DANGEROUS & set(it.verbs()), f"{key} in {mode}"
            await home(it)


async def home(it: Console) -> None:
    """Back to the first row of Fleet, whatever is open."""
    for _ in range(8):
        if len(it.app.screen_stack) == 1:
            break
        await it.press("escape")
    await it.press("escape", "g")
    assert it.mode() == "fleet"


async def test_rule_12_an_id_of_the_killing_key_alone_is_not_killed_by_holding_it() -> None:
    script = calm()
    script.start("mailer", "mail-2KKKK", "Mail everyone")
    script.ask("mailer", "mail-2KKKK", "a1", "send_all", {"to": "all"})
    async with console(script) as it:
        for _ in range(9):
            await press(it, "K")
        assert it.said == []
        for key in "mailer/KKKK":
            await press(it, key)
        assert it.verbs() == ["kill"], it.text()


def test_rule_12_every_acting_action_is_walked() -> None:
    begun = {row.id for row in ACTIONS if row.acting and not row.confirms}
    assert begun - ELSEWHERE == set(COMPLETED)


# ---- how many keys ---------------------------------------------------------------------------------------------------


async def test_rule_11_no_key_when_one_waits_and_escape_leads_to_the_floor() -> None:
    script = calm()
    script.start("refunds", "7q51", "Refund order 88240")
    script.ask("refunds", "7q51", "a2", "issue_refund", {"order_id": "88240", "amount": 480.0})
    async with console(script, straight=True) as it:
        assert it.mode() == "decide"
        assert "issue_refund" in it.text()
        assert "this alone waits for a person; esc shows the whole floor" in it.text()
        await it.press("escape")
        assert it.mode() == "fleet"
        script.decide("refunds", "7q51", "a2", "rejected")
        script.ask("refunds", "7q51", "a3", "issue_refund", {"order_id": "88241", "amount": 1.0})
        await it.settle(5)
        assert it.mode() == "fleet", "it opened by itself under somebody's hands"


async def test_nothing_is_said_to_wait_alone_once_something_else_does() -> None:
    script = calm()
    script.start("refunds", "7q51", "Refund order 88240")
    script.ask("refunds", "7q51", "a2", "issue_refund", {"order_id": "88240", "amount": 480.0})
    async with console(script, straight=True) as it:
        assert "this alone waits for a person" in it.text()
        script.start("refunds", "7q52", "Refund order 88241")
        script.ask("refunds", "7q52", "a1", "issue_refund", {"order_id": "88241", "amount": 1.0})
        await it.settle(0.0)
        assert it.mode() == "decide"
        assert "this alone waits for a person" not in it.text()


@pytest.mark.parametrize("waiting", [0, 2])
async def test_rule_11_the_floor_stands_there_when_none_or_several_wait(waiting: int) -> None:
    script = calm()
    for number in range(waiting):
        script.start("refunds", f"r{number}", "Refund an order")
        script.ask("refunds", f"r{number}", "a1", "issue_refund", {"order_id": "88240"})
    async with console(script, straight=True) as it:
        assert it.mode() == "fleet"
        if waiting:
            await it.press("enter")
            assert it.mode() == "decide", "the first of several is one key away"


async def test_rule_11_from_an_alarm_to_its_decision_are_two_keys() -> None:
    async with console(floor()) as it:
        await it.press("3")
        while "7q51" not in it.screen.body.cursor:
            await it.press("down")
        await it.press("enter", "enter")
        assert it.mode() == "decide"
        assert "issue_refund" in it.text()


@pytest.mark.parametrize("mode", [mode for mode in sorted(HERE) if mode not in ("approve", "code")])
@pytest.mark.parametrize("home", ["1"])
async def test_rule_11_fleet_is_one_key_away(mode: str, home: str) -> None:
    async with console(floor()) as it:
        await go(it, mode)
        await it.press(home)
        assert it.mode() == "fleet"


async def test_rule_11_what_stops_is_one_key_and_what_approves_is_two_different_ones() -> None:
    for keys, verb in ((("d",), "reject"), (("p",), "pause"), (("enter", "a", "y"), "approve")):
        async with console(floor()) as it:
            await it.press("down", *keys)
            assert it.verbs() == [verb]


# ---- rows that stand still ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
async def test_rule_04_no_row_moves_within_half_a_second_of_a_key_whatever_comes(seed: int) -> None:
    chance, script = random.Random(seed), busy()
    async with console(script) as it:
        for number in range(25):
            await it.press(chance.choice(["down", "up"]))
            names, cursor = list(it.screen.body.names), it.screen.body.cursor
            for more in range(chance.randrange(1, 4)):
                run = f"n{number}x{more}"
                script.start("urgent", run)
                if chance.random() < 0.7:
                    script.ask("urgent", run, "a1", "wipe", {"path": "/"}, gate="hold", within=5.0 + number)
                if chance.random() < 0.3:
                    script.finish("urgent", run, "failed")
            await it.settle(0.45)
            assert (list(it.screen.body.names), it.screen.body.cursor) == (names, cursor)
        await it.settle(0.6)
        assert "urgent" in it.text()


async def test_rule_03_of_five_hundred_alarms_those_of_priority_1_stand_on_the_first_page() -> None:
    script = flooded()
    for number in range(500):
        script.alarm(f"loop/crawler/c{number}", "the same again", 2, "crawler", f"c{number}")
    grave = [f"ungated-action/deployer/d{number}" for number in range(3)]
    for name in grave:
        script.alarm(name, "ran without a decision", 1, "deployer")
    async with console(script) as it:
        await it.press("3")
        assert it.text().count("ran without a decision") == len(grave)


async def test_rule_13_a_kill_that_nobody_answers_says_so() -> None:
    async with console(floor()) as it:
        source: FakeSource = it.source
        source.answer = "no answer within 10 s"
        await it.press("K")
        for key in "7q4f":
            await press(it, key)
        assert it.verbs() == ["kill"], it.text()
        assert "no answer within 10 s" in it.text()

"""Approving for the rest of a run and taking that back, escalating and claiming, by keys."""

from __future__ import annotations

from bus.grant_records import GrantMade, GrantOffer
from bus.records import ActionClaimed, ActionEscalated
from console.tui.screens.run_screen import RunScreen
from tests.fixtures.console import console
from tests.fixtures.floor import Script, calm

OFFER = GrantOffer(alike="1" * 64, destinations=["channel=ops"])


def asking(offer: GrantOffer | None = OFFER) -> Script:
    script = calm()
    script.start("mailer", "m1", "Mail everyone")
    for name in ("a1", "a2"):
        args = {"channel": "ops", "text": name}
        script.ask("mailer", "m1", name, "post_note", args, severity=2, offer=offer)
        if name == "a1":
            script.obey("mailer", "m1", script.decide("mailer", "m1", "a1"))
            script.do("mailer", "m1", "a1")
    return script


async def test_t_on_the_sheet_approves_those_like_it_too() -> None:
    async with console(asking()) as it:
        await it.press("enter", "t")
        assert it.said == []
        await it.press("a", "a", "enter")
        assert "t: also those like it in this run, with channel=ops" in it.text()
        assert "20 at most, for 60 min, each judged afresh; 1 so far" in it.text()
        assert "t also like it" in it.text()
        await it.press("t")
        assert [(said["verb"], said["scope"], said["action"]) for said in it.said] == [
            ("approve", "run", "a2")
        ]


async def test_y_approves_this_one_alone() -> None:
    async with console(asking()) as it:
        await it.press("enter", "a", "y")
        assert [said.get("scope") for said in it.said] == [None]


async def test_without_an_offer_there_is_no_such_key() -> None:
    async with console(asking(None)) as it:
        await it.press("enter", "a")
        assert "like it" not in it.text()
        await it.press("t")
        assert it.said == []


async def test_run_shows_what_passes_and_r_revokes_it() -> None:
    script = asking()
    made = GrantMade(
        grant="g1", action="a1", tool="post_note", alike="1" * 64, destinations=["channel=ops"], by="ann",
        version="1.0", uses=20, seconds=3600,
    )  # fmt: skip
    script.supervisor(made, "mailer", "m1")
    async with console(script) as it:
        it.app.push_screen(RunScreen("mailer/m1"))
        await it.settle()
        assert "passes     post_note channel=ops" in it.text()
        assert "by ann" in it.text()
        assert "0 of 20, until " in it.text()
        await it.press("R")
        assert [(said["verb"], said["agent"], said["run"]) for said in it.said] == [
            ("revoke", "mailer", "m1")
        ]


async def test_x_escalates_with_words_and_c_claims() -> None:
    async with console(asking(None)) as it:
        await it.press("enter", "c", "x")
        await it.type("who knows ops?")
        await it.press("ctrl+t")
        assert [(said["verb"], said.get("reason")) for said in it.said] == [
            ("claim", None),
            ("escalate", "who knows ops?"),
        ]


async def test_who_has_it_is_shown_and_warns_before_an_approval() -> None:
    script = asking(None)
    script.supervisor(ActionClaimed(action="a2", by="bob"), "mailer", "m1")
    script.supervisor(ActionEscalated(action="a2", by="eve", reason="look"), "mailer", "m1")
    async with console(script) as it:
        await it.press("2")
        assert "bob looks" in it.text()
        await it.press("enter")
        assert "in hand    bob is looking into it  escalated by eve  “look”" in it.text()
        await it.press("a")
        assert "bob is looking into it: ask first, or answer all the same" in it.text()
        await it.press("y")
        assert it.verbs() == ["approve"]

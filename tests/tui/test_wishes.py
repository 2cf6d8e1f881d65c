"""What a console says: whatever becomes of it, whoever said it is told."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from console.tui.apps.wishes import Wishes
from console.tui.rows.frame_rows import Note
from console.tui.sheets.confirm_sheets import Wish
from console.tui.source import Source


class Misunderstood:
    """A floor whose answers this console does not understand."""

    async def say(self, _verb: str, **_wanted: Any) -> object:
        return object()


async def test_a_wish_whose_answer_is_not_understood_does_not_die_unread() -> None:
    told: list[Note] = []
    wishes = Wishes(told.append)
    for _ in range(2):  # and the same may be said again
        wishes.state(cast("Source", Misunderstood()), Wish("pause a/r", "pause", agent="a", run="r"))
        await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})
    said = "pause a/r: said, no answer yet"
    fault = "pause a/r: no answer was understood (AttributeError); it may still have been carried out"
    assert [(note.text, note.ink) for note in told][1] == (fault, "stop")
    assert [note.text for note in told] == [said, fault] * 2


class Silent:
    """A floor that hears and never answers."""

    def __init__(self) -> None:
        self.repeating: list[str] = []

    async def say(self, verb: str, **_wanted: Any) -> object:
        self.repeating.append(verb)
        try:
            return await asyncio.Future()
        finally:
            self.repeating.remove(verb)


async def test_a_rejection_takes_the_place_of_an_answer_not_yet_heard_of() -> None:
    told: list[Note] = []
    wishes, floor = Wishes(told.append), Silent()

    async def say(verb: Any) -> None:
        wishes.state(cast("Source", floor), Wish(f"{verb} x", verb, agent="a", run="r", action="x"))
        for _ in range(3):
            await asyncio.sleep(0)

    await say("approve")
    for verb in (
        "approve",
        "edit",
    ):  # a second thought that would let it run waits for what becomes of the first
        await say(verb)
        assert told[-1].text.endswith("on its way already")
    await say("reject")
    assert floor.repeating == ["reject"]
    for verb in ("reject", "approve"):
        await say(verb)
        assert told[-1].text.endswith("on its way already")
    assert floor.repeating == ["reject"]
    wishes.cancel()

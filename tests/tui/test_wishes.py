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

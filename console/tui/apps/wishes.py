"""Stating intents: each once, under way until it is answered, and what became of it in words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from console.tui.rows.frame_rows import Note

if TYPE_CHECKING:
    from console.tui.sheets.confirm_sheets import Wish
    from console.tui.source import Reply, Source

FIRST_ALONE: Final = ("approve", "edit", "reject", "respond")
"""Verbs of which an action bears one."""


class Wishes:
    """What this console has said and not yet heard about."""

    def __init__(self, tell: Callable[[Note], None]) -> None:
        self._tell = tell
        self._under_way: dict[tuple[str, str], asyncio.Task[None]] = {}

    def state(self, source: Source, wish: Wish) -> None:
        """Say it, unless the same is on its way already. A rejection takes the place of an answer not heard of yet."""
        about = wish.alarm or wish.key
        name = (wish.verb, about)
        answers = [one for one in ((verb, about) for verb in FIRST_ALONE) if one in self._under_way]
        if wish.verb == "reject" and name not in self._under_way:
            for (
                earlier
            ) in answers:  # not repeated any more: it may have come through, and then the supervisor says so
                self._under_way.pop(earlier).cancel()
        elif name in self._under_way or (wish.verb in FIRST_ALONE and answers):
            self._tell(Note(f"{wish.label}: an answer to this one is on its way already"))
            return
        self._tell(Note(f"{wish.label}: said, no answer yet", "muted"))
        task = asyncio.create_task(self._say(source, wish), name=f"say {wish.verb}")
        self._under_way[name] = task
        task.add_done_callback(lambda task: self._ended(name, wish, task))

    def cancel(self) -> None:
        """Wait for no answer any more."""
        for task in self._under_way.values():
            task.cancel()

    def _ended(self, name: tuple[str, str], wish: Wish, task: asyncio.Task[None]) -> None:
        if self._under_way.get(name) is task:
            del self._under_way[name]
        if not task.cancelled() and (error := task.exception()) is not None:
            # A fault of this program: whoever wants something is told that nobody knows what became of it.
            text = f"{wish.label}: no answer was understood ({type(error).__name__})"
            self._tell(Note(f"{text}; it may still have been carried out", "stop"))

    async def _say(self, source: Source, wish: Wish) -> None:
        from console.link.floor import NoAnswerError  # late: it brings what a first paint can do without

        try:
            reply = await source.say(
                wish.verb,
                agent=wish.agent,
                run=wish.run,
                action=wish.action,
                digest=wish.digest,
                args=wish.args,
                reason=wish.reason,
                code=wish.code,
                alarm=wish.alarm,
                seconds=wish.seconds,
                group=wish.group,
                scope=wish.scope,
            )
        except NoAnswerError as error:
            self._tell(Note(f"{wish.label}: it may still have been carried out; {error}", "stop"))
        except ValueError as error:  # too large, or without a canonical form
            self._tell(Note(f"{wish.label}: not sent, {error}", "act"))
        else:
            self._tell(_answer(wish, reply))


def _answer(wish: Wish, reply: Reply) -> Note:
    text = f", {reply.text}" if reply.text else ""
    if reply.accepted and reply.unrecorded:
        from console.link.status import NOT_YET_RECORDED  # late, as above

        return Note(f"{wish.label}: {reply.outcome}, {NOT_YET_RECORDED}{text}", "act")
    if reply.accepted:
        return Note(f"{wish.label}: recorded as {reply.outcome}{text}")
    return Note(f"{wish.label}: {reply.outcome}{text}", "act")

"""What an operator said in line mode, and what became of it: the answer, then each of the four facts as it is recorded."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

from bus.messages import Answer
from bus.records import ActionDecided, CommandRequested
from console.cli import printing
from console.cli.verbs.facts import ENDS, FACTS, SETTLED, facts
from console.tui.apps.wishes import Wishes
from console.tui.rows.frame_rows import Note

if TYPE_CHECKING:
    from bus.messages import Verb
    from console.core.fleet.state import Command, Fleet
    from console.link.floor import Floor
    from console.link.follower import Applied
    from console.tui.sheets.confirm_sheets import Wish
    from console.tui.source import Source

MEANING: Final = {
    "requested": "requested",
    "sent": "sent, the broker has it",
    "acknowledged": "acknowledged, the agent has it",
    "effective": "effective",
    "refused": "refused by the agent",
    "failed": "failed",
}

STOPPING: Final = frozenset({"pause", "hold", "kill", "reject", "revoke"})
"""Verbs that go out although nobody can have read what they are about."""

Tell = Callable[[str], None]


class Deeds:
    """States wishes as the console does, each once, and tells what becomes of them; counts what came to nothing.

    `unread` is whether nobody reads what is printed any more.
    """

    def __init__(
        self, floor: Floor, tell: Tell, timeout: float, unread: Callable[[], bool] = lambda: False
    ) -> None:
        self._floor = floor
        self._tell = tell
        self._timeout = timeout
        self._unread = unread
        self._wishes = Wishes(self._note)
        self._labels: dict[str, str] = {}
        self._commands: dict[str, str] = {}
        self._told: set[tuple[str, str]] = set()
        self._open: set[str] = set()
        self._moved = asyncio.Event()
        self.refused = self.unanswered = self.withheld = 0
        self._stops = [floor.listen_to_records(self._begun), floor.listen(lambda _: self.look())]

    def state(self, wish: Wish) -> None:
        """Say it, unless the same is already on its way, or nobody can have read what it would let run."""
        if self._unread() and wish.verb not in STOPPING:
            self.withheld += 1
            return
        self._wishes.state(cast("Source", _Said(self, wish)), wish)

    def close(self) -> None:
        """Wait for nothing any more."""
        for stop in self._stops:
            stop()
        self._wishes.cancel()

    async def settled(self, within: float) -> str:
        """Wait until all is answered and settled, or the time (s) is up. Returns what is still open, for people."""
        try:
            async with asyncio.timeout(within):
                await asyncio.sleep(0)  # what was just said is a task that has not begun
                while self.pending():
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            return self.pending()
        return ""

    def pending(self) -> str:
        """What has no answer, or not all of its facts, yet."""
        fleet = self._floor.fleet
        open_ = [self._labels[intent] for intent in self._open]
        for name, label in self._commands.items():
            command = fleet.commands.get(name)
            if command is not None and command.state not in SETTLED:
                open_.append(f"{label}: {command.state}")
        return "; ".join(open_)

    # ---- saying ------------------------------------------------------------------------------------------------------

    async def say(self, wish: Wish, verb: Verb, **wanted: Any) -> Answer:
        """State one intent and return its answer."""
        intent = secrets.token_hex(8)
        self._labels[intent] = wish.label
        self._open.add(intent)
        answered = False
        try:
            answer = await self._floor.say(verb, intent=intent, timeout=self._timeout, **wanted)
            answered = True
        finally:
            self._open.discard(intent)
            self.unanswered += not answered
            self._moved.set()
        self.refused += not answer.accepted
        if answer.command:
            self._commands.setdefault(answer.command, wish.label)
        asyncio.get_running_loop().call_soon(self.look)  # after the note that tells the answer
        return answer

    def _note(self, note: Note) -> None:
        self._tell(note.text)

    # ---- facts -------------------------------------------------------------------------------------------------------

    def _begun(self, applied: list[Applied]) -> None:
        for record, _ in applied:
            data = record.data
            if (
                isinstance(data, CommandRequested | ActionDecided)
                and data.intent in self._labels
                and data.command
            ):
                self._commands.setdefault(data.command, self._labels[data.intent])

    def look(self) -> None:
        """Tell the facts that are news."""
        fleet = self._floor.fleet
        for name, label in self._commands.items():
            command = fleet.commands.get(name)
            if command is not None:
                self._tell_facts(command, self._named(fleet, command, label))
        self._moved.set()

    def _named(self, fleet: Fleet, command: Command, label: str) -> str:
        many = sum(other == label for other in self._commands.values()) > 1
        return f"{label}, {command.agent} {command.run}" if many and fleet.runs else label

    def _tell_facts(self, command: Command, label: str) -> None:
        for fact, at in facts(command).items():
            if at is None or (command.id, fact) in self._told:
                continue
            self._told.add((command.id, fact))
            problem = f": {command.problem}" if fact in ENDS and command.problem else ""
            self._tell(f"{label}: {MEANING[fact]} at {printing.clock(at)}{problem}")

    @property
    def said(self) -> bool:
        """Whether anything was stated."""
        return bool(self._labels)

    @property
    def disobeyed(self) -> bool:
        """Whether an agent refused a command."""
        commands = self._floor.fleet.commands
        return any(name in commands and commands[name].state == "refused" for name in self._commands)

    @property
    def unfinished(self) -> bool:
        """Whether a command, not a decision, was not acknowledged."""
        fleet = self._floor.fleet
        return any(
            command.state in (*FACTS[:2], *ENDS)
            for name in self._commands
            if (command := fleet.commands.get(name)) is not None and command.kind != "decision"
        )


class _Said:
    """One wish on its way, as the source that `Wishes` says it to."""

    def __init__(self, deeds: Deeds, wish: Wish) -> None:
        self._deeds = deeds
        self._wish = wish

    async def say(self, verb: Verb, **wanted: Any) -> Answer:
        return await self._deeds.say(self._wish, verb, **wanted)

"""A real floor for many consoles: `watchfloor up`, agents that only ask, consoles at terminals of their own."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from bus import codec
from bus.operator_records import OperatorLeft
from console.core.fleet.state import Action, Fleet
from console.link.floor import Floor
from console.link.follower import Applied
from console.recording.history import history
from tests.fixtures.site_processes import FloorProcesses
from tests.fixtures.site_rules import asking, entry
from tests.fixtures.terminal import Terminal

SOON: Final = 120.0
"""Seconds within which everything happens that is to happen: a bound, not a measure."""

ALLOWING: Final = ("approved", "edited")
AGENTS: Final = {"post": "send_letter", "bank": "wire_money"}
CATALOGUE: Final = entry("send_letter", "S2") + entry("wire_money", "S4")
POLICY: Final = asking("send_letter", "a person reads every letter")


@dataclass(frozen=True, slots=True)
class Said:
    """One record: its position, its type, and what it says."""

    pos: int
    type: str
    run: str
    data: dict[str, Any]


class ConsolesFloor:
    """The whole. `floor` follows it in this process and is not listed. Use it as an async context."""

    def __init__(self, root: Path, operators: list[str]) -> None:
        self.site = FloorProcesses(root, site="consoles")
        self.operators = operators
        self.ledger = root / "effects.jsonl"
        self.left: set[str] = set()
        """Operators of whom a console was listed and is not any more."""
        self.floor: Floor
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        try:
            await self._begin()
        except BaseException:  # what fails on the way leaves nothing behind
            await self._stack.aclose()
            raise
        return self

    async def _begin(self) -> None:
        self._stack.enter_context(self.site)
        home = self.site.home
        self.site.prepare(*self.operators, catalogue=CATALOGUE, policy=POLICY)
        self.site.start()
        self.floor = await self._stack.enter_async_context(
            Floor(self.site.url, home=home, operator="follower")
        )
        self.floor.listen_to_records(self._hear)
        await self.floor.join(SOON)
        for name, tool in AGENTS.items():
            words = ("-m", "tests.fixtures.asking_agent", name, tool, str(self.ledger))
            agent = self.site.spawn(*words, said=self.site.root / f"{name}.log")
            self._stack.callback(agent.wait)
            self._stack.callback(agent.kill)
        for name in AGENTS:
            await self.asks(name)

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def console(self, operator: str, *, columns: int = 80, rows: int = 24) -> Terminal:
        """A console that starts now, at a terminal of its own."""
        environment = self.site.environment | {"WATCHFLOOR_OPERATOR": operator}
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        command = [sys.executable, "-m", "console.cli.main"]
        return self._stack.enter_context(Terminal(command, environment, columns=columns, rows=rows))

    def latest(self, agent: str) -> Action | None:
        """What an agent asked last."""
        runs = [run for run in self.floor.fleet.runs.values() if run.agent == agent]
        return list(runs[-1].actions.values())[-1] if runs and runs[-1].actions else None

    async def asks(self, agent: str, beyond: str = "") -> Action:
        """Wait until an agent asks, for another action than `beyond`. Returns what."""

        def asked(_: Fleet) -> bool:
            action = self.latest(agent)
            return action is not None and action.state == "asked" and action.id != beyond

        assert await self.floor.until(asked, SOON), f"{agent} does not ask"
        action = self.latest(agent)
        assert action is not None
        return action

    async def leaves(self, operator: str) -> None:
        """Wait until an operator's console is listed as gone: what it has said came before that, and counts."""
        assert await self.floor.until(lambda _: operator in self.left, SOON), self.floor.fleet.operators

    def _hear(self, applied: list[Applied]) -> None:
        self.left |= {body.operator for one in applied if isinstance(body := one.record.data, OperatorLeft)}

    async def recorded(self) -> list[Said]:
        """The log, in order."""
        found = []
        async for row in history(self.site.home.sessions):
            envelope = codec.decode_envelope(row.event)
            data = msgspec.json.decode(bytes(envelope.data))
            found.append(Said(row.pos, envelope.type, f"{row.agent}/{row.run}", data))
        return found

    def effects(self) -> list[tuple[str, str, str]]:
        """What the agents did: action, digest, and the command that allowed it."""
        text = self.ledger.read_text("utf-8")
        lines = [json.loads(line) for line in text.splitlines()]
        return [(f"{line['run']}/{line['action']}", line["digest"], line["decision"]) for line in lines]


def decisions(records: list[Said]) -> dict[str, dict[str, Any]]:
    """Every decision by `run/action`.

    Raises:
        AssertionError: an action was decided twice.
    """
    made = [
        (f"{said.run.partition('/')[2]}/{said.data['action']}", said)
        for said in records
        if said.type == "action.decided"
    ]
    twice = [name for name, times in Counter(name for name, _ in made).items() if times > 1]
    assert not twice, f"decided twice: {twice}"
    return {name: said.data for name, said in made}


def check_obeyed(records: list[Said], effects: list[tuple[str, str, str]]) -> None:
    """Each action that was allowed is exactly one effect, of what was allowed; nothing else is."""
    allowed = {
        (name, data["digest"], data["command"])
        for name, data in decisions(records).items()
        if data["outcome"] in ALLOWING
    }
    assert len(effects) == len(set(effects)), "done twice"
    assert set(effects) == allowed

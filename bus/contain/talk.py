"""What a program says to its wrapper over one connection of the local socket, and what it is answered."""

from __future__ import annotations

import asyncio
import contextlib
import pwd
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

import msgspec

from bus.contain.ending import Ended
from bus.contain.voice import Voice
from bus.events import (
    AGENT_TYPES,
    ActionFinished,
    ActionProposed,
    ActionStarted,
    Data,
    MessageSeen,
    Progress,
    RunStateChanged,
    StepFinished,
    StepStarted,
)
from bus.sdk import parent_wire as wire
from bus.sdk.agent_core import AgentCore
from bus.sdk.decision import Action, RunKilled
from bus.sdk.values import clip
from bus.sdk.voices import HANDED

_TELEMETRY: Final = frozenset(
    kind.TYPE for kind in (StepStarted, StepFinished, Progress, MessageSeen, RunStateChanged)
)
"""What a program may report by itself; of commands, and of actions that had a gate, the wrapper's core alone writes."""

_CALLS: Final = frozenset(kind.TYPE for kind in (ActionProposed, ActionStarted, ActionFinished))
"""What it may report of a call that was made and had no gate: see `Reports.ran`."""

CLOSED: Final = "the program closed its connection; nobody waits for this, and how far it got is not known"


class Talk:
    """One connection of a program: what it asks, what it is told, and what it left open when it went."""

    def __init__(
        self,
        voice: Voice,
        writer: asyncio.StreamWriter,
        name: str,
        peer: tuple[int, int] | None,
        inside: Callable[[int], bool],
        *,
        joined: Callable[[int], int],
        told: Callable[[Ended], None],
    ) -> None:
        """`name` tells connections apart. `peer` is the process and the user at the other end, None where nobody can tell.

        `inside` says whether a process is one of the tree. `joined` is told 1 when the program begins to listen and -1 when
        it is gone, and says how many listen, `told` how its own run ended.
        """
        self._voice = voice
        self._writer = writer
        self._name = name
        self._peer = peer
        self._inside = inside
        self._joined = joined
        self._told = told
        self._in = self._within = False
        self._mine: set[str] = set()
        self._ungated: set[str] = set()
        self._loop = asyncio.get_running_loop()

    async def take(self, request: wire.AnyRequest) -> None:
        """Answer one request."""
        try:
            if isinstance(request, wire.Direct):
                answer = await self._direct(request)
            elif isinstance(request, wire.Begin):
                answer = self._begin(request)
            elif not self._in:
                answer = wire.failure(0, RuntimeError("begin first"))
            else:
                answer = self._question(request)
        except (Exception, RunKilled) as error:  # noqa: BLE001 - what it was goes to whoever asked
            answer = wire.failure(request.n, error)
        if request.n:
            self._writer.write(wire.line(msgspec.structs.replace(answer, n=request.n)))
            await self._writer.drain()

    def end(self) -> None:
        """The program closed its end, or is gone: nobody waits at its gates, and of its tools nobody will report."""
        if self._in:
            self._joined(-1)
        with contextlib.suppress(KeyError):  # the run is over
            self._call(self._abandon)

    def _abandon(self, core: AgentCore, now: float) -> None:
        for action in self._mine:
            self._voice.of(core).abandon(action, CLOSED, now)

    def _call(self, work: Callable[[AgentCore, float], object]) -> object:
        return self._voice.shell.call(work)

    def _begin(self, request: wire.Begin) -> wire.Answer:
        if self._peer is not None and not self._inside(self._peer[0]):
            raise ValueError("only a process of the contained tree may report as its run")
        steps = self._voice.shell.call(lambda core, _: core.run(self._voice.run).writer.box.spool.last) + 1
        if not self._in:
            self._in = True
            # A program that begins while another works was given its task by that one.
            self._within = self._joined(1) > 1
        what = f"{request.name or 'a program'} reports through the wrapper"
        self._voice.say(what + (f", model {request.model}" if request.model else ""))
        if request.goal:
            goal = clip(request.goal)[0]
            self._voice.tell(RunStateChanged(state="working", text=goal))
            self._voice.tell(self._whose(MessageSeen(role="user", name="goal", text=goal)))
        return wire.Answer(agent=self._voice.identity.agent, run=self._voice.run, steps=steps)

    def _question(self, request: wire.AnyRequest) -> wire.Answer:
        run, ask = self._voice.of, self._voice.shell.ask
        match request:
            case wire.Propose():
                return wire.Answer(token=self._propose(request))
            case wire.Take(token=token, edits=edits):
                decision = ask(
                    self._voice.run, token, lambda core, now: run(core).take(token, now, edits=edits)
                )
                if isinstance(decision, Future):
                    return self._wait(decision, token)
                if not decision.approved:
                    self._mine.discard(token)
                return wire.Answer(decided=wire.Decided.of(decision))
            case wire.Misfit(token=token, text=text):
                self._mine.discard(token)
                ended = ask(self._voice.run, token, lambda core, now: run(core).misfit(token, text, now))
                return (
                    wire.Answer()
                    if isinstance(ended, Future)
                    else wire.Answer(decided=wire.Decided.of(ended))
                )
            case wire.Checkpoint(token=token):
                mine = f"{self._name}.{token}"
                go_on = ask(self._voice.run, mine, lambda core, now: run(core).checkpoint(mine, now) or None)
                return self._wait(go_on, token) if isinstance(go_on, Future) else wire.Answer()
            case _:
                self._word(request)
                return wire.Answer()

    def _word(self, request: wire.AnyRequest) -> None:
        run = self._voice.of
        match request:
            case wire.Emit(type=kind, data=raw) if kind in _TELEMETRY:
                data: Data = msgspec.json.decode(raw, type=AGENT_TYPES[kind])
                self._voice.tell(self._whose(data))
            case wire.Emit(type=kind, data=raw) if kind in _CALLS:
                self._made(msgspec.json.decode(raw, type=AGENT_TYPES[kind]))
            case wire.Report(token=token, done=done, text=text):
                self._mine.discard(token)
                self._call(lambda core, now: run(core).report(token, done=done, text=text, now=now))
            case wire.Withdraw(token=token, why=why):
                self._mine.discard(token)
                self._call(lambda core, now: run(core).withdraw(token, now, why))
            case wire.Leave(token=token):
                self._call(lambda core, _: run(core).leave(f"{self._name}.{token}"))
            case wire.Finish(outcome=outcome, text=text):
                self._told(Ended(outcome, clip(text)[0]))
            case _:
                pass

    def _whose(self, data: Data) -> Data:
        """What a program was told that begins within another's work is no word from outside."""
        if self._within and isinstance(data, MessageSeen) and data.role in ("user", "system"):
            return msgspec.structs.replace(data, role="assistant", name=HANDED)
        return data

    def _made(self, data: Data) -> None:
        """Pass on what is told of a call that had no gate: never that a decision allowed it, and of no other action."""
        match data:
            case ActionProposed(action=action, passed=True) if action not in self._mine:
                self._ungated.add(action)
            case ActionStarted(action=action, decision="") if action in self._ungated:
                pass
            case ActionFinished(action=action) if action in self._ungated:
                self._ungated.discard(action)
            case _:
                return
        self._voice.tell(data)

    def _propose(self, wanted: wire.Propose) -> str:
        action = Action(
            wanted.tool,
            wanted.args,
            confidence=wanted.confidence,
            reason=wanted.reason,
            hints=wanted.hints,
            call_id=wanted.call_id,
            decide_within=wanted.decide_within,
            supersedes=wanted.supersedes,
            preview=wanted.preview,
        )
        token = self._voice.shell.call(
            lambda core, now: self._voice.of(core).propose(action, now, step=wanted.step)
        )
        self._mine.add(token)
        return token

    def _wait(self, future: Future[None], said: str) -> wire.Answer:
        def woken(_: Future[None]) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: all is over
                self._loop.call_soon_threadsafe(self._ready, said)

        # Only after the answer is on its way: it says that somebody waits.
        self._loop.call_soon(lambda: future.add_done_callback(woken))
        return wire.Answer(wait=True, token=said)

    def _ready(self, token: str) -> None:
        if not self._writer.is_closing():
            self._writer.write(wire.line(wire.Answer(ready=token)))

    async def _direct(self, request: wire.Direct) -> wire.Answer:
        account = _account(self._peer[1]) if self._peer else "this account"
        by = f"{request.by} ({account}, direct)" if request.by else f"{account} (direct)"
        command = self._voice.direct(request.kind, by, request.reason)
        while not self._voice.settled(command):  # noqa: ASYNC110 - the core tells those who wait for a token alone
            await asyncio.sleep(0.02)
        return wire.Answer(token=command, text="\n".join(self._voice.rungs.get(command, ())))


def _account(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"

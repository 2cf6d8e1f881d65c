"""A small scripted floor for console tests, made of real records by the real reducer, and a source that remembers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from msgspec import Raw

from bus import codec
from bus.alarm_records import AlarmRaised
from bus.canonical import digest
from bus.events import (
    ActionFinished,
    ActionProposed,
    ActionStarted,
    CommandAcknowledged,
    CommandEffective,
    Confidence,
    ControlLevel,
    Data,
    Envelope,
    Gate,
    Preview,
    Progress,
    RunFinished,
    RunOutcome,
    RunStarted,
    StepFinished,
    StepStarted,
    Usage,
)
from bus.grant_records import GrantOffer
from bus.inquiry import HealthReport, RecorderHealth, SenderHealth
from bus.messages import Answer, Verb
from bus.records import (
    ActionAsked,
    ActionAssessed,
    ActionDecided,
    AgentBorn,
    AgentLost,
    CommandRequested,
    CommandSent,
    Reason,
    SupervisorStarted,
    ValueOrigin,
)
from console.core.fleet.state import Fleet
from console.core.judging.reach import consequences
from console.core.reducing.reduce import Change, reduce
from console.core.replay.past_run import Page
from console.link.floor import NoAnswerError
from console.link.status import Heard, LinkStatus
from console.policy.catalogue import load_presets
from console.recording.bodies import Row

START = 1_760_000_000_000
"""2025-10-09 08:53:20 UTC."""

WELL = LinkStatus(
    bus="up",
    bus_since=0.0,
    bus_reason="",
    supervisor="up",
    supervisor_since=0.0,
    recording="ok",
    conflict=False,
    joined=True,
    epoch="epoch-1",
    window=16,
    key="",
    pinned=True,
    refused=0,
    problem="",
)


REPORT = HealthReport(
    intent="i",
    epoch="epoch-1",
    up=3_720_000,
    control=3_700_000,
    bulk=3_690_000,
    window=16,
    staged=2,
    senders=[
        SenderHealth(agent="refunds", heard=1_200, resent=2, repeated=9, bad=1),
        SenderHealth(agent="mover", heard=4_100),
    ],
    recorder=RecorderHealth(
        session="20251009T080000Z-0003",
        path="/srv/watchfloor/harbour/sessions/20251009T080000Z-0003.wfr",
        size=12_345_678,
        wal=412_000,
        due=268_435_456,
        free=81_000_000_000,
        disk=250_000_000_000,
        pos=98,
        records=12_031,
        commits=4_410,
        p50=2_140,
        p99=9_730,
        keyframe=64,
        keyframe_size=51_200,
        logged=18_300,
        sessions=3,
        sessions_size=301_000_000,
        known=88_000,
        emergency=0,
    ),
)
"""What the supervisor of a scripted floor says of itself."""


class Script:
    """Writes records into a fleet as agents and a supervisor would; `tick` lets the log's time pass."""

    def __init__(self) -> None:
        self.fleet = Fleet(site="harbour")
        self.at = START
        self.listeners: list[Callable[[list[Change]], None]] = []
        self.rows: list[Row] = []
        self._seqs: dict[str, int] = {}
        self._commands = 0
        self.supervisor(SupervisorStarted(epoch="epoch-1"))

    def tick(self, seconds: float) -> Script:
        self.at += int(seconds * 1000)
        return self

    def write(self, source: str, subject: str, seq: int, data: Data) -> None:
        raw = codec.encode(
            Envelope(
                id=f"i1.{seq}",
                source=source,
                type=data.TYPE,
                subject=subject,
                incarnation="i1",
                seq=seq,
                data=Raw(codec.encode(data)),
            )
        )
        record = codec.record(self.fleet.pos + 1, self.at, codec.decode_envelope(raw))
        self.rows.append(Row(record.pos, record.at, record.agent, record.run, raw))
        changes = reduce(self.fleet, record)
        for listener in self.listeners:
            listener(changes)

    def supervisor(self, data: Data, agent: str = "", run: str = "") -> None:
        self.write("/supervisor", f"{agent}/{run}" if run else agent, 0, data)

    def agent(self, agent: str, run: str, data: Data) -> None:
        seq = self._seqs[f"{agent}/{run}"] = self._seqs.get(f"{agent}/{run}", 0) + 1
        self.write(codec.source(agent, run), "", seq, data)

    # ---- what agents do ----------------------------------------------------------------------------------------------

    def start(
        self, agent: str, run: str, goal: str = "", control: ControlLevel = "gated", version: str = "1.0"
    ) -> None:
        if agent not in self.fleet.agents:
            self.supervisor(AgentBorn(incarnation="i1", connection="c1", control=control), agent)
        self.agent(agent, run, RunStarted(goal=goal, control=control, agent_version=version))

    def step(
        self, agent: str, run: str, number: int, name: str, claim: float | None = None, *, of: int | None = None,
        text: str = "", ok: bool | None = True, seconds: float = 0.5, usage: Usage | None = None,
    ) -> None:  # fmt: skip
        confidence = Confidence(value=claim) if claim is not None else None
        self.agent(agent, run, StepStarted(step=number, name=name, of=of, confidence=confidence))
        self.tick(seconds)
        self.agent(agent, run, StepFinished(step=number, ok=ok, text=text, usage=usage))
        self.tick(0.5)

    def ask(
        self, agent: str, run: str, action: str, tool: str, args: dict[str, Any], *, gate: Gate = "ask",
        severity: int = 3, step: int | None = None, reason: str = "", claim: float | None = None,
        within: float = 600.0, reasons: tuple[str, ...] = ("costs money, no undo",), offer: GrantOffer | None = None,
        origins: Sequence[ValueOrigin] = (), preview: Preview | None = None,
    ) -> None:  # fmt: skip
        confidence = Confidence(value=claim) if claim is not None else None
        proposed = ActionProposed(
            action=action,
            tool=tool,
            args=args,
            step=step,
            reason=reason,
            confidence=confidence,
            preview=preview,
        )
        self.agent(agent, run, proposed)
        facts = [Reason(code=f"r{number}", text=text) for number, text in enumerate(reasons)]
        own = digest(tool, json.loads(json.dumps(args)))
        reached = consequences(tool, args, load_presets().get(tool), None)
        assessed = ActionAssessed(
            action=action,
            digest=own,
            severity=severity,
            failure_bp=4000,
            gate=gate,
            reasons=facts,
            origins=[*origins],
            reaches=reached.reaches,
            no_undo=reached.no_undo,
        )
        self.supervisor(assessed, agent, run)
        self.supervisor(ActionAsked(action=action, gate=gate, decide_within=within, offer=offer), agent, run)

    def decide(self, agent: str, run: str, action: str, outcome: Any = "approved", by: str = "op-1") -> str:
        self._commands += 1
        command = f"d{self._commands}"
        bound = self.fleet.runs[f"{agent}/{run}"].actions[action].digest if outcome == "approved" else None
        self.supervisor(
            ActionDecided(action=action, outcome=outcome, command=command, by=by, digest=bound), agent, run
        )
        return command

    def obey(self, agent: str, run: str, command: str) -> None:
        self.tick(0.1).supervisor(CommandSent(command=command), agent, run)
        self.tick(0.1).agent(agent, run, CommandAcknowledged(command=command))
        self.tick(0.2).agent(agent, run, CommandEffective(command=command))

    def do(self, agent: str, run: str, action: str, text: str = "") -> None:
        known = self.fleet.runs[f"{agent}/{run}"].actions[action]
        began = ActionStarted(action=action, decision=known.decision, digest=known.decided_digest)
        self.agent(agent, run, began)
        self.tick(0.8).agent(agent, run, ActionFinished(action=action, outcome="done", text=text))

    def command(self, agent: str, run: str, kind: Any, by: str = "op-1", *, floor: bool = False) -> str:
        self._commands += 1
        command = f"c{self._commands}"
        self.supervisor(CommandRequested(command=command, kind=kind, by=by, floor=floor), agent, run)
        return command

    def progress(self, agent: str, run: str, done: float, of: float) -> None:
        self.agent(agent, run, Progress(done=done, of=of))

    def finish(self, agent: str, run: str, outcome: RunOutcome = "completed", text: str = "") -> None:
        self.agent(agent, run, RunFinished(outcome=outcome, text=text))

    def lose(self, agent: str) -> None:
        self.supervisor(AgentLost(incarnation="i1", why="will"), agent)

    def alarm(self, name: str, text: str, priority: int = 2, agent: str = "", run: str = "") -> None:
        self.supervisor(AlarmRaised(alarm=name, kind=name, priority=priority, text=text), agent, run)


def calm() -> Script:
    """A floor on which all is well."""
    script = Script()
    for agent, runs, control in (
        ("crawler", 12, "contained"),
        ("deployer", 2, "gated"),
        ("triage", 7, "observed"),
    ):
        for number in range(runs):
            run = f"{agent[0]}{number:03d}"
            script.start(agent, run, f"work {number}", control)  # type: ignore[arg-type]
            script.progress(agent, run, (number * 5) % 11 + 1, 12)
    script.start("indexer", "44zt", "Index the shelf", "contained")
    script.ask("indexer", "44zt", "a0", "write_index", {"path": "/srv/index"}, severity=2)
    script.obey("indexer", "44zt", script.decide("indexer", "44zt", "a0"))
    script.do("indexer", "44zt", "a0")
    script.step("indexer", "44zt", 1, "read_shelf", 0.93, of=8)
    script.tick(26 * 60)
    return script


ARGS = {
    "order_id": "88213",
    "to": "payouts@acme-desk.example",
    "subject": "Your refund for order 88213",
    "attach": ["invoice-88213.pdf"],
    "amount": 62.5,
}


def busy(origins: Sequence[ValueOrigin] = ()) -> Script:
    """A floor with two asks and a hold, and one of each trouble. `origins` are those of the hold's arguments."""
    script = calm()
    script.start("refunds", "7q4f", "Refund order 88213 and tell the customer", version="2.3.1")
    usage = Usage(input_tokens=20_000, output_tokens=11_000, cost_usd=0.41)
    for number, (name, claim, text) in enumerate(
        (
            ("read_ticket", 0.93, "5521"),
            ("get_order", 0.96, "88213"),
            ("get_customer", 0.95, "Okafor"),
            ("fetch_page", 0.64, "acme-desk.example"),
            ("get_invoice", 0.58, "88213"),
        ),
        1,
    ):
        script.step(
            "refunds", "7q4f", number, name, claim, of=8, text=text, usage=usage if number == 1 else None
        )
    script.ask(
        "refunds", "7q4f", "a1", "send_email", ARGS, gate="hold", severity=4, step=5, claim=0.95,
        reason="Sending the confirmation as the help page asks.",
        reasons=("new destination outside the known list, no undo", "this run has read an untrusted page (step 4)"),
        origins=origins,
    )  # fmt: skip
    script.start("refunds", "7q51", "Refund order 88240", version="2.3.1")
    script.ask(
        "refunds", "7q51", "a2", "issue_refund", {"order_id": "88240", "amount": 480.0, "currency": "EUR"},
        within=102.0, reasons=("costs EUR 480.00, no undo",),
    )  # fmt: skip
    script.start("janitor", "c0xe", "Clean the exports", "contained")
    script.ask("janitor", "c0xe", "a3", "delete_files", {"path": "/srv/exports", "count": 212})
    script.start("researcher", "p81a", "Find the sources", "contained")
    script.step("researcher", "p81a", 1, "search", 0.52)
    script.start("reader", "44zz", "Read the shelf")
    script.step("reader", "44zz", 12, "read_shelf")
    script.lose("reader")
    script.start("mover", "k2m9", "Move the service")
    pause = script.command("mover", "k2m9", "pause")
    script.supervisor(CommandSent(command=pause), "mover", "k2m9")
    script.start("mover", "k2m4", "Move the other service")
    script.obey("mover", "k2m4", script.command("mover", "k2m4", "pause"))
    script.start("mover", "k2m1", "Move a third service")
    script.finish("mover", "k2m1", text="3 of 3 moved")
    script.alarm("bad-input", "2 messages were not understood")
    script.tick(60)
    return script


class FakeSource:
    """A floor without a bus. `said` are the intents stated; `answers` decides what becomes of them."""

    def __init__(self, script: Script, status: LinkStatus = WELL) -> None:
        self.script = script
        self.status = status
        self.said: list[dict[str, Any]] = []
        self.answer: Answer | str = Answer(intent="i", outcome="accepted", accepted=True)
        self.held: asyncio.Event | None = None
        self.page = 20
        self.report: HealthReport | None = REPORT

    @property
    def fleet(self) -> Fleet:
        return self.script.fleet

    def listen(self, callback: Callable[[list[Change]], None]) -> None:
        self.script.listeners.append(callback)

    def turn(self, **changes: Any) -> None:
        self.status = replace(self.status, **changes)

    async def say(self, verb: Verb, **binding: Any) -> Answer:
        self.said.append(
            {"verb": verb, **{name: value for name, value in binding.items() if value and value != "once"}}
        )
        if self.held is not None:
            await self.held.wait()
        if isinstance(self.answer, str):
            raise NoAnswerError(self.answer)
        return self.answer

    @property
    def where(self) -> str:
        return "mqtt://127.0.0.1:1883"

    async def health(self) -> Heard | None:
        return Heard(self.report, 0.004) if self.report else None

    async def history(self, agent: str, run: str, before: int) -> Page:
        own = [row for row in self.script.rows if (row.agent, row.run) == (agent, run) and row.pos < before]
        page = own[-self.page :]
        records = [codec.record(row.pos, row.at, codec.decode_envelope(row.event)) for row in page]
        return Page(records, more=len(own) > len(page))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[FakeSource]:
        yield self

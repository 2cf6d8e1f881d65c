"""The judge over one recorded run, step by step. It sees what came before a step, and no label, name of run or task."""

from __future__ import annotations

from collections import deque
from typing import Final

from msgspec import Struct

from bus.events import ActionProposed, Gate
from console.core.call_facts import CallFacts
from console.core.judging.risk import Assessment
from console.core.provenance.suspicion import Suspicion
from console.core.provenance.trail import Trail
from console.demo.recorded import RecordedRun, RecordedStep
from console.policy.judge import Judge

GATE_BANDS: Final[dict[Gate, float]] = {"auto": 0.0, "notify": 1.0, "ask": 4.5, "hold": 5.5, "deny": 12.0}
"""Least score of each gate. A score is severity plus points of suspicion: decades of expected loss."""

UNKNOWN_POINTS: Final = 2.5
"""Points of a call of which nothing is known: the row `unproven`."""

_TOOL: Final = 128


class Judged(Struct, frozen=True, kw_only=True):
    """One tool call as the judge saw it. `at` is its place among the run's steps, `call` among its tool calls, from 0."""

    at: int
    call: int
    tool: str
    severity: int
    gate: Gate
    score: float
    codes: tuple[str, ...]

    @property
    def interrupts(self) -> bool:
        """Whether somebody is asked, or nobody needs to be because it is denied."""
        return self.gate in ("ask", "hold", "deny")


class Live:
    """One run being lived: what the supervisor would keep of it."""

    def __init__(self, judge: Judge, *, without: frozenset[str] = frozenset()) -> None:
        self._judge = judge
        self._without = without
        self._trail = Trail()
        self._open: deque[tuple[str, bool]] = deque()
        self._tainted = self._sensitive = False
        self._calls = 0

    def step(self, at: int, step: RecordedStep) -> Judged | None:
        """Live one step; a tool call is judged before its result is known."""
        match step.kind:
            case "message":
                if step.actor == "user":
                    self._trail.said(step.text or "")
            case "tool_result":
                self._result(step)
            case "tool_call":
                return self._call(at, step)
        return None

    def _call(self, at: int, step: RecordedStep) -> Judged:
        tool, args = (step.name or "unnamed")[:_TOOL], step.args or {}
        suspicion = self._judge.suspect(self._trail, tool, args, without=self._without)
        assessment = self._judge.judge(
            ActionProposed(action=f"call-{at}", tool=tool, args=args),
            CallFacts(
                agent="recorded",
                digest_ok=None,
                tainted=self._tainted,
                sensitive=self._sensitive,
                first_use=False,  # the history of this version of the agent is not in the file
                gap=False,
                incomplete=False,
                suspicion=suspicion,
            ),
        )
        self._open.append((tool, suspicion is None or suspicion.taints))
        untrusted, sensitive = self._judge.reads(tool, None, by_name=True)
        self._tainted, self._sensitive = self._tainted or untrusted, self._sensitive or sensitive
        judged = Judged(
            at=at,
            call=self._calls,
            tool=tool,
            severity=assessment.severity,
            gate=assessment.gate,
            score=urgency(assessment, suspicion),
            codes=tuple(reason.code for reason in assessment.reasons),
        )
        self._calls += 1
        return judged

    def _result(self, step: RecordedStep) -> None:
        tainted = False
        for call in self._open:
            if step.name is None or call[0] == step.name:
                self._open.remove(call)
                tainted = call[1]
                break
        self._trail.read(step.name or step.actor, step.text or "", tainted=tainted, cut=step.truncated)


def judge_run(run: RecordedRun, judge: Judge, *, without: frozenset[str] = frozenset()) -> list[Judged]:
    """Judge every tool call of a run."""
    live = Live(judge, without=without)
    return [judged for at, step in enumerate(run.steps) if (judged := live.step(at, step)) is not None]


def urgency(assessment: Assessment, suspicion: Suspicion | None) -> float:
    """Return a number that grows with urgency: decades of expected loss, kept within the band of the gate."""
    points = UNKNOWN_POINTS if suspicion is None else suspicion.points
    raw = assessment.severity + points
    gates = list(GATE_BANDS)
    least = GATE_BANDS[assessment.gate]
    above = gates[gates.index(assessment.gate) + 1 :]
    score = max(raw, least)
    if assessment.gate in ("auto", "notify") and score >= GATE_BANDS[above[0]]:
        ceiling = GATE_BANDS["ask"] if assessment.gate == "notify" else GATE_BANDS["notify"]
        score = ceiling - 1 / (2 + max(raw, 0.0)) if raw >= ceiling else score
    return round(score, 4)

"""The gates: every proposed action is judged, allowed, asked or denied, and every ask ends, answered or not."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any, Final, Literal

from msgspec.structs import replace

from bus.events import ActionProposed, Data, Outcome
from bus.messages import DecisionCommand, Intent
from bus.records import ActionAsked, ActionAssessed, ActionDecided
from console.core.fleet.state import Action, Run
from console.core.judging.origin_terms import recorded
from console.core.judging.reach import UNTOLD
from console.core.judging.risk import Assessment
from console.supervisor.alarming.alarms import Alarms, alarm_id
from console.supervisor.alarming.guard import guarded
from console.supervisor.judging.assessor import Assessor, Judging, Weighed
from console.supervisor.judging.granting import Granting
from console.supervisor.ledger import Ledger
from console.supervisor.log import Log

DEADLINES_SPARE: Final = 1_024
"""Deadlines of answered asks that may be kept beyond twice those of open ones."""

Refused = Literal["conflict", "illegal"]
"""How a verdict is refused."""


class Gates(Assessor):
    """Judges proposals, keeps the deadlines of asks, and records each action's one decision."""

    def __init__(
        self, log: Log, ledger: Ledger, alarms: Alarms, judge: Judging, new_id: Callable[[], str]
    ) -> None:
        super().__init__(log.fleet, judge)
        self._log = log
        self._ledger = ledger
        self._alarms = alarms
        self._new_id = new_id
        self._deadlines: list[tuple[float, str]] = []
        self.closed = ""
        self.granting = Granting(log, new_id)
        self._unpassed: dict[str, set[str]] = {}
        self.reissue: Callable[[str], None] = lambda _: None
        self.could_hold: Callable[[Run, Action], bool] = lambda _run, _action: False
        self.late: dict[str, DecisionCommand] = {}
        """Decisions that went out before the proposals they are about were recorded, by the actions' keys."""
        self.verdict: Callable[[Intent, str], tuple[Refused, str] | None] = lambda _intent, _by: None
        self.rejected: Callable[[Action, str], None] = lambda _action, _by: None

    def heard(self, key: str, data: Data) -> None:
        """Take up what a run was told or has read; if that fails, the origin of all its values is unknown."""
        guarded(self._alarms, f"what {key} was told or has read", self.trails.follow, key, data)

    def recall(self, key: str, data: Data) -> None:
        """The same of what was recorded before this supervisor began."""
        guarded(self._alarms, f"what {key} was told or has read", super().recall, key, data)

    def proposed(self, run: Run, data: ActionProposed, now: float) -> None:
        """Judge a proposal that was just accepted, and act on the gate."""
        action = run.actions.get(data.action)
        if action is None or action.state != "proposed":
            return
        self._supersede(run, data.supersedes or "", now)
        weighed = self._weighed(run, action, data)
        own, problem, assessment, _ = weighed
        self._assessed(run, action, data, weighed)
        late = self.late.pop(action.key, None)
        if run.control == "observed":
            return
        if late is not None:
            self.decide(action, late.outcome, late.by, now, reason=late.text, command=late.id)
        elif data.passed:
            self._passed(run, action, own, assessment, now)
        elif problem:
            self.decide(action, "rejected", "policy", now, reason=f"the arguments {problem}")
        elif assessment.gate == "deny":
            self.decide(action, "rejected", "policy", now, reason=_why(assessment))
        elif run.killing:
            self.decide(action, "rejected", "policy", now, reason="the run is being killed")
        elif assessment.gate in ("auto", "notify") and not self.closed:
            self.decide(action, "approved", "policy", now, digest=own)
        elif not self._granted(run, action, data, weighed, now):
            self._ask(run, action, data, weighed, now)

    def _weighed(self, run: Run, action: Action, data: ActionProposed) -> Weighed:
        """Judge it. An error of ours in that is a latched alarm, and the action waits for a person at once."""
        try:
            return self.weigh(run, action, data)
        except Exception as error:  # noqa: BLE001  (left alone, the action would stay proposed, and nobody be asked)
            unjudged = self.unjudged(data, error)
            guarded(self._alarms, f"judgement of {action.key}", _again, error)
            return unjudged

    def _ask(self, run: Run, action: Action, data: ActionProposed, weighed: Weighed, now: float) -> None:
        """Let it wait for a person."""
        gate = weighed.assessment.gate if weighed.assessment.gate in ("ask", "hold") else "ask"
        offer = self.granting.offer(data, weighed)
        asked = ActionAsked(action=data.action, gate=gate, decide_within=data.decide_within, offer=offer)
        self._log.write(asked, run.agent, run.run)
        heapq.heappush(self._deadlines, (now + data.decide_within, action.key))
        self._forget_answered()

    def _assessed(self, run: Run, action: Action, data: ActionProposed, weighed: Weighed) -> None:
        """Record a judgement, and be loud where it is of a tool that is no longer what it was pinned to.

        What only describes the call to people may fail; the judgement then stands without it, and the action goes its way.
        """
        bare = ActionAssessed(
            action=data.action,
            digest=weighed.digest,
            severity=weighed.assessment.severity,
            failure_bp=weighed.assessment.failure_bp,
            gate=weighed.assessment.gate,
        )
        guarded(self._alarms, f"description of {action.key}", self._described, run, data, weighed, bare)
        if action.state == "proposed":
            self._log.write(bare, run.agent, run.run)
        guarded(self._alarms, f"definition of {action.key}", self._defined, run, action, data)

    def _described(self, run: Run, data: ActionProposed, weighed: Weighed, bare: ActionAssessed) -> None:
        asks = bare.gate in ("ask", "hold")  # nobody reads of what just runs what it reaches
        reached = self.judge.consequences(data) if asks else UNTOLD
        assessed = replace(
            bare,
            reasons=weighed.assessment.reasons,
            origins=recorded(weighed.suspicion),
            reaches=reached.reaches,
            no_undo=reached.no_undo,
        )
        self._log.write(assessed, run.agent, run.run)

    def _defined(self, run: Run, action: Action, data: ActionProposed) -> None:
        if self.judge.changed(data):
            text = f"{run.agent}: the server of {action.tool} says something else of it than what it is pinned to"
            self._alarms.raise_("tool-changed", text, run.agent, about=action.tool)

    def _granted(self, run: Run, action: Action, data: ActionProposed, weighed: Weighed, now: float) -> bool:
        """Let an action run that a person's earlier word on calls like it covers, by this fresh judgement of it."""
        grant = None if self.closed else self.granting.covering(run, data, weighed)
        if grant is None:
            return False
        words = f"by grant of {grant.by}, use {grant.used + 1} of {grant.uses}"
        self.decide(action, "approved", "grant", now, digest=weighed.digest, reason=words, grant=grant.id)
        self.granting.used(grant)
        return True

    def _forget_answered(self) -> None:
        """Let go of the deadlines of asks that are over, now and then."""
        waiting = self._fleet.waiting
        if len(self._deadlines) > 2 * len(waiting) + DEADLINES_SPARE:
            still = set(waiting)
            self._deadlines = [entry for entry in self._deadlines if entry[1] in still]
            heapq.heapify(self._deadlines)

    def _supersede(self, run: Run, name: str, now: float) -> None:
        older = run.actions.get(name)
        if older is not None and older.state == "asked":
            self.decide(older, "superseded", "agent", now, reason="the agent proposed another action instead")

    def ended(self, run: Run, now: float) -> None:
        """A run ended: nobody waits at its open asks any more."""
        for action in list(run.actions.values()):
            if action.state == "asked":
                self.decide(action, "canceled", "supervisor", now, reason="the run ended", send=False)
        for grant in self.granting.of(run):
            self.granting.end(grant, "supervisor", "the run is over")

    def pass_list(self, agent: str) -> list[str]:
        """Tools whose calls this agent need not wait for, less those that it passed against the judgement of the call."""
        gone = self._unpassed.get(agent, set())
        return [tool for tool in self.judge.pass_list(agent) if tool not in gone]

    def pass_schemas(self, agent: str) -> dict[str, str]:
        """The same for tools that pass as long as their definition has that digest."""
        gone = self._unpassed.get(agent, set())
        return {tool: schema for tool, schema in self.judge.pass_schemas(agent).items() if tool not in gone}

    def forget(self, agent: str) -> None:
        """Let go of what is known of an agent that the site has forgotten."""
        self._unpassed.pop(agent, None)

    def _passed(self, run: Run, action: Action, own: str, assessment: Assessment, now: float) -> None:
        """An action that did not wait: fine if its tool is on a pass list that the agent may hold, ungated otherwise.

        What a list allowed and the judgement would have asked about stays allowed, is an alarm, and was the last time.
        """
        schema = action.hints.schema_digest if action.hints else None
        listed = action.exact_tool in self.pass_list(action.agent) or (
            schema is not None and self.pass_schemas(action.agent).get(action.exact_tool) == schema
        )
        if not listed and not self.could_hold(run, action):
            return
        self.decide(action, "approved", "pass-list", now, digest=own, send=False)
        if assessment.gate not in ("auto", "notify"):
            self._unpassed.setdefault(action.agent, set()).add(action.exact_tool)
            text = (
                f"{action.agent} passed {action.tool}, which would be {assessment.gate}: {_why(assessment)}"
            )
            self._alarms.raise_("passed", text, action.agent, action.run, about=action.tool)
            self.reissue(action.agent)

    def started(self, run: Run, name: str) -> None:
        """Raise the loudest alarm there is for an action that began without a decision that allowed it."""
        action = run.actions.get(name)
        if action is not None and action.ungated:
            self.ungated(run, name, f"{run.key}: {action.tool} ran without a decision")

    def ungated(self, run: Run, about: str, text: str) -> None:
        """Raise the alarm, once for each action."""
        name = alarm_id("ungated-action", run.agent, run.run, about)
        if run.control != "observed" and name not in self._fleet.alarms:
            self._alarms.raise_("ungated-action", text, run.agent, run.run, about=about)

    def decide(  # noqa: PLR0913  (the facts of a decision)
        self,
        action: Action,
        outcome: Outcome,
        by: str,
        now: float,
        *,
        digest: str | None = None,
        args: dict[str, Any] | None = None,
        reason: str = "",
        intent: str = "",
        send: bool = True,
        command: str = "",
        grant: str = "",
    ) -> None:
        """Record the decision of an action and send it to the agent behind the commit, under a new id or `command`."""
        decided = ActionDecided(
            action=action.id,
            outcome=outcome,
            command=(command or self._new_id()) if send else "",
            by=by,
            digest=digest,
            args=args,
            reason=reason,
            intent=intent,
            grant=grant,
        )
        self._log.write(decided, action.agent, action.run)
        self.heard(f"{action.agent}/{action.run}", decided)  # an answer is a person's word
        if outcome == "rejected" and intent:
            self.rejected(action, by)
        if send:
            self._ledger.decision(action, now)

    def restore(self, now: float) -> None:
        """After a restart: take up the asks of the recording with what is left of their time, and judge what was not."""
        at = self._log.now()
        for key in self._fleet.waiting:
            action = self._fleet.action(key)
            if action is not None:
                spent = max(0.0, (at - (action.asked_at or at)) / 1000)
                heapq.heappush(self._deadlines, (now + max(0.0, action.decide_within - spent), key))
        for run in list(self._fleet.runs.values()):
            for action in list(run.actions.values()):
                if action.state == "proposed":
                    guarded(self._alarms, f"gate of {action.key}", self.proposed, run, _proposal(action), now)

    def tick(self, now: float) -> None:
        """Expire the asks whose time is up, and the grants."""
        guarded(self._alarms, "clock of Granting", self.granting.tick, now)
        while self._deadlines and self._deadlines[0][0] <= now:
            _, key = heapq.heappop(self._deadlines)
            action = self._fleet.action(key)
            if action is not None and action.state == "asked":
                guarded(self._alarms, f"end of {action.key}", self._expire, action, now)

    def _expire(self, action: Action, now: float) -> None:
        reason = f"nobody answered within {action.decide_within:g} s"
        self.decide(action, "expired", "clock", now, reason=reason)


def _again(error: Exception) -> None:
    raise error


def _why(assessment: Assessment) -> str:
    return assessment.reasons[0].text if assessment.reasons else "denied by policy"


def _proposal(action: Action) -> ActionProposed:
    return ActionProposed(
        action=action.id,
        tool=action.exact_tool,
        args=action.args,
        digest=action.claimed or None,
        step=action.step,
        confidence=action.confidence,
        hints=action.hints,
        decide_within=action.decide_within or 1.0,
        passed=action.passed,
    )

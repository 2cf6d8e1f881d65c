"""What agents have earned: verdicts of others are recorded, rungs are given and taken, and the judge is told.

A verdict comes by a signed intent of an enrolled operator; a checker or wrapper is enrolled like a person. An agent's own
word never gets here. A rung is given by an e-process (`console.core.reliability.evidence`) and lost at once: on a verified
failure, an operator's rejection, a drift, a change of version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final, Literal

from bus.messages import Intent
from bus.records import AutonomyDemoted, AutonomyPromoted, OutcomeVerified
from console.core.fleet.lifecycle import ENDED
from console.core.fleet.state import Action, Run
from console.core.judging.tool_facts import schema_of
from console.core.reliability.bounds import Earned, earned
from console.core.reliability.evidence import RUNGS, drifts, earned_rung
from console.core.reliability.standing import Standing, standing_of, stratum_key, task_of, version_of
from console.supervisor.alarming.alarms import Alarms
from console.supervisor.judging.gates import Gates, Refused
from console.supervisor.log import Log

CHECK_ONE_IN: Final = 20
"""Of the calls that run because their stratum was promoted, one in so many is asked about all the same, by chance."""

CHECK_AT_LEAST: Final = 40
"""Promoted calls after which one is asked about, whatever chance said."""

How = Literal["operator", "checker", "wrapper"]


class NotVerifiableError(Exception):
    """Why a verdict cannot be taken."""


class Autonomy:
    """Keeps the strata of the fleet through the log, and tells the gates what a call's stratum has earned."""

    def __init__(self, log: Log, alarms: Alarms, gates: Gates, new_id: Callable[[], str]) -> None:
        self._log = log
        self._fleet = log.fleet
        self._alarms = alarms
        self._effect = gates.effect
        gates.earned = self.earned
        gates.rejected = self.rejected
        gates.verdict = self.verdict
        self._new_id = new_id
        self._salt = ""
        self._calls = 0
        self._unchecked: dict[str, int] = {}
        self.doubt: Callable[[Run], str] = lambda _run: ""

    # ---- verdicts ----------------------------------------------------------------------------------------------------

    def verdict(self, intent: Intent, by: str) -> tuple[Refused, str] | None:
        """Take an operator's verdict on an action or a run. Returns how and why it is refused, or None."""
        run = self._fleet.run(intent.agent, intent.run)
        action = run.actions.get(intent.action) if run and intent.action else None
        if run is None or (intent.action and action is None):
            return "conflict", "no such run or action is on the floor any more"
        if intent.ok is None or (not intent.ok and not intent.reason):
            return "illegal", "a verdict says whether it went well, and why if it did not"
        try:
            self.verify(run, action, ok=intent.ok, by=by, reason=intent.reason, intent=intent.id)
        except NotVerifiableError as error:
            return "conflict", str(error)
        return None

    def verify(
        self,
        run: Run,
        action: Action | None,
        *,
        ok: bool,
        by: str,
        how: How = "operator",
        reason: str = "",
        intent: str = "",
    ) -> None:
        """Record how an action, or with None the run, really ended, and give or take what follows from it.

        Raises:
            NotVerifiableError: it has not run, is not over, or was verified before. "Right" may be corrected to "wrong",
                and not the other way.
        """
        before = action.verified if action else run.verified
        if before == "failed" or (before == "ok" and ok):
            msg = f"it was verified as {before} before"
            raise NotVerifiableError(msg)
        if action is not None and action.state not in ("done", "failed"):
            msg = f"the action has not run to its end, it is {action.state}"
            raise NotVerifiableError(msg)
        if action is None and run.state not in ENDED:
            msg = f"the run is not over, it is {run.state}"
            raise NotVerifiableError(msg)
        version = version_of(run.version, run.model)
        tool = action.tool if action else ""
        outcome = OutcomeVerified(
            action=action.id if action else "",
            ok=ok,
            by=by,
            how=how,
            version=version,
            tool=tool,
            effect=self._effect(tool, schema_of(action.hints)) if action else "",
            claimed=action.confidence.value if action and action.confidence else None,
            task="" if action else task_of(run.goal),
            steps=0 if action else run.so_far.entries,
            heard={} if action else run.so_far.heard,
            shown=[] if action else run.so_far.shown,
            corrects=before == "ok",
            reason=reason,
            intent=intent,
        )
        self._log.write(outcome, run.agent, run.run)
        if action is not None:
            self._follow(run, version, action, ok=ok)

    def _follow(self, run: Run, version: str, action: Action, *, ok: bool) -> None:
        standing = self._standing(run.agent, version, action.tool, schema_of(action.hints))
        if standing is None:
            return
        if drifts(standing.drift):
            self._drifted(standing)
        elif not ok and standing.rung != "unproven":
            self._demote(standing, f"action {action.key} was found to have failed")
        elif ok:
            self._promote(standing)

    def _promote(self, standing: Standing) -> None:
        # Without a version a change of the agent would go unseen, and an unknown tool is named by the agent alone.
        if not standing.version or not standing.effect:
            return
        right, wrong = standing.right_since, standing.wrong_since
        rung = earned_rung(right, wrong, standing.lost)
        if rung == standing.rung or (standing.rung != "unproven" and rung == "unproven"):
            return
        if standing.rung != "unproven" and RUNGS[rung] < RUNGS[standing.rung]:
            return
        reason = (
            f"{right} of {right + wrong} verified calls were right: more than {RUNGS[rung]:.0%} is proven"
        )
        promoted = AutonomyPromoted(stratum=_key(standing), rung=rung, reason=reason)
        self._log.write(promoted, standing.agent)
        # What it has proven since a drift is more than it had proven before.
        self._alarms.clear("drift", standing.agent, about=standing.tool)

    def _demote(self, standing: Standing, reason: str) -> None:
        demoted = AutonomyDemoted(stratum=_key(standing), rung=standing.rung, reason=reason)
        self._unchecked.pop(_key(standing), None)
        self._log.write(demoted, standing.agent)

    def _drifted(self, standing: Standing) -> None:
        text = (
            f"{standing.agent} {standing.version}: {standing.tool} fails more often than it used to: "
            f"{standing.drift_wrong} of the last {standing.drift_n} verified calls, "
            f"against {standing.reference or 0.0:.0%} at first"
        )
        self._alarms.raise_("drift", text, standing.agent, about=standing.tool)
        self._demote(standing, "failures have become more frequent")

    def rejected(self, action: Action, by: str) -> None:
        """A person rejected an action: whatever its stratum earned is lost."""
        run = self._fleet.run(action.agent, action.run)
        if run is None:
            return
        version = version_of(run.version, run.model)
        standing = self._standing(run.agent, version, action.tool, schema_of(action.hints))
        if standing is not None and standing.rung != "unproven":
            self._demote(standing, f"{by} rejected action {action.key}")

    def begun(self, run: Run) -> None:
        """A run began: what another version of this agent earned is lost."""
        version = version_of(run.version, run.model)
        for standing in list(self._fleet.reliability.strata.values()):
            if standing.agent == run.agent and standing.version != version and standing.rung != "unproven":
                self._demote(standing, f"run {run.key} began under version {version or '(none)'}")

    # ---- what the judge is told --------------------------------------------------------------------------------------

    def earned(self, run: Run, tool: str, schema: str | None) -> Earned:
        """What a call's stratum has earned, what is wrong with its run, and whether this call is a spot check."""
        standing = self._standing(run.agent, version_of(run.version, run.model), tool, schema)
        if standing is not None and not standing.effect:
            standing = None
        check = standing is not None and standing.rung != "unproven" and self._check(_key(standing))
        return earned(self._fleet.reliability, standing, doubt=self.doubt(run), check=check)

    def _check(self, key: str) -> bool:
        """Whether to look at this call of a promoted stratum: by a chance that no agent can foresee."""
        self._salt = self._salt or self._new_id()
        self._calls += 1
        waited = self._unchecked.get(key, 0) + 1
        mark = hashlib.sha256(f"{self._salt}.{self._calls}".encode()).digest()
        look = int.from_bytes(mark[:4]) % CHECK_ONE_IN == 0 or waited >= CHECK_AT_LEAST
        self._unchecked[key] = 0 if look else waited
        return look

    def _standing(self, agent: str, version: str, tool: str, schema: str | None) -> Standing | None:
        return standing_of(self._fleet.reliability, agent, version, tool, self._effect(tool, schema))


def _key(standing: Standing) -> str:
    return stratum_key(standing.agent, standing.version, standing.tool, standing.effect)

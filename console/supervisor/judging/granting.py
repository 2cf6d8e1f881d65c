"""Grants in the supervisor: made with an approval, used by later calls like it, ended loudly."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, Literal

from bus.canonical import NotCanonicalError
from bus.events import ActionProposed
from bus.grant_records import GrantEnded, GrantMade, GrantOffer
from bus.messages import Intent
from console.core.fleet.lifecycle import ENDED
from console.core.fleet.state import Action, Run
from console.core.judging import grants
from console.core.judging.grants import Grant
from console.supervisor.judging.assessor import Weighed
from console.supervisor.log import Log

LOGGER: Final = logging.getLogger(__name__)

Refusal = tuple[Literal["conflict", "illegal", "closed"], str]


def version_of(run: Run) -> str:
    """Agent and model version of a run: a grant is for this one and no other."""
    return f"{run.version} {run.model}".strip()


class Granting:
    """The grants of a site's fleet. All that it does is in the log."""

    def __init__(self, log: Log, new_id: Callable[[], str]) -> None:
        self._log = log
        self._new_id = new_id

    def of(self, run: Run) -> list[Grant]:
        """The grants of a run, the oldest first."""
        return [grant for grant in self._log.fleet.grants.values() if grant.run_key == run.key]

    def offer(self, data: ActionProposed, weighed: Weighed) -> GrantOffer | None:
        """What a grant for calls like a proposal would cover; None where there must be none. Never raises."""
        try:
            return grants.offer(data.tool, data.args, weighed.assessment, weighed.suspicion)
        except NotCanonicalError:
            return None
        except Exception:  # without an offer it can be approved once; without an ask nobody would see it
            LOGGER.exception("no grant could be offered")
            return None

    def covering(self, run: Run, data: ActionProposed, weighed: Weighed) -> Grant | None:
        """The grant that stands in for the answer to a proposal as it was just judged, if there is one."""
        at, version = self._log.now(), version_of(run)
        for grant in self.of(run):
            if why := grant.over(version, at):
                self.end(grant, "supervisor", why)
            elif grants.covers(grant, data.tool, data.args, weighed.assessment, weighed.suspicion):
                return grant
        return None

    def used(self, grant: Grant) -> None:
        """End a grant whose last use this was."""
        if grant.used >= grant.uses:
            self.end(grant, "supervisor", f"its {grant.uses} uses are over")

    def make(self, run: Run, action: Action, by: str, intent: str) -> Refusal | None:
        """Record the grant for calls like an action that is about to be approved. Returns why there must be none.

        One that covers the same gives way to it.
        """
        offer, fleet = action.offer, self._log.fleet
        if offer is None:
            return "illegal", "this one can be approved once only: no grant is offered for it"
        if len(self.of(run)) >= grants.OF_RUN or len(fleet.grants) >= grants.OF_SITE:
            return "closed", "too many grants count already; revoke some, or approve once"
        for grant in self.of(run):
            if (grant.tool, grant.alike) == (action.exact_tool, offer.alike):
                self.end(grant, by, "made anew")
        made = GrantMade(
            grant=self._new_id(),
            action=action.id,
            tool=action.exact_tool,
            alike=offer.alike,
            destinations=offer.destinations,
            by=by,
            version=version_of(run),
            uses=grants.USES,
            seconds=grants.SECONDS,
            intent=intent,
        )
        self._log.write(made, run.agent, run.run)
        return None

    def revoke(self, intent: Intent, by: str) -> Refusal | None:
        """End the grant that an intent names, or all of its run. Returns why not."""
        fleet = self._log.fleet
        if intent.grant:
            named = fleet.grants.get(intent.grant)
            found = [] if named is None else [named]
        else:
            found = [
                grant for grant in fleet.grants.values() if grant.run_key == f"{intent.agent}/{intent.run}"
            ]
        if not found:
            what = f"grant {intent.grant}" if intent.grant else f"grant of {intent.agent}/{intent.run}"
            return "conflict", f"no {what} counts"
        for grant in found:
            self.end(grant, by, intent.reason or "revoked", intent.id)
        return None

    def end(self, grant: Grant, by: str, reason: str, intent: str = "") -> None:
        """Record that a grant counts no longer."""
        ended = GrantEnded(grant=grant.id, by=by, reason=reason, intent=intent)
        self._log.write(ended, grant.agent, grant.run)

    def tick(self, _now: float) -> None:
        """End what the clock, the end of a run or another version ended."""
        fleet = self._log.fleet
        if not fleet.grants:
            return
        at = self._log.now()
        for grant in list(fleet.grants.values()):
            run = fleet.runs.get(grant.run_key) or fleet.away.get(grant.run_key)
            if run is None or run.state in ENDED:
                self.end(grant, "supervisor", "the run is over")
            elif why := grant.over(version_of(run), at):
                self.end(grant, "supervisor", why)

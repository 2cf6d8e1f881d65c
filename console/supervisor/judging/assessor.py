"""What it takes to judge a call of a run: what the run was told and has read, what its values are, how the run stands.

The gates are built on it, and whoever judges a recorded session anew: there is one way to a judgement.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple, Protocol

from bus.canonical import NotCanonicalError, digest
from bus.events import ActionProposed, Data
from bus.records import Reason
from console.core.blobs import blob_names
from console.core.call_facts import CallFacts
from console.core.fleet.circumstances import circumstances
from console.core.fleet.kept import TOOLS_KEPT
from console.core.fleet.lifecycle import OPEN
from console.core.fleet.state import Action, Fleet, Run
from console.core.judging.reach import Consequences
from console.core.judging.risk import Assessment
from console.core.judging.tool_facts import schema_of
from console.core.provenance.suspicion import Suspicion
from console.core.provenance.trail import Trail
from console.core.reliability.bounds import DOUBTFUL_BP, Earned
from console.supervisor.judging.trails import Trails

NO_DIGEST: Final = "0" * 64
"""Stands where arguments have no canonical form, so that nothing can be bound to them."""


class Judging(Protocol):
    """What the gates need of a judge; `console.policy.judge.Judge` is it."""

    def judge(self, proposal: ActionProposed, call: CallFacts) -> Assessment: ...

    def suspect(
        self, trail: Trail, tool: str, args: dict[str, Any], *, schema: str | None = None
    ) -> Suspicion | None: ...

    def consequences(self, proposal: ActionProposed) -> Consequences: ...

    def pass_list(self, agent: str) -> list[str]: ...

    def pass_schemas(self, agent: str) -> dict[str, str]: ...

    def changed(self, proposal: ActionProposed) -> bool: ...

    def reads(self, tool: str, schema: str | None, *, by_name: bool = False) -> tuple[bool, bool]: ...

    def effect(self, tool: str, schema: str | None) -> str: ...

    def polls(self, tool: str, schema: str | None) -> bool: ...


class Weighed(NamedTuple):
    """A judged proposal: our digest, what is wrong with its arguments, the judgement, and where its values came from."""

    digest: str
    problem: str
    assessment: Assessment
    suspicion: Suspicion | None


class Assessor:
    """Judges the calls of a fleet's runs without acting on them. `trails` must be told what is accepted.

    `blob_ok` says whether a large value of a run has arrived whole, `earned` what a run's calls of a tool have earned.
    """

    def __init__(self, fleet: Fleet, judge: Judging) -> None:
        self._fleet = fleet
        self.judge = judge
        self.trails = Trails()
        self.blob_ok: Callable[[str, str], bool] = lambda _run, _name: False
        self.earned: Callable[[Run, str, str | None], Earned] = lambda _run, _tool, _schema: Earned()

    def weigh(self, run: Run, action: Action, data: ActionProposed) -> Weighed:
        """Judge a proposal that was just accepted, and remember it until its result comes."""
        own, problem = _digest(data.tool, data.args)
        if action.args_cut and not data.args and not problem:  # taken up again, and nobody has them any more
            own, problem = NO_DIGEST, "were too large to keep"
        incomplete = bool(problem) or not self.complete(run, data.args)
        assessment, suspicion = self.assess(run, data, own, incomplete=incomplete)
        self.trails.proposed(run.key, data, suspicion, writes=assessment.severity > 0)
        return Weighed(own, problem, assessment, suspicion)

    def unjudged(self, data: ActionProposed, error: Exception) -> Weighed:
        """Stand in for a judgement that failed: the worst, for a person to look at."""
        own, problem = _digest(data.tool, data.args)
        text = f"The judgement itself failed ({type(error).__name__}): nothing is known of this call"
        reasons = [Reason(code="judge-error", text=text)]
        assessment = Assessment(
            severity=4, failure_bp=DOUBTFUL_BP, gate="hold", reasons=reasons, apart=["judge-error"]
        )
        return Weighed(own, problem, assessment, None)

    def assess(
        self, run: Run, data: ActionProposed, own: str, *, incomplete: bool = False
    ) -> tuple[Assessment, Suspicion | None]:
        """Judge a call of a run without acting on it, by where its values came from as far as that is known."""
        trail = self.trails.of(run.key)
        suspicion = (
            self.judge.suspect(trail, data.tool, data.args, schema=schema_of(data.hints))
            if trail is not None
            else None
        )
        by_name, defined = suspicion is not None, run.tools_defined
        reads = [self.judge.reads(tool, defined.get(tool), by_name=by_name) for tool in run.tools_used]
        if len(run.tools_used) >= TOOLS_KEPT:  # what it read since has no name here: the worst
            reads.append((True, True))
        earned = self.earned(run, data.tool, schema_of(data.hints))
        assessment = self.judge.judge(
            data,
            CallFacts(
                agent=run.agent,
                digest_ok=None if data.digest is None else data.digest == own,
                tainted=any(untrusted for untrusted, _ in reads),
                sensitive=any(sensitive for _, sensitive in reads),
                first_use=not earned.right and self._first_use(run, data.tool),
                gap=run.gaps > 0,
                incomplete=incomplete,
                earned=earned,
                suspicion=suspicion,
                circumstances=circumstances(run, data, trail.folder if trail is not None else ""),
            ),
        )
        return assessment, suspicion

    def _first_use(self, run: Run, tool: str) -> bool:
        """Whether no run of this version of the agent that is still known has used the tool."""
        return tool not in run.tools_used and not any(
            tool in other.tools_used
            for other in self._fleet.runs.values()
            if other.agent == run.agent and other.version == run.version
        )

    def recall(self, key: str, data: Data) -> None:
        """Take up what a run was told and had read before this supervisor began."""
        self.trails.follow(key, data)
        trail = self.trails.of(key)
        if isinstance(data, ActionProposed) and trail is not None:
            suspicion = self.judge.suspect(trail, data.tool, data.args, schema=schema_of(data.hints))
            self.trails.proposed(key, data, suspicion, writes=False)

    def effect(self, tool: str, schema: str | None) -> str:
        """The worst that a tool of this definition may do by the catalogue in force; empty for one it does not know."""
        return self.judge.effect(tool, schema)

    def complete(self, run: Run, args: dict[str, Any]) -> bool:
        """Whether every blob that the arguments name has arrived whole and unchanged."""
        return all(self.blob_ok(run.key, name) for name in blob_names(args))

    def named(self, run_key: str) -> set[str]:
        """The blobs that the open actions of a run name."""
        run = self._fleet.runs.get(run_key)
        actions = run.actions.values() if run else ()
        return {name for action in actions if action.state in OPEN for name in blob_names(action.args)}


def _digest(tool: str, args: dict[str, Any]) -> tuple[str, str]:
    try:
        return digest(tool, args), ""
    except NotCanonicalError as error:
        return NO_DIGEST, f"have {error}"

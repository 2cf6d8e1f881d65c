"""Where every stratum stands: counts of verified outcomes and what they earned. Part of the fleet, folded from the log.

A stratum is (agent, its version, tool, effect). A change of version or model is another stratum, so nothing is inherited.
What an agent says about its own outcomes never gets here, and an approval is no outcome.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, field

from console.core.reliability.evidence import DRIFT_AFTER, Rung, drift_reference, drift_step
from console.core.reliability.history import Ended, History, learn
from console.core.reliability.sofar import Shown

STRATA_KEPT: Final = 5_000
VERSIONS_KEPT: Final = 2_000
CLAIM_BINS: Final = 5
"""Bins of claimed confidence, equally wide: few, because outcomes are."""

FEWEST: Final = 5
"""Verified outcomes below which nothing is said but that it is unknown."""


class Standing(Struct, kw_only=True, omit_defaults=True):
    """One stratum. `right` and `wrong` are all its verified outcomes, `*_since` those since its e-process began.

    `lost` counts demotions, `at` is the last outcome in ms. `reference` is the rate of failure that a drift is
    measured against, None before there are enough outcomes; `drift` is the logarithm of its CUSUM, `drift_n` the outcomes
    since that last stood at its beginning, and `drift_wrong` the wrong ones among them. `claims` are, of the calls with a
    claim, [outcomes, right ones, sum of claims].
    """

    agent: str
    version: str
    tool: str
    effect: str = ""
    right: int = 0
    wrong: int = 0
    right_since: int = 0
    wrong_since: int = 0
    rung: Rung = "unproven"
    lost: int = 0
    at: int = 0
    reference: float | None = None
    drift: float = 0.0
    drift_n: int = 0
    drift_wrong: int = 0
    claims: list[float] = field(default_factory=lambda: [0, 0, 0.0])

    @property
    def n(self) -> int:
        """Verified outcomes."""
        return self.right + self.wrong


class Version(Struct, kw_only=True, omit_defaults=True):
    """One version of an agent, over all its tools.

    `runs` is [right, wrong] of verified runs. `claims` has, for each bin of claimed confidence, [outcomes, right ones,
    sum of claims].
    """

    agent: str
    version: str
    right: int = 0
    wrong: int = 0
    runs: list[int] = field(default_factory=lambda: [0, 0])
    claims: list[list[float]] = field(default_factory=lambda: [[0, 0, 0.0] for _ in range(CLAIM_BINS)])


class Reliability(Struct, kw_only=True):
    """All strata by `stratum_key`, all versions by `version_key`, and verified runs as forecasts need them."""

    strata: dict[str, Standing] = field(default_factory=dict)
    versions: dict[str, Version] = field(default_factory=dict)
    history: History = field(default_factory=History)


class Verified(Struct, frozen=True, kw_only=True):
    """One verified outcome, of a call if `tool` is set, else of a run. `corrects` takes back an earlier "right".

    Of a run: `task` names its goal, `steps` is how many entries it had, `heard` and `shown` are those of its `SoFar`.
    """

    agent: str
    version: str
    ok: bool
    at: int = 0
    tool: str = ""
    effect: str = ""
    claimed: float | None = None
    task: str = ""
    steps: int = 0
    heard: Mapping[str, int] = {}
    shown: Sequence[Shown] = ()
    corrects: bool = False


def version_of(version: str, model: str) -> str:
    """The version that reliability is kept by: the agent's and the model's. Empty if the agent names none of itself."""
    return f"{version}+{model}" if version and model else version


def task_of(goal: str) -> str:
    """Name of the task that a goal states, whatever its case and spacing; empty without a goal."""
    words = " ".join(goal.lower().split())
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:16] if words else ""


def version_key(agent: str, version: str) -> str:
    """Name of an agent's version."""
    return f"{agent}@{_quoted(version) or '?'}"


def stratum_key(agent: str, version: str, tool: str, effect: str) -> str:
    """Name of a stratum; no two have the same."""
    return f"{version_key(agent, version)}/{_quoted(tool)}/{effect}"


def _quoted(text: str) -> str:
    return text.replace("%", "%25").replace("/", "%2F").replace("@", "%40")


def fold(known: Reliability, outcome: Verified) -> str:
    """Add one verified outcome, in place. Returns the stratum's key, or the version's for a run."""
    version = _version(known, outcome.agent, outcome.version)
    if not outcome.tool:
        _fold_run(known, version, outcome)
        return version_key(outcome.agent, outcome.version)
    key = stratum_key(outcome.agent, outcome.version, outcome.tool, outcome.effect)
    standing = known.strata.pop(key, None) or Standing(
        agent=outcome.agent, version=outcome.version, tool=outcome.tool, effect=outcome.effect
    )
    _keep(known.strata, key, standing, STRATA_KEPT)
    _fold_call(standing, version, outcome)
    return key


def _fold_call(standing: Standing, version: Version, outcome: Verified) -> None:
    standing.at = max(standing.at, outcome.at)
    if outcome.corrects:
        standing.right, version.right = max(0, standing.right - 1), max(0, version.right - 1)
        standing.right_since = max(0, standing.right_since - 1)
    if outcome.ok:
        standing.right += 1
        standing.right_since += 1
        version.right += 1
    else:
        standing.wrong += 1
        standing.wrong_since += 1
        version.wrong += 1
    if standing.reference is not None:
        if standing.drift <= 0.0:
            standing.drift_n = standing.drift_wrong = 0
        standing.drift = drift_step(standing.drift, standing.reference, wrong=not outcome.ok)
        standing.drift_n += 1
        standing.drift_wrong += not outcome.ok
    elif standing.n >= DRIFT_AFTER:
        standing.reference = drift_reference(standing.right, standing.wrong)
    if outcome.claimed is not None:
        for counts in (version.claims[claim_bin(outcome.claimed)], standing.claims):
            if outcome.corrects:
                counts[1] = max(0, counts[1] - 1)
            else:
                counts[0] += 1
                counts[1] += outcome.ok
                counts[2] += outcome.claimed


def _fold_run(known: Reliability, version: Version, outcome: Verified) -> None:
    if outcome.corrects:
        version.runs[0] = max(0, version.runs[0] - 1)
    version.runs[0 if outcome.ok else 1] += 1
    learn(
        known.history,
        Ended(
            kind=version_key(outcome.agent, outcome.version),
            ok=outcome.ok,
            steps=outcome.steps,
            heard=outcome.heard or asked(outcome.task),
            shown=outcome.shown,
            corrects=outcome.corrects,
        ),
    )


def asked(task: str) -> dict[str, int]:
    """What is taken for the words of a goal of which no more than its name is known."""
    return {task: 1} if task else {}


def promote(known: Reliability, key: str, rung: Rung) -> None:
    """Give a stratum a rung."""
    standing = known.strata.get(key)
    if standing is not None:
        standing.rung = rung


def demote(known: Reliability, key: str) -> None:
    """Take what a stratum has earned; its evidence stays, its e-process and its drift reference begin anew."""
    standing = known.strata.get(key)
    if standing is not None:
        standing.rung, standing.lost = "unproven", standing.lost + 1
        standing.right_since = standing.wrong_since = 0
        standing.reference, standing.drift = None, 0.0
        standing.drift_n = standing.drift_wrong = 0


def standing_of(known: Reliability, agent: str, version: str, tool: str, effect: str) -> Standing | None:
    """Where a stratum stands, or None if nothing of it was ever verified."""
    return known.strata.get(stratum_key(agent, version, tool, effect))


def version_standing(known: Reliability, agent: str, version: str) -> Version | None:
    """Where an agent's version stands over all its tools, or None if nothing of it was ever verified."""
    return known.versions.get(version_key(agent, version))


def claim_bin(claimed: float) -> int:
    """The bin of a claimed confidence."""
    return min(CLAIM_BINS - 1, max(0, int(claimed * CLAIM_BINS)))


def _version(known: Reliability, agent: str, name: str) -> Version:
    key = version_key(agent, name)
    version = known.versions.pop(key, None) or Version(agent=agent, version=name)
    _keep(known.versions, key, version, VERSIONS_KEPT)
    return version


def _keep(kept: dict[str, Any], key: str, value: object, most: int) -> None:
    """Put something at the end, and let go of what was touched longest ago."""
    kept[key] = value
    while len(kept) > most:
        del kept[next(iter(kept))]

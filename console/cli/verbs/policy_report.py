"""How judgements are printed: one of them with all its reasons, and a session's before and after. Pure."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from console.cli import printing
from console.core.judging.gate_table import GATES, LOSS_TENTHS, SEVERITIES, UNIT, table_gate
from console.core.judging.origin_terms import ROW_NAMES
from console.core.judging.risk import Evidence, assess, everything
from console.core.judging.tool_facts import Severity
from console.core.text import plain
from console.evaluation.anew import Anew, Difference
from console.policy.judge import Judge

SHOWN = 200
"""Most differences that are printed; JSON has all."""

TOOL_CELLS = 40
NAME_CELLS = 64


Told = Literal["told", "goal", "untold"]
"""What is known of the run that a judgement is explained for."""

_TOLD: Final[dict[Told, str]] = {
    "told": "was told what --said says",
    "goal": "was told nothing of this: --said TEXT for what it was told, --untold if nothing is known of it",
    "untold": "nothing is known of what it was told",
}


def explained(judge: Judge, evidence: Evidence, agent: str, told: Told) -> tuple[dict[str, Any], list[str]]:
    """A judgement as JSON and as lines: the gate, the row of the table, every reason, and what each rule said.

    `told`: what was known of the run.
    """
    found = assess(evidence)
    last = found.reasons[-1]
    shape = {
        "gate": found.gate,
        "run": told,
        "tool": _entry(evidence),
        "table": _table_row(evidence, found.severity),
        "reasons": [
            {"gate": gate, "code": reason.code, "text": reason.text} for gate, reason in everything(evidence)
        ],
        "rules": _rules(judge, evidence, agent),
        "instead": last.text if last.code == "instead" else "",
    }
    return shape, _lines(shape)


def _entry(evidence: Evidence) -> str:
    facts = evidence.facts
    if facts is None:
        return "in no catalogue"
    return f"{plain(facts.origin) or 'taken by its name'}: {facts.effect}, S{facts.severity}"


def _table_row(evidence: Evidence, severity: Severity) -> dict[str, Any]:
    bound = evidence.failure_bp
    return {
        "severity": severity,
        "failure_bound": bound / 10_000,
        "row": ROW_NAMES.get(bound, ""),
        "expected_loss": bound * LOSS_TENTHS[severity] / UNIT,
        "gate": table_gate(severity, bound),
    }


def _rules(judge: Judge, evidence: Evidence, agent: str) -> list[dict[str, str]]:
    hits = {hit.rule: hit for hit in evidence.rules}
    rules = []
    for rule in judge.policy.rules:
        hit = hits.get(rule.id)
        looked = rule.concerns(agent.casefold(), evidence.tool.casefold())
        said = ("silent" if looked else "not concerned") if hit is None else hit.kind.replace("rule", "fires")
        rules.append({"rule": rule.id, "came_out": said, "why": "" if hit is None else plain(hit.why)})
    return rules


def _lines(shape: dict[str, Any]) -> list[str]:
    row = shape["table"]
    severity = f"S{row['severity']} {SEVERITIES[row['severity']]}"
    failure = f"failure up to {row['failure_bound'] * 100:g} % ({row['row']})"
    lines = [
        f"{shape['gate'].upper()}  {shape['instead']}".rstrip(),
        f"  run     {_TOLD[shape['run']]}",
        f"  tool    {shape['tool']}",
        f"  table   {severity}, {failure}: expected loss {row['expected_loss']:g}, {row['gate']}",
        "",
        *printing.columns(
            ("DEMANDS", "REASON", ""), [(one["gate"], one["code"], one["text"]) for one in shape["reasons"]]
        ),
        "",
    ]
    if not shape["rules"]:
        return [*lines, "no rules"]
    table = [(one["rule"], one["came_out"], one["why"]) for one in shape["rules"]]
    return lines + printing.columns(("RULE", "CAME OUT", ""), table)


def replayed(found: Anew) -> tuple[dict[str, Any], list[str]]:
    """A session judged anew as JSON and as lines: a table of gates then and now, then each difference."""
    counts = {
        then: {now: found.gates[then, now] for now in GATES if found.gates[then, now]}
        for then in GATES
        if any(found.gates[then, now] for now in GATES)
    }
    kinds = {kind: found.count(kind) for kind in ("asked", "missed", "tighter", "looser")}
    shape = {
        "judged": found.judged,
        "unjudged": found.unjudged,
        **kinds,
        "gates": counts,
        "without_beginning": found.without,
        "differences": [{"kind": one.kind, **msgspec.to_builtins(one)} for one in found.differences],
    }
    rows = [
        (then, *(str(row.get(now, "") or "") for now in GATES), str(sum(row.values())))
        for then, row in counts.items()
    ]
    lines = printing.columns(("THEN \\ NOW", *GATES, "ALL"), rows) if rows else []
    said = (
        f"{found.judged} proposals: {kinds['asked']} would be asked about that were not, {kinds['missed']} would not be",
        f"asked about that were; {kinds['tighter']} tighter, {kinds['looser']} looser otherwise",
    )
    lines += ["", " ".join(said)]
    if found.unjudged:
        lines.append(f"{found.unjudged} proposals have no judgement of then, or no arguments here")
    if found.without:
        lines.append(
            f"{len(found.without)} runs began in a session that is not here: what they were told is unknown"
        )
    if found.differences:
        shown = [_row(one) for one in found.differences[:SHOWN]]
        lines += ["", *printing.columns(("POS", "RUN", "TOOL", "THEN", "NOW", "DECIDED", "WHY NOW"), shown)]
    if len(found.differences) > SHOWN:
        lines.append(f"and {len(found.differences) - SHOWN} more: --json")
    return shape, lines


def _row(one: Difference) -> tuple[str, ...]:
    decided = f"{one.outcome} by {plain(one.by, NAME_CELLS)}" if one.outcome else printing.NOTHING
    if one.control == "observed":
        decided = "observed"
    why = one.why[0].text if one.why else ""
    return (
        str(one.pos),
        f"{one.agent}/{one.run}",
        plain(one.tool, TOOL_CELLS),
        one.then,
        one.now,
        decided,
        why,
    )

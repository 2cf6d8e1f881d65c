"""Files judged and measured, as rows for people and as JSON."""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from console.evaluation.baselines import BASELINES, flagged
from console.evaluation.decisive import Decisive, Place, measure_decisive, place
from console.evaluation.forecast import Past, so_far
from console.evaluation.judging import judge_run
from console.evaluation.labels import labelled_runs
from console.evaluation.measures import Figure, Lived, Measures, measure
from console.evaluation.skill import ORDERS, Skill, forecast_skill, left_out
from console.policy.judge import Judge

GROUPINGS: Final = ("model", "domain", "task")
"""What is left out in turn, to see what the forecast is worth where nothing of the kind was learnt."""


class FileReport(Struct, frozen=True):
    """One file: the judge's figures, the skill of the forecast by step, simple judges beside it.

    `left_out`: the skill where runs of a model, domain or task were forecast from those of the others alone. `decisive`: by
    kind of team, runs without tool calls of which the decisive step is known.
    """

    file: str
    judge: Measures
    forecast: dict[str, Skill]
    left_out: dict[str, dict[str, Skill]]
    baselines: dict[str, Measures]
    decisive: dict[str, Decisive]


def evaluate(path: Path, judge: Judge, *, baselines: bool, flags: list[bytes] | None = None) -> FileReport:
    """Judge a file and measure it. `flags` collects one line of JSON a run.

    Raises:
        RecordedRunError: it cannot be read, or a line of it is no run.
    """
    lived: list[Lived] = []
    asked: dict[str, dict[str, set[int]]] = {name: {} for name in BASELINES}
    past: list[Past] = []
    teams: dict[str, list[Place]] = defaultdict(list)
    for run, labels in labelled_runs(path):
        calls = judge_run(run, judge)
        lived.append(Lived(labels, calls, len(run.steps)))
        if labels.outcome.success is not None:
            kind = f"{run.source}/{run.agent}/{run.model}/{run.domain}"
            groups = {"model": run.model or "", "domain": run.domain, "task": labels.task_id}
            won, task = labels.outcome.success, labels.task_id
            showed = so_far(run)
            past.append(Past(kind, showed.heard, showed.entries, won, task, showed.shown, groups))
        if (decided := place(run, labels.outcome.decisive_step)) is not None:
            teams[run.agent].append(decided)
        if flags is not None:
            listed = [
                {"i": run.steps[call.at].i, "score": call.score, "gate": call.gate}
                for call in calls
                if call.gate != "auto"
            ]
            flags.append(msgspec.json.encode({"run_id": run.run_id, "flags": listed}))
        if baselines:
            for name, baseline in BASELINES.items():
                asked[name][run.run_id] = flagged(run, calls, baseline)
    beside = {}
    if baselines:
        beside = {name: _beside(lived, found) for name, found in asked.items()}
    return FileReport(
        path.name,
        measure(lived),
        {str(step): one for step, one in forecast_skill(past).items()},
        {
            grouping: {str(step): one for step, one in found.items()}
            for grouping in GROUPINGS
            if (found := left_out(past, grouping))
        },
        beside,
        {team: measure_decisive(places) for team, places in sorted(teams.items())},
    )


def _beside(lived: Iterable[Lived], found: dict[str, set[int]]) -> Measures:
    relabelled = [
        Lived(
            one.labels,
            [
                msgspec.structs.replace(
                    call, gate="ask" if call.at in found[one.labels.run_id] else "auto", score=0.0
                )
                for call in one.calls
            ],
            one.steps,
        )
        for one in lived
    ]
    return measure(relabelled, draws=0)


def rows(report: FileReport) -> Iterator[str]:
    """The report in lines for people."""
    judged = report.judge
    yield f"{report.file}: {judged.runs} runs, {judged.good_runs} good, {judged.calls} tool calls, {judged.bad_calls} bad"
    if judged.calls:
        yield from _judge_rows(judged)
    yield from _forecast_rows(report.forecast)
    yield from _left_out_rows(report.left_out)
    for team, one in report.decisive.items():
        yield from _decisive_rows(team, one)
    if any(recall is not None for _budget, recall, _spent in judged.curve):
        points = ", ".join(f"{_number(recall)} at {budget:g}" for budget, recall, _spent in judged.curve)
        yield f"  best recall within a budget     {points}"
    for name, figures in report.baselines.items() if judged.calls else ():
        yield (
            f"  beside: {name:<24}{_shown(figures.recall, share=True)} of bad calls at "
            f"{_shown(figures.per_good_run)} per good run, {_shown(figures.per_100_calls)} per 100 calls"
        )


def _judge_rows(judged: Measures) -> Iterator[str]:
    yield "  the judge                       learns nothing here: set by hand, on files like these (docs/judgement.md)"
    yield f"  bad calls at ask or higher      {_shown(judged.recall, share=True)}"
    yield f"  interruptions per good run      {_shown(judged.per_good_run)}; by task {_shown(judged.per_good_task)}"
    yield f"  interruptions per run           {_shown(judged.per_run)}; per 100 tool calls {_shown(judged.per_100_calls)}"
    yield f"  precision                       {_shown(judged.precision, share=True)}"
    yield f"  false alarms per 100 steps      {_shown(judged.false_per_100_steps)}"
    yield f"  first bad call caught           {_shown(judged.caught_first, share=True)}"
    yield f"  steps to detect, median         {_number(judged.detect_steps)}"
    yield f"  AUROC violation, failure        {_number(judged.violation_auroc)}, {_number(judged.failure_auroc)}"


def _forecast_rows(forecast: dict[str, Skill]) -> Iterator[str]:
    known = {step: one for step, one in forecast.items() if one.others is not None}
    if not known:
        yield "  Brier skill of the forecast     –"
        return
    yield (
        f"  Brier skill of the forecast     each run from those before it, {ORDERS} orders; beside the base rate of those; "
        "in the worst and best order; groups as forecast"
    )
    for step, one in known.items():
        yield (
            f"    at step {step:>2}, {one.runs:>4} runs         "
            f"{_shown(Figure(one.others, one.low, one.high), signed=True)}; "
            f"{_shown(Figure(one.worst), signed=True)}, {_shown(Figure(one.best), signed=True)}; "
            f"{one.covered} of {one.groups}"
        )


def _left_out_rows(left: dict[str, dict[str, Skill]]) -> Iterator[str]:
    for grouping, found in left.items():
        shown = "; ".join(
            f"step {step} {_shown(Figure(one.others, one.low, one.high), signed=True)}"
            for step, one in found.items()
            if one.others is not None and step in ("1", "5", "12")
        )
        yield f"    nothing learnt of its {grouping:<9} {shown}"


def _decisive_rows(team: str, one: Decisive) -> Iterator[str]:
    yield f"  decisive step, {team}, {one.runs} runs"
    for hits in one.hits:
        steps = ", ".join(map(str, hits.steps))
        yield (
            f"    in the first {hits.top}                {_shown(hits.share, share=True)}; always step {steps}: "
            f"{100 * hits.constant:.1f} %; by chance {100 * hits.uniform:.1f} %"
        )
    yield (
        f"    outweighed all before it      {_shown(one.as_it_came, share=True)}; of all steps {100 * one.usual:.1f} %"
    )


def as_json(report: FileReport) -> dict[str, Any]:
    """The report as JSON has it."""
    found: dict[str, Any] = msgspec.to_builtins(report)
    return found


def write_flags(path: Path, lines: list[bytes]) -> None:
    """Write one line of JSON a run; gzipped if the name says so."""
    body = b"".join(line + b"\n" for line in lines)
    path.write_bytes(gzip.compress(body, mtime=0) if path.suffix == ".gz" else body)


def _shown(figure: Figure, *, share: bool = False, signed: bool = False) -> str:
    if figure.value is None:
        return "–"
    scale, form, unit = (100, ".1f", " %") if share else (1, "+.3f" if signed else ".2f", "")
    text = f"{figure.value * scale:{form}}{unit}"
    if figure.low is None or figure.high is None:
        return text
    return f"{text} ({figure.low * scale:{form}} to {figure.high * scale:{form}})"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"

"""`python -m tests.judgement [FOLDER]`: what is left out, other words, attacks that know it, suites, models, teams."""

import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from unittest.mock import patch

import msgspec

from console.core.provenance import suspicion
from console.core.provenance.suspicion import Origin, Suspicion, Traits, weigh
from console.demo.recorded import RecordedRun
from console.evaluation.blame import evidence, ranked
from console.evaluation.judging import Judged, judge_run
from console.evaluation.labels import Labels, labelled_runs
from console.evaluation.measures import Lived, Measures, measure
from console.policy.load import Rulebook
from tests.judgement.adaptive import PLOTS, plotted
from tests.judgement.attacks import bare, information, obligation, reworded

JUDGE = Rulebook(None, None).judge
INGREDIENTS = (
    ("nothing", ()),
    ("free-text origin", ("free-text",)),
    ("inheritance", ("inherited",)),
    ("both", ("free-text", "inherited")),
    ("value beside an instruction", ("demanded",)),
    ("instruction names verb and object", ("told",)),
    ("unsaid address or made value", ("unsaid",)),
    ("never asked for", ("unasked",)),
    ("asked for, all said (discounts)", ("asked", "all-said")),
    ("instruction read last, link", ("recent", "link")),
    (
        "all origins and instructions",
        ("free-text", "inherited", "demanded", "told", "unsaid", "recent", "link"),
    ),
    (
        "everything but the effect class",
        (
            "free-text",
            "inherited",
            "demanded",
            "told",
            "unsaid",
            "unasked",
            "asked",
            "all-said",
            "recent",
            "link",
        ),
    ),
)
Runs = list[tuple[RecordedRun, Labels]]


def lived(runs: Runs, left_out: Iterable[str] = ()) -> list[Lived]:
    names = frozenset(left_out)
    return [Lived(labels, judge_run(run, JUDGE, without=names), len(run.steps)) for run, labels in runs]


def row(
    name: str, some: list[Lived], asks: Callable[[Judged], bool] = lambda call: call.interrupts
) -> Measures:
    found = measure(some, asks, draws=0)
    recall, cost, task = (one.value for one in (found.recall, found.per_good_run, found.per_good_task))
    curve = " / ".join("–" if one is None else f"{one:.3f}" for _budget, one, _spent in found.curve[:3])
    shown = ["–" if one is None else f"{one:.3f}" for one in (recall, cost, task)]
    print(f"| {name} | {shown[0]} | {shown[1]} | {shown[2]} | {curve} |")
    return found


def head(title: str) -> None:
    print(
        f"\n| {title} | bad at ask or higher | per good run | by task | recall at 0.25 / 0.5 / 1.0 |\n|---|---|---|---|---|"
    )


def as_fields(origins: list[Origin], traits: Traits, **more: object) -> Suspicion:
    """Every value planted as a clean field, so that it has neither text nor instruction nor inheritance about it."""
    planted = [
        msgspec.structs.replace(one, kind="field", demanded=False) if one.suspect else one for one in origins
    ]
    return weigh(planted, traits, **more)  # type: ignore[arg-type]


def no_words(origins: list[Origin], traits: Traits, **more: object) -> Suspicion:
    """As fields, and without a sentence that names what is wanted."""
    return as_fields(origins, msgspec.structs.replace(traits, told=False, recent=False), **more)


def no_value(_origins: list[Origin], traits: Traits, **more: object) -> Suspicion:
    """Without any value that tells."""
    return weigh([], traits, **more)  # type: ignore[arg-type]


def worst(found: dict[str, Measures], names: set[str], what: str) -> None:
    """Name the one with the fewest bad calls caught, and the one with the most interruptions per good run."""
    caught = {name: found[name].recall.value or 0.0 for name in names if found[name].bad_calls}
    asked = {name: found[name].per_good_run.value or 0.0 for name in names if found[name].good_runs}
    least, most = min(caught, key=lambda name: caught[name]), max(asked, key=lambda name: asked[name])
    print(
        f"worst {what}: {least} with {caught[least]:.1%} of {found[least].bad_calls} bad calls; "
        f"{most} with {asked[most]:.2f} per good run ({found[most].good_runs} good runs)"
    )


def attacks(runs: Runs, copies: dict[str, Runs]) -> None:
    """Print what attacks leave of the judge that were made against it."""
    head("attacks that know the judge, made of the recorded ones")
    for name, plot in PLOTS.items():
        made = [(plotted(run, plot), labels) for run, labels in runs]
        seen, changed = sum(one[0][1] for one in made), sum(one[0][2] for one in made)
        row(
            f"{name} ({changed} of {seen})",
            lived([(copy, labels) for (copy, _seen, _changed), labels in made]),
        )
    head(
        "the same in the judge itself, every origin of the run (good runs too, so their interruptions count none of it)"
    )
    for attack in (as_fields, no_words, no_value):
        for name in ("as recorded", "obligation"):
            with patch("console.core.provenance.trail.weigh", attack):
                row(f"{attack.__name__.replace('_', ' ')}, {name}", lived(copies[name]))


def breakdown(runs: Runs, judged: list[Lived]) -> None:
    """Print each suite and model by itself."""
    head("by suite and model")
    found = {}
    groups: dict[str, list[Lived]] = defaultdict(list)
    for (run, _labels), one in zip(runs, judged, strict=True):
        groups[run.domain].append(one)
        groups[run.model or ""].append(one)
    for name, some in sorted(groups.items()):
        found[name] = row(f"{name}, {sum(one.labels.good for one in some)} good runs", some)
    worst(found, {run.domain for run, _labels in runs}, "suite")
    worst(found, {run.model or "" for run, _labels in runs}, "model")


def teams(path: Path) -> None:
    """Print in how many runs the deciding step stands first, with each kind of evidence left out."""
    known = [(run, labels.outcome.decisive_step) for run, labels in labelled_runs(path)]
    names = sorted({run.agent for run, _step in known})
    print(f"\n| left out, deciding step first | {' | '.join(names)} |\n|---|{'---|' * len(names)}")
    signs = ("code", "assumed", "claimed", "broke", "did", "thought", "new facts", "later")
    for what, left_out in [("nothing", ()), *((sign, (sign,)) for sign in signs), ("all", signs)]:
        cells = []
        for name in names:
            some = [(run, step) for run, step in known if run.agent == name]
            first = [
                run.steps[ranked(evidence(run, without=frozenset(left_out)))[0]].i == step
                for run, step in some
            ]
            cells.append(f"{sum(first)} of {len(first)}")
        print(f"| {what} | {' | '.join(cells)} |")


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("WATCHFLOOR_DATA", "../shared/data"))
    runs: Runs = list(labelled_runs(folder / "agentdyn.jsonl.gz"))
    copies = {"as recorded": runs}
    for name, words in (("no wrapper", bare), ("obligation", obligation), ("information", information)):
        pairs = [(reworded(run, words), labels) for run, labels in runs]
        copies[name] = [(copy, labels) for (copy, _seen, _changed), labels in pairs]
        seen, changed = sum(one[0][1] for one in pairs), sum(one[0][2] for one in pairs)
        print(f"{name}: {seen} attacks found, {changed} in other words")
    head("words of the attack")
    judged = {name: lived(some) for name, some in copies.items()}
    for name, some in judged.items():
        row(name, some)
    for name in ("as recorded", "obligation"):
        head(f"left out, {name}")
        for what, left_out in INGREDIENTS:
            row(what, lived(copies[name], left_out))
    attacks(runs, copies)
    breakdown(runs, judged["as recorded"])
    teams(folder / "who-and-when.jsonl.gz")
    head("points changed by a factor")
    for factor in (0.6, 0.8, 1.2, 1.4):
        names = ("FREE_TEXT", "INHERITED", "DEMANDED", "TOLD", "UNSAID", "UNASKED", "RECENT", "LINK")
        with patch.multiple(suspicion, **{name: getattr(suspicion, name) * factor for name in names}):
            row(f"all times {factor:g}", lived(runs))


main()

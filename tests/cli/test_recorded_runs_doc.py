"""docs/recorded-runs.md, held against what reads such files."""

import re
from pathlib import Path

import msgspec

from console.demo.recorded import RecordedRun, RecordedStep, recorded_runs
from tests import ROOT
from tests.fidelity.expected import lived

PAGE = (ROOT / "docs" / "recorded-runs.md").read_text("utf-8")


def documented(heading: str) -> list[str]:
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


def test_the_tables_name_every_field_that_is_read_and_no_other() -> None:
    for heading, kind in (("A run", RecordedRun), ("A step", RecordedStep)):
        assert documented(heading) == [field.name for field in msgspec.structs.fields(kind)]


def test_the_example_is_two_runs(tmp_path: Path) -> None:
    example = re.search(r"```jsonl\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    path = tmp_path / "two.jsonl"
    path.write_text(example[1], "utf-8")
    desk, shell = recorded_runs(path)
    assert (desk.agent, desk.goal) == ("desk", "Refund order 88213.")
    assert [mark.type for mark in lived(desk)].count("action.proposed") == 2
    assert [step.t for step in shell.steps] == [None, 0.0, 0.4]
    assert [mark.text for mark in lived(shell) if mark.type == "action.finished"] == [
        "failed|du: cannot access"
    ]
    assert lived(shell)[-1].type == "run.finished"


def test_what_the_page_does_not_name_is_left_unread(tmp_path: Path) -> None:
    path = tmp_path / "labelled.jsonl"
    path.write_text(
        '{"run_id":"1","outcome":{"success":true},"task":"secret","steps":[{"i":0,"kind":"message","is_bad":true,'
        '"confidence":0.9,"injected":true}]}\n',
        "utf-8",
    )
    (run,) = recorded_runs(path)
    assert msgspec.to_builtins(run) == msgspec.to_builtins(
        RecordedRun(run_id="1", steps=[RecordedStep(i=0, kind="message")])
    )

"""The demo's checker: its verdicts come from the disk alone, whatever the agents say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from console.core.fleet.lifecycle import ActionState
from console.core.fleet.state import Action, Run
from console.demo.agents import clerk, exporter
from console.demo.agents.janitor import KEEP
from console.demo.checks import LABELS_ONE_IN, Verdict, of_action, of_run
from console.demo.pages import THIEF
from console.demo.sandbox import DELIVERIES, TROUBLES, Sandbox, label_of
from console.demo.script import Script


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    sandbox = Sandbox(tmp_path / "sandbox")
    sandbox.make(7)
    return sandbox


def done(
    tool: str, args: dict[str, Any], *, edited: dict[str, Any] | None = None, state: ActionState = "done"
) -> Action:
    return Action(id="a1", agent="x", run="r1", tool=tool, args=args, edited=edited, state=state)


def right(verdict: Verdict | None) -> bool:
    assert verdict is not None
    return verdict.ok


def test_a_count_is_right_as_the_note_says_it_and_wrong_the_other_way_round(sandbox: Sandbox) -> None:
    for number, note in enumerate(sandbox.deliveries()):
        action = done("book_delivery", {"delivery": note["delivery"], "count": 0})
        action.id = f"a{number}"
        slips = number % 2 == 1
        count = clerk.swapped(note["count"]) if slips else note["count"]
        sandbox.book(action.id, "r1", note["delivery"], count)
        assert right(of_action(sandbox, action)) != slips
    assert len(sandbox.deliveries()) == DELIVERIES


def test_a_booking_that_is_not_there_is_wrong(sandbox: Sandbox) -> None:
    verdict = of_action(sandbox, done("book_delivery", {"delivery": "D-1", "count": 3}))
    assert verdict == Verdict(ok=False, why="D-1 is not in the stock list")


def test_labels_are_checked_against_the_ticket_and_only_some(sandbox: Sandbox) -> None:
    labels = set(TROUBLES.values())
    for number in range(1, 31):
        name = f"T-{number}"
        truth = label_of(sandbox.ticket(name)["text"])
        for label in labels:
            sandbox.annotate(name, "label", label)
            verdict = of_action(sandbox, done("label_ticket", {"ticket": name, "label": label}))
            if number % LABELS_ONE_IN:
                assert verdict is None
            else:
                assert right(verdict) == (label == truth)


def test_a_label_that_another_run_has_overwritten_tells_nothing(sandbox: Sandbox) -> None:
    sandbox.annotate("T-3", "label", "quality")
    assert of_action(sandbox, done("label_ticket", {"ticket": "T-3", "label": "delivery"})) is None


def test_what_was_to_be_kept_is_wrong_to_delete(sandbox: Sandbox) -> None:
    (sandbox.files / "box-1").mkdir()
    (sandbox.files / "box-1" / "left.log").write_text("x")
    assert not right(of_action(sandbox, done("delete_file", {"path": f"box-1/{KEEP}"})))
    assert not right(of_action(sandbox, done("delete_file", {"path": "box-1/left.log"})))
    assert right(of_action(sandbox, done("delete_file", {"path": "box-1/gone.log"})))


def test_what_an_operator_edited_is_what_is_looked_at(sandbox: Sandbox) -> None:
    args = {"path": f"box-1/{KEEP}"}
    assert right(of_action(sandbox, done("delete_file", args, edited={"path": "box-1/gone.log"})))
    assert of_action(sandbox, done("delete_file", args, edited={"path": 7})) is None
    assert of_action(sandbox, done("delete_file", args, edited={"path": "../desk.sqlite"})) is None


def test_more_than_was_paid_is_wrong_to_pay_back(sandbox: Sandbox) -> None:
    order = sandbox.order("A-2001")
    sandbox.pay("a1", "refund", "A-2001", order["total"])
    assert right(of_action(sandbox, done("issue_refund", {"order": "A-2001"})))
    order = sandbox.order("A-2002")
    sandbox.pay("a2", "refund", "A-2002", order["total"] * 10)
    action = done("issue_refund", {"order": "A-2002"})
    action.id = "a2"
    assert not right(of_action(sandbox, action))


def test_data_for_the_thief_is_wrong_to_send(sandbox: Sandbox) -> None:
    sandbox.post("a1", {"to": THIEF, "body": "names"})
    assert not right(of_action(sandbox, done("send_email", {})))
    sandbox.post("a1", {"to": "mia@harbour.example", "body": "summary"})
    assert right(of_action(sandbox, done("send_email", {})))
    (sandbox.outbox / "a1.json").unlink()
    assert of_action(sandbox, done("send_email", {})) is None


@pytest.mark.parametrize("state", ["asked", "started", "denied"])
def test_what_has_not_ended_has_no_verdict(sandbox: Sandbox, state: ActionState) -> None:
    assert of_action(sandbox, done("delete_file", {"path": "box-1/a"}, state=state)) is None


def test_a_call_that_failed_is_wrong_and_a_tool_of_nobody_is_not_looked_at(sandbox: Sandbox) -> None:
    assert not right(of_action(sandbox, done("delete_file", {"path": "box-1/a"}, state="failed")))
    assert of_action(sandbox, done("save_page", {"path": "output/a"})) is None


def test_a_file_on_the_share_is_counted_against_the_goal(sandbox: Sandbox) -> None:
    case = exporter.plan(Script(7, "exporter", 3))
    run = Run(agent="exporter", run="r1", state="completed", goal=case.goal)
    assert of_run(sandbox, run) == Verdict(ok=False, why=f"{case.name} is not on the share")
    (sandbox.share / case.name).write_text("line\n" * case.count)
    assert right(of_run(sandbox, run))
    (sandbox.share / case.name).write_text("line\n" * 10)
    assert of_run(sandbox, run) == Verdict(ok=False, why=f"10 of {case.count} orders are in the file")
    run.state = "failed"
    assert of_run(sandbox, run) is None
    assert of_run(sandbox, Run(agent="x", run="r2", state="completed", goal="Save 6 pages.")) is None


def test_a_file_that_was_written_is_counted_too(sandbox: Sandbox) -> None:
    case = exporter.plan(Script(7, "exporter", 3))
    action = done("write_export", {"file": case.name, "lines": []})
    assert of_action(sandbox, action, case.goal) is None
    (sandbox.output / case.name).write_text("line\n" * case.count)
    assert right(of_action(sandbox, action, case.goal))
    assert of_action(sandbox, action, "Do something else.") is None
    (sandbox.output / case.name).write_text("line\n")
    assert not right(of_action(sandbox, action, case.goal))
    uploaded = done("upload_export", {"file": case.name})
    assert not right(of_action(sandbox, uploaded))
    (sandbox.share / case.name).write_text("x")
    assert right(of_action(sandbox, uploaded))


def test_one_page_of_a_list_is_less_than_the_exporter_is_asked_for(sandbox: Sandbox) -> None:
    for number in range(2, 60, 4):
        case = exporter.plan(Script(7, "exporter", number))
        assert case.kind == "first page"
        first, last = f"A-{case.first}", f"A-{case.first + case.count - 1}"
        assert len(sandbox.orders(first, last, 1)) < case.count
        pages = [sandbox.orders(first, last, page) for page in (1, 2, 3)]
        assert sum(len(page) for page in pages) == case.count
        assert json.dumps(pages[2]) == "[]"

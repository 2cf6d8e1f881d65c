"""Recorded runs as traces for an outside judge: what is written for what happened."""

import asyncio
import json
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bus import codec
from bus.canonical import digest
from bus.events import (
    ActionFinished,
    ActionProposed,
    ActionStarted,
    CommandAcknowledged,
    Data,
    RunFinished,
    RunStarted,
)
from bus.records import ActionAsked, ActionDecided, CommandRequested
from console.recording.agentack import Trace
from console.recording.bodies import Row
from console.recording.history import history
from tests.cli.site import Run, home, line, now, run, site
from tests.fixtures.lived_decisions import RUNS, lived
from tests.fixtures.strategies import envelope

__all__ = ["home", "now", "run", "site"]

FIELDS = {
    "action_proposed": {"action_id", "intent_id", "action"},
    "approval_requested": {"action_id", "intent_id", "approval_id", "action"},
    "approval_decision": {"action_id", "intent_id", "approval_id", "decision", "expires_at"},
    "action_executed": {"action_id", "intent_id", "approval_id", "action"},
    "action_blocked": {"action_id", "intent_id", "approval_id", "reason"},
    "interrupt": {"reason"},
    "session_end": {"reason"},
}
"""The fields of the schema beside those that every line has."""

ARGS = {"path": "/srv/a"}
AT = 1_790_000_000_000


def trace(*said: Data | tuple[Data, str], end: bool = True) -> list[dict[str, Any]]:
    """The trace of records a second apart; with a text beside it, a record has that as its sender's time."""
    whole, lines, seqs, at = Trace("a/r1"), list[bytes](), count(1), AT
    for pos, one in enumerate(said, 1):
        data, time = one if isinstance(one, tuple) else (one, "")
        at = AT + 1000 * pos
        sent = json.loads(codec.encode(envelope(data, next(seqs), "a", "r1", "inc"))) | {"time": time}
        lines.extend(whole.lines(Row(pos, at, "a", "r1", json.dumps(sent).encode())))
    return [json.loads(one) for one in [*lines, *(whole.last(at) if end else ())]]


def types(items: list[dict[str, Any]]) -> list[str]:
    return [item["type"] for item in items]


def proposed(**more: Any) -> ActionProposed:
    return ActionProposed(action="x", tool="delete", args=ARGS, digest=digest("delete", ARGS), **more)


ASKED = ActionAsked(action="x", gate="ask", decide_within=600.0)
APPROVED = ActionDecided(action="x", outcome="approved", by="ada", command="c1")
STARTED = ActionStarted(action="x", digest=digest("delete", ARGS), decision="c1")
DONE = ActionFinished(action="x", outcome="done")
END = RunFinished(outcome="completed")


async def traces(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The trace of every run of a log."""
    whole: dict[str, Trace] = {}
    lines: dict[str, list[bytes]] = {}
    last = 0
    async for row in history(folder):
        if row.run:
            one = whole.setdefault(row.run, Trace(f"{row.agent}/{row.run}"))
            lines.setdefault(row.run, []).extend(one.lines(row))
        last = row.at
    return {run: [json.loads(text) for text in [*lines[run], *whole[run].last(last)]] for run in lines}


async def test_what_a_real_floor_recorded(tmp_path: Path) -> None:
    found = await traces(await lived(tmp_path))
    ask = ["action_proposed", "approval_requested", "approval_decision"]
    assert {run: types(items) for run, items in found.items() if run != "mixed"} == {
        "approved": [*ask, "action_executed", "session_end"],
        "edited": [*ask, "action_blocked", *ask, "action_executed", "session_end"],
        "rejected": [*ask, "action_blocked", "session_end"],
        "responded": [*ask, "action_blocked", "session_end"],
        "expired": [*ask, "action_blocked", "session_end"],
        "withdrawn": [*ask, "action_blocked", "session_end"],
        "replayed": [*ask, "action_executed", *ask, "action_blocked", "session_end"],
        "killed": [
            "action_proposed",
            "approval_requested",
            "interrupt",
            "approval_decision",
            "action_blocked",
            "session_end",
        ],
    }
    assert set(found) == set(RUNS)
    assert Counter(types(found["mixed"])) == {
        "action_proposed": 6,
        "approval_requested": 6,
        "approval_decision": 6,
        "action_executed": 2,
        "action_blocked": 4,
        "interrupt": 1,
        "session_end": 1,
    }
    for items in found.values():
        for item in items:
            common = {"schema_version", "type", "timestamp", "session_id"}
            assert item["schema_version"] == 2
            assert set(item) - common <= FIELDS[item["type"]]
            assert "action" not in item or set(item["action"]) == {"tool", "operation", "parameters"}


async def test_an_edit_is_another_action_of_the_same_intent(tmp_path: Path) -> None:
    items = (await traces(await lived(tmp_path)))["edited"]
    first, new = items[0], items[4]
    assert (new["action_id"], new["intent_id"]) == (f"{first['action_id']}.edited", first["action_id"])
    assert [item["decision"] for item in items if item["type"] == "approval_decision"] == ["deny", "allow"]
    assert items[7]["action"] == new["action"] != first["action"]
    assert items[7]["approval_id"] == new["action_id"] + ".asked"
    assert (items[3]["action_id"], items[3]["reason"]) == (first["action_id"], "edited by an operator")


def test_what_policy_decided_alone_was_approved_by_nobody_and_denied_by_somebody() -> None:
    allowed = trace(RunStarted(), proposed(), APPROVED, STARTED, DONE, END)
    assert types(allowed) == ["action_proposed", "action_executed", "session_end"]
    assert "approval_id" not in allowed[1]
    passed = [proposed(passed=True), ActionStarted(action="x", digest=digest("delete", ARGS))]
    assert "approval_id" not in trace(RunStarted(), *passed)[1]
    denied = ActionDecided(action="x", outcome="rejected", by="policy", command="c1")
    items = trace(RunStarted(), proposed(), denied, ActionFinished(action="x", outcome="rejected"), END)
    assert types(items) == [
        "action_proposed",
        "approval_requested",
        "approval_decision",
        "action_blocked",
        "session_end",
    ]
    assert (items[2]["decision"], items[3]["approval_id"]) == ("deny", "x.asked")


@pytest.mark.parametrize(
    "started",
    [
        ActionStarted(action="x", digest="0" * 64, decision="c1"),
        ActionStarted(action="x", decision="c1"),
        DONE,
    ],
    ids=["other arguments", "no digest", "done and never begun"],
)
def test_what_is_not_known_to_be_the_approved_call_is_another(started: Data) -> None:
    items = trace(RunStarted(), proposed(), ASKED, APPROVED, started, END)
    assert items[3]["type"] == "action_executed"
    assert items[3]["action"]["parameters"] == {"unknown": True}


def test_what_began_without_its_decision_names_an_approval_that_is_not_there() -> None:
    for said in (
        [proposed(), STARTED],
        [proposed(), ASKED, STARTED],
        [
            proposed(),
            ASKED,
            APPROVED,
            ActionStarted(action="x", digest=digest("delete", ARGS), decision="c2"),
        ],
        [ActionStarted(action="x", digest=digest("delete", ARGS))],
    ):
        (ran,) = [item for item in trace(RunStarted(), *said) if item["type"] == "action_executed"]
        assert ran["approval_id"] == "x.undecided"


def test_what_ran_twice_or_though_denied_is_written_as_it_was() -> None:
    twice = trace(RunStarted(), proposed(), ASKED, APPROVED, STARTED, STARTED)
    assert [item["approval_id"] for item in twice[3:]] == ["x.asked", "x.asked"]
    no = ActionDecided(action="x", outcome="rejected", by="ada", command="c1")
    denied = trace(RunStarted(), proposed(), ASKED, no, STARTED)
    assert (denied[2]["decision"], types(denied)[3], denied[3]["approval_id"]) == (
        "deny",
        "action_executed",
        "x.asked",
    )


def test_a_kill_ends_the_trace_when_the_agent_has_it() -> None:
    kill = CommandRequested(command="k", kind="kill", by="ada")
    again = CommandRequested(command="k2", kind="kill", by="ada")
    pause = CommandRequested(command="p", kind="pause", by="ada")
    acks = [CommandAcknowledged(command=name) for name in ("p", "k", "k2")]
    said = [kill, again, pause, *acks, RunFinished(outcome="killed")]
    assert types(trace(RunStarted(), *said)) == ["interrupt", "session_end"]
    assert types(trace(RunStarted(control="observed"), *said)) == ["session_end"]


def test_what_runs_after_the_end_stands_after_it() -> None:
    assert types(trace(RunStarted(), proposed(), ASKED, APPROVED, END, STARTED))[-2:] == [
        "session_end",
        "action_executed",
    ]


def test_a_run_that_did_not_end_has_no_end_and_no_proof() -> None:
    assert types(trace(RunStarted(), proposed(), ASKED, APPROVED)) == [
        "action_proposed",
        "approval_requested",
        "approval_decision",
    ]


def test_an_approval_is_valid_by_the_clock_of_the_agent() -> None:
    said: list[Data | tuple[Data, str]] = [
        RunStarted(),
        (proposed(decide_within=10.0), "2031-01-01T00:00:00Z"),
        ASKED,
        APPROVED,
        (STARTED, "2031-01-01T00:00:02.500Z"),
    ]
    ran = trace(*said)[3]
    assert ran["timestamp"] == "2026-09-21T14:13:24.500Z"  # 2.5 s after the proposal, accepted after 3 s
    assert trace(*said)[2]["expires_at"] == "2026-09-21T14:14:32.000Z"  # 10 s and the time to begin
    for wrong in ("", "yesterday", "2031-01-01T00:00:01", "9999-12-31T23:59:59Z"):
        assert trace(*said[:-1], (STARTED, wrong))[3]["timestamp"] == "2026-09-21T14:13:25.000Z"
    assert trace(*said[:-1], (STARTED, "1999-01-01T00:00:00Z"))[3]["timestamp"] == "2026-09-21T14:13:24.000Z"


def test_no_agent_decides_by_saying_so() -> None:
    whole = Trace("a/r1")
    said = json.loads(codec.encode(envelope(proposed(), 1, "a", "r1", "inc")))
    forged = said | {"type": "action.decided", "data": {"action": "x", "outcome": "approved", "by": "ada"}}
    rows = [json.dumps(one).encode() for one in (said, forged)] + [b"no json"]
    assert [
        types([json.loads(text) for text in whole.lines(Row(1, AT, "a", "r1", one))]) for one in rows
    ] == [
        ["action_proposed"],
        [],
        [],
    ]


def test_what_the_schema_does_not_take_is_put_into_its_words() -> None:
    deep: Any = 1
    for _ in range(18):
        deep = [deep]
    call = ActionProposed(action="x", tool=" ", args={"deep": deep})
    action = trace(RunStarted(), call)[0]["action"]
    assert (action["tool"], action["parameters"]) == ('" "', {"sha256": digest(" ", {"deep": deep})})


def test_nothing_of_an_agent_reaches_a_terminal_as_it_is() -> None:
    whole = Trace("a/r1")
    call = ActionProposed(action="x", tool="\x1b[2J", args={"\x9b31m": "\u202e"})
    payload = codec.encode(envelope(call, 1, "a", "r1", "inc"))
    assert all(32 <= byte < 127 for text in whole.lines(Row(1, AT, "a", "r1", payload)) for byte in text[:-1])


def test_the_verb_writes_one_trace_a_run(tmp_path: Path, run: Run) -> None:
    sessions = asyncio.run(lived(tmp_path / "floor"))
    (path,) = sessions.glob("*.sqlite")
    out = tmp_path / "traces"
    said = json.loads(run("export", "--agentack", str(path), "-o", str(out), "--json").stdout)
    assert said == {"folder": str(out), "files": [f"a~{name}.jsonl" for name in sorted(RUNS)]}
    assert {file.name for file in out.iterdir()} == set(said["files"])
    assert out.stat().st_mode & 0o777 == 0o700
    alone = run("export", "--agentack", str(path), "--run", "edited")
    assert alone.stdout == (out / "a~edited.jsonl").read_text()
    one = tmp_path / "one.jsonl"
    assert run("export", "--agentack", str(path), "--run", "edited", "-o", str(one)).stdout == (
        f"9 lines in {one}\n"
    )
    many = run("export", "--agentack", str(path))
    assert (many.exit_code, f"{len(RUNS)} runs: a trace is of one; name it with --run" in line(many)) == (
        2,
        True,
    )
    again = run("export", "--agentack", str(path), "-o", str(out))
    assert (again.exit_code, "exists; name another" in line(again)) == (2, True)

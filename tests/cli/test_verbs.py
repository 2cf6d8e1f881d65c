"""The verbs that look, decide and command, against the real desk of a supervisor in memory."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import click
import pytest

from bus import codec
from bus.canonical import code, digest
from bus.events import BlobPart, MessageSeen, RunFinished, RunStarted, StepFinished, Usage
from bus.home import Home
from bus.messages import AgentStatus, HoldCommand, KillCommand
from bus.records import ActionClaimed, ActionEscalated
from bus.sdk import values
from bus.sdk.values import Arguments
from bus.transports.memory import MemoryTransport
from bus.transports.transport import Item, Message, Transport, WillFor
from console.core.fleet.state import Fleet, encode
from console.recording import export
from console.supervisor.process.committing import rows
from tests.cli import site as cli_site
from tests.cli.site import NOW, Run, line
from tests.fixtures.site_in_memory import OPERATOR, SITE, TOPICS, SiteInMemory

# Fixtures.
home = cli_site.home
now = cli_site.now
run = cli_site.run
site = cli_site.site
terminal = cli_site.terminal

REFUND = {"order_id": "88213", "amount": 62.0}

# ---- looking ---------------------------------------------------------------------------------------------------------


def test_ls_shows_agents_and_runs(site: SiteInMemory, run: Run) -> None:
    site.agent.propose("7q4f", "a1", "ask_refund", REFUND)
    result = run("ls")
    assert result.exit_code == 0
    lines = [row.split() for row in result.stdout.splitlines() if row]
    assert lines[0] == ["site", "test", "1", "waiting", "0", "alarms"]
    assert ["refunds", "online", "1m", "30s", "gated", "1"] in lines
    assert [
        "refunds/7q4f",
        "input-required",
        "2/3",
        "0.64",
        "gated",
        "1",
        "1m",
        "30s",
        "Refund",
        "order",
        "88213",
    ] in lines


def test_ls_json_is_one_line_with_every_field(site: SiteInMemory, run: Run) -> None:
    site.agent.propose("7q4f", "a1", "ask_refund", REFUND)
    result = run("ls", "--json")
    assert result.stdout.count("\n") == 1
    floor = json.loads(result.stdout)
    (shown,) = floor["runs"]
    assert (shown["key"], shown["state"], shown["step"], shown["confidence"]) == (
        "refunds/7q4f",
        "input-required",
        2,
        0.64,
    )
    assert shown["waiting"] == ["refunds/7q4f/a1"]
    assert shown["ended_at"] is None
    assert floor["supervisor"] == "up"
    assert floor["agents"][0]["agent"] == "refunds"


def test_ended_runs_are_shown_on_request(site: SiteInMemory, run: Run) -> None:
    site.agent.report("7q4f", RunFinished(outcome="completed"))
    assert "1 ended run not shown" in run("ls").stdout
    assert "completed (unverified)" in run("ls", "--all").stdout


def test_asks_shows_what_waits(site: SiteInMemory, run: Run) -> None:
    assert run("asks").stdout == "nothing waits\n"
    own = site.agent.propose("7q4f", "a1", "ask_refund", REFUND, decide_within=120.0)
    _, row, arguments = run("asks").stdout.splitlines()
    assert all(name in arguments for name in REFUND)
    assert row.split()[:7] == ["refunds/7q4f/a1", "ask", "S3", "1m", "30s", "30s", own[:8]]
    (ask,) = json.loads(run("asks", "--json").stdout)
    assert (ask["key"], ask["digest"], ask["args"], ask["due_in"]) == ("refunds/7q4f/a1", own, REFUND, 30.0)
    assert ask["reasons"] == [{"code": "name", "text": "the tool's name says so"}]


def test_asks_says_who_has_an_ask_in_hand(site: SiteInMemory, run: Run) -> None:
    site.agent.propose("7q4f", "a1", "ask_refund", REFUND)

    def told() -> str:
        head, row, _ = run("asks").stdout.splitlines()
        return row[head.index("IN HAND") :]

    def shown() -> list[Any]:
        (ask,) = json.loads(run("asks", "--json").stdout)
        return [ask[name] for name in ("claimed_by", "escalated_by", "escalated_why", "escalated_at")]

    assert (told(), shown()) == ("", ["", "", "", None])
    site.supervisor.desk.log.write(ActionEscalated(action="a1"), "refunds", "7q4f")
    assert told() == "escalated"
    assert shown()[3] is not None
    site.supervisor.desk.log.write(ActionEscalated(action="a1", by="op-2", reason="look"), "refunds", "7q4f")
    assert told() == "op-2 asks"
    assert shown()[1:3] == ["op-2", "look"]
    site.supervisor.desk.log.write(ActionClaimed(action="a1", by="op-3"), "refunds", "7q4f")
    assert told() == "op-3 looks"
    assert shown()[0] == "op-3"


def test_the_code_of_a_hold_stands_after_the_arguments_and_not_in_the_json(
    site: SiteInMemory, run: Run
) -> None:
    own = site.agent.propose("7q4f", "a1", "hold_wire", REFUND)
    full = run("asks", "--full").stdout
    assert full.index("88213", full.index("args")) < full.index(f"code     {code(own)}")
    assert code(own) not in run("asks").stdout
    assert code(own) not in run("asks", "--json").stdout.replace(own, "")


def test_hostile_text_reaches_no_terminal(site: SiteInMemory, run: Run) -> None:
    bad = "\x1b[2J\u202e\u200b\x9b31m\r"
    site.agent.report("7q4f", MessageSeen(role="user", text=bad))
    site.agent.propose(
        "7q4f", "a1", "ask_" + bad, {"to" + bad: bad, "mixed": "p\u0430ypal", "ok": "Müller"}, reason=bad
    )
    for args in (["ls"], ["ls", "--json"], ["asks"], ["asks", "--full"], ["asks", "--json"], ["show", "7q4f"],
                 ["show", "7q4f", "--json"]):  # fmt: skip
        shown = run(*args).stdout
        assert all(char.isprintable() or char == "\n" for char in shown), args
    full = run("asks", "--full").stdout
    assert "p\\u0430ypal" in full
    assert "Müller" in full
    (ask,) = json.loads(run("asks", "--json").stdout)
    assert ask["args"]["to" + bad] == bad


def test_show_tells_all_of_a_run(site: SiteInMemory, run: Run) -> None:
    site.agent.propose("7q4f", "a1", "ask_refund", REFUND)
    run("reject", "a1", "--reason", "too much")
    site.agent.propose("7q4f", "a2", "ask_refund", REFUND)
    text = run("show", "7q").stdout
    for part in (
        "refunds/7q4f  input-required",
        "goal     Refund order 88213",
        "read_ticket",
        "rejected by op",
        "decision a1",
        "ask  ask_refund  S3 costly",
    ):
        assert part in text
    shown = json.loads(run("show", "refunds/7q4f", "--json").stdout)
    assert [action["state"] for action in shown["actions"]] == ["denied", "asked"]
    assert shown["commands"][0]["effective_at"] == NOW
    assert shown["steps"][0]["name"] == "read_ticket"


def test_a_run_must_be_named_without_doubt(site: SiteInMemory, run: Run) -> None:
    site.agent.report("7q51", RunStarted())
    site.add("other").report("7q4f", RunStarted())
    assert line(run("show", "7q")) == (
        "watchfloor: '7q' fits other/7q4f, refunds/7q4f, refunds/7q51: name it as agent/run\n"
    )
    assert run("show", "nothing").exit_code == 2
    assert run("show", "other/7q4f").exit_code == 0
    assert run("show", "7q51").exit_code == 0


def test_what_a_list_shows_can_be_typed(site: SiteInMemory, run: Run) -> None:
    name = "x" * 20 + "0123456789ab"
    site.agent.report(name, RunStarted())
    site.agent.propose(name, "a1", "ask_refund", REFUND)
    site.agent.propose("7q4f", "a1", "ask_refund", REFUND)
    assert run("show", "refunds/…0123456789ab").exit_code == run("show", "89ab").exit_code == 0
    assert run("show", "9ab").exit_code == 2
    assert run("approve", "a1", "--yes").exit_code == 2
    assert run("approve", "refunds/…0123456789ab/a1", "--yes").exit_code == 0
    assert site.agent.decisions()[0].run == name


# ---- deciding --------------------------------------------------------------------------------------------------------


def test_an_ask_is_approved_with_yes(site: SiteInMemory, run: Run) -> None:
    own = site.agent.propose("7q4f", "a1", "ask_refund", REFUND)
    result = run("approve", "a1", "--yes", "--digest", own[:8], "--reason", "fine")
    assert (result.exit_code, result.stderr) == (0, "")
    rows = [row.split() for row in result.stdout.splitlines()]
    assert rows[0] == ["approve", "ask_refund", "refunds/7q4f/a1", "digest", own[:8]]
    assert [row[0] for row in rows[1:]] == ["requested", "sent", "acknowledged", "effective"]
    (decision,) = site.agent.decisions()
    assert (decision.outcome, decision.digest, decision.by, decision.text) == ("approved", own, "op", "fine")


@pytest.mark.parametrize("stop", ["pause", "hold"])
def test_an_approval_of_a_stopped_run_says_when_it_takes_effect(
    site: SiteInMemory, run: Run, stop: str
) -> None:
    site.agent.propose("7q4f", "a1", "ask_refund", REFUND)
    assert run(stop, "7q4f").exit_code == 0
    told = run("approve", "a1", "--yes").stdout
    assert (
        f"the run is {'paused' if stop == 'pause' else 'held'}: this takes effect when it is resumed" in told
    )


def test_what_can_be_approved_once_only_says_why(site: SiteInMemory, run: Run) -> None:
    site.agent.propose("7q4f", "a1", "ask_refund", REFUND)
    result = run("approve", "a1", "--yes", "--scope", "run")
    assert result.exit_code == 1
    assert "can be approved once only: " in line(result)
    assert line(result).endswith("; nothing was sent\n")


def test_approving_as_json_tells_the_facts(site: SiteInMemory, run: Run) -> None:
    site.agent.propose("7q4f", "a1", "ask_refund", REFUND)
    result = run("approve", "refunds/7q4f/a1", "--yes", "--json")
    deed = json.loads(result.stdout)
    assert (deed["verb"], deed["outcome"], deed["accepted"], deed["exit"]) == ("approve", "approved", True, 0)
    (command,) = deed["commands"]
    assert (command["state"], command["effective_at"], command["failed_at"]) == ("effective", NOW, None)


def test_without_a_terminal_nothing_is_approved_by_the_way(site: SiteInMemory, run: Run) -> None:
    own = site.agent.propose("7q4f", "a1", "ask_refund", REFUND)
    site.agent.propose("7q4f", "a2", "hold_wire", REFUND)
    assert "without a terminal it needs --yes" in line(run("approve", "a1"))
    assert "it needs --code" in line(run("approve", "a2", "--yes"))
    assert "not confirmed by its code" in line(run("approve", "a2", "--code", "99999"))
    result = run("approve", "a1", "--yes", "--digest", "0" * 8)
    assert (result.exit_code, own in line(result)) == (1, True)
    assert run("approve", "a1", "--yes", "--digest", "xyz").exit_code == 2
    assert site.agent.commands == []


def test_a_hold_is_approved_by_its_code(site: SiteInMemory, run: Run) -> None:
    own = site.agent.propose("7q4f", "a1", "hold_wire", REFUND)
    assert run("approve", "a1", "--code", code(own)).exit_code == 0
    assert [decision.outcome for decision in site.agent.decisions()] == ["approved"]


@pytest.mark.usefixtures("terminal")
def test_on_a_terminal_the_action_is_shown_in_full_and_confirmed(site: SiteInMemory, run: Run) -> None:
    own = site.agent.propose("7q4f", "a1", "ask_refund", REFUND)
    refused = run("approve", "a1", stdin="n\n")
    assert (refused.exit_code, line(refused)) == (
        2,
        "watchfloor: refunds/7q4f/a1 was not confirmed; nothing was sent\n",
    )
    assert run("approve", "a1", stdin="\n").exit_code == 2
    assert site.agent.commands == []
    result = run("approve", "a1", stdin="y\n")
    assert result.exit_code == 0
    assert (
        result.stdout.index(own) < result.stdout.index('"order_id": "88213"') < result.stdout.index("Type y")
    )
    wire = site.agent.propose("7q4f", "a2", "hold_wire", REFUND)
    assert run("approve", "a2", stdin="y\n").exit_code == 2
    result = run("approve", "a2", stdin=f"{code(wire)}\n")
    assert result.exit_code == 0
    assert (
        result.stdout.index("88213")
        < result.stdout.index(f"code     {code(wire)}")
        < result.stdout.index("Type the")
    )


@pytest.mark.usefixtures("terminal")
def test_what_changes_while_a_person_reads_is_not_sent(
    site: SiteInMemory, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.agent.propose("7q4f", "a1", "ask_refund", REFUND)

    def meanwhile(*_args: object, **_more: object) -> str:
        site.take_over("epoch-2")
        return "y"

    monkeypatch.setattr(click, "prompt", meanwhile)
    result = run("approve", "a1")
    assert (result.exit_code, line(result)) == (
        1,
        "watchfloor: another supervisor took over meanwhile: look at it again\n",
    )
    assert site.agent.commands == []


def test_the_second_answer_is_told_who_was_first(site: SiteInMemory, run: Run) -> None:
    site.agent.propose("7q4f", "a1", "ask_refund", REFUND)
    assert run("reject", "a1", "--reason", "no").exit_code == 0
    result = run("approve", "a1", "--yes")
    assert (result.exit_code, line(result)) == (
        1,
        "watchfloor: refunds/7q4f/a1 does not wait: rejected by op\n",
    )


def test_a_refusal_of_the_supervisor_is_one_line_and_exit_1(site: SiteInMemory, run: Run, home: Home) -> None:
    home.operator_key("op").unlink()
    type(OPERATOR).generate().save(home.operator_key("stranger"))
    site.agent.propose("7q4f", "a1", "ask_refund", REFUND)
    result = run("approve", "a1", "--yes")
    assert (result.exit_code, line(result)) == (
        1,
        "watchfloor: approve was refused (unknown-key): no enrolled key of stranger made this signature\n",
    )
    as_json = run("approve", "a1", "--yes", "--json")
    assert json.loads(as_json.stdout)["outcome"] == "unknown-key"
    assert as_json.exit_code == 1


def apart(site: SiteInMemory, tool: str = "ask_mail") -> tuple[Arguments, str]:
    """Propose a call with a large value, as the SDK does."""
    sent = values.arguments({"to": "x", "body": "word " * 10_000})
    site.agent.report("7q4f", *sent.parts())
    return sent, site.agent.propose("7q4f", "a1", tool, sent.wire)


@pytest.fixture
def record(site: SiteInMemory, home: Home) -> Callable[[], None]:
    """What writes the log so far into a session file of this machine."""

    def write() -> None:
        exported = home.data / "log.jsonl"
        home.sessions.mkdir(parents=True)
        exported.write_bytes(b"".join(map(export.line, rows(site.supervisor.log))))
        target = home.sessions / "20260101T000000Z-0001.sqlite"
        asyncio.run(export.import_jsonl(exported, target, initial=encode(Fleet(site=SITE))))

    return write


@pytest.mark.parametrize("tool", ["ask_mail", "hold_mail"])
def test_what_was_sent_apart_is_read_before_it_is_approved(
    site: SiteInMemory, run: Run, record: Callable[[], None], tool: str
) -> None:
    sent, own = apart(site, tool)
    (sha256,) = sent.blobs
    said = f"apart    {sha256}: 50000 bytes, all 2 parts are here; to read: watchfloor blob refunds/7q4f/a1"
    assert said in run("asks", "--full").stdout
    confirm = ["--yes"] if tool == "ask_mail" else ["--code", code(own)]
    for given in ([], ["--seen", "00000000"]):
        refused = run("approve", "a1", *confirm, *given)
        assert (refused.exit_code, "; nothing was sent" in line(refused)) == (2, True)
    assert f"then give --seen {sha256[:8]}" in line(run("approve", "a1", *confirm))
    assert site.agent.commands == []
    record()
    assert sent.full["body"] in run("blob", "a1").stdout
    assert run("approve", "a1", *confirm, "--seen", sha256[:8]).exit_code == 0
    assert site.agent.decisions()[0].outcome == "approved"


def test_what_nobody_read_runs_only_by_that_word(site: SiteInMemory, run: Run) -> None:
    apart(site)
    assert run("approve", "a1", "--yes", "--unseen").exit_code == 0


@pytest.mark.usefixtures("terminal")
def test_on_a_terminal_what_was_sent_apart_is_shown_with_the_rest(
    site: SiteInMemory, run: Run, record: Callable[[], None]
) -> None:
    sent, _ = apart(site)
    elsewhere = run("approve", "a1", stdin="y\n")
    assert (elsewhere.exit_code, "read it where the supervisor runs" in line(elsewhere)) == (2, True)
    record()
    result = run("approve", "a1", stdin="y\n")
    assert result.exit_code == 0
    assert result.stdout.index(sent.full["body"]) < result.stdout.index("exactly these arguments")


@pytest.mark.usefixtures("terminal")
def test_an_edit_may_write_out_what_was_sent_apart(
    site: SiteInMemory, run: Run, record: Callable[[], None]
) -> None:
    sent, _ = apart(site)
    kept = json.dumps({**sent.wire, "to": "y"})
    assert "read it where the supervisor runs" in line(run("edit", "a1", "--args", kept, stdin="y\n"))
    assert site.agent.commands == []
    shown = run("edit", "a1", "--args", kept, "--unseen", stdin="n\n")
    assert (shown.exit_code, shown.stdout.count("apart    ")) == (2, 2)
    record()
    assert sent.full["body"] in run("edit", "a1", "--args", kept, stdin="n\n").stdout
    assert run("edit", "a1", "--args", '{"body": "short"}', stdin="y\n").exit_code == 0


def test_a_value_that_was_sent_apart_is_shown_harmless_and_written_as_it_was(
    site: SiteInMemory, run: Run, record: Callable[[], None], tmp_path: Path
) -> None:
    body = "first \x1b[2J\u202e\n\tsecond \\ " + "x" * 20_000
    sent = values.arguments({"body": body, "rows": [{"n": number} for number in range(9_000)]})
    site.agent.report("7q4f", *sent.parts())
    site.agent.propose("7q4f", "a1", "ask_mail", sent.wire)
    record()
    text = next(name for name, content in sent.blobs.items() if content == body.encode())
    shown = run("blob", "7q4f/a1", text[:8].upper()).stdout
    assert "\nfirst \\u001b[2J\\u202e\n\\tsecond \\\\ xxx" in shown
    assert '"n": 8999' in run("blob", "a1").stdout
    found = json.loads(run("blob", "a1", "--json").stdout)
    assert [(value["sha256"], value["bytes"]) for value in found] == [
        (name, len(content)) for name, content in sent.blobs.items()
    ]
    target = tmp_path / "value"
    assert "say which" in line(run("blob", "a1", "-o", str(target)))
    assert not target.exists()
    assert run("blob", "a1", text, "-o", str(target)).exit_code == 0
    assert (target.read_bytes(), target.stat().st_mode & 0o777) == (body.encode(), 0o600)
    assert "exists; name another file" in line(run("blob", "a1", text, "-o", str(target)))
    then = run("blob", "7q4f/a1", text, "--session", "last")
    assert then.stdout == shown
    assert "has no value" in line(run("blob", "a1", "0000"))
    assert "named as run/action" in line(run("blob", "a1", "--session", "last"))


def test_bytes_that_are_no_text_are_shown_one_by_one(
    site: SiteInMemory, run: Run, record: Callable[[], None]
) -> None:
    content = bytes(range(256))
    sha256 = hashlib.sha256(content).hexdigest()
    data = base64.b64encode(content).decode()
    site.agent.report("7q4f", BlobPart(sha256=sha256, i=0, n=1, data=data))
    site.agent.propose("7q4f", "a1", "ask_put", {"file": {"$blob": sha256, "bytes": 256}})
    record()
    assert run("blob", "a1").stdout.splitlines()[1].startswith("00000000  00 01 02")
    (value,) = json.loads(run("blob", "a1", "--json").stdout)
    assert (value["text"], value["base64"]) == (None, data)


def test_a_value_of_which_a_part_is_wrong_is_not_shown(
    site: SiteInMemory, run: Run, record: Callable[[], None]
) -> None:
    sent = values.arguments({"body": "word " * 10_000})
    first, second = sent.parts()
    forged = base64.b64encode(b"other").decode()
    site.agent.report("7q4f", first, BlobPart(sha256=second.sha256, i=1, n=2, data=forged))
    site.agent.propose("7q4f", "a1", "ask_mail", sent.wire)
    record()
    result = run("blob", "a1")
    assert (result.exit_code, "is not whole in" in line(result)) == (2, True)


def test_what_is_unseen_is_still_refused_until_it_is_whole(site: SiteInMemory, run: Run) -> None:
    sent = values.arguments({"body": "word " * 10_000})
    site.agent.report("7q4f", next(sent.parts()))
    site.agent.propose("7q4f", "a1", "ask_mail", sent.wire)
    assert "1 of 2 parts are here" in run("asks", "--full").stdout
    result = run("approve", "a1", "--yes", "--unseen")
    assert result.exit_code == 1
    assert "has not arrived whole" in line(result)


def test_unseen_says_what_it_means(run: Run) -> None:
    said = " ".join(run("approve", "--help").stdout.split())
    assert "you answer for what neither you nor this command has read" in said


def test_edit_sends_other_arguments(site: SiteInMemory, run: Run, tmp_path: Path) -> None:
    site.agent.propose("7q4f", "a1", "ask_refund", REFUND)
    new = {"order_id": "88213", "amount": 6.2}
    path = tmp_path / "args.json"
    path.write_text(json.dumps(new))
    assert run("edit", "a1", "--args", f"@{path}", "--yes").exit_code == 0
    (decision,) = site.agent.decisions()
    assert (decision.outcome, decision.args, decision.digest) == ("edited", new, digest("ask_refund", new))


@pytest.mark.parametrize(
    "given, wrong",
    [
        ("[1]", "arguments are a JSON object"),
        ("{", "line 1, column 2"),
        ('{"a": 1, "a": 2}', '"a" stands there twice'),
        ('{"a": NaN}', "NaN is not JSON"),
        ('{"a": 9007199254740993}', "no canonical form"),
        ("@/no/such/file", "cannot be read"),
        (json.dumps(REFUND), "the same as before"),
        ('{"a":' * 3000 + "1" + "}" * 3000, "--args"),
    ],
)
def test_what_is_no_argument_is_not_sent(site: SiteInMemory, run: Run, given: str, wrong: str) -> None:
    site.agent.propose("7q4f", "a1", "ask_refund", REFUND)
    result = run("edit", "a1", "--yes", "--args", given)
    assert (result.exit_code, wrong in line(result)) == (2, True), result.stderr
    assert site.agent.commands == []


def test_edit_reads_standard_input_and_needs_arguments_without_a_terminal(
    site: SiteInMemory, run: Run
) -> None:
    site.agent.propose("7q4f", "a1", "ask_refund", REFUND)
    assert "needs --args" in line(run("edit", "a1", "--yes"))
    assert run("edit", "a1", "--yes", "--args", "-", stdin='{"amount": 1}').exit_code == 0


@pytest.mark.usefixtures("terminal")
def test_edit_opens_an_editor(site: SiteInMemory, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    site.agent.propose("7q4f", "a1", "ask_refund", REFUND)
    seen = []

    def editor(text: str, extension: str) -> str | None:
        seen.append((text, extension))
        return text.replace("62.0", "6") if len(seen) > 1 else None

    monkeypatch.setattr(click, "edit", editor)
    assert "nothing was saved" in line(run("edit", "a1"))
    result = run("edit", "a1", stdin="y\n")
    assert result.exit_code == 0
    assert "instead these arguments" in result.stdout
    assert json.loads(seen[0][0]) == REFUND
    assert site.agent.decisions()[0].args == {"order_id": "88213", "amount": 6}


def test_escalate_and_claim_tell_others_and_decide_nothing(site: SiteInMemory, run: Run) -> None:
    site.agent.propose("7q4f", "a1", "ask_refund", REFUND)
    assert run("escalate", "a1", " ").exit_code == 2
    told = run("escalate", "a1", "-", stdin="look at the amount")
    assert told.exit_code == 0
    assert "recorded as accepted" in told.stdout
    assert run("claim", "a1", "--json").exit_code == 0
    action = site.fleet.action("refunds/7q4f/a1")
    assert action is not None
    assert (action.state, action.care.escalated_by, action.care.claimed_by) == ("asked", "op", "op")
    assert "give WORDS: what the others should look at" in line(run("escalate", "a1"))
    assert "once: as WORDS, or as --reason" in line(run("escalate", "a1", "look", "--reason", "look"))
    again = run("escalate", "a1", "--reason", "look")
    assert (again.exit_code, "op has escalated it before" in line(again)) == (1, True)
    assert "needs a key of operator stranger" in line(run("claim", "a1", "--operator", "stranger"))
    run("reject", "a1")
    assert run("claim", "a1").exit_code == 1


def test_respond_answers_with_a_text(site: SiteInMemory, run: Run) -> None:
    site.agent.propose("7q4f", "a1", "ask_refund", REFUND)
    assert run("respond", "a1", " ").exit_code == 2
    assert run("respond", "a1", "-", stdin="ask the customer first").exit_code == 0
    (decision,) = site.agent.decisions()
    assert (decision.outcome, decision.text) == ("responded", "ask the customer first")


def test_who_has_no_key_may_reject_and_pause_and_nothing_else(
    site: SiteInMemory, run: Run, home: Home
) -> None:
    home.operator_key("op").unlink()
    site.agent.propose("7q4f", "a1", "ask_refund", REFUND)
    for args in (
        ["approve", "a1", "--yes"],
        ["respond", "a1", "x"],
        ["resume", "7q4f"],
        ["kill", "7q4f"],
        ["ack", "x"],
    ):
        result = run(*args, operator="op")
        assert (result.exit_code, "watchfloor keys new op" in line(result)) == (2, True)
    result = run("reject", "a1", operator="op")
    assert (result.exit_code, "goes out unsigned" in result.stderr) == (0, True)
    assert site.fleet.runs["refunds/7q4f"].actions["a1"].decided_by == "op (unsigned)"


# ---- commanding ------------------------------------------------------------------------------------------------------


def test_pause_and_resume(site: SiteInMemory, run: Run) -> None:
    result = run("pause", "7q4f", "--reason", "lunch")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "pause refunds/7q4f  gated"
    assert site.state_of("refunds/7q4f") == "paused"
    assert run("resume", "7q4f").exit_code == 0
    assert site.state_of("refunds/7q4f") == "working"


class AnswersFirst(MemoryTransport):
    """A console's link on which the journal comes a moment after everything else."""

    async def batches(self) -> AsyncIterator[Sequence[Item]]:
        async for batch in super().batches():
            late = [item for item in batch if isinstance(item, Message) and item.topic == TOPICS.journal]
            if at_once := [item for item in batch if item not in late]:
                yield at_once
            for _ in range(20 if late else 0):  # whoever waits for the answer has it by then
                await asyncio.sleep(0)
            if late:
                yield late


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_an_answer_that_comes_before_the_record_of_its_command_changes_nothing(
    site: SiteInMemory, run: Run, verb: str
) -> None:
    def connect(client_id: str, subscriptions: Sequence[str], will: WillFor | None) -> Transport:
        return AnswersFirst(site.bus, client_id, subscriptions, will)

    result = run(verb, "7q4f", "--json", connect=connect)
    told = json.loads(result.stdout)
    assert [command["state"] for command in told["commands"]] == ["effective"]
    assert (result.exit_code, told["exit"]) == (0, 0)


def test_acknowledged_is_not_effective(site: SiteInMemory, run: Run) -> None:
    site.agent.obeys = "acknowledged"
    result = run("pause", "7q4f", "--wait", "0.05")
    assert result.exit_code == 0
    assert [row.split()[0] for row in result.stdout.splitlines()[1:]] == [
        "requested",
        "sent",
        "acknowledged",
        "effective",
    ]
    assert "not within 0.05 s" in result.stdout.splitlines()[-1]


def test_what_the_agent_does_not_confirm_is_not_claimed(site: SiteInMemory, run: Run) -> None:
    site.agent.obeys = ""
    result = run("pause", "7q4f", "--wait", "0.05")
    assert result.exit_code == 4
    assert [row.split()[0] for row in result.stdout.splitlines()[1:]] == ["requested", "sent", "acknowledged"]
    assert "not within 0.05 s" in result.stdout
    at_once = run("pause", "7q4f", "--wait", "0")
    assert at_once.exit_code == 0
    assert at_once.stdout.splitlines()[1].startswith("recorded as accepted at position ")


def test_a_decision_that_the_agent_does_not_confirm_is_recorded_all_the_same(
    site: SiteInMemory, run: Run
) -> None:
    site.agent.obeys = ""
    site.agent.propose("7q4f", "a1", "ask_refund", REFUND)
    result = run("approve", "a1", "--yes", "--wait", "0.05")
    assert result.exit_code == 0
    assert "acknowledged  –  not within 0.05 s" in result.stdout


def test_what_the_agent_refuses_is_refused(site: SiteInMemory, run: Run) -> None:
    site.agent.obeys = "refused"
    result = run("pause", "7q4f")
    assert (result.exit_code, line(result)) == (1, "watchfloor: the agent refused the pause\n")
    assert "not me" in result.stdout


def test_kill_wants_the_run_named_again(site: SiteInMemory, run: Run) -> None:
    site.agent.report("run-0042", RunStarted())
    hint = line(run("kill", "run-0042"))
    assert "wants the run's id once more; nothing was sent" in hint
    assert hint.rstrip().endswith("Type: watchfloor kill refunds/run-0042 --confirm 0042")
    wrong = line(run("kill", "run-0042", "--confirm", "7q4f"))
    assert "is not the id" in wrong
    assert wrong.rstrip().endswith("Its short form is 0042")
    assert site.agent.commands == []
    assert run("kill", "run-0042", "--confirm", "0042").exit_code == 0
    assert site.fleet.runs["refunds/run-0042"].state == "killed"
    for more in ([], ["--confirm", "0042"]):
        again = run("kill", "run-0042", *more)
        assert (again.exit_code, "is over (killed); nothing was sent" in line(again)) == (1, True)


@pytest.mark.usefixtures("terminal")
def test_on_a_terminal_the_id_is_typed(site: SiteInMemory, run: Run) -> None:
    assert run("kill", "7q4f", stdin="y\n").exit_code == 2
    assert site.agent.commands == []
    result = run("kill", "7q4f", stdin="7q4f\n")
    assert result.exit_code == 0
    assert "nothing forces it" in result.stdout


def test_hold_all_holds_every_run_that_can_be_held(site: SiteInMemory, run: Run) -> None:
    site.agent.report("two", RunStarted())
    site.add("watched").report("three", RunStarted(control="observed"))
    result = run("hold", "--all", "--json")
    assert result.exit_code == 0
    held = json.loads(result.stdout)
    assert sorted(command["run"] for command in held["commands"]) == ["7q4f", "two"]
    assert held["text"] == "2 runs"
    assert run("hold", "--all").stdout.count("effective") == 2
    assert run("hold").exit_code == run("hold", "7q4f", "--all").exit_code == 2


def test_a_hold_of_all_that_stops_nobody_yet_is_not_done(site: SiteInMemory, run: Run) -> None:
    site.agent.obeys = "acknowledged"
    result = run("hold", "--all", "--wait", "0.05")
    assert result.exit_code == 4
    assert result.stdout.splitlines()[-1] == "  1 goes on until its next gate"
    assert "; 1 goes on until its next gate; watchfloor resume --all" in run("ls").stdout
    assert "working, holding" in run("ls").stdout
    assert json.loads(run("hold", "--all", "--json", "--wait", "0.05").stdout)["exit"] == 4


def test_what_hold_all_stopped_goes_on_by_resume_all(site: SiteInMemory, run: Run) -> None:
    assert "the floor is not held" in line(run("resume", "--all"))
    site.agent.report("own", RunStarted())
    run("pause", "own")
    run("hold", "--all", "--reason", "freeze")
    site.agent.report("late", RunStarted())
    assert json.loads(run("ls", "--json").stdout)["held"]["by"] == "op"
    head = run("ls").stdout.splitlines()[1]
    assert head.startswith("floor held by op since ")
    assert head.endswith(", runs that begin too: freeze; watchfloor resume --all lets all go on")
    assert run("resume").exit_code == run("resume", "7q4f", "--all").exit_code == 2
    result = run("resume", "--all", "--json")
    assert result.exit_code == 0
    said = json.loads(result.stdout)
    assert sorted(command["run"] for command in said["commands"]) == ["7q4f", "late"]
    assert "floor held" not in run("ls").stdout
    assert json.loads(run("ls", "--json").stdout)["held"] is None


@pytest.mark.usefixtures("terminal")
def test_resume_all_is_confirmed_on_a_terminal_and_needs_a_key(site: SiteInMemory, run: Run) -> None:
    run("hold", "--all", "--yes")
    asked = run("resume", "--all", stdin="n\n")
    assert asked.exit_code == 2
    assert asked.stdout.splitlines()[:2] == [
        "resume all: 1 held by it goes on; runs that begin later are held no longer", "  refunds/7q4f  gated  working, held",
    ]  # fmt: skip
    assert [type(one) for one in site.agent.commands] == [HoldCommand]
    assert "needs a key of operator stranger" in line(run("resume", "--all", "--operator", "stranger"))
    assert run("resume", "--all", stdin="y\n").exit_code == 0


def test_a_lost_run_is_told_when_it_is_back_and_only_a_hold_of_it_is_unconfirmed(
    site: SiteInMemory, run: Run
) -> None:
    """Only its link is known to be gone: it may run on, and nothing says that a hold stopped it."""
    other = site.add("other")
    other.report("gone", RunStarted(goal="be lost"))
    other.obeys = ""
    status = AgentStatus(status="lost", incarnation="i", connection="c")
    site.bus.publish(TOPICS.status("other"), codec.encode(status), retain=True)
    for verb, ends in (("hold", 4), ("resume", 0)):
        result = run(verb, "--all", "--yes")
        assert (result.exit_code, result.stderr) == (ends, "")
        assert result.stdout.splitlines()[-1] == "  lost          told if it is back; other/gone"
        assert "not within" not in result.stdout
        assert site.fleet.runs["other/gone"].by_floor == (verb == "hold")
    held = run("hold", "--all", "--json")
    assert held.exit_code == json.loads(held.stdout)["exit"] == 4
    assert run("hold", "gone", "--wait", "0.1").exit_code == 4


@pytest.mark.usefixtures("terminal")
def test_resume_all_counts_lost_runs_apart(site: SiteInMemory, run: Run) -> None:
    run("hold", "--all", "--yes")
    other = site.add("other")
    other.report("gone", RunStarted(goal="be lost"))
    status = AgentStatus(status="lost", incarnation="i", connection="c")
    site.bus.publish(TOPICS.status("other"), codec.encode(status), retain=True)
    first = run("resume", "--all", stdin="n\n").stdout.splitlines()[0]
    assert first.startswith("resume all: 1 held by it goes on; 1 lost: told if back; runs that begin")


@pytest.mark.usefixtures("terminal")
def test_hold_all_says_for_whom_it_is_true(site: SiteInMemory, run: Run) -> None:
    site.agent.report("still", RunStarted(goal="stand still"))
    assert run("pause", "still").exit_code == 0
    site.agent.report("over", RunStarted(goal="be over"), RunFinished(outcome="completed"))
    other = site.add("other")
    other.report("gone", RunStarted(goal="be lost"))
    status = AgentStatus(status="lost", incarnation="i", connection="c")
    site.bus.publish(TOPICS.status("other"), codec.encode(status), retain=True)
    lines = run("hold", "--all", stdin="n\n").stdout.splitlines()
    assert lines[0] == (
        "hold all: 1 stopped at the next gate; 1 paused or held already; 1 lost: told if back;"
        " runs that begin later are held too, until resume --all"
    )
    assert lines[1] == "  1 goes on until its next gate"
    assert lines[2:5] == [
        "  refunds/7q4f  gated  working", "  refunds/still  gated  paused", "  other/gone  gated  lost",
    ]  # fmt: skip


def test_in_json_arguments_are_exact_and_other_texts_are_spelled_out(site: SiteInMemory, run: Run) -> None:
    """As docs/cli.md says."""
    odd = "\x1b[2J\u202e\n"
    site.agent.report("odd", RunStarted(goal=odd))
    site.agent.propose("odd", "a1", "ask_" + odd, {"to": odd}, reason=odd)
    said = run("show", "odd", "--json").stdout
    assert "\\u001b[2J\\u202e\\n" in said
    shown = json.loads(said)
    (action,) = shown["actions"]
    assert (action["tool"], action["args"]) == ("ask_" + odd, {"to": odd})
    assert shown["goal"] == action["reason"] == "\\x1b[2J\\u202e\\n"


def test_usage_that_nobody_reported_is_unknown(site: SiteInMemory, run: Run) -> None:
    assert "used     tokens unknown  cost unknown" in run("show", "7q4f").stdout
    (shown,) = json.loads(run("ls", "--json").stdout)["runs"]
    assert (shown["tokens"], shown["cost_usd"]) == (None, None)
    site.agent.report("7q4f", StepFinished(step=2, usage=Usage(input_tokens=40, output_tokens=2)))
    assert "used     42 tokens  cost unknown" in run("show", "7q4f").stdout


@pytest.mark.usefixtures("terminal")
def test_hold_all_is_confirmed_on_a_terminal(site: SiteInMemory, run: Run) -> None:
    assert run("hold", "--all", stdin="n\n").exit_code == 2
    assert site.agent.commands == []
    assert run("hold", "--all", stdin="y\n").exit_code == 0
    assert run("hold", "--all", "--yes").exit_code == 0


def test_alarms_are_acknowledged_and_reset(site: SiteInMemory, run: Run) -> None:
    site.supervisor.desk.alarms.raise_("ungated-action", "it ran", "refunds", "7q4f", about="a1")
    site.supervisor.pump()
    (alarm,) = site.fleet.alarms.values()
    assert "it ran" in run("ls").stdout
    assert run("ack", alarm.id[:8]).exit_code == 0
    assert site.fleet.alarms[alarm.id].state == "acknowledged"
    assert run("reset", alarm.id).exit_code == 2
    assert run("reset", alarm.id, "--reason", "understood").exit_code == 0
    assert site.fleet.alarms == {}
    assert run("ack", "nothing").exit_code == 2


def test_alarms_are_hidden_for_a_time_with_a_reason_and_shown_again(site: SiteInMemory, run: Run) -> None:
    assert run("alarms").stdout.startswith("no alarms\n")
    site.supervisor.desk.alarms.raise_("loop", "the same again", "refunds", "7q4f")
    site.supervisor.pump()
    text = run("alarms").stdout
    assert "P2  loop/refunds/7q4f  unacknowledged" in text
    assert "means  A run does the same again and again." in text
    assert "do     Look at the run" in text
    assert run("shelve", "loop").exit_code == 2  # why?
    for span in ("9h", "0s", "soon"):
        result = run("shelve", "loop", "--reason", "known", "--for", span)
        assert (result.exit_code, "at most 8h" in line(result)) == (2, True)
    assert run("shelve", "loop", "--reason", "known", "--for", "2h").exit_code == 0
    assert "1 hidden (--all)" in run("alarms").stdout
    assert "shelved by op, 1h 58m left: known" in run("alarms", "--all").stdout
    (shown,) = json.loads(run("alarms", "--json").stdout)["alarms"]
    assert (shown["hidden"], shown["hidden_why"], shown["shown"]) == (True, "known", "shelved")
    assert run("unshelve", "loop").exit_code == 0
    assert run("out-of-service", "loop", "--reason", "being rebuilt").exit_code == 0
    (hidden,) = json.loads(run("alarms", "--json").stdout)["alarms"]
    assert (hidden["shown"], hidden["hidden_by"], hidden["shelved_until"]) == ("out-of-service", "op", None)
    assert run("in-service", "loop").exit_code == 0
    assert site.fleet.alarms["loop/refunds/7q4f"].shown == "shown"
    assert run("in-service", "loop").exit_code == 1


def test_an_alarm_of_priority_1_cannot_be_hidden(site: SiteInMemory, run: Run) -> None:
    site.supervisor.desk.alarms.raise_("keyframe-failing", "no room")
    site.supervisor.pump()
    for args in (["shelve", "keyframe-failing"], ["out-of-service", "keyframe-failing"]):
        result = run(*args, "--reason", "I know")
        assert (result.exit_code, "stays in sight" in result.stderr) == (1, True)


# ---- when nobody is there --------------------------------------------------------------------------------------------


def test_no_bus_is_exit_3(site: SiteInMemory, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = site.connect

    def cut(client_id: str, subscriptions: Any, will: Any) -> Any:
        site.bus.cut(client_id, "refused by the test")
        return connect(client_id, subscriptions, will)

    result = run("ls", connect=cut)
    assert (result.exit_code, line(result)) == (
        3,
        "watchfloor: no broker at the bus: refused by the test; start one with: watchfloor up, or name it with --broker\n",
    )


def test_no_supervisor_is_exit_3(site: SiteInMemory, run: Run) -> None:
    site.supervisor.deaf = True
    result = run("ls", timeout=0.5)
    assert (result.exit_code, "no supervisor answers for site test" in line(result)) == (3, True)


def test_a_supervisor_that_is_up_and_shows_nothing_is_not_called_absent(site: SiteInMemory, run: Run) -> None:
    def alive(client: str, message: Message) -> bool:
        lost = client == "supervisor" and b'"keyframe"' in message.payload
        if lost:
            site.supervisor.desk.renew()
            site.supervisor.pump()
        return lost

    site.bus.loses = alive
    result = run("ls", timeout=2.0)
    assert result.exit_code == 3
    assert "the supervisor of site test is up and has not shown the floor within 2 s" in line(result)
    assert "start one" not in line(result)


def test_what_goes_out_unrecorded_is_said_to_and_not_waited_for(site: SiteInMemory, run: Run) -> None:
    """The disk takes nothing: a fresh verb sees the floor, stops things, and says what holds."""
    site.fill_disk()
    held = run("hold", "--all", "--yes", "--wait", "60")
    assert held.exit_code == 4
    assert held.stdout.splitlines()[-1] == (
        "accepted; it goes out at once, not recorded yet: the recording fails; watchfloor ls shows how it stands"
    )
    assert [type(one) for one in site.agent.commands] == [HoldCommand]
    killed = run("kill", "7q4f", "--confirm", "7q4f", "--json")
    shown = json.loads(killed.stdout)
    assert (shown["accepted"], shown["unrecorded"], shown["exit"], killed.exit_code) == (True, True, 4, 4)
    assert [type(one) for one in site.agent.commands] == [HoldCommand, KillCommand]


def test_no_answer_is_exit_3(site: SiteInMemory, run: Run) -> None:
    site.bus.loses = lambda client, message: client == "supervisor" and b'"pause"' in message.payload
    result = run("pause", "7q4f", timeout=2.0)
    assert (result.exit_code, line(result)) == (
        3,
        "watchfloor: no answer to pause within 2 s: the supervisor is there and does not answer\n",
    )


def test_an_intent_carries_what_was_seen(site: SiteInMemory, run: Run) -> None:
    seen: list[dict[str, Any]] = []

    def note(client: str, message: Message) -> bool:
        if client == "supervisor" and message.topic == TOPICS.intents("op"):
            seen.append(json.loads(message.payload))
        return False

    site.bus.loses = note
    run("pause", "7q4f")
    asked, said = seen
    assert (asked["verb"], asked["operator"]) == ("keyframe", "op")
    assert (said["verb"], said["epoch"], said["key"]) == ("pause", "epoch-1", OPERATOR.public.fingerprint)
    assert said["pos"] > 5
    assert "watching" not in asked

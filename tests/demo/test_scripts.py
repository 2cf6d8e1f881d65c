"""The demo without its processes: what the scripts choose, how its tools are graded, and where they may not reach."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import asdict
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from msgspec import Raw

from bus import codec
from bus.events import ActionFinished, ActionProposed, Envelope
from bus.records import GapFound
from bus.sdk.decision import Decision
from console.core.fleet.state import Fleet
from console.core.judging.risk import Assessment
from console.core.reliability.evidence import more_needed
from console.demo.agents import crasher, deployer, janitor, refunds, researcher, sleeper
from console.demo.agents.refunds import _pay
from console.demo.cast import CAST, company
from console.demo.ledger import EffectLedger
from console.demo.pages import DOWN_FOR, DOWN_FROM, PAGES, SHARE_TAKES, THIEF, THIEF_URL, Pages, fetch, put
from console.demo.sandbox import OutsideError, Sandbox
from console.demo.script import TURNS, Script
from console.demo.stage import Stage
from console.demo.summary import Count, effects, percentile, shape, undecided
from console.policy.load import Rulebook
from tests.fixtures.calls import QUIET
from tests.fixtures.floor import Script as Floor

PLAYERS = company(detectors=True)
DEMO = Path(janitor.__file__).parent.parent


def plans(seed: int, agent: str, runs: int = 40) -> list[Any]:
    plan = import_module(f"console.demo.agents.{PLAYERS[agent]}").plan
    return [plan(Script(seed, agent, number)) for number in range(1, runs + 1)]


@pytest.mark.parametrize("agent", PLAYERS)
def test_one_seed_makes_one_script(agent: str) -> None:
    assert plans(7, agent) == plans(7, agent)
    assert plans(7, agent) != plans(8, agent)
    assert all(case.goal for case in plans(7, agent))


@pytest.mark.parametrize("agent", PLAYERS)
def test_what_is_claimed_is_a_confidence(agent: str) -> None:
    def claims(value: Any, name: str = "") -> list[float]:
        if isinstance(value, dict):
            return [claim for key, inner in value.items() for claim in claims(inner, key)]
        if isinstance(value, list | tuple):
            return [claim for inner in value for claim in claims(inner, "claim")]
        return [value] if isinstance(value, float) and name == "claim" else []

    assert all(0.0 < claim < 1.0 for case in plans(3, agent) for claim in claims(asdict(case)))


def test_a_run_id_is_never_given_twice() -> None:
    ids = [Script(7, "janitor", life * TURNS + turn).run_id for life in range(20) for turn in range(1, TURNS)]
    assert len(set(ids)) == len(ids)
    assert all(len(name) == 4 for name in ids)


def test_pauses_do_not_change_what_is_planned() -> None:
    script = Script(7, "refunds", 3)
    before = refunds.plan(script)
    script.about(3.0)
    assert refunds.plan(Script(7, "refunds", 3)) == before


def test_every_kind_of_trouble_comes_early() -> None:
    first = {agent: plans(5, agent, 3) for agent in CAST}
    assert (janitor.KEEP, 0.97) in [(name, claim) for name, claim, _ in first["janitor"][0].delete]
    assert first["researcher"][0].believes
    assert first["deployer"][0].hangs
    assert first["crasher"][0].dies_at == 2
    assert first["sleeper"][1].silent_at == 2
    assert first["looper"][0].times >= 18
    assert first["refunds"][2].kind == "slip"
    assert [case.kind for case in first["exporter"][:2]] == ["too much", "first page"]
    assert [any(slips for *_, slips in case.bookings) for case in first["clerk"]] == [False, True, False]
    assert len(first["clerk"][0].bookings) >= (more_needed(0, 0, "proven-90") or 0)


def test_most_runs_are_well() -> None:
    assert [case.delete[0][0] for case in plans(5, "janitor", 12)].count(janitor.KEEP) == 3
    assert sum(case.dies_at > 0 for case in plans(5, "crasher", 12)) == 4
    assert sum(case.silent_at > 0 for case in plans(5, "sleeper", 12)) == 3


# ---- grades --------------------------------------------------------------------------------------------------------


def judged(tool: str, args: dict[str, Any], *, confidence: float | None = None) -> Assessment:
    from bus.events import Confidence

    claim = None if confidence is None else Confidence(value=confidence)
    return Rulebook(DEMO / "catalogue.toml", DEMO / "policy.toml").judge.judge(
        ActionProposed(action="a", tool=tool, args=args, confidence=claim), QUIET
    )


@pytest.mark.parametrize(
    "tool, args, gate",
    [
        ("fetch_page", {"url": "http://127.0.0.1:1/returns"}, "auto"),
        ("write_note", {"path": "a"}, "notify"),
        ("book_delivery", {"delivery": "D-1", "count": 12}, "notify"),
        ("upload_export", {"file": "a.csv"}, "notify"),
        ("delete_file", {"path": "a"}, "ask"),
        ("issue_credit", {"order": "A-1", "amount": 20.5}, "ask"),
        ("issue_refund", {"order": "A-1", "amount": 120.5}, "hold"),
        ("issue_refund", {"order": "A-1", "amount": 9.99}, "hold"),
        ("issue_refund", {"order": "A-1", "amount": 999.99}, "hold"),
        ("issue_refund", {"order": "A-1", "amount": 1000}, "deny"),
        ("issue_refund", {"order": "A-1", "amount": 12405.5}, "deny"),
        ("issue_refund", {"order": "A-1", "amount": 1205.0}, "deny"),
        ("issue_refund", {"order": "A-1", "amount": 1205.5}, "deny"),
        ("send_email", {"to": THIEF}, "hold"),
        ("promote_release", {"release": "1"}, "hold"),
    ],
)
def test_the_demo_grades_its_tools(tool: str, args: dict[str, Any], gate: str) -> None:
    assert judged(tool, args).gate == gate


def test_a_low_claim_asks_even_for_a_local_write() -> None:
    assert judged("move_to_trash", {"path": "a"}, confidence=0.6).gate == "ask"


def test_reads_of_our_own_are_on_the_pass_list() -> None:
    tools = Rulebook(DEMO / "catalogue.toml", DEMO / "policy.toml").judge.pass_list("refunds")
    assert {"get_order", "list_folder", "read_meter", "track_parcel", "list_orders"} <= set(tools)
    assert not {"read_ticket", "fetch_page", "delete_file"} & set(tools)


# ---- the sandbox ---------------------------------------------------------------------------------------------------


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    sandbox = Sandbox(tmp_path / "sandbox")
    sandbox.make(7)
    return sandbox


def allowed(tool: str, args: dict[str, Any], action: str = "a1") -> Decision:
    return Decision(action=action, tool=tool, outcome="approved", args=args, digest="d", command="c")


def test_one_seed_makes_one_order_desk(tmp_path: Path, sandbox: Sandbox) -> None:
    other = Sandbox(tmp_path / "other")
    other.make(7)
    with closing(sqlite3.connect(sandbox.desk)) as one, closing(sqlite3.connect(other.desk)) as two:
        assert list(one.iterdump()) == list(two.iterdump())


@pytest.mark.parametrize("path", ["../escape", "/etc/passwd", "files/../../escape"])
def test_an_edit_cannot_lead_out_of_the_sandbox(sandbox: Sandbox, path: str) -> None:
    with pytest.raises(OutsideError):
        sandbox.inside(path)


def test_the_janitor_may_not_reach_beyond_its_files(sandbox: Sandbox) -> None:
    with pytest.raises(OutsideError):
        sandbox.inside("../desk.sqlite", sandbox.files)


def test_a_payment_is_booked_once_and_for_a_real_order(sandbox: Sandbox) -> None:
    order = sandbox.ticket("T-3")["order_id"]
    sandbox.pay("a1", "refund", order, 10.5)
    with pytest.raises(sqlite3.IntegrityError):
        sandbox.pay("a1", "refund", order, 10.5)
    with pytest.raises(LookupError):
        sandbox.pay("a2", "refund", "A-0", 10.5)
    with pytest.raises(ValueError, match="no amount"):
        sandbox.pay("a3", "refund", order, -4)
    with sandbox.database() as database:
        rows = [tuple(row) for row in database.execute("SELECT * FROM payments")]
    assert rows == [("a1", "refund", order, 10.5)]


def test_an_edited_refund_pays_what_the_operator_wrote(sandbox: Sandbox) -> None:
    with EffectLedger(sandbox.ledger) as ledger:
        order = sandbox.ticket("T-1")["order_id"]
        _pay(Stage("refunds", sandbox, ledger), allowed("issue_refund", {"order": order, "amount": 5}))
    with sandbox.database() as database:
        assert database.execute("SELECT amount FROM payments").fetchone()[0] == 5.0


def test_pages_answer_and_one_of_them_has_an_instruction() -> None:
    with Pages() as pages:
        for name, text in PAGES.items():
            assert fetch(pages.url + name) == text
        with pytest.raises(OSError, match="404"):
            fetch(pages.url + "/none")
        with pytest.raises(OSError, match="timed out"):
            fetch(pages.url + "/stuck", 0.05)
    assert [name for name, text in PAGES.items() if THIEF in text and THIEF_URL in text] == ["/reviews"]


def test_the_share_takes_small_files_by_name_and_no_others(tmp_path: Path) -> None:
    with Pages(tmp_path / "share") as pages:
        (tmp_path / "share").mkdir()
        assert put(f"{pages.url}/share/a.csv", b"1;2\n") == "a.csv stored"
        with pytest.raises(OSError, match="507"):
            put(f"{pages.url}/share/b.csv", b"x" * (SHARE_TAKES + 1))
        for name in ("/share/..", "/share/", "/elsewhere/c.csv", "/share/../c.csv"):
            with pytest.raises(OSError, match="404"):
                put(pages.url + name, b"x")
    assert [path.name for path in tmp_path.rglob("*.csv")] == ["a.csv"]


def test_the_carrier_is_down_for_a_while_and_then_back() -> None:
    with Pages() as pages:
        pages.asked = count(DOWN_FROM - 1)
        assert fetch(f"{pages.url}/parcels/7").startswith("parcel 7: ")
        for _ in range(DOWN_FOR):
            with pytest.raises(OSError, match="503"):
                fetch(f"{pages.url}/parcels/7")
        assert fetch(f"{pages.url}/parcels/7").startswith("parcel 7: ")


@pytest.mark.parametrize("url", ["http://example.com/", "file:///etc/passwd", THIEF_URL])
def test_only_this_machine_is_read(url: str) -> None:
    with pytest.raises(ValueError, match="not on this machine"):
        fetch(url)
    with pytest.raises(ValueError, match="not on this machine"):
        put(url, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_the_crasher_dies_in_the_middle_of_a_batch(tmp_path: Path) -> None:
    path = tmp_path / "import.csv"
    whole = crasher.append(path, 1, dies=False)
    code = (
        f"import pathlib; from console.demo.agents.crasher import append; "
        f"append(pathlib.Path({str(path)!r}), 2, dies=True)"
    )
    root = str(DEMO.parent.parent)
    ended = subprocess.run([sys.executable, "-c", code], cwd=root, env=dict(os.environ), check=False)
    assert ended.returncode == -signal.SIGKILL
    assert path.read_text("utf-8").count("\n") == crasher.LINES + crasher.LINES // 2
    assert path.stat().st_size > whole
    assert deployer.HANG > sleeper.SILENT


# ---- the summary ---------------------------------------------------------------------------------------------------


def test_an_effect_without_its_decision_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with EffectLedger(path) as ledger:
        for action in ("a1", "a1", "a2"):
            ledger.write("janitor", "r1", allowed("delete_file", {}, action))
    found = Count(Fleet(site="demo"))
    found.allowed = {"janitor/r1/a1": ("d", "c"), "janitor/r1/a2": ("another digest", "c")}
    assert undecided(effects(path), found) == 2
    assert shape(found, made=effects(path), unsent=3)["lost"] == 3


def test_what_is_lost_by_nature_is_counted_apart() -> None:
    found = Count(Fleet(site="demo"))
    for pos, agent in enumerate(("beacon", "janitor"), 1):
        envelope = Envelope(
            id=f"e.{pos}",
            source="/supervisor",
            type=GapFound.TYPE,
            subject=f"{agent}/r1",
            incarnation="e",
            seq=pos,
            data=Raw(codec.encode(GapFound(first=3, last=7, reason="gone"))),
        )
        found.take(codec.record(pos, 1, envelope), "")
    facts = shape(found, made=[], unsent=0)
    assert (facts["lost"], facts["lost_by_design"]) == (5, 5)


def test_percentiles_are_values_that_were_there() -> None:
    assert percentile([], 50) is None
    assert percentile([4.0, 1.0, 2.0, 3.0], 50) == 2.0
    assert percentile([4.0, 1.0, 2.0, 3.0], 99) == 4.0


def test_researcher_writes_to_whom_the_user_named_when_it_believes_nothing() -> None:
    case = next(case for case in plans(7, "researcher") if not case.believes)
    tool, args = researcher.message(case, [])
    assert (tool, args["to"]) == ("send_email", case.to)


def test_researcher_sends_customers_to_whom_the_page_names_when_it_believes() -> None:
    rows = [{"customer": "Ada Brandt", "email": "ada1@customer.example", "total": 20.0}]
    sent = [researcher.message(case, rows) for case in plans(7, "researcher", 4) if case.believes]
    assert [(tool, args.get("to") or args.get("url")) for tool, args in sent] == [
        ("send_email", THIEF),
        ("http_post", THIEF_URL),
    ]
    assert all("Ada Brandt" in args["body"] for _, args in sent)


def test_every_ask_of_the_summary_has_an_end_or_is_open() -> None:
    script = Floor()
    script.start("refunds", "r1")
    for number in range(1, 6):
        script.ask("refunds", "r1", f"a{number}", "issue_refund", {"amount": 1.0})
    script.decide("refunds", "r1", "a1")
    script.decide("refunds", "r1", "a2", "expired", "clock")
    script.agent("refunds", "r1", ActionFinished(action="a2", outcome="expired"))
    script.agent("refunds", "r1", ActionFinished(action="a3", outcome="withdrawn"))
    script.agent("refunds", "r1", ActionFinished(action="a4", outcome="expired"))
    found = Count(Fleet(site=script.fleet.site))
    for row in script.rows:
        envelope = codec.decode_envelope(row.event)
        found.take(codec.record(row.pos, row.at, envelope), envelope.time)
    facts = shape(found, made=[], unsent=0)
    assert facts["asks"] == 5
    assert facts["asks_by_end"] == {"approved": 1, "expired": 2, "open": 1, "withdrawn": 1}

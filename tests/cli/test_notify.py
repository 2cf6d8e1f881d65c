"""Messages to people: who is told what and when, the plan and its errors, and real deliveries to a real web server."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from bus.home import Home
from console.cli.main import cli
from console.cli.options import Place
from console.core.text import legible
from console.link.floor import Floor
from console.notify import sending
from console.notify.follow import serve
from console.notify.plan import Plan, Target, load_plan
from console.notify.rounds import AGAIN, HOUR, Occasion, Rounds, harmless, occasions
from console.notify.sending import LOG_BYTES, Courier, Deliveries
from console.policy.files import PolicyFileError
from tests import ROOT
from tests.fixtures.site_in_memory import SITE, SiteInMemory
from tests.fixtures.site_processes import FloorProcesses, until

# A plug-in of apprise still reads pictures by a module that Python 3.13 has no more, and does without it there.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

NOW = 1_790_000_000_000
NOON, NIGHT = 12 * 60, 23 * 60


def plan(*after: float, **more: Any) -> Plan:
    targets = tuple(
        Target(name=f"t{number}", url="json://x", after=wait) for number, wait in enumerate(after)
    )
    return Plan(targets=targets, **more)


def ask(since: int = NOW, *, grave: bool = False) -> Occasion:
    return Occasion("ask", since, "ask waits for a person: pay", grave)


# ---- rounds ----------------------------------------------------------------------------------------------------------


def test_a_thing_is_told_once_and_again_when_it_comes_back() -> None:
    rounds = Rounds(plan(0.0), "harbour")
    (message,) = rounds.due({"a": ask()}, NOW, NOON)
    assert (message.title, message.body) == ("watchfloor harbour: 1 thing wants a person", ask().text)
    rounds.delivered(message, NOW, ok=True)
    assert rounds.due({"a": ask()}, NOW + 1, NOON) == []
    assert rounds.due({}, NOW + 2, NOON) == []
    assert len(rounds.due({"a": ask()}, NOW + 3, NOON)) == 1


def test_the_next_target_is_told_of_what_nobody_answers() -> None:
    rounds = Rounds(plan(0.0, 600.0), "harbour")
    (first,) = rounds.due({"a": ask()}, NOW, NOON)
    rounds.delivered(first, NOW, ok=True)
    assert rounds.due({"a": ask()}, NOW + 599_999, NOON) == []
    (second,) = rounds.due({"a": ask()}, NOW + 600_000, NOON)
    assert second.target == 1


def test_the_next_target_is_told_at_once_when_the_first_cannot_be_reached() -> None:
    rounds = Rounds(plan(0.0, 600.0), "harbour")
    (first,) = rounds.due({"a": ask()}, NOW, NOON)
    rounds.delivered(first, NOW, ok=False)
    (second,) = rounds.due({"a": ask()}, NOW + 1, NOON)
    assert second.target == 1
    rounds.delivered(second, NOW + 1, ok=True)
    assert rounds.due({"a": ask()}, NOW + AGAIN - 1, NOON) == []
    (again,) = rounds.due({"a": ask()}, NOW + AGAIN, NOON)
    assert again.target == 0


def test_in_quiet_hours_only_what_is_grave_is_told() -> None:
    rounds = Rounds(plan(0.0, quiet=((22 * 60, 7 * 60),)), "harbour")
    assert rounds.due({"a": ask()}, NOW, NIGHT) == []
    (message,) = rounds.due({"a": ask(), "b": ask(grave=True)}, NOW, NIGHT)
    assert message.keys == ("b",)
    rounds.delivered(message, NOW, ok=True)
    (morning,) = rounds.due({"a": ask(), "b": ask(grave=True)}, NOW + 1, 7 * 60)
    assert morning.keys == ("a",)


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 1439))
def test_quiet_hours_go_over_midnight(start: int, end: int, minute: int) -> None:
    if start != end:
        there, back = plan(0.0, quiet=((start, end),)), plan(0.0, quiet=((end, start),))
        assert there.is_quiet(minute) is not back.is_quiet(minute)


def test_no_target_gets_more_than_its_rate_and_nothing_is_forgotten() -> None:
    rounds = Rounds(plan(0.0, hourly=3), "harbour")
    sent: list[tuple[int, tuple[str, ...]]] = []
    there: dict[str, Occasion] = {}
    for minute in range(120):
        there[f"a{minute}"] = ask()
        for message in rounds.due(there, NOW + minute * 60_000, NOON):
            rounds.delivered(message, NOW + minute * 60_000, ok=True)
            sent.append((minute, message.keys))
    assert [minute for minute, _ in sent] == [0, 1, 2, 60, 61, 62]
    assert len(sent[3][1]) == 58
    assert HOUR == 60 * 60_000


def test_what_is_grave_is_told_in_an_hour_that_asks_have_used_up() -> None:
    rounds = Rounds(plan(0.0, hourly=2), "harbour")
    there = {}
    for number in range(2):
        there[f"a{number}"] = ask()
        (message,) = rounds.due(there, NOW + number, NOON)
        rounds.delivered(message, NOW + number, ok=True)
    there |= {"more": ask(), "alarm": ask(grave=True)}
    assert rounds.due(there, NOW + AGAIN, NOON) == []
    (message,) = rounds.due(there, NOW + AGAIN + 1, NOON)
    assert set(message.keys) == {"more", "alarm"}
    rounds.delivered(message, NOW + AGAIN + 1, ok=True)
    there |= {"another": ask(grave=True)}
    assert rounds.due(there, NOW + 2 * AGAIN, NOON) == []
    assert len(rounds.due(there, NOW + 2 * AGAIN + 1, NOON)) == 1


def test_who_was_told_is_not_told_again_by_another_plan() -> None:
    rounds = Rounds(plan(0.0, 0.0), "harbour")
    for message in rounds.due({"a": ask()}, NOW, NOON):
        rounds.delivered(message, NOW, ok=True)
    first, second = plan(0.0, 0.0).targets
    rounds.follow(Plan(targets=(Target(name="new", url="json://new", after=0.0), second, first)))
    (message,) = rounds.due({"a": ask()}, NOW + 1, NOON)
    assert message.target == 0


async def test_a_service_that_hangs_holds_up_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "WITHIN", 0.05)
    hung = threading.Event()

    def send(number: int, title: str, body: str) -> bool:
        return hung.wait(60) if number == 0 else True

    def threads() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name == "notify 0"]

    courier = Courier(send)
    assert await courier.deliver(0, "title", "body") == "no answer within 0.05 s"
    for _ in range(20):
        assert await courier.deliver(0, "title", "body") == "still busy with the message before"
    (thread,) = threads()
    assert thread.daemon
    hung.set()
    thread.join()
    monkeypatch.setattr(sending, "WITHIN", 30.0)
    assert await courier.deliver(1, "title", "body") == ""
    assert await courier.deliver(0, "title", "body") == ""


@given(st.text())
def test_no_service_finds_a_mention_a_link_or_markup(text: str) -> None:
    made = harmless(text)
    assert legible(made)
    assert not set(made) & set("@<>[]`*~|#!&\n\x1b")
    assert "://" not in made


# ---- what wants a person ---------------------------------------------------------------------------------------------


def test_what_waits_long_enough_and_grave_alarms_are_occasions() -> None:
    site = SiteInMemory(NOW)
    site.agent.propose("7q4f", "a1", "hold_@everyone", {"secret": "hunter2"}, reason="hunter2")
    site.supervisor.desk.alarms.raise_("ungated-action", "hunter2", "refunds", "7q4f")
    site.supervisor.desk.alarms.raise_("misdeed", "x", "refunds", "7q4f")
    site.supervisor.pump()
    early = occasions(site.fleet, plan(0.0), NOW + 119_000)
    assert [one.text for one in early.values()] == ["alarm of priority 1: ungated-action, refunds 7q4f"]
    late = occasions(site.fleet, plan(0.0), NOW + 120_000)
    assert "hold waits for a person: hold_(at)everyone, refunds 7q4f" in [one.text for one in late.values()]
    assert "hunter2" not in str(late)
    assert occasions(site.fleet, plan(0.0, alarms=False), NOW) == {}


# ---- the plan --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, words",
    [
        ("to = []", "1 to 20 of them"),
        ("[[to]]\nname = 'x'", "url"),
        ("[[to]]\nurl = 'json://secret'\nafter = -1", "after"),
        ("[[to]]\nurl = 'json://secret'\nwhen = 1", "when"),
        ("quiet = ['late']\n[[to]]\nurl = 'json://secret'", 'write "22:00-07:00"'),
        ("quiet = ['07:00-07:00']\n[[to]]\nurl = 'json://secret'", "begins when it ends"),
        (
            "[[to]]\nurl = 'json://secret'\nafter = 9\n[[to]]\nurl = 'json://secret'",
            "those who are told later",
        ),
    ],
)
def test_a_broken_plan_is_one_line_without_its_secrets(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "notify.toml"
    path.write_text(text, "utf-8")
    path.chmod(0o600)
    with pytest.raises(PolicyFileError) as caught:
        load_plan(path)
    assert str(path) in str(caught.value)
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_a_plan_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notify.toml"
    path.write_text("[[to]]\nurl = 'json://x'", "utf-8")
    path.chmod(0o644)
    with pytest.raises(PolicyFileError, match="chmod 600"):
        load_plan(path)
    path.chmod(0o600)
    assert [target.name for target in load_plan(path).targets] == ["to 1"]


def test_the_page_has_every_key_and_its_example_is_a_plan(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "notify.md").read_text("utf-8")
    path = tmp_path / "notify.toml"
    path.write_text(page.partition("```toml\n")[2].partition("```")[0], "utf-8")
    path.chmod(0o600)
    found = load_plan(path)
    assert [target.after for target in found.targets] == [0.0, 600.0]
    for name in set(Plan.__struct_fields__) - {"targets"} | {"url", "name", "after"}:
        assert f"`{name}`" in page, name


# ---- deliveries ------------------------------------------------------------------------------------------------------


def test_the_record_of_deliveries_is_private_and_bounded(tmp_path: Path) -> None:
    log = Deliveries(tmp_path / "data" / "notify.jsonl")
    for number in range(2 * LOG_BYTES // 10_000 + 2):
        assert log.note(at=number, keys=["x" * 10_000]) == ""
    files = sorted(log.path.parent.iterdir())
    assert [file.name for file in files] == ["notify.jsonl", "notify.jsonl.1"]
    assert all(file.stat().st_size <= LOG_BYTES for file in files)
    if os.name == "posix":
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    (tmp_path / "file").write_text("")
    assert "file" in Deliveries(tmp_path / "file" / "x").note(at=1)


class Inbox:
    """A web server on loopback that takes messages, or does not."""

    def __init__(self) -> None:
        inbox = self
        self.got: list[dict[str, Any]] = []
        self.status = 200

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if inbox.status == 200:
                    inbox.got.append(json.loads(body))
                self.send_response(inbox.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://user:hunter2@127.0.0.1:{self.server.server_address[1]}/in"


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    pytest.importorskip("apprise", reason="the extra `notify` is not installed")
    made = Inbox()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def write_plan(home: Home, text: str) -> None:
    home.notify.parent.mkdir(parents=True, exist_ok=True)
    home.notify.write_text(text, "utf-8")
    home.notify.chmod(0o600)


def test_notify_test_reaches_everybody_and_says_whom_it_did_not(
    inbox: Inbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHFLOOR_HOME", str(tmp_path))
    home = Home.of(SITE)
    write_plan(home, f"[[to]]\nname = 'web'\nurl = '{inbox.url}'\n")
    result = CliRunner().invoke(cli, ["notify", "test"], obj=Place(site=SITE))
    assert (result.exit_code, result.stdout) == (0, "web: delivered\n"), result.exception
    assert inbox.got[0]["title"] == f"watchfloor {SITE}: a test"
    inbox.status = 500
    failed = CliRunner().invoke(cli, ["notify", "test", "--json"], obj=Place(site=SITE))
    assert failed.exit_code == 1
    assert json.loads(failed.stdout) == [{"to": "web", "ok": False, "problem": "the service did not take it"}]
    record = home.deliveries.read_text("utf-8")
    assert [json.loads(line)["ok"] for line in record.splitlines()] == [True, False]
    assert "hunter2" not in record + result.output + failed.output


def test_an_address_that_means_nothing_is_named_by_its_target(
    inbox: Inbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHFLOOR_HOME", str(tmp_path))
    write_plan(Home.of(SITE), "[[to]]\nname = 'pager'\nurl = 'nonsense-hunter2'\n")
    result = CliRunner().invoke(cli, ["notify", "test"], obj=Place(site=SITE))
    assert result.exit_code == 2
    assert result.stderr.startswith("watchfloor: pager: its url is none that apprise knows")
    assert "hunter2" not in result.output


def test_without_a_plan_it_says_where_one_belongs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHFLOOR_HOME", str(tmp_path))
    for args in (["notify"], ["notify", "test"]):
        result = CliRunner().invoke(cli, args, obj=Place(site=SITE))
        assert result.exit_code == 2
        assert result.stderr == (
            f"watchfloor: {Home.of(SITE).notify}: there is none; docs/notify.md tells what stands in it\n"
        )


async def test_a_follower_tells_of_what_waits_and_a_broken_edit_leaves_the_plan_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHFLOOR_HOME", str(tmp_path))
    site, home = SiteInMemory(NOW), Home.of(SITE)
    write_plan(home, "asks_after = 0\n[[to]]\nname = 'web'\nurl = 'json://x'\n")
    told: list[str] = []
    sent: list[tuple[int, str, str]] = []

    def prepare(_plan: Plan) -> Callable[[int, str, str], bool]:
        def send(number: int, title: str, body: str) -> bool:
            sent.append((number, title, body))
            return True

        return send

    monkeypatch.setattr("console.notify.follow.LOOK", 0.01)
    log = Deliveries(home.deliveries)
    async with Floor(site.connect, home=home, operator="notify") as floor:
        await floor.join(5.0)
        task = asyncio.create_task(serve(home.notify, floor, log, told.append, prepare))
        try:
            site.agent.propose("7q4f", "a1", "hold_refund", {"amount": 1})
            await until(lambda: len(sent) == 1, 60.0, "it is told")
            assert sent[0][2] == "hold waits for a person: hold_refund, refunds 7q4f"
            write_plan(home, "nonsense")
            await until(
                lambda: any("the plan before it stays in force" in line for line in told), 60.0, "refused"
            )
            site.agent.propose("7q4f", "a2", "ask_refund", {"amount": 1})
            await until(lambda: len(sent) == 2, 60.0, "it is told by the old plan")
        finally:
            task.cancel()
            await asyncio.wait({task})
    assert all(json.loads(line)["ok"] for line in home.deliveries.read_text("utf-8").splitlines())


AGENT = """
from bus import Action, main, run
async def work():
    async with run("refunds") as job:
        await job.gate(Action("issue_refund", {"amount": 62.0}))
main(work())
"""


@pytest.mark.broker
async def test_up_runs_the_notifier_where_there_is_a_plan_and_takes_it_along(
    inbox: Inbox, tmp_path: Path
) -> None:
    with FloorProcesses(tmp_path) as floor:
        write_plan(floor.home, f"asks_after = 0\n[[to]]\nname = 'web'\nurl = '{inbox.url}'\n")
        floor.start()
        await until(lambda: "supervisor: up" in floor.log(), 90.0, "the site is up")
        agent = floor.spawn("-c", AGENT, said=tmp_path / "agent.log")
        try:
            await until(lambda: inbox.got, 90.0, "the message comes")
            assert "for a person: issue_refund" in inbox.got[0]["message"]
            await until(floor.home.deliveries.exists, 60.0, "it is on record")
        finally:
            agent.kill()
            agent.wait()
        assert await floor.stop() == 0
        assert "hunter2" not in floor.log()
        assert floor.processes() == []

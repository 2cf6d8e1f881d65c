"""The Agent Approval Protocol in front of a real supervisor: five operations, and everything that is refused."""

import asyncio
import http.client
import json
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from bus import codec
from bus.aap.conversations import IDLE
from bus.aap.serve import ListenError, listening
from bus.aap.wire import BODY_BYTES, BadRequest, duration
from bus.events import ActionFinished, ActionStarted
from console.cli.exits import Exit
from console.recording.history import history
from tests import ROOT
from tests.cli.site import Run, home, line, now, run, site
from tests.integrations.aap_floor import CALL, Bridge, bridged, served

__all__ = ["home", "now", "run", "site"]


async def recorded(bridge: Bridge, kind: type[Any]) -> list[Any]:
    """The data of all records of a type, when the runs have ended."""
    await bridge.requests.close()
    fleet = bridge.site.desk.fleet
    await bridge.site.until(
        lambda: (
            all(run.ended_at is not None for run in fleet.runs.values())
            and bridge.site.desk.committed_pos == fleet.pos
        )
    )
    rows = [row async for row in history(bridge.site.home.sessions)]
    every = [codec.decode_data(codec.decode_envelope(row.event)) for row in rows]
    return [data for data in every if isinstance(data, kind)]


async def test_an_approved_call_is_consumed_once_and_its_outcome_is_recorded(tmp_path: Path) -> None:
    async with bridged(tmp_path) as bridge:
        name = await bridge.ask(server="files", agent_reasoning="it is old")
        action = bridge.waiting()
        assert (action.tool, action.args) == ("mcp__files__delete_file", {"path": "/srv/a b"})
        assert (action.reason, action.call_id) == ("it is old", "talk:1")
        await bridge.operator("approve", reason="go on")
        got = await bridge.got(name)
        assert (got["status"], got["decision"]["status"]) == ("approved", "approved")
        assert got["arguments"] == CALL["arguments"]
        assert "consumption" not in got
        first = await bridge.call("POST", f"/v1/requests/{name}/consume", key="c1")
        again = await bridge.call("POST", f"/v1/requests/{name}/consume", key="c1")
        assert (first.status, again.body) == (200, first.body)
        other = await bridge.call("POST", f"/v1/requests/{name}/consume", key="c2")
        assert (other.status, other.code) == (409, "already_consumed")
        said = {"status": "succeeded", "note": "gone"}
        told = await bridge.call("POST", f"/v1/requests/{name}/outcome", said)
        assert told.body["consumption"]["outcome"]["status"] == "succeeded"
        assert (await bridge.call("POST", f"/v1/requests/{name}/outcome", said)).body == told.body
        conflict = await bridge.call("POST", f"/v1/requests/{name}/outcome", {"status": "failed"})
        assert (conflict.status, conflict.code) == (409, "outcome_conflict")
        (started,) = await recorded(bridge, ActionStarted)
        assert started.action == action.id
        assert [(end.outcome, end.text) for end in await recorded(bridge, ActionFinished)] == [
            ("done", "gone")
        ]


async def test_what_nobody_consumes_never_began(tmp_path: Path) -> None:
    async with bridged(tmp_path) as bridge:
        name = await bridge.ask()
        await bridge.operator("approve")
        assert (await bridge.got(name))["status"] == "approved"
        assert await recorded(bridge, ActionStarted) == []


@pytest.mark.parametrize("verb", ["reject", "respond"])
async def test_a_refusal_carries_its_words(tmp_path: Path, verb: str) -> None:
    async with bridged(tmp_path) as bridge:
        name = await bridge.ask()
        await bridge.operator(verb, reason="not that one")
        got = await bridge.got(name)
        assert (got["status"], got["decision"]["note"]) == ("denied", "not that one")
        refused = await bridge.call("POST", f"/v1/requests/{name}/consume", key="c1")
        assert (refused.status, refused.code) == (409, "not_approved")
        assert await recorded(bridge, ActionStarted) == []


async def test_an_edit_is_a_denial_that_says_what_was_wanted(tmp_path: Path) -> None:
    async with bridged(tmp_path) as bridge:
        name = await bridge.ask()
        await bridge.operator("edit", args={"path": "/srv/other"})
        got = await bridge.got(name)
        assert got["status"] == "denied"
        assert '{"path":"/srv/other"}' in got["decision"]["note"]
        refused = await bridge.call("POST", f"/v1/requests/{name}/consume", key="c1")
        assert (refused.status, refused.code) == (409, "not_approved")
        assert await recorded(bridge, ActionStarted) == []


async def test_who_takes_a_request_back_leaves_no_ghost(tmp_path: Path) -> None:
    async with bridged(tmp_path) as bridge:
        name = await bridge.ask()
        gone = await bridge.call("DELETE", f"/v1/requests/{name}")
        assert (gone.status, gone.body["status"]) == (200, "cancelled")
        assert (await bridge.call("DELETE", f"/v1/requests/{name}")).status == 200
        await bridge.site.until(lambda: not bridge.site.desk.fleet.waiting)
        second = await bridge.ask("k2")
        await bridge.operator("approve")
        await bridge.got(second)
        late = await bridge.call("DELETE", f"/v1/requests/{second}")
        assert (late.status, late.code) == (409, "already_terminal")


async def test_silence_is_no(tmp_path: Path) -> None:
    async with bridged(tmp_path) as bridge:
        name = await bridge.ask(timeout="1s")
        got = await bridge.got(name)
        assert (got["status"], "expires_at" in got["decision"]) == ("expired", False)
        refused = await bridge.call("POST", f"/v1/requests/{name}/consume", key="c1")
        assert (refused.status, refused.code) == (409, "not_approved")


async def test_without_a_supervisor_nothing_is_approved(tmp_path: Path) -> None:
    async with bridged(tmp_path) as bridge:
        bridge.site.bus.cut("control", "gone")
        bridge.site.bus.cut("bulk", "gone")
        reply = await bridge.call("POST", "/v1/requests", CALL | {"timeout": "1s"}, key="k1")
        assert reply.body["status"] == "pending"
        assert (await bridge.got(reply.body["id"]))["status"] == "expired"
        for client in ("control", "bulk"):
            bridge.site.bus.heal(client)


async def test_a_kill_ends_what_is_held_and_what_comes_after(tmp_path: Path) -> None:
    async with bridged(tmp_path) as bridge:
        allowed = await bridge.ask()
        await bridge.operator("approve")
        await bridge.got(allowed)
        held = await bridge.ask("k2")
        run = bridge.waiting().run
        await bridge.site.say("kill", agent="aap", run=run, reason="wrong customer")
        got = await bridge.got(held)
        assert got["status"] == "denied"
        assert got["decision"]["note"].startswith("an operator ended this run")
        refused = await bridge.call("POST", f"/v1/requests/{allowed}/consume", key="c1")
        assert refused.status == 409
        fleet = bridge.site.desk.fleet
        await bridge.site.until(lambda: fleet.runs[f"aap/{run}"].state == "killed")
        after = await bridge.call("POST", "/v1/requests", CALL, key="k3")
        assert (after.status, after.body["status"]) == (201, "denied")
        other = await bridge.ask("k4", context={"call_id": "another:1"})
        assert (await bridge.got(other, "1s"))["status"] == "pending"
        assert await recorded(bridge, ActionStarted) == []


async def test_a_paused_run_begins_nothing(tmp_path: Path) -> None:
    async with bridged(tmp_path) as bridge:
        name = await bridge.ask()
        run = bridge.waiting().run
        await bridge.operator("approve")
        await bridge.got(name)
        await bridge.site.say("pause", agent="aap", run=run)
        fleet = bridge.site.desk.fleet
        await bridge.site.until(
            lambda: any(one.kind == "pause" and one.acknowledged_at for one in fleet.commands.values())
        )
        refused = await bridge.call("POST", f"/v1/requests/{name}/consume", key="c1")
        assert (refused.status, refused.code) == (503, "paused")
        await bridge.site.say("resume", agent="aap", run=run)
        await bridge.site.until(lambda: bridge.site.desk.fleet.runs[f"aap/{run}"].stop == "")
        await bridge.site.until(
            lambda: any(one.kind == "resume" and one.effective_at for one in fleet.commands.values())
        )
        begun = await bridge.call("POST", f"/v1/requests/{name}/consume", key="c1")
        assert begun.status == 200


async def test_a_key_means_one_submission(tmp_path: Path) -> None:
    async with bridged(tmp_path) as bridge:
        one, two = await asyncio.gather(
            *(bridge.call("POST", "/v1/requests", CALL, key="k1") for _ in range(2))
        )
        assert sorted((one.status, two.status)) == [200, 201]
        assert one.body["id"] == two.body["id"]
        other = await bridge.call("POST", "/v1/requests", CALL | {"tool": "other"}, key="k1")
        assert (other.status, other.code) == (409, "idempotency_conflict")
        await bridge.site.until(lambda: bool(bridge.site.desk.fleet.waiting))
        assert len(bridge.site.desk.fleet.waiting) == 1


@pytest.mark.parametrize(
    "first, second, status", [("1", "true", 409), ("0", "false", 409), ("1", "1.0", 200)]
)
async def test_a_key_is_compared_by_canonical_form(
    tmp_path: Path, first: str, second: str, status: int
) -> None:
    whole = '{"tool":"t","timeout":"1h","arguments":{"n":%s}}'
    async with bridged(tmp_path) as bridge:
        for number, wanted in ((first, 201), (second, status)):
            reply = await bridge.call("POST", "/v1/requests", raw=(whole % number).encode(), key="k")
            assert reply.status == wanted


@pytest.mark.parametrize("field", ["arguments", "context"])
@pytest.mark.parametrize("number", ["1e400", str(2**53 + 1)])
async def test_a_number_without_one_form_is_refused_by_its_fields_name(
    tmp_path: Path, field: str, number: str
) -> None:
    values = {"arguments": "{}", "context": "{}"} | {field: f'{{"n":{number}}}'}
    raw = '{"tool":"t","timeout":"1h"' + "".join(f',"{name}":{value}' for name, value in values.items()) + "}"
    async with bridged(tmp_path) as bridge:
        reply = await bridge.call("POST", "/v1/requests", raw=raw.encode(), key="k")
        assert reply.status == 400
        assert reply.body["error"]["message"].startswith(f"{field}: ")


async def test_conversations_are_runs(tmp_path: Path) -> None:
    async with bridged(tmp_path) as bridge:
        await bridge.ask("k1", context={"call_id": "a:1"})
        await bridge.ask("k2", context={"call_id": "a:2"})
        await bridge.ask("k3", context={"call_id": "x:1", "resume": {"conversation_id": "b"}})
        await bridge.ask("k4", context={"call_id": "y:1", "resume": {"thread_id": "b"}})
        await bridge.ask("k5", context={"framework": "f", "call_id": "a:3"})
        await bridge.ask("k6", context={"call_id": "no part"})
        await bridge.ask("k7", context={})
        runs = [key.split("/")[1] for key in bridge.site.desk.fleet.waiting]
        assert [runs.index(run) for run in runs] == [0, 0, 2, 2, 4, 5, 5]


async def test_who_has_no_name_goes_on_when_it_was_silent_long_enough_after_a_kill(tmp_path: Path) -> None:
    now = 0.0
    async with bridged(tmp_path, clock=lambda: now) as bridge:
        held = await bridge.ask(context={})
        await bridge.site.say("kill", agent="aap", run=bridge.waiting().run)
        assert (await bridge.got(held))["status"] == "denied"
        now = IDLE - 1
        assert (await bridge.call("POST", "/v1/requests", CALL | {"context": {}}, key="k2")).body[
            "status"
        ] == "denied"
        now = 2 * IDLE
        await bridge.ask("k3", context={})


async def test_a_conversation_ends_when_nothing_comes(tmp_path: Path) -> None:
    now = 0.0
    async with bridged(tmp_path, clock=lambda: now) as bridge:
        name = await bridge.ask()
        run = f"aap/{bridge.waiting().run}"
        now = 2 * IDLE
        bridge.requests.end_idle()
        assert (await bridge.got(name, "1s"))["status"] == "pending"
        await bridge.call("DELETE", f"/v1/requests/{name}")
        await bridge.site.until(lambda: not bridge.site.desk.fleet.waiting)
        await bridge.site.until(lambda: not bridge.requests._tasks)
        bridge.requests.end_idle()
        await bridge.site.until(lambda: bridge.site.desk.fleet.runs[run].state == "canceled")


@pytest.mark.parametrize(
    "method, path, body, key, status, word",
    [
        ("POST", "/v1/requests", CALL, "", 400, "Idempotency-Key"),
        ("POST", "/v1/requests", CALL, "k" * 201, 400, "Idempotency-Key"),
        ("POST", "/v1/requests", [], "k", 400, "must be an object"),
        ("POST", "/v1/requests", CALL | {"tool": ""}, "k", 400, "tool"),
        ("POST", "/v1/requests", CALL | {"tool": None}, "k", 400, "tool"),
        ("POST", "/v1/requests", CALL | {"arguments": []}, "k", 400, "arguments"),
        ("POST", "/v1/requests", CALL | {"timeout": "soon"}, "k", 400, "timeout"),
        ("POST", "/v1/requests", CALL | {"timeout": "25h"}, "k", 400, "timeout"),
        ("POST", "/v1/requests", CALL | {"more": 1}, "k", 400, "more"),
        ("POST", "/v1/requests", CALL | {"server": None}, "k", 400, "server"),
        ("POST", "/v1/requests", CALL | {"context": 1}, "k", 400, "context"),
        ("POST", "/v1/requests", CALL | {"server": "s" * 100, "tool": "t" * 100}, "k", 400, "too long"),
        ("GET", "/v1/requests", None, "", 405, "GET"),
        ("GET", f"/v1/requests/{uuid.UUID(int=0)}", None, "", 404, "no such request"),
        ("GET", "/v1/requests/../secret", None, "", 404, "no such place"),
        ("PUT", f"/v1/requests/{uuid.UUID(int=0)}", {}, "", 405, "PUT"),
        ("POST", f"/v1/requests/{uuid.UUID(int=0)}/consume", None, "", 400, "Idempotency-Key"),
        ("POST", f"/v1/requests/{uuid.UUID(int=0)}/outcome", {"status": "maybe"}, "", 400, "status"),
        ("GET", f"/v1/requests/{uuid.UUID(int=0)}?wait=ever", None, "", 400, "wait"),
    ],
)
async def test_bad_input_is_one_clear_error(
    tmp_path: Path, method: str, path: str, body: object, key: str, status: int, word: str
) -> None:
    async with bridged(tmp_path) as bridge:
        reply = await bridge.call(method, path, body, key=key)
        assert (reply.status, word in reply.body["error"]["message"]) == (status, True), reply
        assert not bridge.site.desk.fleet.runs


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff",
        b'{"tool":NaN}',
        b'{"tool":"a","tool":"b"}',
        b"[" * 5000,
        b'{"arguments":{"a":1,"a":2}}',
    ],
)
async def test_rubbish_is_refused(tmp_path: Path, raw: bytes) -> None:
    async with bridged(tmp_path) as bridge:
        assert (await bridge.call("POST", "/v1/requests", raw=raw, key="k")).status == 400


async def test_what_is_too_large_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    async with bridged(tmp_path) as bridge:
        large = await bridge.call("POST", "/v1/requests", raw=b" " * (BODY_BYTES + 1), key="k")
        assert (large.status, large.code) == (413, "too_large")
        kind = await bridge.call("POST", "/v1/requests", CALL, key="k", content_type="text/plain")
        assert kind.status == 415


async def test_who_brings_no_token_or_another_is_not_let_in(tmp_path: Path) -> None:
    async with bridged(tmp_path, token="secret") as bridge:
        for wrong in ("", "Bearer", "Bearer other", "Basic secret"):
            assert (
                await bridge.call("POST", "/v1/requests", CALL, key="k", authorization=wrong)
            ).status == 401
        assert (await bridge.call("GET", "/v1/x", authorization="Bearer secret")).status == 404
    async with bridged(tmp_path / "b", hosts=frozenset({"127.0.0.1"})) as bridge:
        assert (await bridge.call("GET", "/v1/x", host="evil.example:80")).status == 403
        assert (await bridge.call("GET", "/v1/x", host="127.0.0.1:80")).status == 404


@pytest.mark.parametrize("text", ["", "10", "m", "10m5", "-1s", "1.5h", " 1m", "0s", "9999999s", "1m1x"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(BadRequest):
        duration(text, "timeout")


def test_durations() -> None:
    assert [duration(text, "x") for text in ("25s", "10m", "1h30m", "24h")] == [25.0, 600.0, 5400.0, 86400.0]


async def test_it_serves_at_a_real_port(tmp_path: Path) -> None:
    def talk(base: str) -> tuple[int, Any]:
        link = http.client.HTTPConnection(urlsplit(base).netloc, timeout=30)
        headers = {"Authorization": "Bearer t", "Content-Type": "application/json", "Idempotency-Key": "k"}
        link.request("POST", "/v1/requests", json.dumps(CALL), headers)
        created = link.getresponse()
        name = json.loads(created.read())["id"]
        link.request("GET", f"/v1/requests/{name}?wait=1s", headers=headers)  # the connection stays
        answer = json.loads(link.getresponse().read())
        link.close()
        return created.status, answer["status"]

    async with served(tmp_path) as (site, base):
        assert await asyncio.to_thread(talk, base) == (201, "pending")
        assert len(site.desk.fleet.waiting) == 1


async def test_a_poll_is_answered_when_the_bridge_ends(tmp_path: Path) -> None:
    def poll(base: str, polling: asyncio.Event, loop: asyncio.AbstractEventLoop) -> str:
        link = http.client.HTTPConnection(urlsplit(base).netloc, timeout=60)
        headers = {"Authorization": "Bearer t", "Content-Type": "application/json", "Idempotency-Key": "k"}
        link.request("POST", "/v1/requests", json.dumps(CALL), headers)
        name = json.loads(link.getresponse().read())["id"]
        link.request("GET", f"/v1/requests/{name}?wait=30s", headers=headers)
        loop.call_soon_threadsafe(polling.set)
        status = json.loads(link.getresponse().read())["status"]
        link.close()
        return str(status)

    polling = asyncio.Event()
    async with served(tmp_path) as (_, base):
        polled = asyncio.create_task(asyncio.to_thread(poll, base, polling, asyncio.get_running_loop()))
        await polling.wait()
    assert await polled in ("pending", "denied", "cancelled")


def test_where_it_may_listen() -> None:
    for where in ("nowhere", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", "example.org:80"):
        with pytest.raises(ListenError, match="must be ADDRESS:PORT"):
            listening(where, token="")
    with pytest.raises(ListenError, match="needs a token"):
        listening("0.0.0.0:0", token="")
    with listening("127.0.0.1:0", token="") as sock, pytest.raises(ListenError, match="in use"):
        listening(f"127.0.0.1:{sock.getsockname()[1]}", token="")


def test_the_verb_says_what_is_wrong_in_a_line(run: Run, tmp_path: Path) -> None:
    open_to_all = run("aap", "--listen", "0.0.0.0:0")
    assert (open_to_all.exit_code, "needs a token" in line(open_to_all)) == (2, True)
    (tmp_path / "token").write_text("a\nb\n")
    two = run("aap", "--token-file", str(tmp_path / "token"))
    assert (two.exit_code, "must hold one token" in line(two)) == (2, True)


@pytest.mark.skipif(os.name != "posix", reason="interrupts come otherwise")
def test_an_interrupt_ends_it_with_the_code_of_one(tmp_path: Path) -> None:
    program = "from console.cli.main import main; main()"
    # Nobody listens at that broker: the agent goes on trying, and the server answers.
    order = ["aap", "--json", "--listen", "127.0.0.1:0", "--broker", "mqtt://127.0.0.1:9"]
    with subprocess.Popen(
        [sys.executable, "-c", program, *order],
        cwd=ROOT,
        env=os.environ | {"WATCHFLOOR_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as child:
        try:
            assert child.stdout is not None
            assert b'"url"' in child.stdout.readline()
            child.send_signal(signal.SIGINT)
            assert child.wait(60) == Exit.INTERRUPTED
        finally:
            child.kill()

"""What a demo floor did, read from its recording, its ledger and its disk; and which of its processes live."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

import msgspec
import psutil

from bus import codec
from console.recording.history import history
from tests.fixtures.site_processes import alive

ALLOWING: Final = ("approved", "edited")


def of_this_demo(folder: Path, module: str = "") -> list[psutil.Process]:
    """The living processes whose home is in this folder, or those of them that run a module."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            mine = process.environ().get("WATCHFLOOR_HOME", "").startswith(str(folder.resolve()))
            if mine and alive(process) and (not module or module in process.cmdline()):
                found.append(process)
    return found


async def actions(home: Path) -> dict[str, dict[str, Any]]:
    """What was proposed, by `agent/run/action`: tool, args as allowed, decision, end."""
    found: dict[str, dict[str, Any]] = {}
    async for row in history(home / "home" / "data" / "demo" / "sessions"):
        envelope = codec.decode_envelope(row.event)
        data = msgspec.json.decode(bytes(envelope.data))
        key = f"{row.agent}/{row.run}/{data.get('action')}"
        match envelope.type:
            case "action.proposed":
                found[key] = {"id": data["action"], "tool": data["tool"], "args": data.get("args", {})}
            case "action.decided":
                found[key] |= {"outcome": data["outcome"], "by": data["by"], "decision": data}
                found[key]["args"] = data.get("args") or found[key]["args"]
            case "action.finished":
                found[key]["end"] = data["outcome"]
            case _:
                pass
    return found


async def records(home: Path) -> AsyncIterator[tuple[str, str, dict[str, Any]]]:
    """Agent, type and data of each record of a demo."""
    async for row in history(home / "home" / "data" / "demo" / "sessions"):
        envelope = codec.decode_envelope(row.event)
        yield row.agent, envelope.type, msgspec.json.decode(bytes(envelope.data))


async def alarms(home: Path) -> dict[tuple[str, str], list[str]]:
    """What alarms said when they were first raised, by agent and kind."""
    found: dict[tuple[str, str], list[str]] = {}
    async for agent, kind, data in records(home):
        if kind == "alarm.raised" and data.get("count", 1) == 1:
            found.setdefault((agent, data["kind"]), []).append(data["text"])
    return found


async def verdicts(home: Path) -> Counter[tuple[str, bool]]:
    """How many verdicts there were, by agent and whether it was right."""
    return Counter(
        [(agent, data["ok"]) async for agent, kind, data in records(home) if kind == "outcome.verified"]
    )


async def autonomy(home: Path) -> list[str]:
    """Why the clerk was promoted and demoted, in order."""
    return [
        data["reason"]
        async for agent, kind, data in records(home)
        if agent == "clerk" and kind.startswith("autonomy.")
    ]


def check_disk(home: Path, found: dict[str, dict[str, Any]]) -> set[str]:
    """What was allowed and done is there, what was refused is not. Returns the tools that this was checked for."""
    sandbox = home / "sandbox"
    with closing(sqlite3.connect(sandbox / "desk.sqlite")) as desk:
        paid = {
            action: (order, amount) for action, _, order, amount in desk.execute("SELECT * FROM payments")
        }
    checked = set()
    for action in found.values():
        done = action.get("outcome") in ALLOWING and action.get("end") == "done"
        refused = action.get("outcome") in ("rejected", "expired")
        if not done and not refused:
            continue  # the end came in between
        args = action["args"]
        match action["tool"]:
            case "delete_file":
                assert (sandbox / "files" / args["path"]).exists() == refused
            case "issue_refund" | "issue_credit":
                assert paid.get(action["id"]) == (None if refused else (args["order"], args["amount"]))
            case "send_email" | "http_post":
                assert (sandbox / "outbox" / f"{action['id']}.json").exists() == done
            case _:
                continue
        checked.add(action["tool"])
    return checked


def check_ledger(home: Path, found: dict[str, dict[str, Any]]) -> None:
    """Every effect has the decision that allows exactly it, once; every call that was reported as done is an effect."""
    lines = [json.loads(line) for line in (home / "sandbox" / "ledger.jsonl").read_text("utf-8").splitlines()]
    keys = [f"{line['agent']}/{line['run']}/{line['action']}" for line in lines]
    assert len(set(keys)) == len(keys)
    for key, line in zip(keys, lines, strict=True):
        decision = found[key]["decision"]
        assert decision["outcome"] in ALLOWING
        assert (line["digest"], line["decision"]) == (decision["digest"], decision.get("command", ""))
    assert {key for key, action in found.items() if action.get("end") == "done"} <= set(keys)

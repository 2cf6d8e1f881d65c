"""A tool call of Claude Code that ran and that no gate had allowed, told by its hook when it is over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bus import Agent
from bus.adapters.claude_code.events import Conversation
from bus.transports.memory import MemoryTransport
from tests.fixtures.desk import SUPERVISOR
from tests.fixtures.service import Running, running


@asynccontextmanager
async def talking(
    folder: Path, *, earlier: Collection[str] = (), kept: list[list[str]] | None = None
) -> AsyncIterator[tuple[Running, Conversation]]:
    async with running(folder) as site:
        agent = Agent(
            "cc",
            home=site.home,
            transport=partial(MemoryTransport, site.bus),
            supervisor=SUPERVISOR.public.line,
            on_disk=False,
        )
        async with agent, agent.run("x") as run:
            keep = (kept if kept is not None else []).append
            yield (
                site,
                Conversation(run, decide_within=5, earlier=earlier, keep=lambda calls: keep(list(calls))),
            )


def event(kind: str, **fields: Any) -> dict[str, Any]:
    return {
        "hook_event_name": kind,
        "tool_name": "Bash",
        "tool_use_id": "t1",
        "tool_input": {"command": "rm -rf /srv"},
    } | fields


@pytest.mark.parametrize("kind, state", [("PostToolUse", "done"), ("PostToolUseFailure", "failed")])
async def test_a_call_that_came_before_no_gate_is_an_ungated_action(
    tmp_path: Path, kind: str, state: str
) -> None:
    async with talking(tmp_path) as (site, talk):
        assert await talk.take(event(kind, tool_response="gone", error="broken")) == {}
        await site.until(lambda: any(one.kind == "ungated-action" for one in site.desk.fleet.alarms.values()))
        (run,) = site.desk.fleet.runs.values()
        await site.until(lambda: [one.state for one in run.actions.values()] == [state])
        (action,) = run.actions.values()
        assert (action.tool, action.args, action.ungated) == ("Bash", {"command": "rm -rf /srv"}, True)
        await talk.take(event(kind))  # told twice: once is enough
        await site.until(lambda: any(message.role == "tool" for message in run.messages))
        assert len(run.actions) == 1


async def test_a_call_that_an_earlier_process_allowed_is_none(tmp_path: Path) -> None:
    kept: list[list[str]] = []
    async with talking(tmp_path, earlier=["t1", "t2"], kept=kept) as (site, talk):
        await talk.take(event("PostToolUse", tool_response="gone"))
        await site.until(lambda: any(one.messages for one in site.desk.fleet.runs.values()))
        (run,) = site.desk.fleet.runs.values()
        assert not run.actions
        assert not any(one.kind == "ungated-action" for one in site.desk.fleet.alarms.values())
    assert kept == [["t2"]]


async def test_a_denied_call_may_fail_and_must_not_succeed(tmp_path: Path) -> None:
    async with talking(tmp_path) as (site, talk):
        denied = await talk.take(event("PreToolUse"), within=0.05)
        assert denied["hookSpecificOutput"]["permissionDecision"] == "deny"
        await site.until(lambda: bool(site.desk.fleet.runs))
        (run,) = site.desk.fleet.runs.values()
        await talk.take(event("PostToolUseFailure", error="denied"))
        await site.until(lambda: any(message.role == "tool" for message in run.messages))
        assert not any(one.ungated for one in run.actions.values())
        await talk.take(event("PreToolUse", tool_use_id="t2"), within=0.05)
        await talk.take(event("PostToolUse", tool_use_id="t2"))
        await site.until(lambda: any(one.ungated for one in run.actions.values()))

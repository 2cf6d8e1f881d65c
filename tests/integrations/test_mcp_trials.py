"""What a call of an MCP tool would change, by a trial of it: what is asked of the server, and what operators see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bus.adapters.mcp import gate as gates
from bus.adapters.mcp.gate import McpGate
from bus.adapters.mcp.trials import trials
from bus.adapters.mcp.words import Message
from bus.events import ActionProposed, Preview
from bus.messages import DecisionCommand
from tests.integrations.test_mcp_gate import WRITE, Between, between
from tests.sdk.scripted import Supervisor

__all__ = ["between"]  # the fixture that `trying` stands on

DIFF = """```diff
Index: /w/a.txt
===================================================================
--- /w/a.txt\toriginal
+++ /w/a.txt\tmodified
@@ -1,2 +1,2 @@
 milk
-eggs
+tea
```

"""
PATCH: Message = {
    "name": "patch",
    "inputSchema": {
        "type": "object",
        "properties": {
            "path": {"type": "string"},
            "dryRun": {"type": "boolean"},
            "force": {"type": "string"},
        },
    },
}
PATCHED = Preview(of="/w/a.txt", present="milk\neggs\n", proposed="milk\ntea\n", cut=True)


class Tried(Between):
    """A server with a tool that can be tried; `trial` is what it answers then, `tried` which arguments it got."""

    def __init__(self, floor: Supervisor) -> None:
        super().__init__(floor)
        self.trial: Message | None = {"result": {"content": [{"type": "text", "text": DIFF}]}}
        self.proposals: list[ActionProposed] = []
        floor.decide = self.decide

    def decide(self, run: str, proposal: ActionProposed) -> DecisionCommand:
        self.proposals.append(proposal)
        return self.floor.answer(run, proposal, "rejected")

    async def to_server(self, message: Message) -> None:
        self.server.append(message)
        self._news.set()
        answers = {"tools/list": {"result": {"tools": [WRITE, PATCH]}}, "tools/call": self.trial}
        if (answer := answers.get(str(message.get("method")))) is not None:
            told = {"jsonrpc": "2.0", "id": message["id"]} | answer
            asyncio.get_running_loop().call_soon(
                lambda: self.tasks.append(asyncio.ensure_future(self.says(told)))
            )

    @property
    def tried(self) -> list[Message]:
        return [message["params"]["arguments"] for message in self.called]


@pytest.fixture
async def trying(between: Between) -> AsyncIterator[Tried]:
    made = Tried(between.floor)
    given = trials(["patch=dryRun", "write=dryRun"])
    made.gate = McpGate(between.gate.run, made.to_server, made.to_client, decide_within=60.0, trials=given)
    yield made
    await made.gate.close("the test ends")


async def test_a_trial_shows_what_a_call_would_change_and_nothing_else_runs(trying: Tried) -> None:
    await trying.call(1, name="patch", _meta={"progressToken": "p", "who": "me"})
    await trying.until(lambda: len(trying.client) == 1)
    assert trying.tried == [{"path": "a", "dryRun": True}]
    assert trying.called[0]["params"]["_meta"] == {"who": "me"}  # progress of a trial is not the call's
    (proposal,) = trying.proposals
    assert (proposal.preview, proposal.args) == (PATCHED, {"path": "a"})
    assert [message["id"] for message in trying.client] == [1]
    assert trying.client[0]["result"]["isError"]


@pytest.mark.parametrize(
    "answer, preview",
    [
        (
            {"result": {"content": [{"type": "text", "text": "would write"}]}},
            Preview(of="a trial of patch", present="", proposed="would write"),
        ),
        (
            {"result": {"content": [{"type": "text", "text": "no file"}], "isError": True}},
            Preview(of="a trial of patch, which failed", present="", proposed="no file"),
        ),
        (
            {"error": {"code": -1, "message": "broken"}},
            Preview(of="a trial of patch, which failed", present="", proposed="broken"),
        ),
        ({"result": 7}, Preview(of="a trial of patch", present="", proposed="7")),
    ],
)
async def test_what_a_trial_says_stands_as_it_came(trying: Tried, answer: Message, preview: Preview) -> None:
    trying.trial = answer
    await trying.call(1, name="patch")
    await trying.until(lambda: len(trying.client) == 1)
    assert [proposal.preview for proposal in trying.proposals] == [preview]


@pytest.mark.parametrize(
    "call",
    [
        {"name": "write"},  # named, but it has no such switch: that call would be the real one
        {"name": "patch", "arguments": {"path": "a", "dryRun": True}},  # a trial itself
        {"name": "unknown"},  # nobody said that it can be tried
    ],
)
async def test_what_cannot_be_tried_is_not(trying: Tried, call: Message) -> None:
    await trying.call(1, **call)
    await trying.until(lambda: len(trying.client) == 1)
    assert trying.called == []
    assert [proposal.preview for proposal in trying.proposals] == [None]


async def test_a_trial_that_never_ends_keeps_no_call_from_being_asked_about(
    trying: Tried, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gates, "TRIAL_WITHIN", 0.01)
    trying.trial = None
    await trying.call(1, name="patch")
    await trying.until(lambda: len(trying.client) == 1)
    assert [proposal.preview for proposal in trying.proposals] == [None]
    assert trying.tried == [{"path": "a", "dryRun": True}]


async def test_a_client_that_gives_up_during_a_trial_proposes_nothing(trying: Tried) -> None:
    trying.trial = None
    await trying.call(1, name="patch")
    await trying.until(lambda: bool(trying.called))
    cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
    await trying.gate.from_client(cancel)
    assert (trying.proposals, trying.client) == ([], [])


async def test_what_the_server_cannot_try_is_said_once(
    trying: Tried, caplog: pytest.LogCaptureFixture
) -> None:
    """By its whole list, not by one page of it, and not again in another session."""
    given = trials(["patch=dryRun", "absent=dryRun", "write=dryRun"])
    for told in (0, 2):
        one = McpGate(trying.gate.run, trying.to_server, trying.to_client, decide_within=60.0, trials=given)
        for number, result in enumerate(({"tools": [WRITE], "nextCursor": "2"}, {"tools": [PATCH]}), 1):
            assert len(caplog.records) == told
            await one.from_client({"jsonrpc": "2.0", "id": number, "method": "tools/list"})
            assert await one.from_server({"jsonrpc": "2.0", "id": number, "result": result})
    assert sorted(record.getMessage() for record in caplog.records) == [
        "--preview absent=dryRun: the server has no such tool; nothing is shown by it",
        "--preview write=dryRun: the server has no tool write with a boolean argument dryRun; nothing is shown by it",
    ]


@pytest.mark.parametrize("word", ["edit_file", "=dryRun", "edit_file=", ""])
def test_a_trial_is_named_by_tool_and_argument(word: str) -> None:
    assert trials(["a.b=c=dryRun"]) == {"a.b=c": "dryRun"}
    with pytest.raises(ValueError, match="TOOL=ARGUMENT"):
        trials([word])

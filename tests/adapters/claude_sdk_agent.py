"""An agent of the Claude Agent SDK, in its own environment: the glue a user writes. Argument: how long a call may wait."""

import os
import sys

from claude_agent_sdk import ClaudeAgentOptions, ClaudeSDKClient  # type: ignore[import-not-found] # an extra

import bus
from bus.adapters.claude_agent_sdk import reported, supervise

if os.environ.get("BREAK_THE_HOOK"):
    from bus.adapters.claude_code.events import Conversation

    async def raises(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a hook that fails")

    Conversation.take = raises  # type: ignore[assignment, method-assign]


async def main() -> None:
    async with bus.run("sdk", goal="do the work", run_id="r1") as run:
        options = ClaudeAgentOptions(setting_sources=[], allowed_tools=["Bash"], env=dict(os.environ))
        async with ClaudeSDKClient(supervise(run, options, decide_within=float(sys.argv[1]))) as client:
            await client.query("do the work")
            async for message in reported(run, client):
                print(type(message).__name__, flush=True)


bus.main(main())

"""A client of the official SDK, in its own environment: does the steps it is told and prints what came of each as JSON.

Arguments: JSON of `server` (a command or a URL), `steps` (lists of verb and arguments), `timeout`, `times`.
"""

import asyncio
import json
import sys
import time
from typing import Any

from mcp import Client, StdioServerParameters  # type: ignore[import-not-found] # it is in that environment alone
from mcp_types import CreateMessageResult, ElicitResult, TextContent  # type: ignore[import-not-found] # as above

SEEN: list[str] = []


async def elicit(context: Any, params: Any) -> Any:
    SEEN.append("elicitation")
    return ElicitResult(action="decline")


async def sample(context: Any, params: Any) -> Any:
    SEEN.append("sampling")
    return CreateMessageResult(
        role="assistant", content=TextContent(type="text", text="sampled"), model="none"
    )


async def progressed(progress: float, total: float | None, message: str | None) -> None:
    SEEN.append(f"progress {message or ''}".strip() if message and message.startswith("held") else "progress")


async def step(client: Any, verb: str, *given: Any, timeout: float | None) -> Any:  # noqa: C901 - a table of verbs
    match verb:
        case "tools":
            return sorted(tool.name for tool in (await client.list_tools()).tools)
        case "resources":
            return [str(one.uri) for one in (await client.list_resources()).resources]
        case "resource":
            return [getattr(part, "text", "") for part in (await client.read_resource(given[0])).contents]
        case "prompts":
            return sorted(one.name for one in (await client.list_prompts()).prompts)
        case "prompt":
            return len((await client.get_prompt(given[0], given[1] if len(given) > 1 else None)).messages)
        case "sleep":
            await asyncio.sleep(given[0])
            return None
        case "many":
            return await asyncio.gather(*(step(client, "call", *one, timeout=timeout) for one in given))
        case "time":
            taken = []
            for args in given[1]:
                began = time.perf_counter()
                await client.call_tool(given[0], args)
                taken.append(time.perf_counter() - began)
            return sorted(taken)
        case "call":
            SEEN.clear()
            more: dict[str, Any] = {"read_timeout_seconds": timeout} if timeout else {}
            if len(given) > 2:
                more["progress_callback"] = progressed
            result = await client.call_tool(given[0], given[1], **more)
            texts = [part.text for part in result.content if getattr(part, "text", None)]
            return {"error": bool(result.is_error), "text": "\n".join(texts), "seen": sorted(set(SEEN))}
    raise ValueError(verb)


async def main() -> None:
    told = json.loads(sys.argv[1])
    server = told["server"]
    where = server if isinstance(server, str) else StdioServerParameters(command=server[0], args=server[1:])
    async with Client(where, elicitation_callback=elicit, sampling_callback=sample) as client:
        for verb, *given in told["steps"]:
            try:
                answer = await step(client, verb, *given, timeout=told.get("timeout"))
            except Exception as error:  # noqa: BLE001 - the test looks at it
                answer = {"raised": f"{type(error).__name__}: {error}"}
            print(json.dumps(answer), flush=True)


asyncio.run(main())

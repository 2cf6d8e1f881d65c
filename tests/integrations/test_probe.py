from tests.integrations.test_mcp_gate import *
from tests.integrations.test_mcp_http import *
from tests.integrations.test_mcp_gate import between


async def test_big_int(between):
    try:
        await between.gate.from_client(
            {"jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": {"uri": "x", "n": 2**70}}
        )
        print("SERVER", between.server)
        print(words.encode(between.server[0]))
    except BaseException as e:
        print("RAISED", type(e), e)


async def test_big_int_call(between):
    decide(between, "approved")
    await between.gate.from_client(
        {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": "write", "arguments": {"path": 2**70}},
        }
    )
    await between.until(lambda: between.client or between.called)
    print("CLIENT", between.client, between.called)


async def test_nul(between):
    decide(between, "approved")
    await between.call(1, path="a\0b" + "x" * 200000)
    await between.until(lambda: between.client or between.called)
    print("CLIENT", str(between.client)[:300], str(between.called)[:200])


async def test_early(between):
    between.floor.decide = lambda *a: None
    await between.call(1)
    for _ in range(20):
        await asyncio.sleep(0.01)
    print("HELD", between.gate._held.keys(), between.client)
    await between.says({"jsonrpc": "2.0", "id": 1, "result": {"content": []}})
    print("EARLY", between.client, between.gate._held.keys())


async def test_task(between):
    decide(between, "approved")
    await between.call(1, task={"ttl": 60000})
    await between.until(lambda: between.called)
    await between.says(
        {
            "jsonrpc": "2.0",
            "id": 1,
            "result": {"task": {"taskId": "t1", "status": "working", "createdAt": "x", "ttl": 60000}},
        }
    )
    await asyncio.sleep(0.1)
    print(
        "EVENTS",
        [e for e in between.floor.events][-3:] if hasattr(between.floor, "events") else dir(between.floor),
    )


class Dying(Scripted):
    @asynccontextmanager
    async def ask(self, method, headers, body):
        message = json.loads(body or b"{}")
        self.asked.append((method, message))
        self.headers.append(dict(headers))
        if message.get("method") == "tools/list":
            answer = json.dumps(
                {"jsonrpc": "2.0", "id": message.get("id"), "result": {"tools": [WRITE]}}
            ).encode()
            yield Answer(200, JSON, _each([answer]))
            return
        yield Answer(200, self.kind, self.dying())

    async def dying(self):
        for p in self.pieces:
            yield p
        raise UpstreamError("the MCP server broke off: x")


@pytest.mark.parametrize("kind", [JSON, EVENTS])
async def test_dying(kind, floor, tmp_path):
    from bus.transports.memory import MemoryTransport

    behind = Dying()
    behind.kind = kind
    behind.pieces = [b": hi\n\n"]
    home = Home(site=SITE, data=tmp_path / "data", config=tmp_path / "config")
    agent = Agent(AGENT, home=home, transport=partial(MemoryTransport, floor.bus))
    floor.decide = lambda run, p: floor.answer(run, p, "approved")
    async with agent, agent.run("serve", run_id=RUN) as run:
        front = McpFront(run, behind, decide_within=60.0)
        sends = []
        c = Client(
            front,
            {
                "jsonrpc": "2.0",
                "id": 1,
                "method": "tools/call",
                "params": {"name": "write", "arguments": {"path": "a"}},
            },
        )
        old = c._send

        async def rec(m):
            sends.append(m)

        c2body = [
            json.dumps(
                {
                    "jsonrpc": "2.0",
                    "id": 1,
                    "method": "tools/call",
                    "params": {"name": "write", "arguments": {"path": "a"}},
                }
            ).encode()
        ]
        c.task.cancel()
        left = asyncio.Event()

        async def receive():
            if c2body:
                return {"type": "http.request", "body": c2body.pop(), "more_body": False}
            await left.wait()
            return {"type": "http.disconnect"}

        try:
            await front(
                {
                    "type": "http",
                    "method": "POST",
                    "headers": [
                        (b"host", b"127.0.0.1:1"),
                        (b"accept", b"application/json, text/event-stream"),
                    ],
                },
                receive,
                rec,
            )
        except BaseException as e:
            print("RAISED", e)
        print("SENDS", kind, sends)

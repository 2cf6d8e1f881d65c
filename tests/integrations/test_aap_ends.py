"""The Agent Approval Protocol: a kill and a cancellation count at every moment, also while nothing is open to hear them."""

import asyncio
from pathlib import Path

from bus.aap.conversations import IDLE
from bus.aap.wire import report
from tests.integrations.aap_floor import CALL, bridged


async def test_a_kill_counts_while_nothing_of_the_conversation_is_open(tmp_path: Path) -> None:
    now = 0.0
    async with bridged(tmp_path, clock=lambda: now) as bridge:
        name = await bridge.ask()
        run = bridge.waiting().run
        await bridge.operator("approve")
        await bridge.got(name)
        bridge.requests.consume(name, "c1")
        bridge.requests.report(name, report(b'{"status":"succeeded"}'))
        fleet = bridge.site.desk.fleet
        await bridge.site.say("kill", agent="aap", run=run, reason="wrong customer")
        await bridge.site.until(lambda: fleet.runs[f"aap/{run}"].state == "killed")
        now = 2 * IDLE
        bridge.requests.end_idle()
        after = await bridge.call("POST", "/v1/requests", CALL, key="k2")
        assert (after.status, after.body["status"]) == (201, "denied")
        assert "wrong customer" in after.body["decision"]["note"]
        assert [one.state for one in fleet.runs.values()] == ["killed"]


async def test_what_is_taken_back_while_its_run_begins_is_never_proposed(tmp_path: Path) -> None:
    async with bridged(tmp_path) as bridge:
        asking = asyncio.create_task(bridge.call("POST", "/v1/requests", CALL, key="k1"))
        for _ in range(2):
            await asyncio.sleep(0)
        (name,) = bridge.requests._all
        assert bridge.requests.cancel(name).status == "cancelled"
        assert (await asking).body["status"] == "cancelled"
        assert (await bridge.call("GET", f"/v1/requests/{name}")).body["status"] == "cancelled"
        second = await bridge.ask("k2")  # so that all of the first has come in
        assert len(bridge.site.desk.fleet.waiting) == 1
        assert second != name
        assert [one.open for one in bridge.requests._conversations._going.values()] == [1]

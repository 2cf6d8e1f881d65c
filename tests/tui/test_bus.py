"""Bus and Recorder: what is told and by whom, when the supervisor is asked, and what is so in a replay."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from msgspec import structs

from bus.events import EventsDropped
from console.link.status import Heard
from tests.fixtures.console import console
from tests.fixtures.floor import REPORT, FakeSource, busy, calm
from tests.fixtures.replay import record, replaying
from tests.tui.test_screens import failing


async def test_the_bus_tells_both_ends_and_what_is_in_flight() -> None:
    async with console(busy()) as it:
        await it.press("5")
        await it.settle()
        text = it.text()
        assert it.mode() == "bus"
        assert "mqtt://127.0.0.1:1883  up" in text
        assert "control up 1h  events up 1h" in text
        assert "2 not committed" in text
        assert "answered in 4 ms" in text


async def test_lost_agents_come_first_and_what_is_missing_is_counted() -> None:
    script = busy()
    script.agent("refunds", "7q4f", EventsDropped(count=7))
    async with console(script, size=(80, 40)) as it:
        await it.press("B")
        await it.settle()
        assert it.screen.body.cursor == "reader"
        row = next(line for line in it.lines() if " refunds " in line and "online" in line)
        assert row.split()[-2:] == ["7", "1"]
        while it.screen.body.cursor != "refunds":
            await it.press("down")
        assert "7 dropped by the agent, its spool was full" in it.text()
        assert "2 times asked to send again, 9 came twice, 1 not understood" in it.text()


async def test_without_a_report_it_says_so_and_shows_what_the_log_knows() -> None:
    async with console(busy()) as it:
        it.source.report = None
        await it.press("5")
        await it.settle()
        assert "it gives no report" in it.text()
        assert "crawler" in it.text()
        await it.press("6")
        await it.settle()
        assert "the supervisor gives no report" in it.text()


async def test_a_calm_bus_has_no_coloured_cell() -> None:
    script = calm()
    async with console(script) as it:
        it.source.report = structs.replace(REPORT, senders=[])
        for key in ("5", "6"):
            await it.press(key)
            await it.settle()
            assert it.coloured() == []


async def test_the_supervisor_is_asked_only_while_the_screen_is_in_front() -> None:
    asked: list[int] = []

    class Counting(FakeSource):
        async def health(self) -> Heard | None:
            asked.append(1)
            return await super().health()

    async with console(busy()) as it:
        it.source.__class__ = Counting
        await it.settle(30)
        assert asked == []
        await it.press("5")
        await it.settle(1)
        await it.settle(1)
        assert len(asked) == 1
        await it.settle(3)
        assert len(asked) == 2
        await it.press("escape")
        await it.settle(30)
        assert len(asked) == 2


async def test_records_a_second_are_counted_by_this_console() -> None:
    script = busy()
    async with console(script) as it:
        await it.press("5")
        await it.settle(2)
        for number in range(40):
            script.tick(0.1).step("crawler", "c000", number + 1, "fetch")
        await it.settle(1)
        rate = next(line for line in it.lines() if "records/s" in line)
        assert float(rate.split(" records/s")[0].split()[-1]) > 0


async def test_what_still_holds_stands_there_when_the_bus_is_down() -> None:
    async with console(busy()) as it:
        await it.press("5")
        it.source.status = replace(it.source.status, bus="down", joined=False, supervisor="unknown")
        await it.settle()
        assert "down" in it.lines()[3]
        assert "pause RUN --direct" in it.text()
        assert "Nothing can be decided until the bus is back." in it.text()


async def test_a_failing_recording_says_what_that_means_first() -> None:
    async with console(failing()) as it:
        it.source.turn(recording="failing")
        await it.press("6")
        await it.settle()
        lines = it.lines()
        assert "fails: approvals are closed" in lines[3]
        assert "the recording fails; approvals are closed" in lines[4]
        assert "reject, pause, hold and kill go out" in it.text()


async def test_a_disk_that_does_not_answer_is_told() -> None:
    async with console(busy()) as it:
        recorder = REPORT.recorder
        assert recorder is not None
        silent = structs.replace(recorder, size=None, wal=None, free=None, disk=None, sessions=None)
        it.source.report = structs.replace(REPORT, recorder=silent)
        await it.press("6")
        await it.settle()
        assert "the disk does not say: it may hang" in it.text()


async def test_a_replay_shows_the_log_and_the_file(tmp_path: Path) -> None:
    script = busy()
    (path,) = await record(script.rows, tmp_path)
    async with replaying(path) as it:
        await it.go(len(script.rows))
        await it.strike("B")
        assert it.mode() == "bus"
        assert "none: this is a recording" in it.text()
        assert "reader" in it.text()
        await it.strike("C")
        await it.settle()
        assert it.mode() == "recorder"
        assert "read, not written: this is a replay" in it.text()
        assert path.stem in it.text()
        assert f"{len(script.rows)} records in it" in it.text()

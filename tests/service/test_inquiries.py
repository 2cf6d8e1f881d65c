"""What consoles ask besides the floor: reports and pages, over the bus, out of a real recording."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec import structs

from bus import codec
from bus.codec import DecodeError
from bus.events import Envelope, RunStarted, StepFinished, StepStarted
from bus.inquiry import HealthReport, HistoryPage
from bus.messages import Intent, Verb
from bus.seals import seals_page
from bus.signing import PrivateKey
from console.core.fleet.state import Fleet, encode
from console.core.replay.past_run import NoHistoryError
from console.link.reporting import ReportingFloor
from console.recording import closing
from console.recording.bodies import Row
from console.recording.files import session_paths
from console.recording.pages import LOOKED_THROUGH, PAGE_BYTES, PAGE_RECORDS, page
from console.recording.reader import Reader
from console.recording.schema import RecordingError
from console.recording.writer import Recording
from console.supervisor.inquiries import AHEAD, COUNTED, SENDERS, SHARE, WAITING, Inquiries
from tests.fixtures.desk import OPERATOR, SUPERVISOR, TOPICS, Bench
from tests.fixtures.service import Running, running


def asks(verb: str, console: str = "c1", **fields: object) -> Intent:
    return Intent(verb=verb, id=f"{verb}-{console}", operator="op-1", console=console, **fields)  # type: ignore[arg-type]


async def answered(site: Running, intent: Intent) -> bytes:
    """What the console that asks is told."""
    topic = TOPICS.console(intent.console)
    before = len(site.witness.of(topic))
    site.bus.publish(TOPICS.intents("op-1"), OPERATOR.sign(intent))
    await site.until(lambda: len(site.witness.of(topic)) > before)
    return site.witness.of(topic)[-1]


async def test_a_report_tells_of_links_commits_senders_and_files(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        site.event(RunStarted(goal="g"))
        site.event(StepStarted(step=1))
        await site.all_recorded()
        payload = await answered(site, asks("health"))
        report = codec.decode_reply(payload)
        assert isinstance(report, HealthReport)
        assert SUPERVISOR.public.verifies(payload)
        assert report.control is not None
        assert report.bulk is not None
        recorder = report.recorder
        assert recorder is not None
        assert recorder.session == site.recording.session
        assert recorder.pos == site.recording.pos
        assert recorder.commits > 0
        assert recorder.records == site.recording.pos
        assert recorder.p50 is not None
        assert recorder.size == site.recording.path.stat().st_size
        assert recorder.sessions == 1
        assert recorder.emergency == 0


async def test_a_page_has_the_runs_records_and_no_others_under_a_seal(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        for run in ("r1", "r2"):
            site.event(RunStarted(goal="g"), run)
            for step in (1, 2):
                site.event(StepStarted(step=step), run)
                site.event(StepFinished(step=step, text=f"{run} {step}"), run)
        await site.all_recorded()
        payload = await answered(site, asks("history", agent="a", run="r1"))
        found = codec.decode_reply(payload)
        assert isinstance(found, HistoryPage)
        assert seals_page(SUPERVISOR.public, payload, found)
        assert not seals_page(OPERATOR.public, payload, found)
        assert not seals_page(SUPERVISOR.public, payload.replace(b"r1 2", b"r1 9"), found)
        types = [codec.decode_envelope(bytes(entry.event)).type for entry in found.records]
        assert [name for name in types if name.startswith(("run", "step"))][:5] == [
            "run.started",
            "step.started",
            "step.finished",
            "step.started",
            "step.finished",
        ]
        assert found.seal is not None
        assert not found.seal.more
        middle = found.records[3].pos
        earlier = codec.decode_reply(
            await answered(site, asks("history", "c2", agent="a", run="r1", before=middle))
        )
        assert isinstance(earlier, HistoryPage)
        assert [entry.pos for entry in earlier.records] == [entry.pos for entry in found.records[:3]]


async def test_a_page_of_another_run_is_believed_of_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The seal says who gave it and to whom, not of which run: that the console sees for itself."""
    async with running(tmp_path) as site:
        for run in ("r1", "r2"):
            site.event(RunStarted(goal="g"), run)
        await site.all_recorded()
        other = codec.decode_reply(await answered(site, asks("history", agent="a", run="r2")))

        async def ask(*_: object, **__: object) -> object:
            return other

        monkeypatch.setattr(ReportingFloor, "ask", ask)
        floor = ReportingFloor.__new__(
            ReportingFloor
        )  # nothing of it is used but what it makes of the answer
        assert (await floor.history("a", "r2", 1_000)).records
        with pytest.raises(NoHistoryError, match="of another run"):
            await floor.history("a", "r1", 1_000)


async def test_a_recording_that_cannot_be_read_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as site:

        async def broken(*_: object) -> None:
            raise OSError(5, "Input/output error")

        monkeypatch.setattr("console.supervisor.process.telling.page", broken)
        found = codec.decode_reply(await answered(site, asks("history", agent="a", run="r1")))
        assert isinstance(found, HistoryPage)
        assert found.seal is not None
        assert "Input/output error" in found.seal.problem
        assert found.records == []


async def test_a_disk_that_hangs_leaves_its_figures_out_and_delays_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as site:
        hung = asyncio.Event()

        async def hang(*_: object) -> None:
            await hung.wait()

        monkeypatch.setattr("console.supervisor.process.telling.asyncio.to_thread", hang)
        monkeypatch.setattr("console.supervisor.process.telling.MEASURE_WITHIN", 0.01)
        report = codec.decode_reply(await answered(site, asks("health")))
        assert isinstance(report, HealthReport)
        assert report.recorder is not None
        assert report.recorder.size is None
        assert report.recorder.session == site.recording.session
        hung.set()


# ---- who is answered first, and what is counted --------------------------------------------------------------------------


def test_enrolled_operators_go_first_and_only_so_many_wait() -> None:
    inquiries = Inquiries(lambda intent, _: intent.console.startswith("ours"))
    for number in range(WAITING + 10):
        inquiries.intent(asks("health", f"stranger{number}"), b"")
    inquiries.intent(asks("health", "ours"), b"")
    inquiries.intent(asks("history", "ours"), b"")
    inquiries.intent(asks("health", "ours"), b"")
    order = []
    while (intent := inquiries.take(0.0)) is not None:
        order.append(intent.console)
    assert order[:2] == ["ours", "ours"]
    assert len(order) == 2 + WAITING
    assert not inquiries.waiting


def test_what_a_stranger_asks_under_an_operators_id_is_not_answered() -> None:
    inquiries = Inquiries(lambda _, payload: payload == b"signed")
    mine, theirs = asks("history", "mine"), structs.replace(asks("history", "theirs"), id="history-mine")
    inquiries.intent(theirs, b"")
    inquiries.intent(mine, b"signed")
    inquiries.intent(theirs, b"")
    assert (inquiries.take(0.0), inquiries.take(0.0)) == (mine, None)


@pytest.mark.parametrize("verb", ["health", "history"])
def test_a_question_under_the_id_of_an_intent_is_refused_and_told(verb: Verb) -> None:
    bench = Bench()
    bench.event(1, RunStarted(goal="g"))
    bench.intent("hold", id="X")
    bench.raw(TOPICS.intents("nobody"), codec.encode(structs.replace(asks(verb), id="X", operator="nobody")))
    assert not bench.desk.consoles.inquiries.waiting
    [alarm] = [one for one in bench.desk.fleet.alarms.values() if one.kind == "bad-input"]
    assert alarm.text == f"intents/nobody: a {verb} under the id of what somebody wanted done"


def test_what_answers_take_strangers_wait_for_and_operators_do_not() -> None:
    inquiries = Inquiries(lambda _, payload: payload == b"signed")
    inquiries.intent(asks("history", "theirs"), b"")
    inquiries.spent(AHEAD, 100.0)
    assert inquiries.take(100.0) == asks("history", "theirs")  # so much may be spent ahead
    inquiries.intent(asks("history", "theirs"), b"")
    inquiries.spent(0.3, 100.0)
    assert inquiries.rest(100.0) == pytest.approx(0.3 / SHARE)
    inquiries.intent(asks("history", "mine"), b"signed")
    assert inquiries.take(100.0) == asks("history", "mine")
    assert inquiries.take(100.0) is None
    assert inquiries.waiting
    assert inquiries.take(100.1 + 0.3 / SHARE) == asks("history", "theirs")


def test_a_flood_of_made_up_senders_takes_bounded_room() -> None:
    inquiries = Inquiries(lambda *_: True)
    senders = inquiries.senders
    for number in range(COUNTED * 2):
        senders.of(f"a{number}").bad += 1
    report = inquiries.report(
        asks("health"), "e", 10.0, [("quiet", 4.0)], window=1, staged=0, waiting=0, holes=0, recorder=None
    )
    assert len(report.senders) == SENDERS
    assert report.more == COUNTED + 1 - SENDERS
    assert len(PrivateKey.generate().sign(report)) < 65_536


def test_what_goes_wrong_is_counted_by_sender() -> None:
    bench = Bench()
    bench.raw(TOPICS.events("a", "r1"), b"nonsense")
    bench.raw(TOPICS.status("a"), b"nonsense")
    bench.event(1, RunStarted(goal="g"))
    tally = bench.desk.ingest.senders.of("a")
    assert (tally.bad, tally.repeated, tally.resent) == (2, 0, 0)
    bench.raw(TOPICS.intents("op-1"), OPERATOR.sign(asks("health")))
    assert bench.desk.consoles.inquiries.waiting
    assert not [kind for kind in bench.types() if kind == "intent.refused"]


# ---- pages out of files ---------------------------------------------------------------------------------------------------


def event(run: str, seq: int, text: str = "") -> bytes:
    data = RunStarted(goal="g") if seq == 1 else StepFinished(step=seq, text=text)
    from msgspec import Raw

    return codec.encode(
        Envelope(
            id=f"i.{seq}",
            source=codec.source("a", run),
            type=data.TYPE,
            incarnation="i",
            seq=seq,
            data=Raw(codec.encode(data)),
        )
    )


START = 1_760_000_000_000


async def written(
    folder: Path, count: int, text: str = "", rotate_at: int = 0, *, rotate_each: bool = False
) -> None:
    """Two runs by turns, perhaps over two sessions."""
    async with await Recording.open(
        folder, initial=encode(Fleet(site="s")), clock=lambda: START / 1_000
    ) as recording:
        for number in range(count):
            run = "r1" if number % 2 == 0 else "r2"
            row = Row(number + 1, START + number, "a", run, event(run, number // 2 + 1, text))
            await recording.append([row])
            if rotate_each or number + 1 == rotate_at:
                await recording.rotate(encode(Fleet(site="s", pos=number + 1, at=START + number)))


@pytest.mark.parametrize("count, text, rotate_at", [(40, "", 0), (40, "", 17), (60, "x" * 4_000, 31)])
async def test_pages_from_the_end_give_every_record_once(
    tmp_path: Path, count: int, text: str, rotate_at: int
) -> None:
    await written(tmp_path, count, text, rotate_at)
    paths, before, more = session_paths(tmp_path), count + 1, True
    found: list[int] = []
    pages = 0
    while more:
        rows, more = await page(paths, "a", "r1", before)
        assert rows
        assert sum(len(row.event) for row in rows) <= PAGE_BYTES or len(rows) == 1
        found = [row.pos for row in rows] + found
        before = rows[0].pos
        pages += 1
    assert found == list(range(1, count + 1, 2))
    assert pages > 1 or not (text or rotate_at)
    assert len(rows) <= PAGE_RECORDS


async def test_a_run_that_nobody_knows_has_no_page(tmp_path: Path) -> None:
    await written(tmp_path, 4)
    assert await page(session_paths(tmp_path), "a", "other", 5) == ([], False)


async def test_few_sessions_are_opened_however_many_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await written(tmp_path, 60, rotate_each=True)
    paths, opened, open_ = session_paths(tmp_path), [], Reader.open

    async def counted(path: Path) -> Reader:
        opened.append(path)
        return await open_(path)

    monkeypatch.setattr(Reader, "open", counted)
    with pytest.raises(RecordingError, match=f"{LOOKED_THROUGH} sessions in a row hold nothing of a/other"):
        await page(paths, "a", "other", 61)
    assert len(opened) <= LOOKED_THROUGH + 8
    opened.clear()
    rows, more = await page(paths, "a", "r1", 4)  # an old one is found without the newer ones
    assert ([row.pos for row in rows], more) == ([3], True)
    assert len(opened) <= 10


def files_open_in(folder: Path) -> list[str]:
    held = [str(one.readlink()) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
    return [one for one in held if one.startswith(str(folder))]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only Linux lists the files of a process")
async def test_a_page_that_is_cut_short_leaves_no_file_open(tmp_path: Path) -> None:
    """However far it has come when it is cancelled."""
    await written(tmp_path, 4, rotate_at=2)
    paths = session_paths(tmp_path)
    for turns in range(60):
        going = asyncio.ensure_future(page(paths, "a", "r1", 5))
        for _ in range(turns):
            await asyncio.sleep(0)
        going.cancel()
        await asyncio.wait({going})
    while closing._GOING_ON:
        await asyncio.wait(set(closing._GOING_ON))
        await asyncio.sleep(0)
    assert files_open_in(tmp_path) == []


def test_a_verb_that_an_older_supervisor_does_not_know_is_refused_as_a_whole() -> None:
    with pytest.raises(DecodeError):
        codec.decode(b'{"verb": "weather", "id": "i", "operator": "o", "console": "c"}', Intent)

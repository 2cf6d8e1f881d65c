"""The courier under any interleaving: nothing lost, nothing out of order, the window never exceeded."""

import math
from collections import deque

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bus.limits import RESEND_AFTER
from bus.sdk.courier import PATIENCE_MOST, Courier, EventBox, Publish
from bus.sdk.spool.store import MemorySpool, Owner, SpoolError

RUNS = ("a", "b", "c")


def event(run: str, seq: int) -> bytes:
    return f"{run}:{seq}".encode()


class AnyCourse(RuleBasedStateMachine):
    """A supervisor that ingests in order, behind a network that drops, delays and duplicates both ways."""

    @initialize(window=st.integers(1, 8))
    def begin(self, window: int) -> None:
        self.now = 0.0
        self.courier = Courier(self.publish, window)
        self.spools = {run: MemorySpool(Owner("s", "a", run, "i")) for run in RUNS}
        self.boxes = {run: EventBox(run, run, spool) for run, spool in self.spools.items()}
        for box in self.boxes.values():
            self.courier.add(box, self.now)
        self.wire: deque[Publish] = deque()
        self.back: deque[tuple[str, str, int]] = deque()
        self.recorded: dict[str, list[bytes]] = {run: [] for run in RUNS}
        self.made = dict.fromkeys(RUNS, 0)

    def publish(self, out: Publish) -> None:
        assert self.courier.up
        assert self.courier.in_flight <= self.courier.window
        self.wire.append(out)

    @rule(run=st.sampled_from(RUNS), count=st.integers(1, 6), urgent=st.booleans())
    def append(self, run: str, count: int, urgent: bool) -> None:
        first = self.made[run] + 1
        self.made[run] += count
        events = [event(run, seq) for seq in range(first, first + count)]
        self.courier.append(self.boxes[run], events, self.now, urgent=urgent)

    @precondition(lambda self: self.wire)
    @rule(fate=st.sampled_from(["deliver", "deliver", "deliver", "drop", "twice", "late"]))
    def arrive(self, fate: str) -> None:
        out = self.wire.popleft()
        if fate == "late":
            self.wire.append(out)
        for _ in range({"deliver": 1, "twice": 2}.get(fate, 0)):
            self.ingest(out)

    def ingest(self, out: Publish) -> None:
        log = self.recorded[out.topic]
        seq = int(out.payload.split(b":")[1])
        if seq == len(log) + 1:
            log.append(out.payload)
        if seq <= len(log):
            self.back.append(("stored", out.topic, len(log)))
        else:
            self.back.append(("resend", out.topic, len(log)))

    @precondition(lambda self: self.back)
    @rule(fate=st.sampled_from(["deliver", "deliver", "drop", "twice", "late"]))
    def answer(self, fate: str) -> None:
        verb, run, seq = self.back.popleft()
        if fate == "late":
            self.back.append((verb, run, seq))
        for _ in range({"deliver": 1, "twice": 2}.get(fate, 0)):
            self.tell(verb, run, seq)

    def tell(self, verb: str, run: str, seq: int) -> None:
        if verb == "resend":
            self.courier.resend(run, seq, self.now)
        else:
            self.courier.stored(run, seq, self.now)
            self.courier.pump(self.now)

    @rule(up=st.booleans())
    def link(self, up: bool) -> None:
        self.courier.link(up=up, now=self.now)
        if not up:
            self.wire.clear()

    @rule(seconds=st.floats(0.01, 12.0))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.courier.tick(self.now)

    @rule(window=st.integers(1, 8))
    def resize(self, window: int) -> None:
        self.courier.set_window(window, self.now)

    @invariant()
    def order_holds(self) -> None:
        if not hasattr(self, "courier"):
            return
        for run, log in self.recorded.items():
            assert log == [event(run, seq) for seq in range(1, len(log) + 1)]
        assert self.courier.in_flight == sum(box.in_flight for box in self.boxes.values())
        for run, box in self.boxes.items():
            assert box.stored <= len(self.recorded[run])
            assert box.stored <= box.cursor <= box.spool.last
            assert box.stored == box.spool.stored
            # Whatever is in flight on a live link is watched by a timer.
            assert not (self.courier.up and box.in_flight and box.resend_at == math.inf)
            assert box.resend_at <= self.now + PATIENCE_MOST or box.resend_at == math.inf
        if self.courier.up and self.courier.in_flight < self.courier.window:
            assert not any(box.sendable for box in self.boxes.values())

    def teardown(self) -> None:
        """In calm weather everything that was ever appended gets stored, by itself."""
        if not hasattr(self, "courier"):
            return
        self.courier.link(up=True, now=self.now)
        for _ in range(10_000):
            if all(box.empty for box in self.boxes.values()):
                break
            while self.wire or self.back:
                if self.wire:
                    self.ingest(self.wire.popleft())
                if self.back:
                    self.tell(*self.back.popleft())
            self.now = max(self.now, min(self.courier.deadline, self.now + PATIENCE_MOST))
            self.courier.tick(self.now)
        assert {run: len(log) for run, log in self.recorded.items()} == self.made
        self.order_holds()
        assert self.courier.in_flight == 0
        assert self.courier.deadline == math.inf


AnyCourse.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
TestAnyCourse = AnyCourse.TestCase


def started(window: int, runs: tuple[str, ...] = RUNS) -> tuple[Courier, dict[str, EventBox], list[Publish]]:
    sent: list[Publish] = []
    courier = Courier(sent.append, window)
    boxes = {run: EventBox(run, run, MemorySpool(Owner("s", "a", run, "i"))) for run in runs}
    for box in boxes.values():
        courier.add(box, 0.0)
    return courier, boxes, sent


def test_runs_are_served_in_turn_and_proposals_first() -> None:
    courier, boxes, sent = started(6)
    for run in RUNS:
        for seq in range(1, 11):
            courier.append(boxes[run], [event(run, seq)], 0.0)
    courier.append(boxes["c"], [event("c", 11)], 0.0, urgent=True)
    courier.link(up=True, now=0.0)
    assert sorted(out.topic for out in sent) == ["a", "a", "b", "b", "c", "c"]
    assert sent[0].topic == "c"


def test_a_window_of_one_goes_round() -> None:
    courier, boxes, sent = started(1)
    for run in RUNS:
        courier.append(boxes[run], [event(run, seq) for seq in range(1, 4)], 0.0)
    courier.link(up=True, now=0.0)
    for _ in range(5):
        run, seq = sent[-1].payload.decode().split(":")
        courier.stored(run, int(seq), 0.0)
        courier.pump(0.0)
    assert [out.topic for out in sent] == ["a", "b", "c", "a", "b", "c"]


def test_silence_is_probed_with_one_event_less_and_less_often() -> None:
    courier, boxes, sent = started(8, ("a",))
    courier.link(up=True, now=0.0)
    courier.append(boxes["a"], [event("a", seq) for seq in range(1, 9)], 0.0)
    assert len(sent) == 8
    gaps, before = [], 0.0
    for _ in range(5):
        now = courier.deadline
        gaps.append(now - before)
        before = now
        sent.clear()
        courier.tick(now)
        assert sent == [Publish("a", b"a:1")]
    assert gaps == [RESEND_AFTER, 4.0, 8.0, PATIENCE_MOST, PATIENCE_MOST]
    sent.clear()
    courier.stored("a", 1, before)
    courier.pump(before)
    assert [out.payload for out in sent] == [event("a", seq) for seq in range(2, 9)]


def test_a_run_that_nobody_stores_does_not_starve_the_others() -> None:
    courier, boxes, sent = started(4, ("a", "b"))
    courier.link(up=True, now=0.0)
    courier.append(boxes["a"], [event("a", seq) for seq in range(1, 9)], 0.0)
    courier.append(boxes["b"], [event("b", 1)], 0.0)
    assert {out.topic for out in sent} == {"a"}
    courier.tick(courier.deadline)
    assert sent[-1].topic == "b" or sent[-2].topic == "b"


def test_what_is_asked_for_twice_at_once_is_sent_once() -> None:
    courier, boxes, sent = started(8, ("a",))
    courier.link(up=True, now=0.0)
    courier.append(boxes["a"], [event("a", seq) for seq in range(1, 5)], 0.0)
    sent.clear()
    for _ in range(3):
        assert not courier.resend("a", 1, 0.0)
    assert [out.payload for out in sent] == [b"a:2", b"a:3", b"a:4"]
    courier.stored("a", 3, 0.0)
    assert courier.resend("a", 0, 1.0)  # no longer here: the supervisor must hear where we stand


def test_an_unreadable_spool_is_tried_again_and_stops_nobody() -> None:
    courier, boxes, sent = started(8, ("a", "b"))
    for run in ("a", "b"):
        courier.append(boxes[run], [event(run, 1)], 0.0)
    spool = boxes["a"].spool
    read = spool.read

    def fails(after: int, limit: int) -> list[tuple[int, bytes]]:
        raise SpoolError("bad sector")

    spool.read = fails  # type: ignore[method-assign]
    courier.link(up=True, now=0.0)
    assert [out.topic for out in sent] == ["b"]
    assert courier.trouble == "bad sector"
    spool.read = read  # type: ignore[method-assign]
    courier.tick(courier.deadline)
    assert "a" in {out.topic for out in sent}

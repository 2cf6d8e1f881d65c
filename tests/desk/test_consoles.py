"""Who watches the floor, and what keyframes may cost."""

from __future__ import annotations

import pytest

from bus import codec
from bus.events import StepStarted
from bus.limits import WATCH_RENEW, WATCH_TTL
from bus.messages import Intent, KeyframePart
from bus.signing import PrivateKey
from console.core.fleet.state import Fleet, encode
from console.supervisor import consoles
from tests.fixtures.desk import OPERATOR, TOPICS, Bench


def asks(
    bench: Bench,
    console: str,
    verb: str = "keyframe",
    key: PrivateKey | None = None,
    *,
    watching: bool = True,
) -> None:
    """A console's request comes in."""
    intent = Intent(verb=verb, id=bench.new_id(), operator="op-1", console=console, watching=watching)  # type: ignore[arg-type]
    bench.raw(TOPICS.intents("op-1"), key.sign(intent) if key else codec.encode(intent))


def served(bench: Bench) -> list[tuple[str, int]]:
    """Consoles that got a keyframe, in order, each with its position."""
    parts = [(out, codec.decode_reply(out.payload)) for out in bench.sent if "/consoles/" in out.topic]
    return [
        (out.topic.rpartition("/")[2], part.pos)
        for out, part in parts
        if isinstance(part, KeyframePart) and part.i == 0
    ]


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Positions at which the fleet was encoded for a keyframe."""
    made: list[int] = []

    def counted(fleet: Fleet) -> bytes:
        made.append(fleet.pos)
        return encode(fleet)

    monkeypatch.setattr("console.supervisor.consoles.encode", counted)
    return made


def test_a_console_that_says_nothing_any_more_is_no_longer_listed() -> None:
    bench = Bench()
    asks(bench, "c1")
    asks(bench, "c2")
    assert set(bench.desk.fleet.operators) == {"c1", "c2"}
    for _ in range(5):
        bench.pass_time(WATCH_RENEW)
        asks(bench, "c1", "watch", watching=False)
    assert set(bench.desk.fleet.operators) == {"c1"}
    assert bench.last("operator.left") == {"operator": "op-1 (unsigned)", "console": "c2"}
    bench.desk.unlinked(bench.now)
    bench.pass_time(2 * WATCH_TTL)
    assert set(bench.desk.fleet.operators) == {"c1"}
    bench.desk.linked(bench.now)
    bench.pass_time(WATCH_TTL + 1)
    assert bench.desk.fleet.operators == {}
    asks(bench, "c1", "watch", watching=False)
    assert set(bench.desk.fleet.operators) == {"c1"}


def test_who_comes_and_goes_all_the_time_does_not_fill_the_log() -> None:
    bench = Bench()
    for number in range(1_000):
        asks(bench, f"c{number}")
        asks(bench, f"c{number}", "leave")
    assert bench.types().count("operator.joined") == consoles.JOINS_A_MINUTE
    assert len(served(bench)) == 1_000
    bench.pass_time(61)
    asks(bench, "late")
    assert "late" in bench.desk.fleet.operators


def test_a_flood_of_requests_makes_few_keyframes_and_nobody_enrolled_waits_behind_it(
    monkeypatch: pytest.MonkeyPatch, encoded: list[int]
) -> None:
    bench = Bench()
    size = len(encode(bench.desk.fleet))
    encoded.clear()
    monkeypatch.setattr(consoles, "MADE", size)  # a keyframe takes a second of what is allowed
    for number in range(500):
        bench.event(number + 1, StepStarted(step=number + 1))
        asks(bench, f"stranger{number % 300}", watching=False)
    assert len(encoded) == 1
    asks(bench, "ours", key=OPERATOR, watching=False)
    at = bench.desk.fleet.pos
    bench.pass_time(60)
    assert len(encoded) == 2
    order = served(bench)
    assert order[:2] == [("stranger0", order[0][1]), ("ours", at)]
    assert all(pos >= at for _, pos in order[1:])
    assert len(order) == 1 + 1 + consoles.WAITING


def test_a_keyframe_is_never_older_than_its_request(encoded: list[int]) -> None:
    bench = Bench()
    asks(bench, "c1", watching=False)
    asks(bench, "c2", watching=False)
    assert len(encoded) == 1
    bench.event(1, StepStarted(step=1))
    asks(bench, "c3", watching=False)
    assert [pos for _, pos in served(bench)][-1] == bench.desk.fleet.pos

"""What somebody says who is not who he says: refused, shown, counted, attributed, and without effect."""

from __future__ import annotations

from typing import Any

import pytest

from bus import codec
from bus.events import ActionProposed, RunStarted
from bus.limits import INTENT_DUPLICATE_WITHIN
from bus.messages import Intent
from bus.signing import PrivateKey
from console.supervisor import consoles
from console.supervisor.intents import arbiter
from tests.fixtures.desk import OPERATOR, TOPICS, Bench

FORGER = PrivateKey.generate()


@pytest.fixture
def bench() -> Bench:
    """A desk where one action waits."""
    bench = Bench()
    bench.event(1, RunStarted())
    bench.event(2, ActionProposed(action="a1", tool="write_file"))
    return bench


def about(bench: Bench) -> dict[str, Any]:
    return bench.about(bench.run().actions["a1"])


def signed(bench: Bench, verb: Any) -> bytes:
    """What the operator himself says about the action that waits."""
    pos = bench.desk.fleet.pos
    said = Intent(verb=verb, id="i", operator="op-1", console="con", epoch="epoch1", pos=pos, **about(bench))
    return OPERATOR.sign(said)


def forged(bench: Bench) -> list[tuple[str, str, int]]:
    alarms = bench.desk.fleet.alarms.values()
    return [(alarm.id, alarm.text, alarm.count) for alarm in alarms if alarm.kind == "forged-intent"]


@pytest.mark.parametrize(
    "key, how",
    [(FORGER, "under a signature that no enrolled key of that name made"), (None, "without a signature")],
)
def test_an_approval_that_nobody_signed_who_may_is_an_alarm(
    bench: Bench, key: PrivateKey | None, how: str
) -> None:
    """It names whose word it was to be; said again and again it is one alarm, written ever more rarely."""
    assert not bench.intent("approve", key=key, **about(bench)).accepted
    text = f"somebody wants to approve as op-1, {how}; refused"
    assert forged(bench) == [("forged-intent/op-1", text, 1)]
    for _ in range(99):
        bench.intent("approve", key=key, **about(bench))
    assert forged(bench) == [("forged-intent/op-1", text, 100)]
    assert bench.types().count("alarm.raised") == 7 + 5  # with those of the flood of refusals
    assert bench.run().actions["a1"].state == "asked"
    assert bench.desk.fleet.alarms["forged-intent/op-1"].priority == 2


def test_a_changed_word_is_forged(bench: Bench) -> None:
    """Signed for a reject, and made an approval on the way."""
    assert not bench.say(signed(bench, "reject").replace(b'"reject"', b'"approve"')).accepted
    assert [name for name, _, _ in forged(bench)] == ["forged-intent/op-1"]


@pytest.mark.parametrize("answers_kept", [1, 100])
def test_a_late_copy_is_refused_and_no_forgery(
    bench: Bench, answers_kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages come late, and twice. While the console asks it gets its answer again; also where that is long forgotten."""
    monkeypatch.setattr(arbiter, "ANSWERS_KEPT", answers_kept)
    payload = signed(bench, "approve")
    assert bench.say(payload).accepted
    assert bench.say(payload).accepted
    bench.intent("pause", agent="a", run="r1")
    bench.pass_time(INTENT_DUPLICATE_WITHIN + 1)
    for _ in range(2):
        assert bench.say(payload).outcome == "replayed"
    assert bench.last("intent.refused")["intent"] == "i"
    assert forged(bench) == []


def test_other_words_under_a_used_id_are_an_alarm(bench: Bench) -> None:
    """Also where a copy came before."""
    payload = signed(bench, "approve")
    assert bench.say(payload).accepted
    bench.pass_time(INTENT_DUPLICATE_WITHIN + 1)
    bench.say(payload)
    assert not bench.say(signed(bench, "reject")).accepted
    [(name, text, _)] = forged(bench)
    assert (name, "other bytes under the id" in text) == ("forged-intent/op-1", True)


def test_who_only_looked_away_is_no_forger(bench: Bench) -> None:
    """Another epoch, other arguments: refused and recorded; an honest console says the same after a restart or an edit."""
    pos = bench.desk.fleet.pos
    for fields in ({"epoch": "epoch0"}, {"digest": "0" * 64}):
        answer = bench.intent("approve", pos=pos, **about(bench) | fields)
        assert (answer.accepted, answer.outcome) == (False, "stale")
    assert bench.types().count("intent.refused") == 2
    assert forged(bench) == []


def test_made_up_names_have_one_alarm_and_make_no_flood(bench: Bench) -> None:
    """Who writes a hundred names is one trouble. That of an enrolled operator stands by itself."""
    for number in range(50):
        bench.intent("approve", key=FORGER, operator=f"nobody{number}", **about(bench))
        bench.raw(TOPICS.intents(f"nobody{number}"), b"{}")
    bench.intent("approve", key=FORGER, **about(bench))
    assert [(name, count) for name, _, count in forged(bench)] == [
        ("forged-intent/~strangers", 50),
        ("forged-intent/op-1", 1),
    ]
    assert "as nobody49, " in forged(bench)[0][1]
    assert [one.id for one in bench.desk.fleet.alarms.values() if one.kind == "bad-input"] == [
        "bad-input/~strangers"
    ]
    bench.pass_time(2)
    assert not bench.desk.fleet.load.flood


# ---- watching --------------------------------------------------------------------------------------------------------


def word(verb: Any, name: str, *, watching: bool = False) -> bytes:
    said = Intent(verb=verb, id=name, operator="op-1", console="c1", watching=watching)
    return OPERATOR.sign(said)


def hears(bench: Bench, payload: bytes) -> None:
    bench.raw(TOPICS.intents("op-1"), payload)


def test_a_leave_that_is_played_back_takes_nobody_off_the_list(bench: Bench) -> None:
    hears(bench, word("keyframe", "k1", watching=True))
    hears(bench, leave := word("leave", "l1"))
    assert bench.desk.fleet.operators == {}
    hears(bench, word("watch", "w1"))
    hears(bench, leave)
    assert bench.desk.fleet.operators == {"c1": "op-1"}


@pytest.mark.parametrize("verb", ["watch", "keyframe"])
def test_a_console_that_left_is_not_brought_back_by_its_own_words(bench: Bench, verb: str) -> None:
    """A keyframe is served again all the same, as consoles repeat their request until it comes."""
    payload = word(verb, "w1", watching=verb == "keyframe")
    hears(bench, payload)
    hears(bench, word("leave", "l1"))
    hears(bench, payload)
    assert bench.desk.fleet.operators == {}
    parts = [codec.decode_reply(out.payload) for out in bench.sent if out.topic == TOPICS.console("c1")]
    assert len(parts) == (2 if verb == "keyframe" else 0)


def test_words_are_remembered_within_bounds(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consoles, "WORDS_KEPT", 3)
    for number in range(10):
        hears(bench, word("watch", f"w{number}"))
    assert len(bench.desk.consoles._words) == 3

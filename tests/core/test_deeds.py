"""Who did what, as the log tells it: what counts as a deed, by which key, and that a keyframe keeps it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bus.operator_records import OperatorSigned
from bus.records import ActionDecided, IntentRefused
from console.core.deeds import DEEDS_KEPT, REFUSED_KEPT, Deed
from console.core.fleet.lifecycle import IllegalTransitionError
from console.core.fleet.state import Fleet, decode, encode
from console.core.reducing.reduce import reduce
from tests.fixtures.desk import OPERATOR, Bench
from tests.fixtures.floor import Script
from tests.fixtures.strategies import logs
from tests.policy.floor import acted


def told(script: Script) -> list[tuple[str, str, str]]:
    return [(deed.who, deed.did, deed.outcome) for deed in script.fleet.audit.deeds]


def test_what_people_and_the_clock_did_is_told_in_order() -> None:
    assert told(acted())[-9:] == [
        ("op-1", "join", ""),
        ("op-1", "sign", ""),
        ("op-1", "decide", "approved"),
        ("clock", "decide", "expired"),
        ("op-1", "ack", ""),
        ("op-2", "shelve", "30 min"),
        ("op-2 (unsigned)", "pause", ""),
        ("op-2", "approve", "conflict"),
        ("op-1", "verify", "went well"),
    ]


def test_what_policy_decides_alone_is_no_deed() -> None:
    script = Script()
    before = len(script.fleet.audit.deeds)
    for by in ("policy", "pass-list"):
        script.supervisor(ActionDecided(action="a", outcome="approved", by=by), "a", "r")
    assert len(script.fleet.audit.deeds) == before


def test_a_deed_names_the_key_that_signed_at_that_time() -> None:
    script = Script()
    for key in ("SHA256:old", "SHA256:new"):
        script.supervisor(OperatorSigned(operator="op-1", key=key))
        script.supervisor(ActionDecided(action="a", outcome="rejected", by="op-1"), "a", "r")
    script.supervisor(ActionDecided(action="a", outcome="rejected", by="op-1 (unsigned)"), "a", "r")
    keys = [deed.key for deed in script.fleet.audit.deeds if deed.did == "decide"]
    assert keys == ["SHA256:old", "SHA256:new", ""]


def test_the_newest_are_kept_and_that_there_were_more_is_said() -> None:
    script = Script()
    for number in range(DEEDS_KEPT + 5):
        script.supervisor(ActionDecided(action=f"a{number}", outcome="rejected", by="op-1"), "a", "r")
    audit = script.fleet.audit
    assert len(audit.deeds) == DEEDS_KEPT
    assert audit.deeds[-1].about == f"a/r/a{DEEDS_KEPT + 4}"
    assert audit.cut


@given(logs, st.integers(0, 40))
def test_a_keyframe_keeps_deeds_and_policy(log: list, cut: int) -> None:  # type: ignore[type-arg]
    whole, half = Fleet(), Fleet()
    for number, record in enumerate(log):
        half = decode(encode(half)) if number == cut else half
        for fleet in (whole, half):
            try:
                reduce(fleet, record)
            except IllegalTransitionError:  # left out of both
                fleet.pos = record.pos
    assert whole.audit == half.audit
    assert whole.policy == half.policy
    assert all(isinstance(deed, Deed) for deed in half.audit.deeds)


def test_the_supervisor_records_a_key_before_the_first_word_it_signs_and_once() -> None:
    bench = Bench()
    for _ in range(2):
        bench.intent("hold")
    types = bench.types()
    assert types.count("operator.signed") == 1
    [signed] = [deed for deed in bench.desk.fleet.audit.deeds if deed.did == "sign"]
    assert signed.key.startswith("SHA256:")


def refused(standing: str, key: str = "") -> IntentRefused:
    return IntentRefused(
        intent="i",
        operator="op-1",
        verb="approve",
        outcome="stale",
        reason="r",
        standing=standing,  # type: ignore[arg-type]
        key=key,
    )


def test_a_refusal_stands_under_a_name_and_key_only_where_that_key_signed_it() -> None:
    script = Script()
    script.supervisor(OperatorSigned(operator="op-1", key="SHA256:mine"))
    script.supervisor(refused("signed", "SHA256:other"))
    for standing in ("unsigned", "unknown-key", ""):
        script.supervisor(refused(standing))
    found = [(deed.who, deed.key) for deed in script.fleet.audit.deeds if deed.did == "approve"]
    assert found == [("op-1", "SHA256:other"), *[("op-1 (unsigned)", "")] * 3]


def test_a_first_key_is_said_to_be_the_first() -> None:
    script = Script()
    for key in ("SHA256:old", "SHA256:new"):
        script.supervisor(OperatorSigned(operator="op-1", key=key))
    words = [deed.text for deed in script.fleet.audit.deeds if deed.did == "sign"]
    assert words == ["with a key for the first time", "with another key than before"]


def test_strangers_refusals_push_out_only_each_other() -> None:
    script = Script()
    script.supervisor(ActionDecided(action="mine", outcome="rejected", by="op-1"), "a", "r")
    for _ in range(DEEDS_KEPT * 2):
        script.supervisor(refused("unsigned"))
    audit = script.fleet.audit
    assert "a/r/mine" in [deed.about for deed in audit.deeds]
    assert sum(deed.who == "op-1 (unsigned)" for deed in audit.deeds) == REFUSED_KEPT == len(audit.strange)
    assert audit.cut
    for number in range(DEEDS_KEPT):
        script.supervisor(ActionDecided(action=f"a{number}", outcome="rejected", by="op-1"), "a", "r")
    assert (len(audit.deeds), audit.strange) == (DEEDS_KEPT, [])


def test_the_record_of_a_refusal_says_what_its_signature_was_worth() -> None:
    bench = Bench()
    bench.intent("approve", key=None, agent="a", run="r", action="x")
    assert (bench.last("intent.refused")["standing"], "key" in bench.last("intent.refused")) == (
        "unsigned",
        False,
    )
    bench.intent("approve", agent="a", run="r", action="x")
    last = bench.last("intent.refused")
    assert (last["standing"], last["key"]) == ("signed", OPERATOR.public.fingerprint)

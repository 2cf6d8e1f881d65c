"""The life of an alarm in the reducer: whatever comes, no state is without an exit and nothing stays hidden for ever."""

from __future__ import annotations

import ast
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus import codec
from bus.alarm_records import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmFlood,
    AlarmQuieted,
    AlarmRaised,
    AlarmRemoved,
    AlarmRestored,
    AlarmShelved,
    AlarmSuppressed,
)
from bus.events import Data
from bus.limits import SHELVE_MOST
from bus.records import SupervisorStarted
from console.core.alarms import alarm_load
from console.core.alarms.alarm_groups import folded
from console.core.alarms.alarm_kinds import KINDS, RESPONSE, kind_of
from console.core.fleet.alarm_standing import hidden
from console.core.fleet.alarm_state import Alarm, Load
from console.core.fleet.lifecycle import ALARM, SHOWN, AlarmShown, AlarmState, IllegalTransitionError
from console.core.fleet.state import Fleet, decode, encode
from console.core.reducing.apply_alarm import unhideable
from console.core.reducing.reduce import reduce
from tests import ROOT
from tests.fixtures.floor import Script

_ALARM = st.sampled_from(["loop/a/r", "gap/a/r"])
_RECORDS: st.SearchStrategy[Data] = st.one_of(
    st.builds(
        AlarmRaised,
        alarm=_ALARM,
        kind=st.just("loop"),
        priority=st.integers(1, 3),
        text=st.just("t"),
        latched=st.booleans(),
    ),
    st.builds(AlarmAcknowledged, alarm=_ALARM, by=st.just("op")),
    st.builds(AlarmShelved, alarm=_ALARM, by=st.just("op"), seconds=st.floats(1, SHELVE_MOST)),
    st.builds(AlarmSuppressed, alarm=_ALARM, why=st.just("w")),
    st.builds(AlarmRemoved, alarm=_ALARM, by=st.just("op"), reason=st.just("w")),
    st.builds(AlarmRestored, alarm=_ALARM, by=st.just("clock")),
    st.builds(AlarmQuieted, alarm=_ALARM),
    st.builds(AlarmCleared, alarm=_ALARM, by=st.sampled_from(["", "op"])),
)
_LIVES = st.lists(st.tuples(_RECORDS, st.integers(0, 100)), max_size=40)


def lived(life: list[tuple[Data, int]]) -> Script:
    """A log of alarm records, those left out that are not legal where they stand, with the fleet seen after each."""
    script = Script()
    for data, seconds in life:
        script.tick(seconds)
        before = encode(script.fleet)
        try:
            script.supervisor(data, "a", "r")
        except IllegalTransitionError:
            script.rows.pop()
            assert encode(script.fleet) == before
    return script


def test_the_tables_cover_every_state() -> None:
    assert {state for state, _ in ALARM} == set(get_args(AlarmState))
    assert {shown for shown, _ in SHOWN} == {*SHOWN.values()} == set(get_args(AlarmShown))


def test_an_alarm_is_as_old_as_its_cause_and_a_new_one_begins_anew() -> None:
    """Raised again while it stands it is the old one; after it was over, though shelved and so kept, it is a new one."""
    raised = AlarmRaised(alarm="loop/a/r", kind="loop", priority=2, text="t")
    script = lived([(raised, 0), (AlarmShelved(alarm="loop/a/r", by="op", seconds=900.0), 1), (raised, 10)])
    (alarm,) = script.fleet.alarms.values()
    first = alarm.raised_at
    assert alarm.changed_at > first
    script.supervisor(AlarmAcknowledged(alarm=alarm.id, by="op"), "a", "r")
    script.supervisor(AlarmCleared(alarm=alarm.id), "a", "r")
    assert (alarm.state, alarm.raised_at) == ("normal", first)
    script.tick(60)
    script.supervisor(raised, "a", "r")
    assert (alarm.state, alarm.raised_at, alarm.count) == ("unacknowledged", alarm.changed_at, 3)


@given(_LIVES)
def test_from_anywhere_an_alarm_can_end(life: list[tuple[Data, int]]) -> None:
    raised = AlarmRaised(alarm="loop/a/r", kind="loop", priority=2, text="t")
    script = lived([*life, (raised, 1)])
    assert raised.alarm in script.fleet.alarms
    for name, alarm in list(script.fleet.alarms.items()):
        if alarm.shown != "shown":
            script.supervisor(AlarmRestored(alarm=name, by="op"))
        if name not in script.fleet.alarms:
            continue
        if alarm.chattering:
            script.supervisor(AlarmQuieted(alarm=name))
        if name in script.fleet.alarms:
            script.supervisor(AlarmAcknowledged(alarm=name, by="op"))
        if name in script.fleet.alarms:
            script.supervisor(AlarmCleared(alarm=name, by="op" if alarm.latched else ""))
    assert script.fleet.alarms == {}


@given(_LIVES)
def test_what_must_be_seen_is_never_hidden_by_a_raise_and_a_shelf_has_an_end(
    life: list[tuple[Data, int]],
) -> None:
    script = Script()
    for data, seconds in life:
        script.tick(seconds)
        try:
            script.supervisor(data, "a", "r")
        except IllegalTransitionError:
            continue
        for alarm in script.fleet.alarms.values():
            if isinstance(data, AlarmRaised) and data.alarm == alarm.id:
                assert not (unhideable(alarm) and alarm.shown != "shown")
            if alarm.shown == "shelved":
                assert alarm.shelved_until is not None
                assert alarm.shelved_until <= script.at + SHELVE_MOST * 1000
                assert not hidden(alarm, alarm.shelved_until)
            else:
                assert alarm.shelved_until is None
            assert alarm.state != "normal" or alarm.shown in ("shelved", "out-of-service")


@given(_LIVES)
def test_a_log_with_everything_twice_ends_where_the_log_does(life: list[tuple[Data, int]]) -> None:
    script = lived(life)
    body = encode(script.fleet)
    assert encode(decode(body)) == body
    again = Fleet(site="harbour")
    for row in script.rows:
        record = codec.record(row.pos, row.at, codec.decode_envelope(row.event))
        reduce(again, record)
        assert reduce(again, record) == []
    assert encode(again) == body


def floor(*kinds: str) -> Script:
    script = Script()
    for kind in kinds:
        raised(script, kind)
    return script


def raised(script: Script, kind: str, agent: str = "a", run: str = "r", about: str = "") -> Alarm:
    found = kind_of(kind)
    name = f"{kind}/{agent}/{run}{about}"
    script.supervisor(
        AlarmRaised(alarm=name, kind=kind, priority=found.priority, text=kind, latched=found.latched),
        agent,
        run,
    )
    return script.fleet.alarms[name]


def test_hidden_alarms_live_on_and_come_back_as_they_are() -> None:
    script = Script()
    name = raised(script, "loop").id
    script.supervisor(AlarmShelved(alarm=name, by="op", seconds=900, reason="known"))
    script.supervisor(AlarmCleared(alarm=name))
    assert script.fleet.alarms[name].state == "returned"
    script.supervisor(AlarmAcknowledged(alarm=name, by="op"))
    assert script.fleet.alarms[name].state == "normal"  # the shelf is still there
    assert raised(script, "loop").shown == "shelved"
    script.supervisor(AlarmRestored(alarm=name, by="clock"))
    assert (script.fleet.alarms[name].shown, script.fleet.alarms[name].state) == ("shown", "unacknowledged")


def test_what_is_out_of_service_comes_up_out_of_service_until_it_is_put_back() -> None:
    script = Script()
    name = raised(script, "loop").id
    script.supervisor(AlarmRemoved(alarm=name, by="op", reason="rebuilding"))
    for _ in range(3):
        script.tick(600).supervisor(AlarmCleared(alarm=name))
        assert script.fleet.alarms[name].state == "normal"
        assert raised(script, "loop").shown == "out-of-service"
    script.supervisor(AlarmCleared(alarm=name))
    script.supervisor(AlarmRestored(alarm=name, by="op"))
    assert script.fleet.alarms == {}


def test_a_hidden_alarm_that_becomes_priority_1_is_shown() -> None:
    script = Script()
    name = raised(script, "loop").id
    script.supervisor(AlarmShelved(alarm=name, by="op", seconds=900, reason="known"))
    script.supervisor(AlarmRaised(alarm=name, kind="loop", priority=1, text="worse"), "a", "r")
    assert (script.fleet.alarms[name].shown, script.fleet.alarms[name].hidden_why) == ("shown", "")


def test_what_a_rule_hides_is_counted_and_wakes_nobody() -> None:
    script = Script()
    name = raised(script, "loop").id
    script.supervisor(AlarmSuppressed(alarm=name, why="nightly"))
    assert (script.fleet.load.suppressed, script.fleet.load.raised) == (1, [])
    script.supervisor(AlarmCleared(alarm=name))
    assert script.fleet.alarms == {}  # nobody needs to see that it went


# ---- chattering ------------------------------------------------------------------------------------------------------


def test_an_alarm_that_comes_and_goes_is_one_alarm_until_it_keeps_still() -> None:
    script = Script()
    for _ in range(2):
        name = raised(script, "stalled").id
        script.tick(5).supervisor(AlarmCleared(alarm=name))
    assert not script.fleet.alarms[name].chattering
    assert raised(script, "stalled").chattering
    script.supervisor(AlarmAcknowledged(alarm=name, by="op"))
    new = len(script.fleet.load.raised)
    for _ in range(5):
        script.tick(5).supervisor(AlarmCleared(alarm=name))
        script.tick(5)
        raised(script, "stalled")
    assert script.fleet.alarms[name].state == "acknowledged"  # it asks nobody again
    assert len(script.fleet.load.raised) == new
    script.supervisor(AlarmCleared(alarm=name))
    script.tick(60).supervisor(AlarmQuieted(alarm=name))
    assert script.fleet.alarms == {}


def test_three_rounds_in_more_than_a_minute_are_no_chattering() -> None:
    script = Script()
    for _ in range(6):
        name = raised(script, "stalled").id
        script.tick(30).supervisor(AlarmCleared(alarm=name))
    assert not script.fleet.alarms[name].chattering


# ---- first-out -------------------------------------------------------------------------------------------------------


def groups(script: Script) -> dict[str, list[str]]:
    found = folded(script.fleet.alarms.values())
    return {name: [one.id for one in group[1:]] for name, group in found.items()}


def test_what_follows_from_a_lost_agent_is_folded_under_it() -> None:
    script = Script().tick(120)
    lost = raised(script, "agent-lost", run="").id
    script.tick(20)
    follower = raised(script, "effect-unknown").id
    other = raised(script, "effect-unknown", agent="b").id
    assert groups(script) == {lost: [follower], other: []}


def test_a_lost_link_and_the_start_of_a_supervisor_each_make_one_group() -> None:
    script = Script()
    script.tick(120)
    link = raised(script, "bulk-link", agent="", run="").id
    script.tick(40)
    found = [raised(script, "stalled", agent=f"a{number}").id for number in range(30)]
    assert groups(script) == {link: found}
    script = Script()
    script.start("a9", "r9")
    script.supervisor(SupervisorStarted(epoch="e2"))
    found = [raised(script, "agent-lost", agent=f"a{number}", run="").id for number in range(5)]
    assert groups(script) == {found[0]: found[1:]}
    script.tick(31)
    assert raised(script, "agent-lost", agent="late", run="").first == ""


def test_the_first_supervisor_of_a_site_explains_nothing() -> None:
    script = Script().tick(5)
    for agent in ("a1", "a2"):
        assert raised(script, "agent-lost", agent=agent, run="").first == ""


def test_priority_1_and_what_comes_later_stand_by_themselves() -> None:
    script = Script()
    script.tick(120)
    first = raised(script, "loop")
    worse = raised(script, "ungated-action")
    assert raised(script, "kill-unconfirmed").first == ""
    script.tick(61)
    later = raised(script, "budget")
    assert {first.first, worse.first, later.first} == {""}


def test_followers_whose_first_is_over_are_led_by_the_eldest() -> None:
    script = Script()
    lost = raised(script, "agent-lost", run="").id
    one, two = (raised(script, "effect-unknown", about=about).id for about in ("1", "2"))
    script.supervisor(AlarmAcknowledged(alarm=lost, by="op"))
    script.supervisor(AlarmCleared(alarm=lost))
    assert groups(script) == {one: [two]}


# ---- load ------------------------------------------------------------------------------------------------------------


def test_a_flood_begins_at_ten_for_each_operator_and_ends_below_five() -> None:
    load = Load(raised=list(range(10)))
    assert alarm_load.flooded(load, 600, 1)
    assert not alarm_load.flooded(load, 600, 2)
    load.flood = 10
    load.raised = load.raised[:5]
    assert alarm_load.flooded(load, 600, 1)
    load.raised = load.raised[:4]
    assert not alarm_load.flooded(load, 600, 1)
    assert not alarm_load.flooded(Load(raised=list(range(50)), flood=50), 700_000, 1)


def test_rates_count_what_was_answered_in_time_and_what_waits_too_long() -> None:
    script = floor("loop")
    script.tick(RESPONSE[2] / 1000 + 1).supervisor(AlarmAcknowledged(alarm="loop/a/r", by="op"))
    raised(script, "budget")
    script.tick(60).supervisor(AlarmAcknowledged(alarm="budget/a/r", by="op"))
    raised(script, "drift")
    assert alarm_load.rates(script.fleet, script.at) == (3.0, 1, 2)
    late = script.at + RESPONSE[2] + 1
    assert alarm_load.rates(script.fleet, late).due == 3


@given(st.lists(st.tuples(st.integers(0, 600), st.booleans(), st.integers(0, 4)), min_size=1, max_size=80))
def test_the_time_to_read_is_never_longer_than_since_the_ask_or_the_last_answer(
    decisions: list[tuple[int, bool, int]],
) -> None:
    load, at = Load(), 1_000_000
    for seconds, approved, severity in decisions:
        asked, before = at, at
        at += seconds * 1000
        alarm_load.count_decision(load, "op", at, asked - 5_000, severity, approved=approved)
        assert load.decisions["op"][-1][1] <= max(at - before, 5_000 + seconds * 1000)
    found = alarm_load.approving(load, "op", at)
    assert 0 <= found.recent <= found.an_hour <= len(decisions)
    assert found.accepted is None or 0.0 <= found.accepted <= 1.0


@pytest.mark.parametrize(
    "every, count, severity, rejects, said",
    [
        (25.0, 21, 1, 0, "21 approvals in 10 minutes"),
        (1.0, 10, 1, 0, "within 1.0 s"),
        (60.0, 50, 2, 0, "100% of the last 50"),
        (60.0, 20, 2, 0, ""),
        (60.0, 50, 1, 0, ""),
        (60.0, 50, 3, 5, ""),
    ],
)
def test_rubber_stamping_has_thresholds(
    every: float, count: int, severity: int, rejects: int, said: str
) -> None:
    load, at = Load(), 1_000_000
    for number in range(count):
        at += int(every * 1000)
        alarm_load.count_decision(load, "op", at, 0, severity, approved=number >= rejects)
    assert said in "; ".join(alarm_load.approving(load, "op", at).warnings)
    assert bool(said) == bool(alarm_load.approving(load, "op", at).warnings)


def test_all_that_is_remembered_is_bounded() -> None:
    load = Load()
    for number in range(3_000):
        alarm_load.count_new(load, number)
        alarm_load.cycle(load, f"alarm{number}", number)
        alarm_load.count_decision(load, f"op{number % 500}", number, 0, 2, approved=True)
        alarm_load.count_answer(load, Alarm(id="a", kind="loop", priority=2, text=""), number)
    assert len(load.raised) == alarm_load.RAISED_KEPT
    assert len(load.cycles) == alarm_load.CYCLES_KEPT
    assert len(load.decisions) == alarm_load.OPERATORS_KEPT
    assert len(load.answered) == alarm_load.ANSWERED_KEPT


def test_a_flood_is_a_record() -> None:
    script = Script()
    script.supervisor(AlarmFlood(raised=14))
    assert script.fleet.load.flood == 14
    script.supervisor(AlarmFlood(raised=0))
    assert script.fleet.load.flood == 0


# ---- the table of kinds ----------------------------------------------------------------------------------------------


def _strings() -> tuple[set[str], set[str]]:
    """Every string in what raises alarms, and those that an alarm is raised by."""
    said, called = set(), set()
    for folder in ("supervisor", "core/health"):
        for path in sorted((ROOT / "console" / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    said.add(node.value)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                    first = node.args[0]
                    if node.func.attr == "raise_" and isinstance(first, ast.Constant):
                        called.add(str(first.value))
    return said, called


def test_every_kind_that_is_raised_has_its_sentences_and_every_one_there_is_raised() -> None:
    said, called = _strings()
    assert called <= set(KINDS)
    assert set(KINDS) <= said
    for name, kind in KINDS.items():
        for sentence in (kind.means, kind.do):
            assert sentence.endswith("."), name
            assert sentence.count(". ") == 0, name
        assert kind.priority in RESPONSE
        assert not kind.latched or "reset" in kind.do, name


def test_the_page_has_every_kind() -> None:
    page = (ROOT / "docs" / "alarms.md").read_text("utf-8")
    for name, kind in KINDS.items():
        latched = " latched" if kind.latched else ""
        assert f"| `{name}` | {kind.priority}{latched} | {kind.means} | {kind.do} |" in page

"""Operators and time at the supervisor's desk: what they do to alarms, with the clock in our hands."""

from __future__ import annotations

from pathlib import Path

import pytest

from bus import codec
from bus.canonical import code
from bus.events import ActionProposed, RunFinished, RunStarted
from bus.home import Home
from bus.limits import SHELVE_DEFAULT, SHELVE_MOST
from bus.messages import Intent
from bus.signing import PrivateKey
from console.core.alarms import alarm_load
from console.core.fleet.alarm_state import Alarm
from console.core.fleet.state import decode, encode
from console.policy.files import PolicyFileError
from console.policy.suppressions import Suppressions, load_suppressions
from console.supervisor.alarming.alarms import ALARMS_A_KIND, FROM_STRANGERS
from console.supervisor.process.files import SiteFiles
from tests.fixtures.desk import OPERATOR, TOPICS, Bench

LOOP = "loop/a/r1"


def looping(bench: Bench | None = None) -> Bench:
    bench = bench or Bench()
    bench.desk.alarms.raise_("loop", "the same again", "a", "r1")
    bench.commit()
    return bench


def alarm(bench: Bench, name: str = LOOP) -> Alarm:
    return bench.desk.fleet.alarms[name]


def test_a_shelved_alarm_comes_back_by_itself() -> None:
    bench = looping()
    answer = bench.intent("shelve", alarm=LOOP, seconds=600, reason="known")
    assert answer.accepted
    assert (alarm(bench).shown, alarm(bench).hidden_by, alarm(bench).hidden_why) == (
        "shelved",
        "op-1",
        "known",
    )
    bench.pass_time(599, step=1.0)
    assert alarm(bench).shown == "shelved"
    bench.pass_time(2, step=1.0)
    assert alarm(bench).shown == "shown"
    assert bench.last("alarm.restored") == {"alarm": LOOP, "by": "clock"}


def test_a_shelf_has_a_length_by_default_and_at_most() -> None:
    bench = looping()
    bench.intent("shelve", alarm=LOOP, reason="known")
    assert bench.last("alarm.shelved")["seconds"] == SHELVE_DEFAULT
    bench.intent("shelve", alarm=LOOP, seconds=SHELVE_MOST, reason="known")  # again, and longer
    bench.pass_time(SHELVE_MOST + 1, step=60.0)
    assert alarm(bench).shown == "shown"


def test_a_shelf_ends_under_the_next_supervisor_too() -> None:
    bench = looping()
    bench.intent("shelve", alarm=LOOP, seconds=600, reason="known")
    again = Bench(decode(encode(bench.desk.fleet)), epoch="epoch2")
    again.later(601)
    again.pass_time(1)
    assert alarm(again).shown == "shown"


def test_nobody_hides_what_is_latched_or_of_priority_1() -> None:
    bench = Bench()
    bench.desk.alarms.raise_("gap", "lost", "a", "r1")
    bench.desk.alarms.raise_("recording-failing", "full")
    for name, why in (("gap/a/r1", "latched"), ("recording-failing", "priority 1")):
        for verb in ("shelve", "remove"):
            answer = bench.intent(verb, alarm=name, reason="known")
            assert not answer.accepted
            assert why in answer.text
            assert alarm(bench, name).shown == "shown"


def test_nobody_hides_what_stands_for_many_or_shows_whether_anything_is_seen() -> None:
    bench = Bench()
    for number in range(ALARMS_A_KIND + 1):
        bench.desk.alarms.raise_("agent-lost", "gone", f"agent{number}")
    for kind in ("bulk-link", "alarms-file"):
        bench.desk.alarms.raise_(kind, "broken")
    bench.desk.alarms.suppressions = Suppressions((("agent-lost", "*", "noise"),))
    for name in ("agent-lost/~rest", "bulk-link", "alarms-file"):
        for verb in ("shelve", "remove"):
            assert bench.intent(verb, alarm=name, reason="known").outcome == "illegal"
    bench.pass_time(2)
    assert [alarm(bench, f"agent-lost/{name}").shown for name in ("~rest", "agent0")] == [
        "shown",
        "suppressed",
    ]


@pytest.mark.parametrize("verb", ["shelve", "remove", "reset"])
def test_hiding_needs_a_reason_a_key_and_a_recording(verb: str) -> None:
    bench = looping()
    assert bench.intent(verb, alarm=LOOP, reason=" ").outcome == "illegal"
    assert bench.intent(verb, alarm=LOOP, reason="r", key=None).outcome == "unsigned"
    assert bench.intent(verb, alarm=LOOP, reason="r", key=PrivateKey.generate()).outcome == "unknown-key"
    assert alarm(bench).shown == "shown"
    if verb != "reset":
        bench.desk.recording(failing=True)
        assert bench.intent(verb, alarm=LOOP, reason="r").outcome == "closed"


def test_out_of_service_is_until_somebody_puts_it_back() -> None:
    bench = looping()
    assert bench.intent("remove", alarm=LOOP, reason="being rebuilt").accepted
    bench.desk.alarms.clear("loop", "a", "r1")
    bench.pass_time(SHELVE_MOST * 2, step=600.0)
    looping(bench)
    assert (alarm(bench).shown, alarm(bench).hidden_by) == ("out-of-service", "op-1")
    assert not bench.intent("shelve", alarm=LOOP, reason="r").accepted
    assert bench.intent("restore", alarm=LOOP, operator="op-2").accepted
    assert (alarm(bench).shown, alarm(bench).state) == ("shown", "unacknowledged")
    assert bench.intent("restore", alarm=LOOP).outcome == "conflict"


def test_a_shelf_can_be_ended_early() -> None:
    bench = looping()
    bench.intent("shelve", alarm=LOOP, seconds=600, reason="known")
    assert bench.intent("restore", alarm=LOOP).accepted
    assert alarm(bench).shown == "shown"


def test_what_is_not_so_cannot_be_acknowledged() -> None:
    bench = looping()
    bench.intent("remove", alarm=LOOP, reason="being rebuilt")
    bench.desk.alarms.clear("loop", "a", "r1")
    assert bench.intent("acknowledge", alarm=LOOP).outcome == "conflict"
    assert bench.intent("reset", alarm=LOOP, reason="r").outcome == "conflict"


def test_a_cause_that_is_still_there_cannot_be_reset() -> None:
    """It goes with its cause, under the next supervisor too; of a run that is over an operator may say so."""
    bench = looping()
    bench.event(1, RunStarted())
    bench.desk.bulk(bench.now, up=False)
    bench.desk.alarms.raise_("recording-failing", "full")
    bench.commit()
    for name in (LOOP, "bulk-link", "recording-failing"):
        answer = bench.intent("reset", alarm=name, reason="noise")
        assert (answer.outcome, "still there" in answer.text) == ("illegal", True)
        assert alarm(bench, name).state == "unacknowledged"
    bench.desk.bulk(bench.now, up=True)
    assert bench.intent("reset", alarm="bulk-link", reason="noise").accepted
    bench.event(2, RunFinished(outcome="failed"))
    assert bench.intent("reset", alarm=LOOP, reason="noise").accepted
    again = Bench(decode(encode(bench.desk.fleet)), epoch="epoch2")
    assert alarm(again, "recording-failing").state == "returned"


def test_that_an_agent_is_lost_is_not_reset_while_it_is() -> None:
    """Who knows that it will not come back takes the alarm out of service; one that nobody knows any more can be reset."""
    bench = Bench()
    bench.status("online")
    bench.status("lost")
    answer = bench.intent("reset", alarm="agent-lost/a", reason="I ended its process")
    assert answer.outcome == "illegal"
    assert answer.text == (
        "a is still lost, and the alarm goes when it is back: acknowledge it, "
        "or take it out of service if the agent is not to come back"
    )
    assert alarm(bench, "agent-lost/a").state == "unacknowledged"
    assert bench.intent("acknowledge", alarm="agent-lost/a").accepted
    assert bench.intent("remove", alarm="agent-lost/a", reason="its machine is gone").accepted
    bench.status("online", "inc2", "k2")
    assert bench.last("alarm.restored") == {"alarm": "agent-lost/a", "by": "agent"}
    assert not bench.alarms()  # and the next loss is seen
    bench.desk.alarms.raise_("agent-lost", "gone", "forgotten")
    bench.commit()
    assert bench.intent("reset", alarm="agent-lost/forgotten", reason="long ago").accepted
    assert not bench.alarms()


def test_names_that_nobody_knows_make_one_alarm_after_ten() -> None:
    """Anybody who reaches the broker makes up names; what a known agent sends wrong stands apart all the same."""
    bench = Bench()
    bench.status("online")
    for number in range(50):
        bench.raw(TOPICS.status(f"made-up-{number}"), b"nonsense")
    bench.raw(TOPICS.status("a"), b"nonsense")
    names = [one.id for one in bench.desk.fleet.alarms.values() if one.kind == "bad-input"]
    assert len(names) == FROM_STRANGERS + 2
    assert names[-2:] == ["bad-input/~rest", "bad-input/a"]
    assert alarm(bench, "bad-input/~rest").count == 20  # written at its 1st, 2nd, 5th, 10th, ... time


def test_a_group_is_acknowledged_as_far_as_the_operator_saw_it() -> None:
    bench = Bench()
    bench.pass_time(61, step=1.0)
    bench.desk.alarms.raise_("agent-lost", "gone", "a")
    bench.desk.alarms.raise_("effect-unknown", "x", "a", "r1", about="x")
    bench.commit()
    seen = bench.desk.fleet.pos
    bench.desk.alarms.raise_("effect-unknown", "y", "a", "r1", about="y")
    bench.commit()
    assert bench.intent("acknowledge", alarm="agent-lost/a", group=True, pos=seen).accepted
    states = {name: one.state for name, one in bench.desk.fleet.alarms.items()}
    assert states == {
        "agent-lost/a": "acknowledged",
        "effect-unknown/a/r1/x": "acknowledged",
        "effect-unknown/a/r1/y": "unacknowledged",
    }


def test_a_group_is_acknowledged_where_the_eldest_stands_for_a_first_that_is_gone() -> None:
    """As it is shown; a follower that stands for nobody speaks for itself alone."""
    bench = looping()
    for kind in ("stalled", "error-streak", "no-progress"):
        bench.later(1)
        bench.desk.alarms.raise_(kind, "x", "a", "r1")
    bench.desk.alarms.clear("loop", "a", "r1")
    bench.commit()
    bench.intent("acknowledge", alarm=LOOP)
    assert LOOP not in bench.desk.fleet.alarms

    def states() -> list[str]:
        return [one.state for one in bench.desk.fleet.alarms.values()]

    pos = bench.desk.fleet.pos
    assert bench.intent("acknowledge", alarm="no-progress/a/r1", group=True, pos=pos).accepted
    assert states() == ["unacknowledged", "unacknowledged", "acknowledged"]
    assert bench.intent("acknowledge", alarm="stalled/a/r1", group=True, pos=pos).accepted
    assert states() == ["acknowledged"] * 3


def test_a_shelf_that_ends_under_a_rule_made_meanwhile_stays_hidden() -> None:
    for verb in ("clock", "restore"):
        bench = looping()
        bench.intent("shelve", alarm=LOOP, seconds=5, reason="known")
        bench.desk.alarms.suppressions = Suppressions((("loop", "*", "by design"),))
        bench.pass_time(1)
        if verb == "restore":
            assert bench.intent("restore", alarm=LOOP).accepted
        bench.pass_time(10)
        assert (alarm(bench).shown, alarm(bench).hidden_why) == ("suppressed", "by design")
        assert len(bench.desk.fleet.load.raised) == 1  # as it began; its return woke nobody


# ---- suppressed by design --------------------------------------------------------------------------------------------


def suppressing(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


RULE = '[[suppress]]\nkind = "loop"\nagent = "a*"\nwhy = "polls by design"\n'


def test_a_rule_hides_what_it_names_and_shows_it_when_it_is_gone(tmp_path: Path) -> None:
    bench = looping()
    bench.desk.alarms.suppressions = load_suppressions(suppressing(tmp_path / "alarms.toml", RULE))
    bench.pass_time(1)
    assert (alarm(bench).shown, alarm(bench).hidden_why) == ("suppressed", "polls by design")
    bench.desk.alarms.raise_("loop", "other", "b", "r9")
    bench.desk.alarms.raise_("loop", "new", "a", "r2")
    assert alarm(bench, "loop/b/r9").shown == "shown"
    assert alarm(bench, "loop/a/r2").shown == "suppressed"
    assert bench.desk.fleet.load.suppressed == 2
    assert bench.intent("restore", alarm=LOOP).outcome == "illegal"
    bench.desk.alarms.suppressions = load_suppressions(None)
    bench.pass_time(1)
    assert {one.shown for one in bench.desk.fleet.alarms.values()} == {"shown"}


@pytest.mark.parametrize(
    "text, says",
    [
        ('[[suppress]]\nkind = "gap"\nwhy = "x"', "gap is latched and cannot be suppressed"),
        (
            '[[suppress]]\nkind = "bulk-link"\nwhy = "x"',
            "bulk-link is about all others and cannot be suppressed",
        ),
        ('[[suppress]]\nkind = "recording-failing"\nwhy = "x"', "is of priority 1"),
        ('[[suppress]]\nkind = "lop"\nwhy = "x"', "there is no alarm 'lop'"),
        ('[[suppress]]\nkind = "loop"', "why"),
        ('[[suppress]]\nkind = "loop"\nwhy = ""', "why"),
        ('[[suppress]]\nkind = "loop"\nwhy = "x"\nagents = "a"', "agents"),
        ('suppress = "loop"', "[[suppress]]"),
    ],
)
def test_a_broken_rule_is_one_clear_line(tmp_path: Path, text: str, says: str) -> None:
    path = suppressing(tmp_path / "alarms.toml", text)
    with pytest.raises(PolicyFileError) as caught:
        load_suppressions(path)
    assert says in str(caught.value)
    assert "alarms.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_edits_of_the_file_are_put_in_force_and_broken_ones_are_an_alarm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHFLOOR_HOME", str(tmp_path))
    home = Home.of("site")
    home.config.mkdir(parents=True)
    bench, files = looping(), SiteFiles(home)

    def look() -> None:
        files.tick(bench.desk, bench.now)
        bench.pass_time(1.5)

    look()
    assert alarm(bench).shown == "shown"
    suppressing(home.alarms, RULE)
    look()
    assert alarm(bench).shown == "suppressed"
    suppressing(home.alarms, "[[suppress]]\nkind = 3")
    look()
    assert alarm(bench).shown == "suppressed"
    assert "last good version stays" in alarm(bench, "alarms-file").text
    suppressing(home.alarms, "")
    look()
    look()
    assert alarm(bench).shown == "shown"
    assert alarm(bench, "alarms-file").state == "returned"


# ---- what time does --------------------------------------------------------------------------------------------------


def test_an_unseen_alarm_of_priority_1_is_escalated_once_at_half_its_window() -> None:
    bench = looping()
    bench.desk.alarms.raise_("recording-failing", "full")
    bench.pass_time(149, step=1.0)
    assert "alarm.escalated" not in bench.types()
    bench.pass_time(3, step=1.0)
    assert "alarm.escalated" in bench.types()
    bench.pass_time(400, step=1.0)
    assert bench.types().count("alarm.escalated") == 1
    assert alarm(bench, "recording-failing").escalated_at is not None
    assert alarm(bench).escalated_at is None
    bench = Bench()
    bench.desk.alarms.raise_("recording-failing", "full")
    bench.intent("acknowledge", alarm="recording-failing")
    bench.pass_time(400, step=1.0)
    assert "alarm.escalated" not in bench.types()


def asked(bench: Bench, number: int = 1) -> None:
    if number == 1:
        bench.status("online")
        bench.event(1, RunStarted())
    bench.event(number + 1, ActionProposed(action=f"a{number}", tool="pay", args={"n": number}))


def test_an_ask_is_escalated_once_at_half_of_its_time() -> None:
    bench = Bench()
    asked(bench)
    within = bench.run().actions["a1"].decide_within
    bench.pass_time(within / 2 - 2, step=1.0)
    assert "action.escalated" not in bench.types()
    bench.pass_time(4, step=1.0)
    assert bench.types().count("action.escalated") == 1
    assert bench.run().actions["a1"].escalated_at is not None


def test_a_chattering_alarm_is_quiet_again_after_a_minute() -> None:
    bench = Bench()
    for _ in range(4):
        looping(bench)
        bench.pass_time(2)
        bench.desk.alarms.clear("loop", "a", "r1")
        bench.pass_time(2)
    assert (alarm(bench).chattering, alarm(bench).gone) == (True, True)
    bench.pass_time(62, step=1.0)
    assert (alarm(bench).chattering, alarm(bench).state) == (False, "returned")


def test_a_flood_begins_and_ends_in_the_log() -> None:
    bench = Bench()
    for number in range(10):
        bench.desk.alarms.raise_("loop", "again", "a", f"r{number}0")
        bench.pass_time(61, step=1.0)
    assert bench.last("alarm.flood")["raised"] == 10
    bench.pass_time(600, step=1.0)
    assert bench.last("alarm.flood")["raised"] == 0
    assert bench.types().count("alarm.flood") == 2


def test_strangers_on_the_list_do_not_share_the_alarms_of_those_who_answer() -> None:
    bench = Bench()
    for number in range(5):
        said = Intent(verb="watch", id=f"w{number}", operator=f"x{number}", console=f"c{number}")
        bench.raw(TOPICS.intents(said.operator), codec.encode(said))
    assert len(bench.desk.fleet.operators) == 5
    for number in range(10):
        bench.desk.alarms.raise_("loop", "again", "a", f"r{number}")
    bench.pass_time(2)
    assert bench.desk.fleet.load.flood == 10


def test_who_approves_faster_than_anybody_reads_is_named_until_it_is_over() -> None:
    bench = Bench()
    for number in range(1, 12):
        asked(bench, number)
        bench.pass_time(1.0)
        action = bench.run().actions[f"a{number}"]
        assert action.state == "asked", action
        bench.intent("approve", **bench.about(action), code=code(action.digest))
    bench.pass_time(2)
    found = alarm(bench, "rubber-stamping/op-1")
    assert "half of the last 10 approvals" in found.text
    assert found.state == "unacknowledged"
    bench.pass_time(3_700, step=10.0)
    assert alarm(bench, "rubber-stamping/op-1").state == "returned"


def test_strangers_do_not_take_the_place_of_what_an_operator_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarm_load, "OPERATORS_KEPT", 1)
    bench = Bench()
    for number, (name, key) in enumerate((("op-1", OPERATOR), ("nobody", None)), 1):
        asked(bench, number)
        about = bench.about(bench.run().actions[f"a{number}"])
        assert bench.intent("reject", key=key, operator=name, **about).accepted
    assert list(bench.desk.fleet.load.decisions) == ["op-1"]


def test_rubber_stamping_is_over_where_nothing_is_known_of_the_operator_any_more() -> None:
    bench = Bench()
    bench.desk.alarms.raise_("rubber-stamping", "op-1: too fast", about="op-1")
    bench.pass_time(2)
    assert alarm(bench, "rubber-stamping/op-1").state == "returned"

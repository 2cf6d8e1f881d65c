"""The console's pure parts: arguments shown exactly, figures, order and attention."""

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.messages import Verb
from bus.sdk.values import BLOB as SDK_BLOB
from bus.sdk.values import arguments as sdk_arguments
from console.core.blobs import BLOB, blob_names
from console.core.fleet.state import Run
from console.tui.drawing import figures
from console.tui.drawing.paint import Row, cut, text_of, width_of
from console.tui.floor.index import FleetIndex
from console.tui.floor.items import Item
from console.tui.keys.actions import ACTIONS, Mode, find, offered
from console.tui.rows import arguments
from console.tui.rows.arguments import ArgumentError
from console.tui.rows.frame_rows import NOWHERE, _link, key_line, offers
from console.tui.source import UNSEEN
from tests.fixtures.floor import busy, calm

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
)
JSON = st.recursive(
    SCALARS | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)
ARGUMENTS = st.dictionaries(st.text(max_size=8), JSON, max_size=4)


@given(first=SCALARS | st.text(), second=SCALARS | st.text())
def test_two_values_that_differ_never_look_the_same(first: Any, second: Any) -> None:
    if json.dumps(first) != json.dumps(second):
        assert arguments.exact(first) != arguments.exact(second)


@given(args=ARGUMENTS)
def test_every_leaf_is_shown_and_every_sign_of_it_is_printable(args: dict[str, Any]) -> None:
    run = Run(agent="a", run="r")
    leaves = arguments.leaves(args)
    shown = arguments.pieces(args, run, 20, unfolded=True)
    assert all(piece.text.isprintable() and piece.path.isprintable() for piece in shown)
    for number, leaf in enumerate(leaves):
        if leaf.blob is None:
            assert "".join(piece.text for piece in shown if piece.leaf == number) == leaf.value


@given(args=ARGUMENTS)
def test_different_arguments_have_different_leaves(args: dict[str, Any]) -> None:
    other = {**args, "one more": 1}
    assert arguments.leaves(args) != arguments.leaves(other)


@given(args=ARGUMENTS)
def test_what_is_edited_and_not_changed_is_the_same(args: dict[str, Any]) -> None:
    text = arguments.editable(args)
    assert text.replace("\n", "").isprintable()
    assert arguments.parse(text) == args


@pytest.mark.parametrize(
    "text", ["", "[]", "1", '{"a": 1,}', '{"a": 1, "a": 2}', '{"a": NaN}', "[" * 100_000, "{"]
)
def test_what_is_no_set_of_arguments_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ArgumentError) as error:
        arguments.parse(text)
    assert "\n" not in str(error.value)


def test_a_word_of_two_scripts_is_shown_as_escapes() -> None:
    (leaf,) = arguments.leaves({"to": "p\u0430y@bank.example"})
    assert leaf.odd
    assert leaf.value == '"p\\u0430y@bank.example"'
    (leaf,) = arguments.leaves({"name": "Привет Müller"})
    assert (leaf.odd, leaf.value) == (False, "Привет Müller")


@given(first=st.text(), second=st.text())
def test_a_reference_hides_nothing_that_stands_beside_it(first: str, second: str) -> None:
    args = {"a": {"$blob": first, "bytes": 5, "to": second}}
    assert [leaf.path for leaf in arguments.leaves(args)] == ["a", "a.to"]
    for name in (first + "x", first.replace(" ", "  "), first + " "):
        other = {"a": {"$blob": name, "bytes": 5, "to": second}}
        assert name == first or arguments.leaves(args) != arguments.leaves(other)
    shown = arguments.pieces(args, Run(agent="a", run="r"), 30, unfolded=False)
    assert all(piece.text.isprintable() for piece in shown)


@pytest.mark.parametrize("args", [{"text": "é" * 20_000}, {"rows": [list(range(400))] * 40}])
def test_what_the_sdk_sends_apart_is_told_to_be_unseen(args: dict[str, Any]) -> None:
    sent = sdk_arguments({"to": "x", **args})
    ((sha256, data),) = sent.blobs.items()
    (name,) = args
    assert blob_names(sent.wire) == [sha256]
    run = Run(agent="a", run="r")
    for have, here in ((0, "0 of ? parts"), (1, "1 of 2 parts"), (2, "all 2 parts")):
        run.blobs = {sha256: [have, 2]} if have else {}
        assert arguments.incomplete(sent.wire, run) is (have < 2)
        shown = [
            piece for piece in arguments.pieces(sent.wire, run, 40, unfolded=False) if piece.path == name
        ]
        assert all(piece.odd and len(piece.text) <= 40 for piece in shown)
        words = "".join(piece.text for piece in shown)
        assert (
            f"{len(data)} bytes, sent apart: not shown here, watchfloor blob ACTION shows it; {here}" in words
        )
        assert sha256 in words
    assert arguments.telling(sent.wire) == "x"
    assert BLOB == SDK_BLOB


def test_long_values_are_folded_and_unfold_whole() -> None:
    run, args = Run(agent="a", run="r"), {"body": "word " * 200, "to": "x"}
    folded = arguments.pieces(args, run, 60, unfolded=False)
    assert [piece.fold != "" for piece in folded] == [False, False, True, False]
    assert len(arguments.pieces(args, run, 60, unfolded=True)) > 15


@pytest.mark.parametrize(
    "ms, expected",
    [(0, "0:00"), (-5, "0:00"), (42_000, "0:42"), (119_999, "1:59"), (120_000, "2m"), (3_900_000, "1h05m")],
)
def test_time_left_has_a_colon_only_when_seconds_count(ms: int, expected: str) -> None:
    assert figures.left(ms) == expected


def test_a_short_id_is_its_end_and_says_that_it_is_cut() -> None:
    assert (figures.short("7q4f"), figures.shown("7q4f")) == ("7q4f", "7q4f")
    assert (figures.short("airline-task-31"), figures.shown("airline-task-31")) == ("k-31", "…k-31")


@given(text=st.text(max_size=30), cells=st.integers(0, 20))
def test_a_row_keeps_its_columns_whatever_stands_in_it(text: str, cells: int) -> None:
    row = Row().at(3, text, end=20).right(40, ("end", "text"))
    assert width_of(row.line) == 41
    assert text_of(row.line).isprintable()
    assert width_of(Row().at(0, cut("x" + text if text.isprintable() else "x", cells)).line) <= max(cells, 0)


# ---- the actions table -------------------------------------------------------------------------------------------------


def test_no_key_confirms_what_it_initiated_and_enter_confirms_nothing() -> None:
    by_id = {action.id: action for action in ACTIONS}
    confirming = [action for action in ACTIONS if action.confirms]
    assert {name for action in confirming for name in action.confirms} >= {
        "approve",
        "kill",
        "hold_all",
        "edit",
        "respond",
    }
    for action in confirming:
        for initiator in action.confirms:
            assert not set(action.keys) & set(by_id[initiator].keys)
    assert [action.id for action in ACTIONS if "enter" in action.keys and action.acting] == []


def test_a_key_means_one_thing_in_a_mode() -> None:
    modes = {mode for action in ACTIONS for mode in action.modes}
    for mode in modes:
        for replay in (False, True):
            offers = offered(mode, read_only=False, replay=replay)  # type: ignore[arg-type]
            keys = [key for action in offers for key in action.keys]
            assert len(keys) == len(set(keys)), (mode, replay)


def test_no_key_is_one_that_multiplexers_or_flow_control_eat() -> None:
    eaten = {"ctrl+s", "ctrl+j", "ctrl+o", "ctrl+b", "ctrl+a", "ctrl+z", "ctrl+m", "ctrl+i"}
    assert not eaten & {key for action in ACTIONS if not action.typed for key in action.keys}
    assert {action.id for action in ACTIONS if "ctrl+q" in action.keys} == {"how_to_quit"}


@pytest.mark.parametrize("mode", ["approve", "code", "kill", "hold", "words"])
def test_sheets_offer_a_way_out_and_no_movement(mode: Mode) -> None:
    assert find(mode, "escape", read_only=False)
    assert not find(mode, "enter", read_only=False)


def test_read_only_has_no_acting_keys_at_all() -> None:
    assert [
        action.id
        for mode in ("fleet", "queue", "run", "decide", "alarms")
        for action in offered(mode, read_only=True)
        if action.acting
    ] == []


def test_the_key_line_fits_and_keeps_what_is_safe() -> None:
    for mode in (
        "fleet",
        "queue",
        "filter",
        "commands",
        "run",
        "decide",
        "alarms",
        "approve",
        "code",
        "kill",
        "hold",
        "words",
        "edit",
        "help",
    ):
        line = text_of(key_line(offers(mode, NOWHERE, typed="7q4f"), lambda _: ""))
        assert len(line) <= 79
        for action in offered(mode, read_only=False):
            assert not action.safe or action.label in line


# ---- order and attention -----------------------------------------------------------------------------------------------


def kinds(items: list[Item]) -> list[tuple[str, str]]:
    return [(item.kind, item.key) for item in items if item.kind != "blank"]


def test_the_fleet_is_ordered_by_who_needs_a_person() -> None:
    script = busy()
    index = FleetIndex(script.fleet)
    index.update(script.at)
    assert kinds(index.items(())) == [
        ("head", "waits"),
        ("wait", "refunds/7q4f/a1"),
        ("wait", "refunds/7q51/a2"),
        ("wait", "janitor/c0xe/a3"),
        ("head", "ill"),
        ("ill", "reader/44zz"),
        ("ill", "researcher/p81a"),
        ("ill", "mover/k2m9"),
        ("head", "well"),
        ("agent", "crawler"),
        ("agent", "deployer"),
        ("run", "indexer/44zt"),
        ("agent", "triage"),
        ("head", "rest"),
        ("rest", "mover/k2m4"),
        ("rest", "mover/k2m1"),
    ]


def test_an_index_that_followed_equals_one_made_at_the_end() -> None:
    script = calm()
    followed = FleetIndex(script.fleet)
    script.listeners.append(followed.hear)
    script.start("late", "l1")
    for number in range(1, 6):
        followed.update(script.at)
        script.step("late", "l1", number, "look", 0.9 - number / 10)
    script.ask("late", "l1", "a1", "send", {"to": "x"})
    followed.update(script.at)
    script.decide("late", "l1", "a1", "rejected")
    script.alarm("stuck", "no step for 2 minutes", 1, "late", "l1")
    followed.update(script.at)
    made = FleetIndex(script.fleet)
    made.update(script.at)
    assert followed.items(()) == made.items(())
    assert followed.counts(script.at) == made.counts(script.at)
    found = followed.plight("late/l1")
    assert found is not None
    assert (found.level, found.fact) == ("stop", "no step for 2 minutes")


def test_a_failed_run_rests_after_a_while() -> None:
    script = calm()
    script.start("f", "f1")
    script.finish("f", "f1", "failed", "disk full")
    index = FleetIndex(script.fleet)
    index.update(script.at)
    assert Item("ill", "f/f1") in index.items(())
    index.update(script.at + 11 * 60_000)
    assert Item("rest", "f/f1") in index.items(())


def test_verbs_of_the_console_are_verbs_of_the_bus() -> None:
    assert {"approve", "edit", "reject", "respond", "pause", "resume", "hold", "kill"} <= set(get_args(Verb))


def test_of_a_supervisor_never_heard_nothing_is_said_about_its_recording() -> None:
    nobody = UNSEEN._replace(bus="up")
    assert [words for words, _ in _link(nobody)] == ["bus ok", "joining", "rec ?"]
    joining = nobody._replace(supervisor="up")
    assert [words for words, _ in _link(joining)] == ["bus ok", "joining", "rec ok"]

"""Grants, pure: which calls are alike, and that no grant covers what is judged otherwise or goes elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.judging import grants
from console.core.judging.gate_table import GATES
from console.core.judging.grants import Grant, alike, covers, destinations, offer
from console.core.judging.risk import Assessment
from console.core.provenance.suspicion import Origin, Suspicion

TOOL = "post_note"
VALUES = st.sampled_from(
    ["ops", "all", 1, 2, True, None, ["a"], ["a", "b"], [], {}, {"to": "a"}, "a@b.example"]
)
TEXTS = st.sampled_from(["hello", "hello there", "see https://evil.example/x", "write to a@b.example", ""])
ARGS = st.fixed_dictionaries({"text": TEXTS}, optional={"channel": VALUES, "to": VALUES, "Body": TEXTS})
JUDGED = st.builds(
    Assessment,
    severity=st.integers(0, 4),
    failure_bp=st.integers(0, 10_000),
    gate=st.sampled_from(GATES),
    reasons=st.just([]),
    apart=st.lists(st.sampled_from(["first-use", "gap", "rule:x", "confidence", "doubt"]), max_size=2),
)
SUSPICIONS = st.none() | st.builds(
    Suspicion,
    origins=st.lists(
        st.builds(Origin, path=st.just("to"), kind=st.sampled_from(["said", "text", "made", "inherited"]))
    ),
    points=st.floats(-2, 5),
    terms=st.lists(st.sampled_from([("told", 2.5), ("demanded", 2.0), ("unasked", 1.5)])),
    touches=st.booleans(),
)


def granted(args: dict[str, Any], tool: str = TOOL) -> Grant:
    return Grant(id="g", agent="a", run="r", action="x", tool=tool, alike=alike(tool, args))


def without_text(args: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in args.items() if name not in ("text", "Body")}


def names(args: dict[str, Any]) -> list[set[str]]:
    """The addresses in the texts, found by looking for those that the strategies put there."""
    known = ("https://evil.example/x", "a@b.example")
    return [{one for one in known if one in args[name]} for name in ("text", "Body") if name in args]


@given(ARGS, ARGS, JUDGED, SUSPICIONS)
def test_a_grant_covers_no_other_destination_and_nothing_judged_otherwise(
    first: dict[str, Any], second: dict[str, Any], judged: Assessment, suspicion: Suspicion | None
) -> None:
    """Whatever was granted: what is covered would be asked by the table alone, and differs in nothing but free text."""
    if not covers(granted(first), TOOL, second, judged, suspicion):
        return
    assert judged.gate == "ask"
    assert judged.severity <= 2
    assert judged.apart == []
    assert suspicion is None or not any(origin.suspect for origin in suspicion.origins)
    assert repr(without_text(first)) == repr(without_text(second))
    assert names(first) == names(second)


ASKED = Assessment(severity=2, failure_bp=2_000, gate="ask", reasons=[])


@given(ARGS, TEXTS)
def test_other_words_to_the_same_place_are_covered(args: dict[str, Any], text: str) -> None:
    """Else a grant would be of no use; with other addresses in the words it is another place."""
    other = args | {"text": text}
    assert covers(granted(args), TOOL, other, ASKED, None) == (names(args) == names(other))


@pytest.mark.parametrize("tool", ["transfer_money", "grant_access", "delete_note", "reset_password"])
def test_money_rights_and_what_destroys_are_never_granted(tool: str) -> None:
    """By their names, whatever a catalogue says of their severity."""
    args = {"channel": "ops", "text": "hello"}
    assert offer(TOOL, args, ASKED, None) is not None
    assert offer(tool, args, ASKED, None) is None
    assert not covers(granted(args, tool), tool, args, ASKED, None)


def test_what_somebody_else_wishes_is_neither_offered_nor_covered() -> None:
    """However alike the call is: its destination came out of a text that a stranger wrote."""
    args = {"to": "a@b.example", "text": "hello"}
    wish = Suspicion(
        origins=[Origin(path="to", kind="text")], points=3.0, terms=[("unasked", 1.5)], touches=True
    )
    assert offer(TOOL, args, ASKED, Suspicion()) is not None
    assert offer(TOOL, args, ASKED, wish) is None
    assert covers(granted(args), TOOL, args, ASKED, Suspicion())
    assert not covers(granted(args), TOOL, args, ASKED, wish)


@pytest.mark.parametrize(
    "severity, gate, tool, why",
    [
        (3, "ask", TOOL, "it is S3, and from S3 on each is asked for by itself"),
        (2, "hold", TOOL, "its gate is hold, and only an ask can be"),
        (2, "ask", "transfer_money", "calls that touch money"),
        (2, "ask", TOOL, "its values, or what asks for it"),
        (None, "ask", TOOL, "its values, or what asks for it"),
    ],
)
def test_why_an_action_can_be_approved_once_only(
    severity: int | None, gate: str, tool: str, why: str
) -> None:
    assert grants.once_because(tool, {"channel": "ops"}, severity, gate).startswith(why)


@pytest.mark.parametrize(
    "args, why",
    [
        ({"text": {"$blob": "a" * 64}}, "it has large values"),
        ({"text": "hello"}, "no argument of it says where"),
    ],
)
def test_of_why_it_can_be_approved_once_only_the_one_that_holds_is_said(
    args: dict[str, Any], why: str
) -> None:
    assert grants.once_because(TOOL, args, 2, "ask").startswith(why)


def test_what_names_no_destination_is_not_offered() -> None:
    """A grant for any words whatever would be one for the tool as a whole."""
    assert offer(TOOL, {"text": "hello", "loud": True}, ASKED, None) is None


def test_a_text_that_was_left_out_cannot_be_imitated() -> None:
    """An agent that sends the stand-in itself has sent another value."""
    assert alike(TOOL, {"text": ""}) != alike(TOOL, {"text": ["text"]})
    assert alike(TOOL, {"text": "", "to": ["a"]}) != alike(TOOL, {"text": "", "to": ["a", "b"]})
    assert alike(TOOL, {"a": {"b": 1}}) != alike(TOOL, {"a.b": 1})
    assert alike(TOOL, {"x": 1}) != alike("other", {"x": 1})


def test_destinations_are_told_for_people_bounded_and_clean() -> None:
    """Paths and values; addresses in texts; no control byte."""
    args = {"to": ["a@b.example"], "text": "see www.x.example/y", "evil": "\x1b[2J", "n": 3, "ok": True}
    told = destinations(args)
    assert told[0] == "to.0=a@b.example"
    assert "n=3" in told
    assert any("x.example" in one for one in told)
    assert not any("\x1b" in one for one in told)
    assert len(destinations({f"k{number}": number for number in range(100)})) == 16


@pytest.mark.parametrize(
    "change, why",
    [
        ({"used": 20}, "uses"),
        ({"at": 5_000}, "minutes"),
        ({"at": -4_000_000}, "minutes"),
        ({"version": "2"}, "version"),
    ],
)
def test_why_a_grant_is_over(change: dict[str, Any], why: str) -> None:
    """Uses, time in both directions, version."""
    grant = granted({"x": 1})
    assert grant.over("", 10) == ""
    for name, value in change.items():
        setattr(grant, name, value)
    assert why in grant.over("", 10)


def test_blobs_are_never_granted() -> None:
    """What was sent apart is not in the arguments that are compared."""
    args = {"channel": "ops", "text": {"$blob": "0" * 64, "bytes": 5}}
    from console.core.blobs import blob_names

    assert blob_names(args)
    assert offer(TOOL, args, ASKED, None) is None
    assert grants.SEVERITY_MOST == 2

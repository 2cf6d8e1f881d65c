"""What an operator approves is what he saw: the digest is derived from the arguments shown, not believed."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bus.canonical import digest
from console.core.fleet.binding import unbound
from console.core.fleet.state import Action
from tests.fixtures.console import console
from tests.fixtures.floor import Script

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
ARGUMENTS = st.dictionaries(st.text(max_size=5), VALUES, max_size=4)


def an_action(args: dict[str, Any], tool: str = "pay", bound: str | None = None) -> Action:
    return Action(id="x", agent="a", run="r", tool=tool, args=args, digest=bound or digest(tool, args))


@given(ARGUMENTS, ARGUMENTS)
def test_only_the_arguments_of_the_digest_are_bound_by_it(
    args: dict[str, Any], others: dict[str, Any]
) -> None:
    assert unbound(an_action(args)) == ""
    shown = an_action(others, bound=digest("pay", args))
    assert bool(unbound(shown)) == (digest("pay", others) != digest("pay", args))


def test_another_tool_or_a_number_without_a_form_is_not_bound() -> None:
    args = {"eur": 5}
    assert unbound(an_action(args, tool="pay_all", bound=digest("pay", args)))
    assert "no canonical form" in unbound(an_action({"eur": 2**60}, bound="0" * 64))


async def test_a_forged_display_is_not_offered_for_approval() -> None:
    script = Script()
    script.start("refunds", "r1", "Refund")
    script.ask("refunds", "r1", "a1", "pay", {"to": "mallory", "eur": 99_999}, gate="hold")
    script.fleet.runs["refunds/r1"].actions["a1"].args = {
        "to": "alice",
        "eur": 5,
    }  # as a forged keyframe would
    async with console(script) as shown:
        await shown.press("enter", "a")
        assert "not offered: its digest is not that of the arguments shown" in shown.text()
        await shown.press("y")
        assert shown.said == []

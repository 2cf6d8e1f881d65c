"""The state tables: every state can be reached and what ends stays ended."""

from __future__ import annotations

from typing import get_args

import pytest

from bus.events import RunState
from console.core.fleet.lifecycle import (
    ACTION,
    ALARM,
    COMMAND,
    ENDED,
    RUN,
    ActionState,
    AlarmState,
    CommandState,
    IllegalTransitionError,
    advance,
)


def test_nothing_leaves_an_end() -> None:
    """A finished run stays finished."""
    assert not [state for state, _ in RUN if state in ENDED]


@pytest.mark.parametrize(
    "table, states, start",
    [
        (RUN, get_args(RunState), "submitted"),
        (ACTION, set(get_args(ActionState)) - {"ungated"}, "proposed"),
        (COMMAND, get_args(CommandState), "requested"),
        (ALARM, get_args(AlarmState), "normal"),
    ],
    ids=["run", "action", "command", "alarm"],
)
def test_every_state_can_be_reached(table: dict[tuple[str, str], str], states: set[str], start: str) -> None:
    """From the first state, through the table alone."""
    reached = {start}
    while more := {end for (state, _), end in table.items() if state in reached} - reached:
        reached |= more
    assert reached == set(states)


def test_an_illegal_transition_raises() -> None:
    """And says what was tried where."""
    with pytest.raises(IllegalTransitionError, match="'work' is not possible in state 'killed'"):
        advance(RUN, "killed", "work")


def test_no_way_from_denied_to_started() -> None:
    """The table itself holds the first invariant: only `allowed` starts."""
    assert {state for (state, event), end in ACTION.items() if end == "started"} == {"allowed"}

"""Many consoles on one floor: all show the same, and of two answers to one ask one wins and the other is told."""

from __future__ import annotations

import re
import signal
import sys
from asyncio import to_thread
from collections.abc import Iterable
from itertools import cycle
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.consoles.floor import ALLOWING, SOON, ConsolesFloor, Said, check_obeyed, decisions
from tests.fixtures.fleet_keys import CHECK, choose, fleet, number_becomes
from tests.fixtures.terminal import Terminal

pytestmark = [
    pytest.mark.pty,
    pytest.mark.broker,
    pytest.mark.skipif(sys.platform == "win32", reason="no pty"),
]

ROUNDS: Final = (
    ("approve", "reject"),
    ("approve", "approve"),
    ("reject", "approve"),
    ("edit", "approve"),
    ("reject", "edit"),
)
OUTCOMES: Final = {"approve": "approved", "reject": "rejected", "edit": "edited"}
LAST_KEY: Final = {"approve": "y", "reject": "d", "edit": "y"}

AGES: Final = re.compile(r"\b\d+(ms|s|m|h|d)\b|[━─]{8}")


class Won(NamedTuple):
    """Who won an ask, with what, and who lost it."""

    action: str
    outcome: str
    by: str
    loser: str


def floor_of(screen: Terminal) -> list[str]:
    """What a fleet shows, without what is each console's own (who, cursor, note) and without ages."""
    return [" ".join(AGES.sub("#", line.replace("▌", " ")).split()) for line in screen.lines[1:-2]]


def all_show_the_same(screens: Iterable[Terminal], *words: str) -> None:
    """Wait until every screen has the same rows, with these words in them."""
    screens = list(screens)

    def same() -> bool:
        for screen in screens:
            screen.look()
        first = floor_of(screens[0])
        told = "\n".join(first)
        return all(word in told for word in words) and all(floor_of(screen) == first for screen in screens)

    screens[0].until(lambda _: same(), f"the same floor on {len(screens)} screens, with {words}", SOON)


def ready(screen: Terminal, verb: str) -> None:
    """Open the ask and go on until one key is left."""
    choose(screen, "post", "ask")
    screen.press_until("\r", "› Decide")
    if verb == "approve":
        screen.press_until("a", "exactly these arguments")
    elif verb == "edit":
        screen.press_until("e", "as JSON")
        number_becomes(screen, "0,")
        screen.press_until(CHECK, "the changed arguments")


async def answer_at_once(floor: ConsolesFloor, pair: dict[str, Terminal], verbs: tuple[str, str]) -> Won:
    """Both answer while the supervisor stands still, so that neither can know: one wins, the other is told by whom."""
    action = await floor.asks("post")
    screens = list(pair.values())
    for screen, verb in zip(screens, verbs, strict=True):
        await to_thread(ready, screen, verb)
    floor.site.send("supervisor", signal.SIGSTOP)
    try:
        for screen, verb in zip(screens, verbs, strict=True):
            screen.press(LAST_KEY[verb])
        for screen in screens:
            await to_thread(screen.shows, "no answer yet")
    finally:
        floor.site.send("supervisor", signal.SIGCONT)
    told = [
        await to_thread(screen.until, lambda text: re.search("recorded as|conflict", text), "an answer")
        for screen in screens
    ]
    first = "conflict" not in told[0]
    won, lost = (0, 1) if first else (1, 0)
    winner, outcome = list(pair)[won], OUTCOMES[verbs[won]]
    assert f"recorded as {outcome}" in told[won]
    assert f"conflict, {outcome} by {winner} before" in told[lost]
    return Won(f"{action.run}/{action.id}", outcome, winner, list(pair)[lost])


async def lived(root: Path, consoles: int, rounds: int) -> None:
    """Let so many consoles live on a floor of which two answer the same ask, round by round."""
    operators = [f"op-{number}" for number in range(consoles)]
    async with ConsolesFloor(root, operators) as floor:
        screens = {operator: floor.console(operator) for operator in operators}
        for screen in screens.values():
            await to_thread(screen.shows, "rec ok", SOON)
        await to_thread(all_show_the_same, screens.values(), "send_letter", "wire_money")
        outcomes = []
        for number, verbs in zip(range(rounds), cycle(ROUNDS), strict=False):
            two = [operators[(2 * number + side) % consoles] for side in (0, 1)]
            outcomes.append(await answer_at_once(floor, {name: screens[name] for name in two}, verbs))
            for name in two:
                await to_thread(fleet, screens[name])
            await floor.asks("post", beyond=outcomes[-1].action.partition("/")[2])
            await to_thread(all_show_the_same, screens.values(), "send_letter", "wire_money")
        assert sorted(floor.floor.fleet.operators.values()) == operators
        for screen in screens.values():
            screen.press("q")
        assert [await to_thread(screen.ended) for screen in screens.values()] == [0] * consoles
        for operator in operators:
            await floor.leaves(operator)
        await floor.site.stop()
        check(await floor.recorded(), floor.effects(), outcomes)


def check(records: list[Said], effects: list[tuple[str, str, str]], outcomes: list[Won]) -> None:
    """One decision an ask, the winner's; one refusal, the loser's; done once what was allowed."""
    made = decisions(records)
    assert {name: (data["outcome"], data["by"]) for name, data in made.items()} == {
        won.action: (won.outcome, won.by) for won in outcomes
    }
    refused = [
        (f"{said.run.partition('/')[2]}/{said.data['action']}", said.data["operator"], said.data["outcome"])
        for said in records
        if said.type == "intent.refused"
    ]
    assert refused == [(won.action, won.loser, "conflict") for won in outcomes]
    check_obeyed(records, effects)
    assert len(effects) == sum(won.outcome in ALLOWING for won in outcomes)


@pytest.mark.timeout(600)
async def test_of_two_answers_to_one_ask_one_wins_and_the_other_is_told(tmp_path: Path) -> None:
    await lived(tmp_path, consoles=3, rounds=1)


@pytest.mark.slow
@pytest.mark.timeout(1_200)
async def test_ten_consoles_show_one_floor_and_answer_in_pairs(tmp_path: Path) -> None:
    await lived(tmp_path, consoles=10, rounds=10)

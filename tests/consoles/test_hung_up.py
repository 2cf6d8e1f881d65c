"""Consoles hung up at random moments: nothing of them is left, and nothing was changed but what was said whole."""

from __future__ import annotations

import random
import re
import sys
from asyncio import to_thread
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.consoles.floor import AGENTS, ALLOWING, SOON, ConsolesFloor, Said, check_obeyed, decisions
from tests.fixtures.fleet_keys import CHECK, choose, number_becomes
from tests.fixtures.terminal import Terminal

if sys.platform != "win32":
    import signal
    import termios

pytestmark = [
    pytest.mark.pty,
    pytest.mark.broker,
    pytest.mark.skipif(sys.platform == "win32", reason="no pty"),
]

SEED: Final = 3
FACTS: Final = ("command.sent", "command.acknowledged", "command.effective")
HEAD: Final = 5_000
"""Bytes of a console's first pictures, about."""

ANSWER: Final = 400
"""Bytes that a console paints, about, between a decision and what became of it."""


# ---- moments: each brings a console to where it is hung up ------------------------------------------------------------


def paints(screen: Terminal, size: int) -> None:
    """Read until the console has painted so much more, or nothing more for a while."""
    end = len(screen.received) + size
    while len(screen.received) < end:
        before = len(screen.received)
        screen.look(0.3)
        if len(screen.received) == before:
            return


def joined(screen: Terminal) -> None:
    screen.until(lambda text: "send_letter" in text and "wire_money" in text, "both asks", SOON)


def opened(screen: Terminal, agent: str) -> None:
    joined(screen)
    choose(screen, agent)
    screen.press_until("\r", "› Decide")


def joining(screen: Terminal, chance: random.Random) -> None:
    paints(screen, chance.randrange(HEAD))


def looking(screen: Terminal, chance: random.Random) -> None:
    joined(screen)
    screen.press(chance.choice("jkG2?:/"))
    paints(screen, chance.randrange(ANSWER))


def rejecting(screen: Terminal, chance: random.Random) -> None:
    joined(screen)
    choose(screen, "post")
    screen.press("d")
    paints(screen, chance.randrange(ANSWER))


def approving(screen: Terminal, chance: random.Random) -> None:
    opened(screen, "post")
    screen.press_until("a", "exactly these arguments")
    screen.press("y")
    paints(screen, chance.randrange(ANSWER))


def approved(screen: Terminal, _: random.Random) -> None:
    """The console shows that it was."""
    opened(screen, "post")
    screen.press_until("a", "exactly these arguments")
    screen.press("y")
    screen.until(
        re.compile(r"recorded as approved|approved (at \S+ )?by").search, "that it was approved", SOON
    )


def asking(screen: Terminal, chance: random.Random) -> None:
    """One key before an approval."""
    opened(screen, "post")
    screen.press("a")
    paints(screen, chance.randrange(ANSWER))


def typing_a_code(screen: Terminal, chance: random.Random) -> None:
    """Some of the digits."""
    opened(screen, "bank")
    screen.press(_code(screen)[: chance.randrange(4)])
    paints(screen, chance.randrange(ANSWER))


def typed_a_code(screen: Terminal, chance: random.Random) -> None:
    """All of them."""
    opened(screen, "bank")
    screen.press(_code(screen))
    paints(screen, chance.randrange(ANSWER))


def _code(screen: Terminal) -> str:
    found = re.search(r"type the code +(\d{4})", screen.press_until("a", "type the code"))
    assert found is not None
    return found[1]


def editing(screen: Terminal, chance: random.Random) -> None:
    """The arguments are changed, and perhaps checked."""
    opened(screen, "post")
    screen.press_until("e", "as JSON")
    number_becomes(screen, chance.choice(["x", "0,"]))
    screen.press(chance.choice(["", CHECK]))
    paints(screen, chance.randrange(ANSWER))


def edited(screen: Terminal, chance: random.Random) -> None:
    """The change is confirmed."""
    opened(screen, "post")
    screen.press_until("e", "as JSON")
    number_becomes(screen, "0,")
    screen.press_until(CHECK, "the changed arguments")
    screen.press("y")
    paints(screen, chance.randrange(ANSWER))


def killing(screen: Terminal, chance: random.Random) -> None:
    """Some of the run's id is typed."""
    opened(screen, "bank")
    sheet = screen.press_until("K", "type its id")
    found = re.search(r"Kill run \S*(\S{4}) of bank", sheet)
    assert found is not None, sheet
    screen.press(found[1][: chance.randrange(4)])
    paints(screen, chance.randrange(ANSWER))


def giving_a_reason(screen: Terminal, chance: random.Random) -> None:
    """A reason is typed and not sent; or all is about to be held."""
    opened(screen, "post")
    screen.press(chance.choice(["Dit is too", "H"]))
    paints(screen, chance.randrange(ANSWER))


Reach = Callable[[Terminal, random.Random], None]

STAGES: Final[tuple[Reach, ...]] = (
    joining, approving, typing_a_code, editing, rejecting, typed_a_code,
    looking, edited, asking, killing, giving_a_reason,
)  # fmt: skip
DECIDING: Final = {
    approving: "approved", approved: "approved", rejecting: "rejected", typed_a_code: "approved", edited: "edited"
}  # fmt: skip
"""What may be decided by then, at most."""


# ---- ends ------------------------------------------------------------------------------------------------------------


def line_is_lost(screen: Terminal) -> None:
    """The terminal goes away."""
    screen.hang_up()
    assert screen.ended() in (-signal.SIGHUP, 128 + signal.SIGHUP)


def is_told_to(screen: Terminal) -> None:
    """The signal comes, the terminal stays: it is as it was before."""
    screen.process.send_signal(signal.SIGHUP)
    assert screen.ended() in (-signal.SIGHUP, 128 + signal.SIGHUP)
    in_order(screen)


def is_killed(screen: Terminal) -> None:
    """By force: a process cannot tidy up after that."""
    screen.process.kill()
    assert screen.ended() == -signal.SIGKILL


End = Callable[[Terminal], None]

ENDS: Final[tuple[End, ...]] = (line_is_lost, is_told_to, is_killed)


def in_order(screen: Terminal) -> None:
    """Lines are edited and echoed, and every mode that was switched on was switched off after that."""
    flags = screen.modes[3]
    assert flags & (cooked := termios.ICANON | termios.ECHO | termios.ISIG) == cooked
    screen.look(0.0)
    last = {found[1]: found[2] for found in re.finditer(rb"\x1b\[\?(\d+)([hl])", bytes(screen.received))}
    shown = {b"7", b"25"}
    assert {mode for mode, way in last.items() if way != (b"h" if mode in shown else b"l")} <= {b"2026"}
    assert screen.received.count(b"\x1b[>") <= screen.received.count(b"\x1b[<u")


# ---- the test --------------------------------------------------------------------------------------------------------


QUIET: Final = frozenset(
    {
        "recording.started",
        "supervisor.started",
        "policy.adopted",
        "operator.joined",
        "operator.signed",
        "operator.left",
    }
)
"""What the log holds besides agents, their actions, and what became of these."""


@dataclass(frozen=True, slots=True)
class Lived:
    """One moment: whose console, and what it was at."""

    operator: str
    stage: Reach


async def one(floor: ConsolesFloor, lived: Lived, end: End, chance: random.Random) -> None:
    """Bring a console to a moment, hang it up, and wait until the floor knows."""
    waiting = {agent: (await floor.asks(agent)).id for agent in AGENTS}
    there = set(floor.site.processes())
    screen = floor.console(lived.operator)
    await to_thread(lived.stage, screen, chance)
    await to_thread(end, screen)
    assert set(floor.site.processes()) == there
    if lived.stage is not joining:
        await floor.leaves(lived.operator)
    for agent, action in waiting.items():
        latest = floor.latest(agent)
        assert latest is not None
        if latest.id != action or latest.outcome is not None:
            await floor.asks(agent, beyond=action)


async def hung_up(root: Path, moments: int) -> None:
    """Hang consoles up at so many moments, one after the other, on one floor; one of them after all was said."""
    chance = random.Random(SEED)
    lived = [Lived(f"op-{number}", STAGES[number % len(STAGES)]) for number in range(moments)]
    lived.append(Lived("said-it", approved))
    async with ConsolesFloor(root, [*(moment.operator for moment in lived), "last"]) as floor:
        for number, moment in enumerate(lived):
            await one(floor, moment, ENDS[number % len(ENDS)], chance)
        last = floor.console("last")
        await to_thread(joined, last)
        last.press("q")
        assert await to_thread(last.ended) == 0
        in_order(last)
        await floor.leaves("last")
        await floor.site.stop()
        records = await floor.recorded()
        check(records, lived)
        check_obeyed(records, floor.effects())


def check(records: list[Said], lived: list[Lived]) -> None:
    """Whoever came is gone; each has decided what the last key said or, if it did not come through, nothing."""
    watching = Counter(said.data["operator"] for said in records if said.type == "operator.joined")
    assert watching == Counter(said.data["operator"] for said in records if said.type == "operator.left")
    assert set(watching) >= {moment.operator for moment in lived if moment.stage is not joining}
    assert max(watching.values()) == 1
    made = decisions(records)
    by = {data["by"]: data["outcome"] for data in made.values()}
    assert len(by) == len(made), "one has decided twice"
    may = {moment.operator: DECIDING[moment.stage] for moment in lived if moment.stage in DECIDING}
    assert by.items() <= may.items()
    assert by["said-it"] == "approved"
    types = Counter(said.type for said in records)
    asked = len(made) + len(AGENTS)
    allowed = sum(data["outcome"] in ALLOWING for data in made.values())
    agents = {"agent.born": len(AGENTS), "run.started": len(AGENTS)}
    asks = dict.fromkeys(("action.proposed", "action.assessed", "action.asked"), asked)
    told = dict.fromkeys(("action.decided", "action.finished", *FACTS), len(made))
    done = {"action.started": allowed}
    assert {name: times for name, times in types.items() if name not in QUIET} == agents | asks | told | done


@pytest.mark.timeout(600)
async def test_consoles_that_are_hung_up_leave_nothing_behind(tmp_path: Path) -> None:
    await hung_up(tmp_path, 6)


@pytest.mark.slow
@pytest.mark.timeout(1_200)
async def test_fifty_consoles_hung_up_at_random_moments_change_nothing_but_what_they_said(
    tmp_path: Path,
) -> None:
    await hung_up(tmp_path, 50)

"""Ten thousand seeded worlds: whatever breaks, nothing is lost, nothing runs undecided, and all recovers by itself.

`WATCHFLOOR_SEEDS` sets how many schedules are lived, `WATCHFLOOR_SEED` lives a single one again.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from typing import Final

import pytest

from bus.alarm_records import AlarmCleared, AlarmRaised
from bus.floor_records import FloorHeld, FloorReleased
from bus.messages import HoldCommand, PauseCommand
from bus.records import ActionDecided, CommandRequested, IntentRefused
from console.supervisor.intents.sweeps import GOES_ON, UNFINISHED_ON
from console.supervisor.intents.whole_floor import REASON
from tests.simulation.keys import Seal, SealKey, tampered
from tests.simulation.tape import record_of
from tests.simulation.world import World

SCHEDULES = int(os.environ.get("WATCHFLOOR_SEEDS", "10000"))
SLICES = 40
ONE = os.environ.get("WATCHFLOOR_SEED")

REACHED: Final = (
    "approved by an operator", "approved by pass-list", "approved by policy", "edited by an operator",
    "responded by an operator", "rejected by an operator", "rejected unsigned", "expired by clock",
    "superseded by agent", "refused closed", "refused conflict", "refused stale",
    "refused unknown-key", "refused unsigned", "alarm recording-failing", "alarm recorded-late",
    "alarm second-supervisor", "wanted pause", "wanted hold", "wanted resume", "wanted kill", "rotated",
    "restarted from a keyframe", "went on from its spool", "passed", "untrusted", "withdrawn",
    "outdated", "floor held", "floor released", "held as a newcomer",
    "went on with a resume of all", "held again after a cut resume",
)  # fmt: skip
"""What the first three hundred schedules must come to, so that no later change hollows them out."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(SLICES))
def test_schedules(part: int) -> None:
    """Every failing seed of the slice is named with what went wrong in it."""
    seeds = [int(ONE)] if ONE else range(part, SCHEDULES, SLICES)
    wrong = {seed: problems for seed in seeds if (problems := _lived(seed))}
    assert not wrong, "\n".join(f"seed {seed}: {problems}" for seed, problems in wrong.items())


def _lived(seed: int) -> list[str]:
    try:
        return World(seed).run()
    except Exception as error:  # noqa: BLE001  (named by its seed, like every other finding)
        return [f"{type(error).__name__}: {error}"]


def test_the_schedules_reach_what_they_are_for() -> None:
    seen: Counter[str] = Counter()
    for seed in range(300):
        seen += _reached(World(seed))
    assert not [what for what in REACHED if not seen[what]]


def _reached(world: World) -> Counter[str]:
    world.run()
    seen: Counter[str] = Counter()
    cut = False
    for entry in world.tape.entries:
        match record_of(entry).data:
            case ActionDecided() as data:
                who = (
                    "unsigned" if "unsigned" in data.by else f"by {'an operator' if data.intent else data.by}"
                )
                seen[f"{data.outcome} {who}"] += 1
            case IntentRefused(outcome=outcome):
                seen[f"refused {outcome}"] += 1
            case AlarmRaised(kind=kind):
                cut |= kind == UNFINISHED_ON
                seen[f"alarm {kind}"] += 1
            case FloorHeld():
                seen["floor held"] += 1
                seen["held again after a cut resume"] += cut
            case AlarmCleared(alarm=alarm):
                cut &= alarm != UNFINISHED_ON
            case FloorReleased():
                seen["floor released"] += 1
            case CommandRequested(kind=kind, reason=reason, by=by):
                seen["went on with a resume of all"] += kind == "resume" and by == GOES_ON
                seen[f"wanted {kind}"] += 1
                seen["held as a newcomer"] += reason == REASON
            case _:
                seen["went on from its spool"] += b'"continues":' in entry.event
                seen["withdrawn"] += b'"outcome":"withdrawn"' in entry.event
    seen["rotated"] = len(world.tape.sessions) - 1
    seen["restarted from a keyframe"] = world.tape.resumed
    seen["passed"] = len(world.checks.passed)
    seen["outdated"] = world.checks.outdated
    seen["untrusted"] = sum(worker.core.ignored["untrusted"] for worker in world.workers)
    return seen


def test_a_schedule_is_given_by_its_seed() -> None:
    first, again = World(7), World(7)
    assert (first.run(), first.tape.entries) == (again.run(), again.tape.entries)


def test_a_seal_is_as_strict_as_a_signature() -> None:
    """The cheap stand-in refuses what Ed25519 refuses: another key, any other byte, no seal."""
    message = PauseCommand(epoch="id1", agent="w0", run="r1", id="id2", reason="")
    payload = SealKey("ada").sign(message)
    assert Seal("ada").verifies(payload)
    assert not Seal("bob").verifies(payload)
    assert not Seal("ada").verifies(tampered(payload, random.Random(1)))
    assert not Seal("ada").verifies(SealKey("bob").sign(HoldCommand(epoch="id1", agent="w0")))
    for place in range(len(payload)):
        assert not Seal("ada").verifies(payload[:place] + b"~" + payload[place + 1 :])

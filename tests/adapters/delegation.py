"""How the supervisor judges the calls of a run by what it was told, event by event."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from bus.events import AGENT_TYPES, ActionProposed
from console.policy.load import Rulebook
from console.supervisor.judging.trails import Trails
from tests.fixtures.calls import QUIET


class Judged(NamedTuple):
    """A call, its gate, and where its address came from; empty if nothing is known."""

    tool: str
    gate: str
    origin: str


def judged(events: Iterable[tuple[str, Any]], *, run: str = "janitor/r1") -> list[Judged]:
    """Judge each call as it came. `events` are types and data of one run."""
    return judged_all((run, kind, data) for kind, data in events)


def judged_all(events: Iterable[tuple[str, str, Any]]) -> list[Judged]:
    """The same over events of several runs in the order in which they came."""
    judge, trails, found = Rulebook(None, None).judge, Trails(), list[Judged]()
    for run, kind, raw in events:
        data = msgspec.convert(raw, type=AGENT_TYPES[kind])
        if isinstance(data, ActionProposed):
            trail = trails.of(run)
            suspicion = judge.suspect(trail, data.tool, data.args) if trail is not None else None
            assessment = judge.judge(data, replace(QUIET, suspicion=suspicion))
            origins = suspicion.origins if suspicion is not None else ()
            origin = next((one.kind for one in origins if one.address), "")
            found.append(Judged(data.tool, assessment.gate, origin))
            trails.proposed(run, data, suspicion, writes=assessment.severity > 0)
        trails.follow(run, data)
    return found

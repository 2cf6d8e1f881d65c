"""Floors with alarms in every state, and with agents that have proven something."""

from __future__ import annotations

from bus.alarm_records import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmEscalated,
    AlarmFlood,
    AlarmRaised,
    AlarmRemoved,
    AlarmShelved,
    AlarmSuppressed,
)
from bus.operator_records import OperatorJoined
from bus.records import OutcomeVerified
from console.core.alarms.alarm_kinds import kind_of
from tests.floor_fixture import Script, calm


def raised(script: Script, kind: str, text: str, agent: str = "", run: str = "", about: str = "") -> str:
    """Raise an alarm as the supervisor does. Returns its id."""
    name = "/".join(part for part in (kind, agent, run, about) if part)
    found = kind_of(kind)
    script.supervisor(
        AlarmRaised(alarm=name, kind=kind, priority=found.priority, text=text, latched=found.latched),
        agent,
        run,
    )
    return name


def alarming() -> Script:
    """A floor with an alarm in each state, two that follow from another, and one that chatters."""
    script = calm()
    script.supervisor(OperatorJoined(operator="op-1", console="c1"))
    script.start("refunds", "7q4f", "Refund order 88213")
    gone = raised(script, "stalled", "crawler/c003: nothing for 140 s", "crawler", "c003")
    script.tick(600).supervisor(AlarmCleared(alarm=gone), "crawler", "c003")
    raised(script, "gap", "deployer/d000: events 41 to 44 are lost", "deployer", "d000")
    script.tick(300)
    seen = raised(script, "loop", "crawler/c001: fetch_page 4 times with the same result", "crawler", "c001")
    script.tick(5).supervisor(AlarmAcknowledged(alarm=seen, by="op-2"), "crawler", "c001")
    shelf = raised(script, "no-progress", "crawler/c002: 5 calls brought nothing new", "crawler", "c002")
    shelved = AlarmShelved(alarm=shelf, by="op-1", seconds=900, reason="nightly crawl")
    script.supervisor(shelved, "crawler", "c002")
    rule = raised(script, "error-streak", "triage/t001: the last 3 calls failed", "triage", "t001")
    script.supervisor(AlarmSuppressed(alarm=rule, why="labels may fail"), "triage", "t001")
    out = raised(script, "run-refused", "triage: run t000 is another's", "triage", "t000")
    script.supervisor(AlarmRemoved(alarm=out, by="op-2", reason="being rebuilt"), "triage", "t000")
    script.tick(60)
    raised(script, "agent-lost", "indexer: no goodbye", "indexer")
    for about in ("a7", "a8"):
        raised(script, "effect-unknown", f"indexer/44zt: {about} may have run", "indexer", "44zt", about)
    for _ in range(3):
        noisy = raised(script, "bad-input", "status/mover: not a status", "mover")
        script.tick(5).supervisor(AlarmCleared(alarm=noisy), "mover")
    ungated = raised(
        script, "ungated-action", "refunds/7q4f: send_email ran unasked", "refunds", "7q4f", "a3"
    )
    script.tick(150).supervisor(AlarmEscalated(alarm=ungated), "refunds", "7q4f")
    script.tick(40)
    return script


def flooded() -> Script:
    """A flood of alarms for one operator, the one of priority 1 among the last."""
    script = calm()
    script.supervisor(OperatorJoined(operator="op-1", console="c1"))
    for number in range(12):
        script.tick(20)
        raised(script, "error-streak", "the last 3 calls failed", "crawler", f"c{number:03d}")
    raised(script, "recording-failing", "the recording fails; approvals are closed")
    script.supervisor(AlarmFlood(raised=13, operators=1))
    return script


def proven() -> Script:
    """A floor on which people have looked at outcomes: one agent is sound, one claims too much, one is new."""
    script = Script()
    for agent, version, goal in (
        ("crawler", "1.9.0", "Crawl the shelf"),
        ("refunds", "2.3.1", "Refund"),
        ("researcher", "3.1", "Cite"),
        ("triage", "5.2", "Label"),
    ):
        script.start(agent, f"{agent[0]}000", goal, version=version)
    for agent, version, tool, right, wrong, claim in (
        ("crawler", "1.9.0", "fetch_page", 120, 1, 0.98),
        ("refunds", "2.3.1", "issue_refund", 60, 0, 0.96),
        ("refunds", "2.3.1", "send_email", 3, 0, 0.95),
        ("researcher", "3.1", "cite", 28, 8, 0.96),
    ):
        for ok in [True] * right + [False] * wrong:
            found = OutcomeVerified(
                action="a", ok=ok, by="op-1", version=version, tool=tool, effect="write", claimed=claim
            )
            script.tick(1).supervisor(found, agent, "old")
    for number in range(9):
        ended = OutcomeVerified(ok=number % 3 != 2, by="op-1", version="3.1", task="other", steps=6)
        script.supervisor(ended, "researcher", f"old{number}")
    return script

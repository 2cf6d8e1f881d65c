"""Who did what: the records of a log that are somebody's doing, each in a few words. Pure; times are the log's, in ms.

People's words and what became of them, what the clock decided in their place, and what the supervisor took up. What policy
and pass lists decide alone is no deed: it is the agents' daily work, and the runs show it.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct, field

from bus.alarm_records import AlarmAcknowledged, AlarmCleared, AlarmRemoved, AlarmRestored, AlarmShelved
from bus.codec import Record
from bus.floor_records import FloorHeld, FloorReleased
from bus.grant_records import GrantEnded, GrantMade
from bus.operator_records import OperatorJoined, OperatorLeft, OperatorSigned
from bus.policy_records import PolicyAdopted
from bus.records import (
    ActionClaimed,
    ActionDecided,
    ActionEscalated,
    CommandRequested,
    IntentRefused,
    OutcomeVerified,
    RecordingStarted,
    SupervisorStarted,
)
from console.core.text import plain

UNSIGNED: Final = " (unsigned)"
"""Stands behind the name of whoever spoke under it without the signature of its key; no name of an operator ends so."""

NOBODY: Final = ("clock", "policy", "pass-list", "grant", "agent", "supervisor", "recorded late")
"""Who decides without being a person."""

ALONE: Final = ("policy", "pass-list")
"""Who decides so often that it is no deed."""

DEEDS_KEPT: Final = 200
"""Deeds that the fleet keeps, the newest; the log has them all."""

REFUSED_KEPT: Final = 40
"""Of these at most so many are refusals of strangers, who can make as many as they like."""

NAME_CHARS: Final = 64
TEXT_CHARS: Final = 160


class Deed(Struct, frozen=True, array_like=True):
    """One of them. `did` is a verb, `outcome` what became of it as far as the record itself says.

    `about` is a run's key, an action's or empty; `alarm`, `command` name what else it is about. `key` is the
    fingerprint that `who` signed with, empty where that is not known or nothing was signed.
    """

    pos: int
    at: int
    who: str
    did: str
    outcome: str = ""
    about: str = ""
    alarm: str = ""
    command: str = ""
    text: str = ""
    key: str = ""


class Audit(Struct, kw_only=True, omit_defaults=True):
    """The newest deeds, in order, and the fingerprint of the key that each operator signs with. `cut`: there were more.

    `strange` are the positions of those that are refusals of strangers.
    """

    deeds: list[Deed] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    strange: list[int] = field(default_factory=list)


DOERS: Final = (
    ActionDecided,
    ActionEscalated,
    ActionClaimed,
    CommandRequested,
    IntentRefused,
    AlarmAcknowledged,
    AlarmShelved,
    AlarmRemoved,
    AlarmRestored,
    AlarmCleared,
    OutcomeVerified,
    OperatorJoined,
    OperatorLeft,
    OperatorSigned,
    PolicyAdopted,
    GrantMade,
    GrantEnded,
    FloorHeld,
    FloorReleased,
    RecordingStarted,
    SupervisorStarted,
)

_DOERS: Final = frozenset(DOERS)

TYPES: Final = tuple(kind.TYPE for kind in DOERS)
"""Record types that may be deeds; no other needs decoding to find them."""


def deed_of(record: Record, keys: dict[str, str]) -> Deed | None:
    """The deed that a record is, or None. `keys` are the fingerprints that operators sign with at that time."""
    if record.from_agent or type(record.data) not in _DOERS:
        return None
    found = _told(record, keys)
    if found is None:
        return None
    who, did, outcome, text, extra = found
    about = f"{record.agent}/{record.run}" if record.run else record.agent
    about += f"/{extra['action']}" if extra.get("action") else ""
    return Deed(
        pos=record.pos,
        at=record.at,
        who=plain(who, NAME_CHARS),
        did=did,
        outcome=outcome,
        about=about,
        alarm=extra.get("alarm", ""),
        command=extra.get("command", ""),
        text=plain(text, TEXT_CHARS),
        key=extra["key"] if "key" in extra else keys.get(who, ""),
    )


def keep(audit: Audit, record: Record, deed: Deed | None) -> None:
    """Remember the deed that a record is, if it is one: told by the keys that counted before it."""
    if deed is None:
        return
    audit.deeds.append(deed)
    if deed.who.endswith(UNSIGNED) and type(record.data) is IntentRefused:
        audit.strange.append(deed.pos)
    if len(audit.strange) > REFUSED_KEPT:
        # Theirs push out theirs, and nobody else's.
        oldest = audit.strange.pop(0)
        audit.deeds = [one for one in audit.deeds if one.pos != oldest]
        audit.cut = True
    if len(audit.deeds) > DEEDS_KEPT:
        del audit.deeds[:-DEEDS_KEPT]
        audit.cut = True
        audit.strange = [pos for pos in audit.strange if pos >= audit.deeds[0].pos]


_Told = tuple[str, str, str, str, dict[str, str]]


def _told(record: Record, keys: dict[str, str]) -> _Told | None:
    """Who, did what, with which outcome, in which words, and what it names."""
    data: Any = record.data
    match data:
        case ActionDecided():
            if data.by in ALONE:
                return None
            extra = {"action": data.action, "command": data.command}
            return data.by, "decide", data.outcome, data.reason, extra
        case CommandRequested():
            if data.kind == "decision":
                return None
            return data.by, data.kind, "", data.reason, {"command": data.command, "action": data.action}
        case IntentRefused():
            # Anybody can write a name: without a signature of its own it is shown for what it is, and under no key.
            who = (
                data.operator if data.standing == "signed" else data.operator[: 64 - len(UNSIGNED)] + UNSIGNED
            )
            extra = {"action": data.action, "key": data.key}
            return who, data.verb, data.outcome, data.reason, extra
        case OutcomeVerified():
            outcome = "went well" if data.ok else "failed"
            return data.by, "verify", outcome, data.reason, {"action": data.action}
    return _handed(data) or _of_site(data, keys) or _of_alarm(data)


def _handed(data: Any) -> _Told | None:
    match data:
        case ActionEscalated() if data.by:
            return data.by, "escalate", "", data.reason, {"action": data.action}
        case ActionClaimed():
            return data.by, "claim", "", "", {"action": data.action}
        case GrantMade():
            words = f"{data.tool} {' '.join(data.destinations)}, {data.uses} uses, {data.seconds // 60} min"
            return data.by, "grant", "", words, {"action": data.action}
        case GrantEnded():
            return data.by, "end grant", "", data.reason, {}
    return None


def _of_site(data: Any, known: dict[str, str]) -> _Told | None:
    match data:
        case OperatorJoined():
            return data.operator, "join", "", f"console {data.console}", {}
        case OperatorLeft():
            return data.operator, "leave", "", f"console {data.console}", {}
        case OperatorSigned():
            before = known.get(plain(data.operator, NAME_CHARS), data.key)
            words = "with another key than before" if before != data.key else "with a key for the first time"
            return data.operator, "sign", "", words, {"key": data.key}
        case FloorHeld():
            return data.by, "hold all", "", data.reason, {}
        case FloorReleased():
            return data.by, "resume all", "", "", {}
        case PolicyAdopted():
            return _adopted(data)
        case RecordingStarted():
            return "supervisor", "record", "", f"session {data.session}", {}
        case SupervisorStarted():
            return "supervisor", "take over", "", data.version, {}
    return None


def _adopted(data: PolicyAdopted) -> _Told | None:
    if data.part > 1:
        return None
    return "supervisor", "adopt policy", "", f"digest {data.digest[:8]}", {}


def _of_alarm(data: Any) -> _Told | None:
    match data:
        case AlarmAcknowledged():
            return data.by, "ack", "", "", {"alarm": data.alarm}
        case AlarmShelved():
            minutes = round(data.seconds / 60)
            return data.by, "shelve", f"{minutes} min", data.reason, {"alarm": data.alarm}
        case AlarmRemoved():
            return data.by, "remove", "", data.reason, {"alarm": data.alarm}
        case AlarmRestored():
            return data.by, "restore", "", "", {"alarm": data.alarm}
        case AlarmCleared():
            return (data.by, "reset", "", data.reason, {"alarm": data.alarm}) if data.by else None
    return None

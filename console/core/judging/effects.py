"""What a call to an undescribed tool does at worst, by the words of its name and the shape of its arguments.

A name is a claim, so this stands only where no catalogue speaks, and a name that says nothing is the worst there is.
The verb that comes first decides; what it is done to makes it graver, and so does a verb behind it that changes something,
and a text among the arguments that is SQL and does.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from msgspec.structs import replace

from console.core.judging import sql
from console.core.judging.tool_facts import Effect, ToolFacts
from console.core.provenance.normal import is_address
from console.core.provenance.vocabulary import CONFIRMING, READING, VERBS, name_parts
from console.core.shell.graded import Graded

Class = Literal[
    "confirm", "read", "visit", "local", "write", "send", "identity", "money", "destroy", "execute", "unknown"
]

SEVERITY: Final[dict[Class, int]] = {
    "read": 0, "confirm": 1, "local": 1, "visit": 2, "write": 2, "send": 3, "identity": 3, "money": 3, "destroy": 3,
    "execute": 3, "unknown": 4,
}  # fmt: skip
"""The severity of each class: what is read is S0, what cannot be taken back or leaves the house S3, what nobody knows S4."""

WHAT: Final[dict[Class, str]] = {
    "confirm": "finishes what was judged before", "read": "looks", "visit": "reaches an address outside",
    "local": "changes the run's own files", "write": "changes something shared", "send": "carries data out",
    "identity": "changes who may do what", "money": "moves money", "destroy": "takes something away for good",
    "execute": "runs code", "unknown": "says nothing about what it does",
}  # fmt: skip

_ENTERING: Final = frozenset("input submit post upload publish fill type tweet broadcast announce".split())
_SENDING: Final = frozenset(
    "send mail email message share forward reply respond dispatch sms notify dm".split()
)
_DESTROYING: Final = frozenset(
    "delete remove erase clear cancel destroy wipe purge drop terminate truncate uninstall unlink kill".split()
)
_BUYING: Final = frozenset(
    "buy purchase checkout order refund reorder book reserve rent pay wire donate deposit withdraw charge "
    "reimburse settle invest bid trade sell transfer".split()
)
_MONEY: Final = frozenset(
    "money payment fund funds transaction bank cash payout invoice bill amount currency crypto iban".split()
)
_RIGHTS: Final = frozenset(
    "password passwd key token role roles access owner ownership invite credential credentials permission "
    "permissions collaborator collaborators member admin grant authorize privilege policy secret ssh "
    "2fa mfa".split()
)
_FILES: Final = frozenset("file files dir directory folder path node".split())
_VISITING: Final = frozenset(
    "browse visit navigate click open goto download fetch curl wget crawl scrape webpage url".split()
)
_RUNNING: Final = frozenset(
    "run execute exec bash shell terminal python code command eval script interpreter".split()
)
_PREPARING: Final = frozenset("cart basket draft wishlist".split())
_STATE: Final = frozenset(
    "add star issue note append toggle mark label tag pin archive restore subscribe schedule clone pull commit "
    "merge fork push handoff escalate transfer accept decline approve".split()
)


class _Shape(NamedTuple):
    """What the arguments of a call tell of its class: whether one is a link or a host, whether one is named like a file,
    and what SQL among them does at worst.
    """

    reaches: bool
    files: bool
    does: sql.Kind = ""


_NO_SHAPE: Final = _Shape(reaches=False, files=False)


def _shape(leaves: Iterable[tuple[str, object]]) -> _Shape:
    found = list(leaves)
    if not found:
        return _NO_SHAPE
    return _Shape(
        any(isinstance(value, str) and _links(value) for _path, value in found),
        any(name.rpartition(".")[2] in ("path", "file", "dir") for name, _value in found),
        max(
            (sql.does(value) for _path, value in found if isinstance(value, str) and " " in value.strip()),
            key=lambda kind: SEVERITY[kind] if kind else -1,
            default="",
        ),
    )


def classify(tool: str, leaves: Iterable[tuple[str, object]] = ()) -> Class:
    """Return the class of a call. `leaves` are the paths and values of its arguments; first match wins."""
    shape = _shape(leaves)
    kinds = [_class(clause, shape) for clause in _clauses(tool)]
    return kinds[0] if kinds[0] == "unknown" else _worst(kinds, shape)


def _worst(kinds: list[Class], shape: _Shape) -> Class:
    """The gravest of what a call does; of two that are as grave the first."""
    return max([*kinds, *([shape.does] if shape.does else [])], key=lambda one: SEVERITY[one])


@lru_cache(1_024)
def _class(tool: str, shape: _Shape) -> Class:  # noqa: C901, PLR0912  (one rule a line, the first that fits)
    parts = name_parts(tool)
    have = set(parts)
    first = next((part for part in parts if part in _KNOWN), "")
    reaches = shape.reaches
    if have & CONFIRMING and not have & _RIGHTS:
        return "confirm"
    if first in _ENTERING:
        return "send"
    if first in READING and first not in _VISITING:
        return "visit" if reaches else "read"
    if have & _RIGHTS and first and first not in READING:
        return "identity"
    if have & _PREPARING:
        return "write" if first not in _BUYING else "money"
    if first in _SENDING | {"transfer", "pay"} and have & _MONEY:
        return "money"
    if first in _BUYING and first != "transfer":
        return "money"
    if first in _DESTROYING:
        return "destroy"
    if first in _SENDING:
        return "send"
    if first in _VISITING and (reaches or have & {"url", "webpage", "link", "page", "website", "web"}):
        return "visit"
    if (first in _RUNNING and first not in VERBS) or have & {
        "bash",
        "shell",
        "python",
        "code",
        "command",
        "terminal",
    }:
        return "execute"
    if reaches:
        return "visit"
    if first in READING:
        return "read"
    if have & _FILES or shape.files:
        return "local"
    return "write" if first else "unknown"


_JOINING: Final = frozenset({"and", "or", "then"})
"""Words of a name after which it says another thing that is done."""

_CHANGING: Final = frozenset(
    "append cancel create delete destroy disable drop edit enable erase exec execute grant insert install kill modify "
    "move overwrite patch pay publish purge put remove rename replace reset restart revoke send shutdown stop submit "
    "terminate truncate uninstall unlink update upsert wipe write".split()
)
"""Verbs that change something wherever they stand in a name: they are hardly ever what is looked at."""

_TWO: Final = {("check", "out"): "checkout", ("shut", "down"): "shutdown", ("look", "up"): "lookup"}
"""Verbs of two words."""

_KNOWN: Final = (
    frozenset(VERBS)
    | READING
    | CONFIRMING
    | _ENTERING
    | _SENDING
    | _DESTROYING
    | _BUYING
    | _VISITING
    | _RUNNING
    | _STATE
    | _CHANGING
)


def _links(value: str) -> bool:
    """Whether a value is a link or a host: a mail address only says whom."""
    return "." in value and "@" not in value and len(value) < 500 and is_address(value)


_EFFECT: Final[dict[Class, Effect]] = {"read": "read", "visit": "read", "send": "send", "execute": "execute"}
_PRIVATE: Final = frozenset(
    "password passwd secret secrets credential credentials key keys token tokens personal private bank card medical health "
    "passport salary vault".split()
)
"""Words of a name that say that the result is nobody else's business."""

_CORRESPONDENCE: Final = frozenset(
    "mail mails email emails inbox mailbox message messages chat chats conversation conversations dm dms sms voicemail "
    "contact contacts calendar calendars".split()
)
"""The same of a tool that looks in: what a mailbox holds is private, and anybody writes to it."""

_LOOKING_IN: Final = READING | _VISITING | frozenset("export import sync pull backup copy subscribe".split())
"""Verbs that bring what somebody's mailbox holds, whatever else they do."""


def facts_by_name(tool: str, leaves: Iterable[tuple[str, object]] = ()) -> ToolFacts | None:
    """Return what to take an undescribed tool for; None where its name says nothing, which is the worst there is."""
    return _facts(tool, _shape(leaves))


@lru_cache(1_024)
def _facts(tool: str, shape: _Shape) -> ToolFacts | None:
    kinds = [_class(clause, shape) for clause in _clauses(tool)]
    if kinds[0] == "unknown":
        return None
    kind = _worst(kinds, shape)
    have = set(name_parts(tool))
    mailbox = bool(have & _CORRESPONDENCE) and any(map(_looks_in, _clauses(tool)))
    return ToolFacts(
        severity=SEVERITY[kind],
        effect=_EFFECT.get(kind, "write"),
        outside=any(one in ("visit", "send") for one in kinds),
        reads_untrusted=mailbox or any(one in ("read", "visit", "execute") for one in kinds),
        reads_sensitive=mailbox or bool(_PRIVATE & have),
        by_name=True,
        origin="its name; in no catalogue",
        why=WHAT[kind],
    )


def _looks_in(clause: str) -> bool:
    """Whether a clause brings what something holds. A noun of a mailbox may be a verb: in `mail_search` it is none."""
    parts = name_parts(clause)
    at = next((at for at, part in enumerate(parts) if part in _KNOWN), len(parts))
    while at + 1 < len(parts) and parts[at] in _CORRESPONDENCE:
        at += 1
    return at < len(parts) and parts[at] in _LOOKING_IN


def _clauses(tool: str) -> list[str]:
    """What a name says that is done, the whole name first: `get_and_delete` is two things, and the worst counts."""
    parts = name_parts(tool)
    clauses = [tool]
    for at in range(len(parts)):
        two = _TWO.get((parts[at], parts[at + 1])) if at + 1 < len(parts) else None
        if two:
            clauses.append("_".join([two, *parts[at + 2 :]]))
        if at and (parts[at] in _CHANGING or (parts[at - 1] in _JOINING and parts[at] in _KNOWN)):
            clauses.append("_".join(parts[at:]))
    return clauses


def command_argument(facts: ToolFacts | None, tool: str, args: dict[str, object]) -> str:
    """Return the name of the argument that is a shell command; empty if there is none.

    The catalogue says so, or, for a tool of no catalogue, a name that says that it runs something and an argument called
    `command` or `cmd`.
    """
    if facts is not None and not facts.by_name:
        names: tuple[str, ...] = (facts.command,)
    elif classify(tool) == "execute":
        names = ("command", "cmd")
    else:
        return ""
    return next((name for name in names if isinstance(args.get(name), str)), "")


def facts_of_command(facts: ToolFacts, graded: Graded) -> ToolFacts:
    """Return what a tool that runs shell commands does with this one. What it returns is as bad as ever."""
    effect: Effect = "send" if graded.sends else "write" if graded.severity or graded.outside else "read"
    return replace(
        facts,
        severity=graded.severity,
        effect="execute" if graded.problem else effect,
        outside=graded.outside,
        by_name=False,
        why=f"the command {graded.why}",
    )

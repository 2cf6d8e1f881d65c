"""What is said about a tool, and by a rule about one call of it: by the operator, never by the agent."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from bus.events import Gate, Hints

Effect = Literal["read", "write", "send", "execute"]
Severity = Annotated[int, Meta(ge=0, le=4)]

EFFECTS: Final[tuple[Effect, ...]] = ("read", "write", "send", "execute")
"""All effects, from the mildest to the worst."""


def schema_of(hints: Hints | None) -> str | None:
    """Return which definition of a tool a call is of, by its digest; None where nobody says it."""
    return hints.schema_digest if hints is not None else None


class ToolFacts(Struct, frozen=True, kw_only=True):
    """What the operator's catalogue says about a tool.

    `effect` is the worst that a call may do. `outside` says that a call reaches an address outside the site, so that its
    arguments can carry data out; `send` always does. `reads_untrusted`: its result may be written by strangers.
    `reads_sensitive`: its result may be private. `pinned`: the operator wants it on the pass list. `command` names the
    argument that is a shell command, so that the command is judged instead of the tool. `polls`: it is called again and
    again by nature. `undo` False: what a call does cannot be taken back; None: nobody says. `by_name`: no catalogue has it.
    `schema`: the digest of the definition that this is said of, empty for any. `origin` names the file and the entry; `why`
    is the operator's sentence.
    """

    severity: Severity
    effect: Effect
    outside: bool = False
    reads_untrusted: bool = False
    reads_sensitive: bool = False
    pinned: bool = False
    polls: bool = False
    undo: bool | None = None
    command: str = ""
    by_name: bool = False
    schema: str = ""
    origin: str = ""
    why: str = ""

    @property
    def carries_out(self) -> bool:
        """Whether a call can carry data out of the site."""
        return self.outside or self.effect in ("send", "execute")

    @property
    def may_pass(self) -> bool:
        """Whether the tool is harmless enough for the pass list; whether it is on it, `pinned` says."""
        return (
            self.severity == 0 and self.effect == "read" and not self.carries_out and not self.reads_untrusted
        )


class RuleHit(Struct, frozen=True, kw_only=True):
    """A rule of the operator's that applies to an action, or could not be evaluated: then `kind` says so.

    `rule` is its id, `why` the operator's sentence. It raises the gate, the severity, or both; None raises nothing.
    """

    rule: str
    raise_gate: Gate | None = None
    raise_severity: Severity | None = None
    why: str = ""
    kind: Literal["rule", "policy-error", "policy-truncated"] = "rule"

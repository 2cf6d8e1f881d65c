"""The record types about grants: a person's word that calls like one that was asked about need not ask again in its run.

Only the supervisor writes them. A grant is a permission given in advance, so it is recorded before it is used, and each use
of it is a decision of its own (`action.decided` with `grant`).
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, Struct, field

from bus.events import Count, Data, Digest, Id, Seq


class GrantOffer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a grant for calls like a waiting one would cover.

    `alike` is equal for two calls of one tool that differ in nothing but free text, and name the same addresses in it.
    `destinations` are the values that stay as they are, as `path=value`, for people; no machine compares them.
    """

    alike: Digest
    destinations: Annotated[list[str], Meta(max_length=64)] = field(default_factory=list)


class GrantMade(Data, frozen=True, kw_only=True, omit_defaults=True):
    """Calls like `action` need not ask again in this run, for `uses` uses and `seconds` at most.

    `by` is the operator who signed the `intent`, `version` that of agent and model: another one ends the grant.
    """

    TYPE: ClassVar[str] = "grant.made"
    grant: Id
    action: Id
    tool: str
    alike: Digest
    destinations: list[str] = field(default_factory=list)
    by: str
    version: str = ""
    uses: Seq
    seconds: Count
    intent: str = ""


class GrantEnded(Data, frozen=True, kw_only=True, omit_defaults=True):
    """A grant counts no longer. `by` is the operator who revoked it, or `supervisor`; `reason` says why."""

    TYPE: ClassVar[str] = "grant.ended"
    grant: Id
    by: str
    reason: str = ""
    intent: str = ""

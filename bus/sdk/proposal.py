"""What an agent wants to do, as the event that proposes it: checked, cut to the contract's lengths, bound to its digest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from bus.canonical import digest
from bus.events import ActionProposed, Preview
from bus.limits import DECIDE_WITHIN_MAX, EVENT_BYTES, LABEL_CHARS
from bus.sdk.decision import Action
from bus.sdk.values import Arguments, arguments, claim, clip, previewed

_ENVELOPE_BYTES: Final = 1_000
"""Bytes that the envelope of an event takes at most."""


def proposed(action: str, wanted: Action, step: int | None = None) -> ActionProposed:
    """Say what is wanted, without its arguments. `step` is that of the action if it names none.

    Raises:
        ValueError: the tool's name is empty or too long, the confidence no probability, `decide_within` out of bounds.
        TypeError: the preview is none.
    """
    if not 1 <= len(wanted.tool) <= 128:
        raise ValueError(f"tool {wanted.tool!r}: a name of 1 to 128 characters is needed")
    if not 0.0 < wanted.decide_within <= DECIDE_WITHIN_MAX:
        raise ValueError(f"decide_within {wanted.decide_within} is not between 0 and {DECIDE_WITHIN_MAX:g} s")
    return ActionProposed(
        action=action,
        tool=clip(wanted.tool)[0],
        step=wanted.step or step,
        call_id=clip(wanted.call_id, 200)[0],
        reason=clip(wanted.reason)[0],
        confidence=claim(wanted.confidence),
        hints=wanted.hints,
        decide_within=wanted.decide_within,
        supersedes=wanted.supersedes,
        preview=previewed(wanted.preview, wanted.tool),
    )


def bound(proposal: ActionProposed, args: Mapping[str, Any]) -> tuple[ActionProposed, Arguments, str]:
    """Bind a proposal to its arguments. Return it as it is sent, the arguments, and the digest of both tool and arguments.

    Raises:
        NotCanonicalError: they have no canonical form, so that nobody could decide on exactly them.
    """
    fit = arguments(args)
    mark = digest(proposal.tool, fit.wire)
    return sendable(msgspec.structs.replace(proposal, args=fit.wire, digest=mark)), fit, mark


def sendable(proposal: ActionProposed) -> ActionProposed:
    """Return a proposal that fits into one event: what is only shown leaves before what is decided on."""
    if proposal.preview is not None and _too_large(proposal):
        proposal = msgspec.structs.replace(proposal, preview=Preview(of=proposal.preview.of, cut=True))
    if _too_large(proposal):  # of control characters each takes six bytes
        proposal = msgspec.structs.replace(proposal, reason=clip(proposal.reason, LABEL_CHARS)[0])
    return proposal


def _too_large(proposal: ActionProposed) -> bool:
    return len(msgspec.json.encode(proposal)) > EVENT_BYTES - _ENVELOPE_BYTES

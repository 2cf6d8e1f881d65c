"""Whether what is shown of an action is what an approval of it would release. Pure."""

from __future__ import annotations

from bus.canonical import NotCanonicalError, digest
from console.core.fleet.state import Action


def unbound(action: Action) -> str:
    """Return why an approval would not be bound to the arguments as they are here; empty if it would be.

    The supervisor's digest comes over the bus like the arguments themselves. Whoever can write there can show one action
    under the digest of another, so that what an operator signs has to be derived from what he saw.
    """
    try:
        own = digest(action.exact_tool, action.args)
    except NotCanonicalError as error:
        return f"these arguments have no digest: {error}"
    if own != action.digest:
        return "its digest is not that of the arguments shown; somebody may be writing to the bus in the supervisor's name"
    return ""

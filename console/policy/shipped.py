"""The shipped presets as records tell them, for whoever shows a policy of which the log names but their digest."""

from __future__ import annotations

from bus.policy_records import PolicyTool
from console.policy.catalogue import Catalogue, load_presets
from console.policy.telling import tool_of


def shipped_tools(digest: str) -> dict[str, PolicyTool]:
    """The presets of this version by the names of their tools; nothing if those of the digest are others."""
    presets = load_presets()
    if Catalogue({}, presets).presets != digest:
        return {}
    return {name: tool_of(name, facts) for name, facts in sorted(presets.items())}

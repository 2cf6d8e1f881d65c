"""What is known of an agent process, as a part of the fleet: see `console.core.fleet.state`."""

from __future__ import annotations

from msgspec import Struct, field

from bus.events import ControlLevel


class AgentLife(Struct, kw_only=True, omit_defaults=True):
    """What is known of an agent process: `status` is `online`, `stopped` or `lost`.

    `passes` is the list last issued to the agent, `pass_schemas` those on it as long as their definition has that digest,
    `withdrawn` the newest that were on one and no longer are: tool and digest, empty if any definition passed.
    """

    agent: str
    status: str
    incarnation: str
    connection: str
    sdk: str = ""
    control: ControlLevel = "gated"
    since: int = 0
    why: str = ""
    passes: list[str] = field(default_factory=list)
    pass_schemas: dict[str, str] = field(default_factory=dict)
    withdrawn: list[tuple[str, str]] = field(default_factory=list)

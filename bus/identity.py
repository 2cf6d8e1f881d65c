"""Who an agent process is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bus.events import ControlLevel
from bus.topics import Topics, check_id

COMMAND_LABEL: Final = "command"
"""The label of a run by which a command line is shown where no goal was given. What stands in it nobody has asked for."""


@dataclass(frozen=True, slots=True)
class Identity:
    """An agent process: its site and name, the random id of this process, what it lets others do to it.

    `sdk` and `version` are for people: what it speaks through, and which version of the agent it is.

    Raises:
        BadIdError: site, agent or incarnation is no id.
    """

    site: str
    agent: str
    incarnation: str
    control: ControlLevel = "gated"
    sdk: str = ""
    version: str = ""

    def __post_init__(self) -> None:
        check_id(self.site, "site")
        check_id(self.agent, "agent")
        check_id(self.incarnation, "incarnation")

    @property
    def topics(self) -> Topics:
        """The topics of the site."""
        return Topics(self.site)

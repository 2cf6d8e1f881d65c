"""What a console needs of a floor, live or recorded, and how its link is summed up for the screen.

The live one is `console.link`'s; a recorded one has the same members and nothing to
send with. Nothing here knows a transport.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol

from console.core.text import plain

if TYPE_CHECKING:
    from bus.messages import Verb
    from console.core.fleet.state import Fleet
    from console.core.reducing.reduce import Change
    from console.core.replay.past_run import Page
    from console.link.status import Heard, LinkStatus


class Reply(Protocol):
    """What became of an intent. `accepted` means recorded, not effective; `unrecorded` that the recording fails."""

    @property
    def outcome(self) -> str: ...
    @property
    def accepted(self) -> bool: ...
    @property
    def unrecorded(self) -> bool: ...
    @property
    def text(self) -> str: ...


class Source(Protocol):
    """A floor to look at. `fleet` is changed in place by its owner, or replaced when it is joined anew."""

    @property
    def fleet(self) -> Fleet: ...

    @property
    def status(self) -> LinkStatus: ...

    def listen(self, callback: Callable[[list[Change]], None]) -> object:
        """Have `callback` called with what changed, after each batch; a `site` change says that everything may have."""

    async def say(  # noqa: PLR0913  (what an intent may be bound to)
        self,
        verb: Verb,
        *,
        agent: str = "",
        run: str = "",
        action: str = "",
        digest: str = "",
        args: dict[str, Any] | None = None,
        reason: str = "",
        code: str = "",
        alarm: str = "",
        seconds: int = 0,
        group: bool = False,
        scope: Literal["once", "run"] = "once",
    ) -> Reply:
        """State one intent and return its answer.

        Raises:
            NoAnswerError: nobody answered; what became of it is unknown until the log tells.
        """

    @property
    def where(self) -> str:
        """The broker's address, as it may be shown; of a recording, its file."""

    async def health(self) -> Heard | None:
        """How the supervisor does by its own account, or what a recording tells of its file; None if nobody says."""

    async def history(self, agent: str, run: str, before: int) -> Page:
        """A page of the records of a run that end before a position, the newest of these.

        Raises:
            NoHistoryError: it cannot be had.
        """


class Standing(NamedTuple):
    """The link in the words of the header. `lost_for` counts the whole seconds since bus or supervisor
    went, `reason` says what is known about why. `misfit`: supervisor and console are of versions that do not fit.
    """

    bus: str
    supervisor: str
    recording: bool
    conflict: bool
    joined: bool
    lost_for: int
    reason: str = ""
    misfit: bool = False

    @property
    def live(self) -> bool:
        """Whether what is shown is what is so now."""
        return self.bus == "up" and self.supervisor == "up" and self.joined

    @property
    def joining(self) -> bool:
        """Whether the floor was not seen yet on this connection, without anything being known as lost."""
        return self.bus != "down" and self.supervisor in ("unknown", "up") and not self.live


UNSEEN: Final = Standing("connecting", "unknown", recording=True, conflict=False, joined=False, lost_for=0)
"""Before there is a source."""


def standing(status: LinkStatus, now: float) -> Standing:
    """Sum up a link; `now` is of the same monotonic clock as its `since`."""
    since = status.bus_since if status.bus != "up" else status.supervisor_since
    return Standing(
        bus=status.bus,
        supervisor=status.supervisor,
        recording=status.recording == "ok",
        conflict=status.conflict,
        joined=status.joined,
        lost_for=max(0, int(now - since)),
        reason=plain(status.bus_reason or status.misfit or status.problem),
        misfit=bool(status.misfit),
    )

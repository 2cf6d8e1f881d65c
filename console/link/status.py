"""How the link stands: what a console knows about bus, supervisor and recording, and what still holds without them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from bus.inquiry import HealthReport

BusState = Literal["connecting", "up", "down"]
SupervisorLife = Literal["unknown", "up", "stopped", "lost"]


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """A moment of the link. Every `since` is of the caller's monotonic clock, in seconds.

    `supervisor` is `up` while its lease holds by our own clock, `stopped` and `lost` by its own word, its will or its
    silence, and `unknown` while we cannot tell: the bus is down, or it has not yet been heard of on this connection.
    `joined` says that the fleet follows the log; otherwise it is as it stood when the link broke. `epoch` is the
    supervisor's by its signed state, empty before. `key` is the fingerprint of the key that state is checked against,
    `pinned` whether that came from this machine's files rather than with the first state. `refused` counts what was not
    believed or not understood, `problem` says what the last of it was. `other` is the fingerprint of another key under
    which a supervisor is up that is not believed, empty if there is none. `misfit` says that supervisor and console are
    of versions that make different states of the same records, and which to upgrade; empty if they are not.
    """

    bus: BusState
    bus_since: float
    bus_reason: str
    supervisor: SupervisorLife
    supervisor_since: float
    recording: Literal["ok", "failing"]
    conflict: bool
    joined: bool
    epoch: str
    window: int
    key: str
    pinned: bool
    refused: int
    problem: str
    other: str = ""
    misfit: str = ""


UNRECORDED: Final = "it goes out at once, not recorded yet: the recording fails"
"""What holds of an accepted intent while nothing can be recorded."""

NOT_YET_RECORDED: Final = "sent; the recording fails"
"""The same for one line of 80 columns."""


class Heard(NamedTuple):
    """A supervisor's report, and how many seconds passed between asking and hearing it, by the asker's clock."""

    report: HealthReport
    took: float


_HOLDS = (
    "gated runs stop at their next gate and go on between gates, observed runs cannot be stopped from here"
)


def trouble(status: LinkStatus) -> str:
    """What is wrong with the link and what still holds, in one line; empty while nothing is."""
    if status.bus != "up":
        what = "the bus is down" if status.bus == "down" else "not connected to the bus yet"
        reason = f" ({status.bus_reason})" if status.bus_reason else ""
        return f"{what}{reason}: nothing can be commanded from here; {_HOLDS}"
    if status.other and status.supervisor != "up":
        whose = "the pinned key" if status.pinned else "the key seen first"
        return (
            f"a supervisor with another key is up, {status.other}, and not believed; that of {whose} is "
            f"{status.supervisor}. If it is yours, put its public key into this site's folder (docs/operating.md, Keys)"
        )
    if status.supervisor in ("stopped", "lost"):
        return f"the supervisor is {status.supervisor}: nobody decides; {_HOLDS}"
    if not status.joined and status.misfit:
        return status.misfit
    if not status.joined:
        known = "has not answered" if status.supervisor == "up" else "has not been heard of"
        refused = f"; {status.problem}" if status.problem else ""
        return f"the supervisor {known}: what is shown may be old{refused}"
    if status.conflict:
        return (
            "two supervisors serve this site: approvals are closed; reject, pause, hold and kill still go out"
        )
    if status.recording == "failing":
        return "the recording fails: approvals are closed; reject, pause, hold and kill still go out"
    return ""

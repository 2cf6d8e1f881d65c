"""What consoles ask besides the floor: how the supervisor does, and pages of the log. Pure; `telling` answers.

Nothing is decided by either, and anybody who may say an intent may ask. So few wait at a time, those of enrolled operators
are answered first, and what is counted of senders is bounded.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from bus.inquiry import HealthReport, RecorderHealth, SenderHealth
from bus.messages import Intent

WAITING: Final = 64
"""Questions of each rank that wait at once. Consoles repeat theirs, so that a dropped one is only late."""

SHARE: Final = 0.1
"""Of the supervisor's time, that may be spent on the questions of strangers. Those of operators are answered at once."""

AHEAD: Final = 0.2
"""Seconds of that time that may be spent at once."""

COUNTED: Final = 2_000
"""Senders that something is counted of; the rest is counted together, under no name."""

SENDERS: Final = 128
"""Senders in one report: with the longest names it fits a payload, and takes little time to sign."""


@dataclass(slots=True)
class Tally:
    """What was counted of a sender; see `bus.inquiry.SenderHealth`."""

    resent: int = 0
    repeated: int = 0
    bad: int = 0


class Senders:
    """Counts what goes wrong between agents and the log. A name costs memory, so only so many have one."""

    def __init__(self) -> None:
        self._tallies: dict[str, Tally] = {}

    def of(self, agent: str) -> Tally:
        """The tally to count on."""
        if agent not in self._tallies and len(self._tallies) >= COUNTED:
            agent = ""
        return self._tallies.setdefault(agent, Tally())

    def health(self, heard: dict[str, int]) -> list[SenderHealth]:
        """What is known of each: first those of whom most was counted, then those longest silent. `heard` is ms ago."""
        counted = {agent: tally for agent, tally in self._tallies.items() if agent}
        found = []
        for agent in counted | dict.fromkeys(heard):
            tally = self._tallies.get(agent, Tally())
            found.append(
                SenderHealth(
                    agent=agent,
                    heard=heard.get(agent),
                    resent=tally.resent,
                    repeated=tally.repeated,
                    bad=tally.bad,
                )
            )
        return sorted(
            found, key=lambda one: (-(one.bad + one.resent + one.repeated), -(one.heard or 0), one.agent)
        )


class Inquiries:
    """Questions in the order in which they are answered, and what the answer about health is made of."""

    def __init__(self, enrolled: Callable[[Intent, bytes], bool]) -> None:
        """`enrolled` says whether an intent's signature is an operator's."""
        self._enrolled = enrolled
        self._began: float | None = None
        self._first: OrderedDict[tuple[str, str], Intent] = OrderedDict()
        self._rest: OrderedDict[tuple[str, str], Intent] = OrderedDict()
        self._links: dict[str, float] = {}
        self._spent_until = 0.0
        self.senders = Senders()

    def intent(self, intent: Intent, payload: bytes) -> None:
        """Take a `health` or a `history`. A console has one of each waiting, its newest.

        What a stranger asks under the id of an enrolled operator's question is not answered beside that.
        """
        name = (intent.console, intent.verb)
        if self._enrolled(intent, payload):
            queue = self._first
            for other in [other for other, one in self._rest.items() if one.id == intent.id]:
                del self._rest[other]
        else:
            queue = self._rest
            if any(one.id == intent.id for one in self._first.values()):
                return
        if name in queue or len(queue) < WAITING:
            queue[name] = intent

    @property
    def waiting(self) -> bool:
        """Whether anybody waits for an answer."""
        return bool(self._first or self._rest)

    def take(self, now: float) -> Intent | None:
        """Whom to answer next; None while nobody waits whose turn it is at `now` (monotonic, s)."""
        for queue in (self._first, self._rest):
            if queue and (queue is self._first or self.rest(now) <= 0):
                return queue.popitem(last=False)[1]
        return None

    def rest(self, now: float) -> float:
        """Seconds until a stranger may be answered; 0 or less where one may be now."""
        return self._spent_until - AHEAD / SHARE - now

    def spent(self, seconds: float, now: float) -> None:
        """Note that an answer took so long. Strangers wait for it."""
        self._spent_until = max(self._spent_until, now) + seconds / SHARE

    def link(self, name: str, now: float, *, up: bool) -> None:
        """Note that one of the two links stands from `now` (monotonic, s) on, or does not. The first begins the count."""
        self._began = now if self._began is None else self._began
        if not up:
            self._links.pop(name, None)
        else:
            self._links.setdefault(name, now)

    def report(  # noqa: PLR0913  (what a report is made of)
        self,
        intent: Intent,
        epoch: str,
        now: float,
        heard: Iterable[tuple[str, float]],
        *,
        window: int,
        staged: int,
        waiting: int,
        holes: int,
        recorder: RecorderHealth | None,
    ) -> HealthReport:
        """The answer to a `health`. `heard` is when each agent was heard last, by the clock of `now`."""
        senders = self.senders.health({agent: _ms(now - at) for agent, at in heard})
        return HealthReport(
            intent=intent.id,
            epoch=epoch,
            up=_ms(now - (now if self._began is None else self._began)),
            control=self._since("control", now),
            bulk=self._since("bulk", now),
            window=window,
            staged=staged,
            waiting=waiting,
            holes=holes,
            senders=senders[:SENDERS],
            more=max(0, len(senders) - SENDERS),
            recorder=recorder,
        )

    def _since(self, link: str, now: float) -> int | None:
        at = self._links.get(link)
        return None if at is None else _ms(now - at)


def _ms(seconds: float) -> int:
    return max(0, int(seconds * 1000))

"""Following the log: keyframe and journal in, fleet and changes out. Pure: time and ids are passed in, no I/O is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from bus import codec
from bus.codec import DecodeError, Record
from bus.inquiry import HealthReport, HistoryPage
from bus.limits import INTENT_TIMEOUT, WATCH_RENEW
from bus.messages import Answer, Intent, Journal, JournalRecord, KeyframePart, SupervisorState, Verb
from bus.seals import seals_journal, seals_keyframe, seals_page
from bus.signing import PublicKey
from bus.topics import Topics
from bus.transports.transport import Item, LinkDown, LinkUp, Message
from console.core.fleet.lifecycle import IllegalTransitionError
from console.core.fleet.state import Fleet, KeyframeError
from console.core.reducing.reduce import Change, HoleInLogError, reduce
from console.core.text import plain
from console.link.asking import KeyframeRequest
from console.link.backlog import Backlog
from console.link.parts import ForgedKeyframeError, Joined, KeyframeParts
from console.link.status import BusState, LinkStatus
from console.link.supervision import Supervision

REPLACED: Final = Change("site", "fleet")
"""The fleet is another object than before: everything may have changed."""

LINK: Final = Change("site", "link")
"""The link's status changed; the fleet did not."""


Report = HealthReport | HistoryPage
"""What a console asked for besides the floor, and the supervisor's word for it was seen."""


class Applied(NamedTuple):
    """A record that has been applied to the fleet, and the event it came in, as the journal carried it."""

    record: Record
    event: bytes


@dataclass(slots=True)
class Effects:
    """What an input brought about: what changed in the fleet, records applied, what was answered, intents to publish."""

    changes: list[Change] = field(default_factory=list)
    applied: list[Applied] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    intents: list[Intent] = field(default_factory=list)


class Follower:
    """One console's view of a site. `now` is the caller's monotonic clock in seconds.

    To join, it asks for a keyframe and keeps what the journal brings meanwhile. What the keyframe holds is dropped, the
    rest is applied in order. A hole in the log, another supervisor epoch, a record that cannot be applied, or a new
    connection means to ask again; the fleet stays as it was until then. `fleet` is replaced by joining, changed in place
    by records.
    """

    def __init__(
        self,
        topics: Topics,
        *,
        operator: str,
        console: str,
        new_id: Callable[[], str],
        now: float,
        pinned: PublicKey | None = None,
        watching: bool = False,
    ) -> None:
        self.topics = topics
        self.operator = operator
        self.console = console
        self.fleet = Fleet(site=topics.site)
        self.supervision = Supervision(pinned, now)
        self.joined = False
        self.epoch = ""
        """The supervisor epoch that `fleet` follows; what an intent says it saw."""
        self._watching = watching
        self._new_id = new_id
        self._bus: BusState = "connecting"
        self._bus_since = now
        self._bus_reason = ""
        self._refused = 0
        self._problem = ""
        self._parts = KeyframeParts()
        self._backlog = Backlog()
        self._request = KeyframeRequest(new_id, now)
        self._watch_at: float | None = None
        self._due_pos = 0

    @property
    def subscriptions(self) -> tuple[str, str, str]:
        """What the transport must subscribe to."""
        return (self.topics.journal, self.topics.console(self.console), self.topics.state)

    @property
    def status(self) -> LinkStatus:
        """How the link stands after the last input."""
        supervision = self.supervision
        return LinkStatus(
            bus=self._bus,
            bus_since=self._bus_since,
            bus_reason=self._bus_reason,
            supervisor=supervision.life,
            supervisor_since=supervision.since,
            recording=supervision.recording,
            conflict=supervision.conflict,
            joined=self.joined,
            epoch=supervision.epoch,
            window=supervision.window,
            key=supervision.key,
            pinned=supervision.pinned,
            refused=self._refused,
            problem=self._problem,
            other=supervision.other,
            misfit=self._parts.misfit,
        )

    def wake_at(self) -> float | None:
        """When `tick` is due next, or None if only a message can change anything."""
        due = (self._request.due, self._watch_at, self.supervision.lapses_at)
        return min((time for time in due if time is not None), default=None)

    def receive(self, item: Item, now: float) -> Effects:
        """Take what the transport brings. Never raises, whatever it is."""
        before, effects = self.status, Effects()
        match item:
            case LinkUp():
                self._turn("up", "", now)
                self._rejoin(now, at_once=True)
            case LinkDown(reason=reason):
                self._turn("down", plain(reason), now)
                self.joined = False
                self._request.due = self._watch_at = None
                self.supervision.unlinked(now)
            case Message(topic=topic, payload=payload, retained=retained):
                self._message(topic, payload, now, effects, retained=retained)
        self._finish(effects, before, now)
        return effects

    def tick(self, now: float) -> Effects:
        """Let time pass: a lease lapses, an unanswered request is repeated."""
        before, effects = self.status, Effects()
        self.supervision.tick(now)
        self._finish(effects, before, now)
        return effects

    def _finish(self, effects: Effects, before: LinkStatus, now: float) -> None:
        if self._bus == "up" and self._request.due is not None and now >= self._request.due:
            effects.intents.append(self._intent("keyframe", self._request.ask(now)))
        if self._watch_at is not None and now >= self._watch_at:
            self._watch_at = now + WATCH_RENEW
            effects.intents.append(self._intent("watch", self._new_id()))
        if self.status != before:
            effects.changes.append(LINK)

    def _turn(self, bus: BusState, reason: str, now: float) -> None:
        if bus != self._bus:
            self._bus, self._bus_since = bus, now
        self._bus_reason = reason

    # ---- asking ------------------------------------------------------------------------------------------------------

    def _rejoin(self, now: float, *, at_once: bool = False) -> None:
        """Ask for a keyframe; soon, if one was asked for a moment ago."""
        self.joined = False
        self._watch_at = None  # the request says as much
        self._parts.clear()
        self._request.begin(now, at_once=at_once)

    def _intent(self, verb: Verb, name: str) -> Intent:
        return Intent(
            verb=verb,
            id=name,
            operator=self.operator,
            console=self.console,
            epoch=self.supervision.epoch,
            pos=self.fleet.pos,
            watching=self._watching,
        )

    # ---- messages ----------------------------------------------------------------------------------------------------

    def _message(self, topic: str, payload: bytes, now: float, effects: Effects, *, retained: bool) -> None:
        try:
            if topic == self.topics.journal:
                self._journal(payload, now, effects)
            elif topic == self.topics.state:
                self._state(payload, now, retained=retained)
            elif topic == self.topics.console(self.console):
                self._reply(payload, now, effects)
        except DecodeError as error:
            self._refuse(f"{topic.removeprefix(self.topics.root + '/')}: {error}")
        except ForgedKeyframeError as error:
            self._refuse(str(error))  # the next one, asked for under a new id, may be the true one
        except KeyframeError as error:
            # The next one will hardly be better, and the supervisor has to make each.
            self._request.due = now + INTENT_TIMEOUT
            self._refuse(str(error))

    def _state(self, payload: bytes, now: float, *, retained: bool) -> None:
        epoch = self.supervision.epoch
        problem = self.supervision.hear(payload, now, retained=retained)
        if problem:
            self._refuse(problem)
        if self.joined and self.supervision.epoch != self.epoch:
            self._rejoin(now)
        elif self.joined and not problem and not retained:
            # The journal may have lost its last records, and then nothing later would show the hole.
            if self._due_pos > self.fleet.pos:
                self._rejoin(now)
            self._due_pos = codec.decode(payload, SupervisorState).pos
        elif epoch and self.supervision.epoch != epoch and self._request.due is not None:
            self._request.due = now

    def _journal(self, payload: bytes, now: float, effects: Effects) -> None:
        journal = codec.decode(payload, Journal)
        if not self.supervision.key or self.supervision.is_past(journal.epoch) or not journal.records:
            return  # a keyframe that can be believed is newer than what comes before there is a key
        problem = self.supervision.disowns(
            lambda key: seals_journal(key, payload, journal), "a journal batch"
        )
        if problem:
            # Dropped before any position in it is looked at: the true records of these are to come, or asked for.
            self._refuse(problem)
            return
        if not self.joined:
            self._backlog.add(journal.epoch, journal.records)
        elif journal.epoch != self.epoch:
            # Either its signed state will follow, or nobody we believe wrote this.
            self._backlog.add(journal.epoch, journal.records)
            if journal.epoch == self.supervision.epoch:
                self._rejoin(now)
        else:
            self._apply(journal.records, now, effects)

    def _reply(self, payload: bytes, now: float, effects: Effects) -> None:
        reply = codec.decode_reply(payload)
        if isinstance(reply, KeyframePart):
            if reply.intent not in self._request.ids or self.joined or not self.supervision.key:
                return  # without a key there is nobody to believe: the request is repeated until a state has come
            if reply.epoch != (self.supervision.epoch or reply.epoch):
                return  # of an earlier supervisor, or of one whose signed state is still to come
            problem = self.supervision.disowns(
                lambda key: seals_keyframe(key, payload, reply), "a keyframe part"
            )
            if problem:
                self._refuse(problem)
                return
            self._request.heard(now)
            self.supervision.answered(reply.epoch, now)
            joined = self._parts.add(reply)
            if joined is not None:
                self._join(joined, now, effects)
            return
        problem = _disbelieved(self.supervision, reply, payload)
        if problem:
            self._refuse(problem)
        elif reply.epoch != (self.supervision.epoch or reply.epoch):
            return  # of a supervisor that we do not follow: ours will answer when the intent is repeated
        elif isinstance(reply, HealthReport | HistoryPage):
            effects.reports.append(reply)
        elif reply.intent in self._request.ids:
            self._refuse(f"the supervisor gives no keyframe: {plain(reply.text or reply.outcome)}")
        else:
            effects.answers.append(reply)

    def _join(self, joined: Joined, now: float, effects: Effects) -> None:
        self._due_pos = 0
        self.epoch = joined.epoch
        self.fleet = joined.fleet
        self.joined = True
        self._request.end()
        self._watch_at = now + WATCH_RENEW if self._watching else None
        self._parts.clear()
        effects.changes.append(REPLACED)
        self._apply(self._backlog.take(joined.epoch), now, effects)

    def _apply(self, records: list[JournalRecord], now: float, effects: Effects) -> None:
        for number, entry in enumerate(records):
            if entry.pos <= self.fleet.pos:
                continue
            event = bytes(entry.event)
            try:
                record = codec.record(entry.pos, entry.at, codec.decode_envelope(event))
                effects.changes.extend(reduce(self.fleet, record))
            except (DecodeError, HoleInLogError, IllegalTransitionError) as error:
                if not isinstance(error, HoleInLogError):
                    self._refuse(f"journal, position {entry.pos}: {error}")
                self._backlog.add(self.epoch, records[number:])
                self._rejoin(now)
                return
            effects.applied.append(Applied(record, event))

    def _refuse(self, problem: str) -> None:
        self._refused += 1
        self._problem = plain(problem)


def _disbelieved(supervision: Supervision, reply: Answer | Report, payload: bytes) -> str:
    """Why an answer is not the supervisor's; a page is under a seal, like a keyframe."""
    if isinstance(reply, HistoryPage):
        return supervision.disowns(lambda key: seals_page(key, payload, reply), "a page of the log")
    return supervision.distrusts(payload)

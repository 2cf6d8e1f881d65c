"""Who is told what, and when: escalation, quiet hours, rate. Pure: the time is passed in, nothing is sent here."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple

from console.core.fleet.alarm_standing import began
from console.core.fleet.state import Fleet
from console.core.text import plain
from console.notify.plan import Plan

HOUR: Final = 3_600_000
AGAIN: Final = 60_000
"""How long (ms) a target that could not be reached is left alone."""

LINES: Final = 10
LINE_CHARS: Final = 160

_HARMLESS: Final = str.maketrans({
    "@": "(at)", "<": "(", ">": ")", "[": "(", "]": ")", "`": "'", "*": "×", "~": "–", "|": "/", "#": "No. ",
    "!": ".", "&": "+",
})  # fmt: skip
"""What services read as mentions, links or markup."""


class Occasion(NamedTuple):
    """Something that wants a person: since when (ms), in words, and whether it is told in quiet hours too."""

    kind: Literal["alarm", "ask", "link"]
    since: int
    text: str
    grave: bool


class Message(NamedTuple):
    """One message to one target; `keys` are the occasions that it tells of."""

    target: int
    title: str
    body: str
    keys: tuple[str, ...]


def harmless(text: str) -> str:
    """Text as one visible line in which no service finds a mention, a link or markup."""
    return plain(text, LINE_CHARS).translate(_HARMLESS).replace("://", " ").replace("www.", "www ")


def occasions(fleet: Fleet, plan: Plan, now: int) -> dict[str, Occasion]:
    """What wants a person at `now` (ms, by the log's time): names and kinds, never an argument of a call."""
    found: dict[str, Occasion] = {}
    for alarm in fleet.alarms.values():
        if (
            plan.alarms
            and alarm.priority == 1
            and alarm.state in ("unacknowledged", "returned")
            and alarm.shown == "shown"
        ):
            whose = f", {alarm.agent} {alarm.run}".rstrip() if alarm.agent else ""
            text = harmless(f"alarm of priority 1: {alarm.kind}{whose}")
            found[f"alarm {alarm.id} {alarm.since}"] = Occasion("alarm", began(alarm), text, grave=True)
    for key in fleet.waiting:
        action = fleet.action(key)
        if action is None or action.asked_at is None:
            continue
        escalated = plan.escalations and action.escalated_at is not None
        if escalated or now - action.asked_at >= plan.asks_after * 1000:
            by = action.care.escalated_by if plan.escalations else ""
            word = f"escalated by {by}, waits" if by else "escalated, waits" if escalated else "waits"
            text = harmless(
                f"{action.gate or 'ask'} {word} for a person: {action.tool}, {action.agent} {action.run}"
            )
            # A person's escalation is news, also to whom was told that it waits.
            found[f"ask {key} {by}".rstrip()] = Occasion("ask", action.asked_at, text, grave=False)
    return found


class _Told:
    """What one target was told, and when."""

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self.failed: set[str] = set()
        self.not_before = 0
        self.sent: deque[int] = deque()

    def is_there(self, there: Mapping[str, Occasion]) -> None:
        self.keys &= there.keys()
        self.failed &= there.keys()

    def has_room(self, hourly: int, now: int, *, grave: bool) -> bool:
        """What is grave has room once a minute, whatever else filled the hour."""
        while self.sent and now - self.sent[0] >= HOUR:
            self.sent.popleft()
        return len(self.sent) < hourly or (grave and now - self.sent[-1] >= AGAIN)


class Rounds:
    """Remembers who was told of what. `site` names it in each message."""

    def __init__(self, plan: Plan, site: str) -> None:
        self.plan = plan
        self._site = site
        self._of = [_Told() for _ in plan.targets]

    def follow(self, plan: Plan) -> None:
        """Go on by another plan: who is in both was told what they were told."""
        before = {
            (target.name, target.url): told for target, told in zip(self.plan.targets, self._of, strict=True)
        }
        self._of = [before.pop((target.name, target.url), _Told()) for target in plan.targets]
        self.plan = plan

    def due(self, there: Mapping[str, Occasion], now: int, minute: int) -> list[Message]:
        """The messages to send now, at most one a target. `minute` is that of the day, for quiet hours.

        What is no longer there is forgotten: if it comes back, it is told again.
        """
        quiet = self.plan.is_quiet(minute)
        open_ = {key: one for key, one in there.items() if one.grave or not quiet}
        for told in self._of:
            told.is_there(there)
        messages = []
        for number, (target, told) in enumerate(zip(self.plan.targets, self._of, strict=True)):
            keys = [
                key
                for key, one in open_.items()
                if key not in told.keys
                and (now - one.since >= target.after * 1000 or self._unreached_before(number, key))
            ]
            grave = any(open_[key].grave for key in keys)
            if keys and now >= told.not_before and told.has_room(self.plan.hourly, now, grave=grave):
                messages.append(self._message(number, keys, [open_[key] for key in keys]))
        return messages

    def delivered(self, message: Message, now: int, *, ok: bool) -> None:
        """Note what became of a message: one that failed is tried again later, and the next target need not wait."""
        told = self._of[message.target]
        if ok:
            told.keys.update(message.keys)
            told.sent.append(now)
            told.failed -= set(message.keys)
        else:
            told.not_before = now + AGAIN
            told.failed |= set(message.keys)

    def _unreached_before(self, number: int, key: str) -> bool:
        return number > 0 and all(key in self._of[earlier].failed for earlier in range(number))

    def _message(self, number: int, keys: list[str], ones: Iterable[Occasion]) -> Message:
        lines = [one.text for one in ones]
        more = [f"and {len(lines) - LINES} more"] if len(lines) > LINES else []
        what = "1 thing wants" if len(lines) == 1 else f"{len(lines)} things want"
        title = f"watchfloor {self._site}: {what} a person"
        return Message(number, title, "\n".join([*lines[:LINES], *more]), tuple(keys))

"""Consoles: who watches, and the keyframes they ask for, within bounds that no stranger can wear out.

Anybody who reaches the broker may ask for the floor. So a keyframe is made for all who wait, an allowance bounds what is
made and sent, and the requests of enrolled operators come first.

While the recording fails a keyframe goes out ahead of it: who comes in then must see what there is to stop. If this
process dies before it is recorded, the next one's epoch makes every console ask again.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bus.limits import WATCH_TTL
from bus.messages import Intent
from bus.operator_records import OperatorJoined, OperatorLeft
from bus.signing import PrivateKey
from bus.topics import Topics
from console.core.deeds import UNSIGNED
from console.core.fleet.state import encode
from console.core.text import plain
from console.supervisor import publishing
from console.supervisor.inquiries import Inquiries
from console.supervisor.log import Log
from console.supervisor.outbox import Outbox

LISTED: Final = 256
"""Consoles that are listed as watching; further ones watch unlisted."""

JOINS_A_MINUTE: Final = 120
"""Consoles that are put on the list within a minute; further ones watch unlisted until they ask again."""

WAITING: Final = 256
"""Requests that wait for a keyframe at once. Consoles repeat theirs, so that a dropped one is only late."""

WORDS_KEPT: Final = 10_000
"""Signed words about watching that are remembered, so that they count once. What is older may be played back, for what it
is worth: a name on a list that nothing is decided by, bounded by `LISTED`, `JOINS_A_MINUTE` and `WATCH_TTL`."""

MADE: Final = 5_000_000
"""Bytes of encoded fleet that may be made into keyframes a second: a tenth of what a slow machine can."""

SENT: Final = 10_000_000
"""Bytes of keyframes that may be sent a second."""

AHEAD: Final = 0.5
"""Seconds of that allowance that may be spent at once."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a keyframe, and the log's position when it came: an older keyframe would leave a hole."""

    intent: str
    pos: int


@dataclass(frozen=True, slots=True)
class Keyframe:
    """The fleet as it stood at `pos`, ready to be cut into parts."""

    pos: int
    body: bytes


class Consoles:
    """Lists the consoles that watch and gives keyframes. `enrolled` says whether an intent's signature is an operator's."""

    def __init__(
        self,
        log: Log,
        outbox: Outbox,
        topics: Topics,
        enrolled: Callable[[Intent, bytes], bool],
        key: PrivateKey,
    ) -> None:
        """`key` is the supervisor's, which seals keyframes."""
        self._log = log
        self._fleet = log.fleet
        self._outbox = outbox
        self._topics = topics
        self._enrolled = enrolled
        self.inquiries = Inquiries(enrolled)
        self._key = key
        self._heard: dict[str, float] = {}  # the longest silent first
        self._words: OrderedDict[str, None] = OrderedDict()
        self._joins: deque[float] = deque(maxlen=JOINS_A_MINUTE)
        self._first: dict[str, Asked] = {}
        self._rest: dict[str, Asked] = {}
        self._keyframe: Keyframe | None = None
        self._spent_until = 0.0
        self._deaf = False

    @property
    def waiting(self) -> int:
        """Requests for a keyframe that wait."""
        return len(self._first) + len(self._rest)

    def intent(self, intent: Intent, payload: bytes, now: float) -> None:
        """Take what is asked for, or said about watching."""
        if intent.verb in ("health", "history"):
            self.inquiries.intent(intent, payload)
            return
        enrolled = self._enrolled(intent, payload)
        # Anybody can write a name; without a signature it is shown for what it is, and takes nobody's place.
        name = intent.operator if enrolled else intent.operator[: 64 - len(UNSIGNED)] + UNSIGNED
        news = not enrolled or self._news(intent.id)
        if intent.verb == "leave":
            if news and self._fleet.operators.get(intent.console) == plain(name, 64):
                self._forget(intent.console)
            return
        if news and (intent.watching or intent.verb == "watch"):
            self._watches(intent.console, name, now)
        if intent.verb == "keyframe":
            queue = self._first if enrolled else self._rest
            if intent.console in queue or len(queue) < WAITING:
                queue[intent.console] = Asked(intent.id, self._fleet.pos)
            self._serve(now)

    def listen(self, now: float, *, deaf: bool) -> None:
        """Whether consoles can be heard at all from now on."""
        self._deaf = deaf
        self.inquiries.link("control", now, up=not deaf)
        self._heard = dict.fromkeys(self._heard, now)

    def slept(self, seconds: float) -> None:
        """Nobody listened for so long."""
        self._heard = {console: at + seconds for console, at in self._heard.items()}

    def tick(self, now: float) -> None:
        """Serve those who wait, and take from the list who was not heard for too long."""
        self._serve(now)
        if self._deaf:
            return
        while self._heard:
            console = next(iter(self._heard))
            if now - self._heard[console] < WATCH_TTL:
                break
            self._forget(console)

    def _news(self, word: str) -> bool:
        """Whether a signed word was not said before: what is played back neither lists a console nor takes it off."""
        if word in self._words:
            return False
        self._words[word] = None
        if len(self._words) > WORDS_KEPT:
            self._words.popitem(last=False)
        return True

    def _watches(self, console: str, name: str, now: float) -> None:
        listed = self._fleet.operators.get(console)
        if listed != plain(name, 64):
            if listed is not None and name.endswith(UNSIGNED):
                return
            often = len(self._joins) == JOINS_A_MINUTE and now - self._joins[0] < 60
            if often or (listed is None and len(self._fleet.operators) >= LISTED):
                return
            self._joins.append(now)
            self._log.write(OperatorJoined(operator=name, console=console))
        self._heard.pop(console, None)
        self._heard[console] = now

    def _forget(self, console: str) -> None:
        self._heard.pop(console, None)
        operator = self._fleet.operators.get(console)
        if operator is not None:
            self._log.write(OperatorLeft(operator=operator, console=console))

    def _serve(self, now: float) -> None:
        for queue in (self._first, self._rest):
            while queue:
                if self._spent_until - now > AHEAD:
                    return
                console = next(iter(queue))
                self._give(console, queue.pop(console), now)

    def _give(self, console: str, asked: Asked, now: float) -> None:
        keyframe = self._keyframe
        if keyframe is None or keyframe.pos < asked.pos:
            body = encode(self._fleet)
            keyframe = self._keyframe = Keyframe(self._fleet.pos, publishing.compressed(body))
            self._spend(len(body) / MADE, now)
        self._spend(len(keyframe.body) / SENT, now)
        topic = self._topics.console(console)
        for part in publishing.keyframe(
            self._key, self._log.epoch, asked.intent, keyframe.pos, keyframe.body
        ):
            self._outbox.plain(topic, part, anyway=True)

    def _spend(self, seconds: float, now: float) -> None:
        self._spent_until = max(self._spent_until, now) + seconds

"""What a console knows about the supervisor: its signed state, its lease by our clock, its epoch. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, Literal

from bus import codec
from bus.codec import DecodeError
from bus.limits import LEASE_TTL, WINDOW_DEFAULT
from bus.messages import SupervisorState
from bus.signing import KeyFileError, PublicKey
from console.link.status import SupervisorLife

EPOCHS_KEPT: Final = 16
"""Past epochs that are remembered, so that what is late of them is not taken for news."""


class Supervision:
    """The supervisor as seen from one console. `now` is the caller's monotonic clock in seconds.

    A state counts only with the signature of `pinned`, or without one of the first key that signed a state. A retained
    delivery never renews the lease, nor does a counter that is not greater than the last one. What is of a lower era than
    the highest heard was said by a supervisor before this one, whenever it comes.

    A first key that only a retained state showed may be of a site that is long gone. It is given up for another one that
    signs what is said just now, if nobody who lives has ever used it and its own supervisor is not up. Whoever may put that
    other state there could have replaced the retained one, so this believes nobody who was not believed before.
    """

    def __init__(self, pinned: PublicKey | None, now: float) -> None:
        self.pinned = pinned is not None
        self.life: SupervisorLife = "unknown"
        self.since = now
        self.epoch = ""
        self._era = 0
        self.window = WINDOW_DEFAULT
        self.recording: Literal["ok", "failing"] = "ok"
        self.conflict = False
        self._key = pinned
        self._confirmed = pinned is not None
        self._other: PublicKey | None = None
        self._other_until: float | None = None
        self._counter = -1
        self._ttl = LEASE_TTL
        self._until: float | None = None
        self._past: deque[str] = deque(maxlen=EPOCHS_KEPT)

    @property
    def key(self) -> str:
        """Fingerprint of the key we believe, or empty."""
        return self._key.fingerprint if self._key else ""

    @property
    def other(self) -> str:
        """Fingerprint of another key under which a supervisor says that it is up, for as long as it does; or empty."""
        return self._other.fingerprint if self._other else ""

    @property
    def lapses_at(self) -> float | None:
        """When silence will mean that the supervisor, or the one under another key, is lost."""
        times = [time for time in (self._until, self._other_until) if time is not None]
        return min(times) if times else None

    def is_past(self, epoch: str) -> bool:
        """Whether a newer supervisor has taken over from this epoch."""
        return epoch in self._past

    def hear(self, payload: bytes, now: float, *, retained: bool) -> str:
        """Take one message of `supervisor/state`. Returns why it is not believed, or nothing.

        What an older supervisor says is ignored as long as the newer one lives.
        """
        try:
            state = codec.decode(payload, SupervisorState)
        except DecodeError as error:
            return f"supervisor/state is not a state: {error}"
        problem = self._check(state, payload, now, retained=retained)
        late = self.is_past(state.epoch) and self.life == "up" and state.era == self._era
        if problem or state.era < self._era or late:
            return problem
        self._era = state.era
        if state.epoch != self.epoch:
            self._adopt(state.epoch, now)
        if state.status != "up":
            self._live(state.status, now)
            self._until = None
        elif state.lease < self._counter:
            return ""
        elif retained:
            if self._until is None and self.life != "up":
                self._live("unknown", now)
                self._until = now + state.ttl
        elif state.lease > self._counter:
            self._live("up", now)
            self._until = now + state.ttl
        self._counter = max(self._counter, state.lease)
        self._ttl, self.window = state.ttl, state.window
        self.recording, self.conflict = state.recording, state.conflict
        return ""

    def distrusts(self, payload: bytes) -> str:
        """Why an answer is not the supervisor's, by the key we believe; nothing while we know none."""
        if self._key is None:
            return ""
        if self._key.verifies(payload):
            self._confirmed = True
            return ""
        return f"an answer is not signed by {self._whose} {self._key.fingerprint}"

    def disowns(self, sealed: Callable[[PublicKey], bool], what: str) -> str:
        """Why a journal batch or a keyframe part is not the supervisor's; `sealed` says whether a key's seal is on it.

        While we know no key nothing is refused, and the caller must not use it.
        """
        if self._key is None or sealed(self._key):
            return ""
        return f"{what} is not sealed by {self._whose} {self._key.fingerprint}"

    def answered(self, epoch: str, now: float) -> None:
        """The supervisor of `epoch` answered a request of ours that nobody could foresee: it lives."""
        if epoch == self.epoch and self.life != "stopped":
            self._live("up", now)
            self._until = now + self._ttl

    def unlinked(self, now: float) -> None:
        """The bus went down: nothing is known any more."""
        self._live("unknown", now)
        self._until = None
        self._other = self._other_until = None

    def tick(self, now: float) -> None:
        """Let time pass: a lease that was not renewed lapses."""
        if self._until is not None and now >= self._until:
            self._until = None
            self._live("lost", now)
        if self._other_until is not None and now >= self._other_until:
            self._other = self._other_until = None

    def _adopt(self, epoch: str, now: float) -> None:
        if epoch in self._past:
            self._past.remove(epoch)
        if self.epoch:
            self._past.append(self.epoch)
        self.epoch = epoch
        self._counter = -1
        self._until = None
        self._live("unknown", now)

    def _live(self, life: SupervisorLife, now: float) -> None:
        if life != self.life:
            self.life, self.since = life, now

    @property
    def _whose(self) -> str:
        return "the pinned supervisor key" if self.pinned else "the supervisor key seen first"

    def _check(self, state: SupervisorState, payload: bytes, now: float, *, retained: bool) -> str:
        if self._key is None or not self._key.verifies(payload):
            try:
                shown = PublicKey.parse(state.public_key)
            except KeyFileError:
                shown = None
            if self._key is None and shown is None:
                return "supervisor/state carries no public key"
            live = shown is not None and shown.verifies(payload) and state.status == "up" and not retained
            if self._key is not None and not (live and self._free):
                self._meet(shown if live else None, now + state.ttl)
                return f"supervisor/state is not signed by {self._whose} {self._key.fingerprint}"
            if shown is None or not shown.verifies(payload):
                key = shown.fingerprint if shown else "that it shows"
                return f"supervisor/state is not signed by {self._whose} {key}"
            self._key, self._other, self._other_until = shown, None, None
            self._era = 0
        self._confirmed = self._confirmed or not retained
        return ""

    @property
    def _free(self) -> bool:
        """Whether the key we believe may be given up: seen in retained states only, of a supervisor that is not up."""
        return not self._confirmed and self._until is None

    def _meet(self, other: PublicKey | None, until: float) -> None:
        if other is not None:
            self._other, self._other_until = other, until

"""What a console knows about the supervisor: its signed state, its lease by our clock, its epoch. Pure."""

from __future__ import annotations

from collections import deque
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
    delivery never renews the lease, nor does a counter that is not greater than the last one.
    """

    def __init__(self, pinned: PublicKey | None, now: float) -> None:
        self.pinned = pinned is not None
        self.life: SupervisorLife = "unknown"
        self.since = now
        self.epoch = ""
        self.window = WINDOW_DEFAULT
        self.recording: Literal["ok", "failing"] = "ok"
        self.conflict = False
        self._key = pinned
        self._counter = -1
        self._ttl = LEASE_TTL
        self._until: float | None = None
        self._past: deque[str] = deque(maxlen=EPOCHS_KEPT)

    @property
    def key(self) -> str:
        """Fingerprint of the key we believe, or empty."""
        return self._key.fingerprint if self._key else ""

    @property
    def lapses_at(self) -> float | None:
        """When silence will mean that the supervisor is lost."""
        return self._until

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
        problem = self._check(state, payload)
        if problem or (self.is_past(state.epoch) and self.life == "up"):
            return problem
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
        if self._key is None or self._key.verifies(payload):
            return ""
        return f"an answer is not signed by {self._whose} {self._key.fingerprint}"

    def answered(self, epoch: str, now: float) -> None:
        """The supervisor of `epoch` answered a request of ours that nobody could foresee: it lives."""
        if epoch == self.epoch and self.life != "stopped":
            self._live("up", now)
            self._until = now + self._ttl

    def unlinked(self, now: float) -> None:
        """The bus went down: nothing is known any more."""
        self._live("unknown", now)
        self._until = None

    def tick(self, now: float) -> None:
        """Let time pass: a lease that was not renewed lapses."""
        if self._until is not None and now >= self._until:
            self._until = None
            self._live("lost", now)

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

    def _check(self, state: SupervisorState, payload: bytes) -> str:
        key = self._key
        if key is None:
            try:
                key = PublicKey.parse(state.public_key)
            except KeyFileError:
                return "supervisor/state carries no public key"
        if not key.verifies(payload):
            return f"supervisor/state is not signed by {self._whose} {key.fingerprint}"
        self._key = key
        return ""

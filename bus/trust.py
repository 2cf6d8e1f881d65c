"""Whom an agent believes: one supervisor key, pinned beforehand or on first use."""

from __future__ import annotations

import logging
import os
from typing import Final, NamedTuple

from bus.home import Home
from bus.messages import SupervisorState
from bus.signing import KeyFileError, PublicKey

log = logging.getLogger("watchfloor")

KEY_VARIABLE: Final = "WATCHFLOOR_SUPERVISOR_KEY"

SAID_AT: Final = (1, 10, 100)
SAID_EVERY: Final = 1_000
"""States of another supervisor at which it is said that it is not believed: at once, after half a minute, five minutes, and
then every fifty minutes, at the rate of a lease."""


RESTART: Final = "and start this again"


class Pin(NamedTuple):
    """The one key that is believed, where it was found, and what to do if another supervisor is the right one."""

    key: PublicKey
    where: str
    advice: str


def pinned(home: Home, given: str | None = None) -> Pin | None:
    """Find the supervisor's public key: as given, from `WATCHFLOOR_SUPERVISOR_KEY`, or beside its private key in `home`.

    None means that nobody pinned one; then the first that the supervisor shows is kept.

    Raises:
        KeyFileError: what was found is no key.
    """
    if given:
        return Pin(PublicKey.parse(given), "as `supervisor=` says", f"name its key there {RESTART}")
    if line := os.environ.get(KEY_VARIABLE):
        return Pin(PublicKey.parse(line), f"as {KEY_VARIABLE} says", f"set that to its key {RESTART}")
    path = home.supervisor_public_key
    try:
        key = PublicKey.parse(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"{path}: cannot read the supervisor's public key: {error}") from None
    return Pin(key, f"as {path} says", f"put its {path.name} there {RESTART}")


class PinnedTrust:
    """Believes one key. Without one it keeps, for the life of the process, the first that signs a state naming itself.

    A supervisor under another key is not believed, and that is said: whoever waits for it would wait in silence.
    """

    def __init__(self, pin: Pin | None) -> None:
        self._pin = pin
        self._others = 0

    def state(self, payload: bytes, state: SupervisorState) -> bool:
        """See `bus.sdk.agent_core.Trust.state`."""
        if self._pin is not None and self._pin.key.verifies(payload):
            return True
        try:
            shown = PublicKey.parse(state.public_key)
        except KeyFileError:
            return False
        if not shown.verifies(payload):
            return False
        if self._pin is not None:
            self._other(shown, self._pin)
            return False
        log.warning(
            "trusting the supervisor key %s on first use; pin it with %s", shown.fingerprint, KEY_VARIABLE
        )
        where = "the first that was seen, as none is pinned"
        self._pin = Pin(shown, where, f"pin its key with {KEY_VARIABLE} {RESTART}")
        return True

    def _other(self, shown: PublicKey, pin: Pin) -> None:
        """Say that somebody speaks as supervisor who is not believed: at once, then the rarer the longer it goes on."""
        self._others += 1
        if self._others in SAID_AT or self._others % SAID_EVERY == 0:
            log.error(
                "the supervisor with the key %s is not obeyed; only %s is, %s. If it is yours, %s",
                shown.fingerprint,
                pin.key.fingerprint,
                pin.where,
                pin.advice,
            )

    def command(self, payload: bytes) -> bool:
        """See `bus.sdk.agent_core.Trust.command`."""
        return self._pin is not None and self._pin.key.verifies(payload)

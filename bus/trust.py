"""Whom an agent believes: one supervisor key, pinned beforehand or on first use."""

from __future__ import annotations

import logging
import os
from typing import Final

from bus.home import Home
from bus.messages import SupervisorState
from bus.signing import KeyFileError, PublicKey

log = logging.getLogger("watchfloor")

KEY_VARIABLE: Final = "WATCHFLOOR_SUPERVISOR_KEY"


def supervisor_key(home: Home, given: str | None = None) -> PublicKey | None:
    """Find the supervisor's public key: as given, from `WATCHFLOOR_SUPERVISOR_KEY`, or beside its private key in `home`.

    None means that nobody pinned one; then the first that the supervisor shows is kept.

    Raises:
        KeyFileError: what was found is no key.
    """
    line = given or os.environ.get(KEY_VARIABLE)
    if line:
        return PublicKey.parse(line)
    path = home.supervisor_public_key
    try:
        return PublicKey.parse(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"{path}: cannot read the supervisor's public key: {error}") from None


class PinnedTrust:
    """Believes one key. Without one it keeps, for the life of the process, the first that signs a state naming itself."""

    def __init__(self, key: PublicKey | None) -> None:
        self.key = key

    def state(self, payload: bytes, state: SupervisorState) -> bool:
        """See `bus.agent_core.Trust.state`."""
        if self.key is not None:
            return self.key.verifies(payload)
        try:
            shown = PublicKey.parse(state.public_key)
        except KeyFileError:
            return False
        if not shown.verifies(payload):
            return False
        log.warning(
            "trusting the supervisor key %s on first use; pin it with %s", shown.fingerprint, KEY_VARIABLE
        )
        self.key = shown
        return True

    def command(self, payload: bytes) -> bool:
        """See `bus.agent_core.Trust.command`."""
        return self.key is not None and self.key.verifies(payload)

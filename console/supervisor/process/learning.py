"""Keeping the site database of reliability up with the log."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

from console.recording.bodies import Row
from console.recording.known import Known
from console.recording.schema import RecordingError

LOGGER: Final = logging.getLogger(__name__)


async def learn(known: Known | None, rows: Iterable[Row]) -> None:
    """Copy verdicts and rungs that were just recorded. Never raises: what is missed is taken from the sessions later."""
    if known is None:
        return
    try:
        await known.append(rows)
    except RecordingError as error:
        LOGGER.error("the reliability database misses records: %s", error)  # noqa: TRY400  (the trace says nothing more)

"""The last words of a supervisor: what may still go out, that it is stopped, and what nobody has recorded."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from bus.transports.transport import NotConnectedError, Transport
from console.supervisor.desk import Desk
from console.supervisor.process.emergency import EmergencyLog

GOODBYE_WITHIN: Final = 2.0
"""Seconds that the broker has to take the last words, and then the disk to take what was commanded unrecorded."""

LOGGER: Final = logging.getLogger(__name__)


async def goodbye(desk: Desk, control: Transport, emergency: EmergencyLog) -> None:
    """Say the last words, and keep what was commanded unrecorded. Waits for neither for long."""
    desk.outbox.state(desk.state("stopped"))
    try:
        async with asyncio.timeout(GOODBYE_WITHIN):
            for out in desk.out():
                await control.publish(out.topic, out.payload, retain=out.retain)
    except (NotConnectedError, TimeoutError) as error:
        LOGGER.warning("nobody took the goodbye: %s", str(error) or "the broker does not answer")
    try:
        async with asyncio.timeout(GOODBYE_WITHIN):
            await asyncio.to_thread(emergency.work)
    except TimeoutError:
        LOGGER.error("the emergency log has not answered")  # noqa: TRY400  (the trace says nothing more)

"""How an agent's link ends: what is not stored yet has its time, and the last words are published."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from typing import Final

from bus.sdk.agent_core import AgentCore
from bus.sdk.courier import Publish
from bus.transports.transport import NotConnectedError, Transport

log = logging.getLogger("watchfloor")

GOODBYE_WITHIN: Final = 2.0
"""Seconds that the last message, `stopped`, may take."""


async def wait_until_stored(core: AgentCore, empty: asyncio.Event, within: float) -> None:
    """Wait until `empty` says that everything is stored, for `within` seconds; then say what is not."""
    try:
        async with asyncio.timeout(within):  # not wait_for, which can swallow a cancellation in 3.11
            await empty.wait()
    except TimeoutError:
        log.warning(
            "agent %s: %d events are not stored yet; they stay in the spool, and `watchfloor spool send` sends them",
            core.identity.agent,
            core.unstored,
        )


async def publish_last(transport: Transport, last: Iterable[Publish]) -> None:
    """Publish the last words, as far as somebody takes them in time."""
    for topic, payload, retain in last:
        with contextlib.suppress(NotConnectedError, TimeoutError, ValueError):
            async with asyncio.timeout(GOODBYE_WITHIN):
                await transport.publish(topic, payload, retain=retain)

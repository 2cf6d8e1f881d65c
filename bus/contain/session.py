"""The life of the wrapper's process: fork first, then everything that has threads, then the end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace

from bus.contain.launch import Held, become_subreaper
from bus.contain.voice import Voice, vouch
from bus.contain.wrapper import Plan, Wrapper
from bus.home import Home
from bus.signing import PrivateKey


def contained(
    plan: Plan,
    *,
    home: Home,
    agent: str,
    run: str,
    broker: str | None = None,
    passed: Callable[[str, bytes], object],
    told: Callable[[str], object],
) -> int:
    """Live a contained run and return the exit code. `passed` gets the child's output, `told` a line for people.

    To be called where no thread was started yet.

    Raises:
        BadIdError, KeyFileError, BadBrokerUrlError, SpoolError, FileExistsError: nothing was run.
    """
    key = PrivateKey.load(home.wrapper_key) if home.wrapper_key.exists() else None
    voice = Voice(home, agent, run, broker=broker)
    plan = replace(plan, subreaper=become_subreaper())
    held = Held(plan.command, os.environ)
    proof = vouch(key, voice.identity, run) if key else ""
    if key is None:
        told(f"no wrapper key in {home.wrapper_key}: the supervisor will count this run as gated")
    return asyncio.run(_live(plan, held, voice, proof, passed, told))


async def _live(
    plan: Plan,
    held: Held,
    voice: Voice,
    proof: str,
    passed: Callable[[str, bytes], object],
    told: Callable[[str], object],
) -> int:
    wrapper = Wrapper(plan, held, voice, passed)
    told(f"{voice.identity.agent}/{voice.run}: {'; '.join(wrapper.holds)}")
    voice.open(plan.goal, {"pid": str(held.pid)}, proof)
    try:
        return await wrapper.live()
    finally:
        await voice.close(plan.close_within)
        if voice.unstored:
            told(
                f"{voice.unstored} events are not recorded yet; send them: watchfloor spool send {voice.identity.agent}"
            )

"""The life of the wrapper's process: fork first, then everything that has threads, then the end."""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from bus.contain.door import Door
from bus.contain.keeper import kept
from bus.contain.launch import Held, become_subreaper
from bus.contain.server import Server
from bus.contain.voice import Voice, vouch
from bus.contain.wrapper import Plan, Wrapper
from bus.home import Home
from bus.identity import COMMAND_LABEL
from bus.sdk.parent_wire import VARIABLE
from bus.sdk.spool.on_disk import spool_path
from bus.sdk.spool.store import SpoolError
from bus.sdk.values import clip
from bus.signing import PrivateKey

TALK_WITHIN: Final = 0.5
"""Seconds in which whoever still talks to the wrapper hears the end."""

SHOWN: Final = 1_000
"""Characters of the command line that are shown where no goal was given."""


def contained(
    plan: Plan,
    *,
    home: Home,
    agent: str,
    run: str,
    broker: str | None = None,
    passed: Callable[[str, bytes], bool],
    told: Callable[[str], object],
) -> int:
    """Live a contained run and return the exit code. `told` gets a line for people, `passed` the child's output: it
    must not wait, and says whether it has room for more.

    To be called where no thread was started yet.

    Raises:
        BadIdError, KeyFileError, BadBrokerUrlError, SpoolError: nothing was run.
    """
    if spool_path(home.spool, agent, run).exists():
        raise SpoolError(
            f"run {run!r} of agent {agent} has a spool here already; leave out --run, or name another"
        )
    key = PrivateKey.load(home.wrapper_key) if home.wrapper_key.exists() else None
    voice = Voice(home, agent, run, broker=broker)
    proof = vouch(key, voice.identity, run) if key else ""
    if key is None:
        told(f"no wrapper key in {home.wrapper_key}: the supervisor will count this run as gated")
    door = Door(home, agent, run)

    def work() -> int:
        subreaper = become_subreaper()
        held = Held(plan.command, os.environ | {VARIABLE: str(door.path)})
        return asyncio.run(_live(replace(plan, subreaper=subreaper), held, door, voice, proof, passed, told))

    try:
        return kept(work, run, told)
    finally:
        door.remove()


async def _live(
    plan: Plan,
    held: Held,
    door: Door,
    voice: Voice,
    proof: str,
    passed: Callable[[str, bytes], bool],
    told: Callable[[str], object],
) -> int:
    wrapper = Wrapper(plan, held, voice, passed)
    wrapper.listen()
    try:
        about = {
            "pid": str(held.pid),
            "cwd": _here(),
            COMMAND_LABEL: clip(shlex.join(plan.command), SHOWN)[0],
        }
        voice.open(plan.goal, about, proof)
    except BaseException:
        wrapper.release()
        raise
    told(f"{voice.identity.agent}/{voice.run}: {'; '.join(wrapper.holds)}")
    server = Server(voice, wrapper.inside)
    wrapper.attached = lambda: server.attached
    wrapper.said = lambda: server.said
    serving = asyncio.create_task(server.serve(door))
    try:
        return await wrapper.live()
    finally:
        serving.cancel()
        await server.finish(TALK_WITHIN)
        await voice.close(plan.close_within)
        if voice.unstored:
            told(
                f"{voice.unstored} events are not recorded yet; send them: watchfloor spool send {voice.identity.agent}"
            )


def _here() -> str:
    """The folder that the child works in, which is ours; empty if it is gone."""
    try:
        return str(Path.cwd())
    except OSError:
        return ""

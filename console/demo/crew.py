"""The parent of everything that a demo runs: `python -m console.demo.crew ROOT ...`.

It brings a site up (`watchfloor up`) in a temporary home, serves the demo's web, keeps the agents alive, and ends them all
at a line on its standard input. When that closes, whoever started it is done, or gone, and it removes the home as well.
On standard output it says `up URL` once the site's files are there, or `failed WHY`, and `down` when all others have ended.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bus.sdk.spool.store import SpoolError
from bus.sdk.spool_send import send_spool
from bus.signing import PrivateKey
from console.demo.cast import company
from console.demo.checker import CHECKER
from console.demo.pages import Pages
from console.demo.plan import Plan

UP_WITHIN: Final = 20.0
GRACE: Final = 2.5
"""Seconds that an agent gets to end its run."""

SEND_WITHIN: Final = 5.0
UP_GRACE: Final = 15.0
AGAIN_AFTER: Final = 12.0
"""Seconds after which an agent that died is started again: long enough to be seen as lost."""

ENTER_EVERY: Final = 0.25
"""Seconds between two agents entering."""


class NotUpError(Exception):
    """The site did not come up; the text says why."""


@dataclass(slots=True)
class Crew:
    """The processes of a demo."""

    plan: Plan
    pages: str
    up: asyncio.subprocess.Process | None = None
    agents: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)
    keepers: list[asyncio.Task[None]] = field(default_factory=list)

    async def bring_up(self) -> str:
        """Bring the site up. Returns the broker's address.

        Raises:
            NotUpError: it did not come up in time.
        """
        home = self.plan.home
        where = ["--broker", self.plan.broker] if self.plan.broker else ["--port", str(free_port())]
        self.up = await self._start("up", "-m", "console.cli.main", "up", "--watch-stdin", *where)
        for _ in range(int(UP_WITHIN / 0.05)):
            if home.broker_file.exists() and home.operators.exists():
                return home.broker_file.read_text("utf-8").strip()
            if self.up.returncode is not None:
                break
            await asyncio.sleep(0.05)
        raise NotUpError(self.plan.last_words("up") or "the site did not come up")

    async def fallen(self) -> None:
        """Return when the site is gone for good."""
        if self.up is not None:
            await self.up.wait()

    def enter(self) -> None:
        """Have the agents enter, one after another, and keep them alive."""
        root = str(self.plan.sandbox.root)
        for number, name in enumerate(company(detectors=self.plan.detectors, llm=self.plan.llm)):
            what = [
                "-m", "console.demo.agents", name, "--root", root, "--pages", self.pages,
                "--seed", str(self.plan.seed), "--speed", str(self.plan.speed),
            ]  # fmt: skip
            self._keep(name, number * ENTER_EVERY, what, "--life")
        self._keep(CHECKER, 0.0, ["-m", "console.demo.checker", "--root", root])

    def _keep(self, name: str, after: float, what: list[str], *life: str) -> None:
        self.keepers.append(asyncio.create_task(self._kept(name, after, what, *life), name=name))

    async def _kept(self, name: str, after: float, what: list[str], *life: str) -> None:
        """Start a process again and again; `life` is the option that tells it how many there were before."""
        await asyncio.sleep(after)
        lives = 0
        while True:
            told = [*life, str(lives)] if life else []
            self.agents[name] = await self._start(name, *what, *told)
            await self.agents[name].wait()
            await asyncio.sleep(AGAIN_AFTER / self.plan.speed)
            lives += 1

    async def _start(self, name: str, *arguments: str) -> asyncio.subprocess.Process:
        with (self.plan.logs / f"{name}.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                *arguments,
                cwd=self.plan.root,
                env=self.plan.environment,
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def leave(self) -> None:
        """End all agents, send what dead ones left, and take the site down."""
        for keeper in self.keepers:
            keeper.cancel()
        await asyncio.gather(*self.keepers, return_exceptions=True)
        await asyncio.gather(*(_end(agent, GRACE) for agent in self.agents.values()))
        if self.up is not None and self.up.returncode is None:
            await asyncio.gather(*(self._send(folder) for folder in sorted(self.plan.home.spool.glob("*"))))
            await _end(self.up, UP_GRACE)

    async def _send(self, folder: Path) -> None:
        with contextlib.suppress(SpoolError, OSError):
            await send_spool(folder, home=self.plan.home, broker=self.plan.broker, within=SEND_WITHIN)


def enrol_checker(plan: Plan) -> None:
    """Make a key for the checker, and enrol it beside whoever brought the site up."""
    key = PrivateKey.generate()
    key.save(plan.home.operator_key(CHECKER))
    partial = plan.home.operators.with_suffix(".new")
    partial.write_text(f"{plan.home.operators.read_text('utf-8')}{CHECKER} {key.public.line}\n", "utf-8")
    partial.chmod(0o600)
    partial.replace(plan.home.operators)


async def _end(process: asyncio.subprocess.Process, grace: float) -> None:
    """Ask a process to end, and make it when it does not."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(grace):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def free_port() -> int:
    """A port of loopback that nobody listens on, below those that outgoing connections are given."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port


@dataclass(slots=True)
class _Wish:
    """What whoever started us wants: first the `end`, then, by closing our standard input, that nothing is left."""

    ending: asyncio.Event = field(default_factory=asyncio.Event)
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    told: bool = False

    def listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Read standard input on a thread until it ends."""
        threading.Thread(target=self._read, args=(loop,), daemon=True).start()

    def stop(self) -> None:
        """A signal ends what there is to end: first the demo, then the wait."""
        (self.leaving if self.ending.is_set() else self.ending).set()

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                self._tell(loop, self.ending)
        self._tell(loop, self.ending)
        self._tell(loop, self.leaving)

    def _tell(self, loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
        self.told = True
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(event.set)


async def run(plan: Plan) -> int:
    """Run a demo until it is to end, and remove its home when whoever started us needs it no more. Returns the exit code."""
    wish = _Wish()
    loop = asyncio.get_running_loop()
    wish.listen(loop)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, wish.stop)
    try:
        await _play(plan, wish.ending)
        if not wish.told:
            return 1  # the site fell, or we were told by a signal
        _say("down")
        await wish.leaving.wait()
    except NotUpError as error:
        _say(f"failed {error}")
        return 1
    finally:
        if wish.leaving.is_set() and not plan.keep:
            shutil.rmtree(plan.root, ignore_errors=True)
    return 0


async def _play(plan: Plan, ending: asyncio.Event) -> None:
    """Bring everything up, and down again at the end, or when the site falls.

    Raises:
        NotUpError: the site did not come up.
    """
    with Pages(plan.sandbox.share) as pages:
        crew = Crew(plan, pages.url)
        try:
            plan.make()
            url = await crew.bring_up()
            enrol_checker(plan)
            _say(f"up {url}")
            crew.enter()
            fallen = asyncio.create_task(crew.fallen())
            fallen.add_done_callback(lambda _: ending.set())
            await _answering(plan, url, ending)
            fallen.cancel()
        finally:
            await crew.leave()


async def _answering(plan: Plan, url: str, ending: asyncio.Event) -> None:
    """Wait for the end, and answer every ask meanwhile if that is wanted."""
    if plan.answer == "none":
        await ending.wait()
        return
    from bus.url import BrokerUrl
    from console.demo.oracle import Oracle
    from console.link.floor import Floor

    key = PrivateKey.load(plan.home.operator_key(plan.operator))
    async with Floor(BrokerUrl.parse(url), home=plan.home, operator=plan.operator, key=key) as floor:
        runs: list[str] = []
        oracle = Oracle(floor, plan.answer, runs)

        def look(_: object) -> None:
            runs[:] = floor.fleet.runs
            oracle.look([])

        floor.listen(look)
        await ending.wait()


def _say(line: str) -> None:
    with contextlib.suppress(OSError):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a demo. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m console.demo.crew", description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--site", default="demo")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--broker")
    parser.add_argument("--operator", default="operator")
    parser.add_argument("--answer", choices=["approve", "reject", "none"], default="none")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--detectors", action="store_true")
    parser.add_argument("--llm", action="store_true")
    return asyncio.run(run(Plan(**vars(parser.parse_args(arguments)))))


if __name__ == "__main__":
    sys.exit(main())

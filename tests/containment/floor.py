"""A real site, a console of it in this process, and contained runs beside it: everything in processes of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

import psutil

from console.core.fleet.state import Command, Run
from console.link.floor import Floor
from tests.fixtures.site_processes import FloorProcesses, alive, until

OPERATOR = "ann"
SOON = 90.0
"""Seconds after which a test that waits in vain is broken."""

READY = "import sys, time; print('ready', flush=True); "
"""How a Python child begins that a test must see alive before it does anything to it."""


class ContainFloor:
    """A site with an operator, and wrappers started on it. Use it as an async context; nothing outlives it."""

    def __init__(self, root: Path, **rules: str) -> None:
        """`rules` are those of `FloorProcesses.prepare`: a catalogue, a policy."""
        self.site = FloorProcesses(root)
        self._rules = rules
        self.wrappers: list[subprocess.Popen[bytes]] = []
        self._stack = AsyncExitStack()
        self.current = "r0"
        self._named = 0
        self.floor: Floor

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:  # what fails on the way leaves nothing behind
            stack.enter_context(self.site)
            home = self.site.home
            key = self.site.prepare(OPERATOR, **self._rules)[OPERATOR]
            self.site.start()
            self.floor = await stack.enter_async_context(
                Floor(self.site.url, home=home, operator=OPERATOR, key=key)
            )
            await self.floor.join(3 * SOON)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.anew()
        await self._stack.aclose()
        for wrapper in self.wrappers:
            wrapper.wait()

    async def anew(self) -> Self:
        """End the wrappers that still run, and use another run id from here on."""
        for wrapper in self.wrappers:
            wrapper.terminate()
        await until(lambda: all(one.poll() is not None for one in self.wrappers), SOON, "all wrappers end")
        self._named += 1
        self.current = f"r{self._named}"
        return self

    def run(
        self, *options: str, command: list[str], agent: str = "a", run: str = "", unread: bool = False
    ) -> subprocess.Popen[bytes]:
        """Start `watchfloor run`. What it says goes to a file below the site's root; `unread`, to a pipe nobody reads."""
        run = run or self.current
        place = ["--site", self.site.home.site, "--broker", str(self.site.url)]
        named = ["--agent", agent, "--run", run]
        arguments = ["-m", "console.cli.main", "run", *place, *named, *options, "--", *command]
        if unread:
            wrapper = subprocess.Popen(
                [sys.executable, *arguments],
                env=self.site.environment
                | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
            )
        else:
            wrapper = self.site.spawn(*arguments, said=self.site.root / f"{run}.log")
        self.wrappers.append(wrapper)
        return wrapper

    def python(self, code: str, *options: str, agent: str = "a", run: str = "") -> subprocess.Popen[bytes]:
        """The same for a Python program that says `ready` first."""
        return self.run(*options, command=[sys.executable, "-u", "-c", READY + code], agent=agent, run=run)

    def said(self, run: str = "") -> str:
        """What a wrapper and its child wrote so far."""
        path = self.site.root / f"{run or self.current}.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    async def ready(self, run: str = "") -> Run:
        """Wait until the child lives and the floor knows the run."""
        await until(lambda: "ready" in self.said(run), SOON, "the child is ready")
        assert await self.floor.until(lambda fleet: fleet.run("a", run or self.current) is not None, SOON)
        return self.of(run)

    def of(self, run: str = "") -> Run:
        """A run as the floor shows it."""
        found = self.floor.fleet.run("a", run or self.current)
        assert found is not None
        return found

    async def becomes(self, state: str, run: str = "", within: float = SOON) -> Run:
        """Wait for a state of a run."""
        reached = await self.floor.until(
            lambda fleet: (found := fleet.run("a", run or self.current)) is not None and found.state == state,
            within,
        )
        assert reached, f"{self.of(run).state}, not {state}: {self.said(run)}"
        return self.of(run)

    async def say(self, verb: str, run: str = "", **more: object) -> None:
        """Say something as the operator."""
        answer = await self.floor.say(verb, agent="a", run=run or self.current, **more)  # type: ignore[arg-type]
        assert answer.accepted, answer

    def command(self, kind: str, run: str = "") -> Command:
        """The last command of a kind to a run."""
        return [
            command
            for command in self.floor.fleet.commands.values()
            if command.kind == kind and command.run == (run or self.current)
        ][-1]

    def rungs(self, kind: str, run: str = "") -> list[str]:
        """How far the last command of a kind came."""
        return [rung.rung for rung in self.command(kind, run).rungs]

    def alarms(self) -> set[str]:
        """Kinds of alarm whose condition stands, about this run, its agent, or nobody."""
        return {
            alarm.kind
            for alarm in self.floor.fleet.alarms.values()
            if alarm.state not in ("normal", "returned") and alarm.run in ("", self.current)
        }

    def tree(self, wrapper: subprocess.Popen[bytes]) -> list[psutil.Process]:
        """Every living process that a wrapper holds: what is below its keeper, but for itself."""
        inner = self.inner(wrapper)
        return [one for one in inner.children(recursive=True) if alive(one)] if inner else []

    def inner(self, wrapper: subprocess.Popen[bytes]) -> psutil.Process | None:
        """The wrapper's own process, the child of its keeper, if it is there yet."""
        return next(iter(psutil.Process(wrapper.pid).children()), None)

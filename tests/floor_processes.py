"""A real site in processes of its own: `watchfloor up` on a home and a port that nobody else has, to be killed at will."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, Self

import psutil

from bus.home import Home
from bus.signing import PrivateKey
from bus.url import BrokerUrl
from console.supervisor.process.up import prepare
from tests.brokers import free_port

SITE: Final = "faults"
LOOK: Final = 0.02
"""Seconds between two looks at a condition."""

FULL: Final = 8_192
"""Bytes: too few for any commit, which takes two pages of 4 kB and their headers, and enough for some emergency lines."""

Part = Literal["broker", "supervisor"]
_MODULES: Final[dict[str, Part]] = {"bus.broker": "broker", "console.supervisor.process.serve": "supervisor"}


class TooLateError(AssertionError):
    """Something that must happen within a time did not."""


async def until(condition: Callable[[], object], within: float, what: str) -> float:
    """Wait until a condition holds. Return how many seconds that took.

    Raises:
        TooLateError: it did not hold within `within` seconds.
    """
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > within:
            raise TooLateError(f"not within {within:g} s: {what}")
        await asyncio.sleep(LOOK)
    return time.monotonic() - began


class FloorProcesses:
    """One site. Everything of it is below `root`: the home, the temporary folder of its processes, and what they said.

    Without `broker` the site has its embedded one. Use it as a context: whatever happens, nothing of it outlives that.
    """

    def __init__(self, root: Path, *, broker: BrokerUrl | None = None, site: str = SITE) -> None:
        self.root = root
        self.home = Home(
            site=site, data=root / "home" / "data" / site, config=root / "home" / "config" / site
        )
        self.temporary = root / "tmp"
        self.said = root / "up.log"
        self.port = free_port()
        self._external = broker
        self._up: subprocess.Popen[bytes] | None = None
        self._spawned: list[subprocess.Popen[bytes]] = []
        self.temporary.mkdir(parents=True, exist_ok=True)

    def prepare(self, *operators: str, catalogue: str = "", policy: str = "") -> dict[str, PrivateKey]:
        """Make the site's files, with a key for each of these operators, all enrolled."""
        prepare(self.home)
        if catalogue:
            self.home.catalogue.write_text(catalogue, "utf-8")
        if policy:
            self.home.policy.write_text(policy, "utf-8")
        keys = {name: PrivateKey.generate() for name in operators}
        with self.home.operators.open("a", encoding="utf-8") as enrolled:
            for name, key in keys.items():
                key.save(self.home.operator_key(name))
                enrolled.write(f"{name} {key.public.line}\n")
        return keys

    @property
    def url(self) -> BrokerUrl:
        """Where the site's broker is, be it there or not."""
        return self._external or BrokerUrl.parse(f"mqtt://127.0.0.1:{self.port}")

    @property
    def embedded(self) -> bool:
        """Whether the broker is a child of `up`."""
        return self._external is None

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every process of the site."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith("WATCHFLOOR_")}
        return mine | {
            "WATCHFLOOR_HOME": str(self.root / "home"),
            "WATCHFLOOR_SITE": self.home.site,
            "TMPDIR": str(self.temporary),
            "PYTHONUNBUFFERED": "1",
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        for child in self._spawned:
            child.wait()

    def spawn(self, *arguments: str, said: Path) -> subprocess.Popen[bytes]:
        """Start a Python process of the site whose output goes to a file."""
        with said.open("ab") as output:
            child = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=self.root,
                env=self.environment | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._spawned.append(child)
        return child

    def up(self) -> subprocess.Popen[bytes]:
        """Run `watchfloor up` beside whatever runs already."""
        where = ["--port", str(self.port)] if self.embedded else ["--broker", str(self.url)]
        return self.spawn("-m", "console.cli.main", "up", *where, said=self.said)

    def start(self) -> None:
        """Bring the site up. When this returns, it is on its way."""
        assert self._up is None, "it is up"
        self._up = self.up()

    @property
    def is_up(self) -> bool:
        """Whether `up` runs. One that has ended is forgotten."""
        if self._up is not None and self._up.poll() is not None:
            self._up = None
        return self._up is not None

    @property
    def parent(self) -> subprocess.Popen[bytes]:
        """The process of `watchfloor up`."""
        assert self._up is not None, "it is not up"
        return self._up

    def pid(self, part: Part) -> int:
        """The process of a part, or 0 while there is none."""
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.parent.pid).children():
                with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                    if part in map(_MODULES.get, child.cmdline()):
                        return child.pid
        return 0

    def send(self, part: Part, number: signal.Signals) -> int:
        """Send a signal to a part and return its process id."""
        pid = self.pid(part)
        assert pid, f"the {part} does not run"
        os.kill(pid, number)
        return pid

    async def stop(self, number: signal.Signals = signal.SIGTERM, within: float = 20.0) -> int:
        """Send a signal to `up` and wait until it and its children are gone. Return its exit code.

        Raises:
            TooLateError: a process is left over.
        """
        parent = self.parent
        children = psutil.Process(parent.pid).children(recursive=True)
        parent.send_signal(number)
        await until(lambda: parent.poll() is not None, within, f"up ends on {number.name}")
        await until(lambda: not any(map(alive, children)), 10.0, f"the children end after {number.name}")
        self._up = None
        return parent.returncode

    def processes(self) -> list[psutil.Process]:
        """Every living process that has this site's home in its environment."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("WATCHFLOOR_HOME") == str(self.root / "home") and alive(process):
                    found.append(process)
        return found

    def leftovers(self) -> list[str]:
        """Temporary files that nobody removed."""
        partial = self.home.data.rglob("*.part*") if self.home.data.is_dir() else iter(())
        return sorted(str(path.relative_to(self.root)) for path in [*self.temporary.iterdir(), *partial])

    def log(self) -> str:
        """What `up` and its children said."""
        return self.said.read_text("utf-8", "replace") if self.said.exists() else ""


def alive(process: psutil.Process) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def fill(pid: int) -> None:
    """Let a process write nothing beyond the first bytes of any file."""
    process = psutil.Process(pid)
    _, hard = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (FULL, hard))


def free(pid: int) -> None:
    """Let it write again."""
    process = psutil.Process(pid)
    _, hard = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (hard, hard))

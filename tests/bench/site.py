"""A real site for measurements: a broker, and `watchfloor up` with its supervisor, all in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bus.home import Home
from bus.url import BrokerUrl
from console.supervisor.process.up import prepare
from tests import ROOT
from tests.fixtures.broker_kinds import running_broker

WATCHFLOOR = Path(sys.executable).with_name("watchfloor")
SITE = "local"
PROBED = "probed.json"
END_WITHIN = 30.0


@dataclass(slots=True)
class Site:
    """One site that is up: its folders, its broker, and the environment in which our commands find it."""

    root: Path
    home: Home
    url: BrokerUrl
    process: subprocess.Popen[bytes]

    @property
    def environment(self) -> dict[str, str]:
        return environment(self.root) | {"WATCHFLOOR_BROKER": self.address}

    @property
    def address(self) -> str:
        return self.url.address

    def stop(self) -> None:
        """End it in order, so that the recording is one file without a WAL."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(END_WITHIN)
        if self.process.stdin is not None:
            self.process.stdin.close()

    def log(self) -> str:
        """What `watchfloor up` and its children have said."""
        return (self.root / "up.log").read_text("utf-8", "replace")


def environment(root: Path) -> dict[str, str]:
    """Our environment, with everything of Watchfloor under `root`."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("WATCHFLOOR_")}
    return ours | {"WATCHFLOOR_HOME": str(root), "WATCHFLOOR_SITE": SITE}


def home_in(root: Path) -> Home:
    return Home(site=SITE, data=root / "data" / SITE, config=root / "config" / SITE)


@contextmanager
def site_on(url: BrokerUrl, *, policy: str = "", catalogue: str = "", probe: bool = False) -> Iterator[Site]:
    """Bring a site up on a broker that runs, in a new folder. `probe`: `tests.bench.probed` alone, without the parent."""
    with TemporaryDirectory(prefix="watchfloor-") as folder:
        root = Path(folder)
        home = home_in(root)
        for path, text in ((home.policy, policy), (home.catalogue, catalogue)):
            if text:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, "utf-8")
        prepare(home)  # now, so that nobody trusts the last words of a site that was here before
        command: list[str | Path] = [WATCHFLOOR, "up", "--broker", url.address]
        if probe:
            command = [sys.executable, "-m", "tests.bench.probed", root / PROBED]
        with (root / "up.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment(root) | {"WATCHFLOOR_BROKER": url.address},
                stdin=subprocess.PIPE if probe else subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        site = Site(root, home, url, process)
        try:
            yield site
        finally:
            site.stop()


@contextmanager
def running_site(kind: str, *, policy: str = "", catalogue: str = "") -> Iterator[Site]:
    """Bring up a broker of its own and a site on it."""
    with ExitStack() as stack:
        broker = stack.enter_context(running_broker(kind))
        yield stack.enter_context(site_on(broker.url, policy=policy, catalogue=catalogue))

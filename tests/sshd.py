"""A real OpenSSH server on loopback: its own port, host key and user key, and one command for whoever comes in."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.brokers import free_port

SERVER: Final = next(
    (path for path in (shutil.which("sshd"), "/usr/sbin/sshd") if path and Path(path).exists()), ""
)
CLIENT: Final = shutil.which("ssh") or ""
KEYGEN: Final = shutil.which("ssh-keygen") or ""
THERE: Final = bool(SERVER and CLIENT and KEYGEN)
"""Whether this machine has all three."""

SEPARATED: Final = Path("/run/sshd")
"""Where a server that runs as root locks itself in; packages make it when the machine starts."""


@dataclass(frozen=True, slots=True)
class Sshd:
    """A server that runs."""

    port: int
    root: Path

    def client(self, port: int) -> list[str]:
        """A client with a terminal, by whatever port leads here."""
        known = self.root / "known"
        return [
            CLIENT, "-tt", "-F", "none", "-p", str(port), "-i", str(self.root / "user"), "-o", "IdentitiesOnly=yes",
            "-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={known}", "-o", "LogLevel=ERROR",
            "-o", "ControlMaster=no", f"{getpass.getuser()}@127.0.0.1",
        ]  # fmt: skip


@contextmanager
def sshd(root: Path, command: list[str], environment: Mapping[str, str]) -> Iterator[Sshd]:
    """Run a server below `root`; whoever logs in gets `command` with `environment`, and what ssh itself sets.

    Raises:
        RuntimeError: the server ends at once; its words are in the text.
    """
    root.mkdir(mode=0o700, exist_ok=True)
    for name in ("host", "user"):
        subprocess.run([KEYGEN, "-q", "-t", "ed25519", "-N", "", "-f", str(root / name)], check=True)
    shutil.copy(root / "user.pub", root / "authorized")
    port = free_port()
    entry = root / "enter"
    words = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items())
    entry.write_text(f"#!/bin/sh\n{words}exec {shlex.join(command)}\n", "utf-8")
    entry.chmod(0o700)
    config = root / "config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {root}/host\nAuthorizedKeysFile {root}/authorized\n"
        f"PidFile none\nUsePAM no\nPasswordAuthentication no\nStrictModes no\nPermitRootLogin yes\n"
        f"ForceCommand {entry}\n",
        "utf-8",
    )
    if os.geteuid() == 0:
        SEPARATED.mkdir(mode=0o755, exist_ok=True)
    said = root / "log"
    with said.open("wb") as log:
        server = subprocess.Popen(
            [SERVER, "-D", "-e", "-f", str(config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            _listens(server, said)
            yield Sshd(port, root)
        finally:
            server.terminate()
            server.wait()


def _listens(server: subprocess.Popen[bytes], said: Path) -> None:
    import time

    for _ in range(500):
        if "Server listening" in said.read_text("utf-8", "replace"):
            return
        if server.poll() is not None:
            break
        time.sleep(0.02)
    raise RuntimeError(f"no ssh server: {said.read_text('utf-8', 'replace')}")

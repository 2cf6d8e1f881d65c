"""Where a contained run can be reached on its machine: a socket that only its user may open, and the file that names it."""

from __future__ import annotations

import os
import socket
import struct
import sys
import tempfile
from pathlib import Path
from typing import Final

import msgspec

from bus.codec import encode
from bus.home import Home

PATH_BYTES: Final = 100
"""Longest path of a local socket that every system takes."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a contained run of this machine can be reached: a file in `Home.contained`."""

    agent: str
    run: str
    pid: int
    socket: str


class Door:
    """The listening socket, in a folder that only this user may enter, and the file that says where it is."""

    def __init__(self, home: Home, agent: str, run: str) -> None:
        """Listen.

        Raises:
            OSError: the folder or the socket cannot be made.
        """
        home.contained.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.contained.chmod(0o700)
        path = home.contained / f"{os.getpid()}.sock"
        self._folder: Path | None = None
        if len(os.fsencode(path)) > PATH_BYTES:
            self._folder = Path(tempfile.mkdtemp(prefix="watchfloor-"))
            path = self._folder / "run.sock"
        path.unlink(missing_ok=True)
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(str(path))
        path.chmod(0o600)
        self.socket.listen()
        self._file = home.contained / f"{agent}~{run}.json"
        self._file.write_bytes(encode(Place(agent=agent, run=run, pid=os.getpid(), socket=str(path))))

    def remove(self) -> None:
        """Leave nothing behind."""
        self.socket.close()
        for path in (self.path, self._file):
            path.unlink(missing_ok=True)
        if self._folder is not None and self._folder.exists():
            self._folder.rmdir()


def credentials(connection: socket.socket) -> tuple[int, int] | None:
    """The process and the user at the other end, or None where the system does not tell."""
    if sys.platform != "linux":
        return None
    form = "3i"
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize(form))
    pid, uid, _ = struct.unpack(form, raw)
    return pid, uid

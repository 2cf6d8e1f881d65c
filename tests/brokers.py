"""Real brokers on free ports, to be killed, frozen and restarted at will."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bus.url import BrokerUrl

ROOT = Path(__file__).resolve().parent.parent
START_WITHIN = 60.0
"""Seconds in which a broker that says nothing of it must listen; an Erlang or Java machine on busy cores is slow."""


def program(name: str) -> str | None:
    """Where a program is, also among those of the system, which not everybody's PATH names."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


MOSQUITTO = program("mosquitto")


def free_port() -> int:
    """Return a port of loopback that nobody listens on, and that no outgoing connection will ever be given."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class RunningBroker:
    """A broker process. `ready` is the text in its output that says it listens; without one its port is tried.

    `group`: it is several processes, killed and frozen together; they get a process group of their own.
    """

    def __init__(
        self,
        command: list[str],
        port: int,
        ready: str = "",
        *,
        environment: Mapping[str, str] | None = None,
        group: bool = False,
    ) -> None:
        self.port = port
        self.log: list[str] = []
        self._command = command
        self._ready = ready
        self._environment = os.environ | (environment or {})
        self._group = group
        self._process = self._start()

    @property
    def url(self) -> BrokerUrl:
        return BrokerUrl.parse(f"mqtt://127.0.0.1:{self.port}")

    @property
    def pid(self) -> int:
        return self._process.pid

    def _start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            self._command,
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=self._group,
        )
        assert process.stdout is not None
        if self._ready:
            for line in process.stdout:
                self.log.append(line)
                if self._ready in line:
                    break
            else:
                self._failed(process)
        # A full pipe would freeze the broker.
        self._reader = threading.Thread(target=self.log.extend, args=(process.stdout,), daemon=True)
        self._reader.start()
        if not self._ready:
            self._until_it_listens(process)
        return process

    def wait_until_it_listens(self) -> None:
        """Wait until its port takes connections, where `ready` said less than that."""
        self._until_it_listens(self._process)

    def _until_it_listens(self, process: subprocess.Popen[str]) -> None:
        began = time.monotonic()
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if process.poll() is not None or time.monotonic() - began > START_WITHIN:
                self._signal(process, signal.SIGKILL)
                self._failed(process)
            time.sleep(0.05)

    def _failed(self, process: subprocess.Popen[str]) -> None:
        pytest.fail(f"{self._command} ended with {process.wait()}:\n{''.join(self.log)}")

    def _signal(self, process: subprocess.Popen[str], number: signal.Signals) -> None:
        if self._group:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
        else:
            process.send_signal(number)

    def kill(self) -> None:
        """End it as a power cut does."""
        self._signal(self._process, signal.SIGKILL)
        self._process.wait()

    def restart(self) -> None:
        """Kill it and start it anew on the same port."""
        self.kill()
        self._close()
        self._process = self._start()

    def freeze(self) -> None:
        """Let it neither answer nor die: connections are still accepted by the kernel. All its threads stand still then."""
        self._signal(self._process, signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WNOWAIT)

    def thaw(self) -> None:
        self._signal(self._process, signal.SIGCONT)

    def stop(self) -> None:
        self.kill()
        self._close()

    def _close(self) -> None:
        self._reader.join()  # it sees the end of the pipe, now that the process is gone
        assert self._process.stdout is not None
        self._process.stdout.close()


@contextmanager
def embedded_broker() -> Iterator[RunningBroker]:
    """Run `python -m bus.broker`."""
    port = free_port()
    running = RunningBroker([sys.executable, "-m", "bus.broker", "--port", str(port)], port, "listening on")
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def mosquitto_broker(config: str = "", *, anonymous: bool = True) -> Iterator[RunningBroker]:
    """Run mosquitto with further lines of configuration; skip the test where it is not installed."""
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    port = free_port()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mosquitto.conf"
        path.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous {str(anonymous).lower()}\nlog_dest stderr\n"
            # It would give up root and then not find its files here.
            f"{'user root' if os.geteuid() == 0 else ''}\n{config}\n",
            "utf-8",
        )
        running = RunningBroker([MOSQUITTO, "-c", str(path)], port, " running")
        try:
            yield running
        finally:
            running.stop()

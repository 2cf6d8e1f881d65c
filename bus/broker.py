"""The embedded broker: `python -m bus.broker --port N` runs rumqttd, from the `iotcore` wheel, in this process.

No accounts and no TLS: it listens on loopback unless told otherwise. Nothing is kept over a restart. rumqttd keeps a
log in memory for every subscription filter it has ever seen, and a subscriber that falls behind the end of it silently
loses the middle; `config` sizes those logs.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import ipaddress
import logging
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

from iotcore import IotCoreBroker

from bus.topics import VERSION

EXIT_PORT_IN_USE: Final = 3
EXIT_NOT_READY: Final = 4
READY_WITHIN: Final = 10.0
"""Seconds until the listener must answer."""

MAX_PAYLOAD: Final = 262_144
"""Bytes of a packet. More than `limits.PAYLOAD_BYTES`, because a larger one costs its sender the connection."""

MAX_CONNECTIONS: Final = 10_000

_ROOT: Final = f"watchfloor/{VERSION}/+"
_KIB: Final = 1024
# Filter → (bytes of a segment, segments). A full log drops its oldest segment, so one less than all is certain.
_LOGS: Final = {
    # A whole window (limits.EVENTS_IN_FLIGHT) of the largest events: 800 × 60 kB.
    f"{_ROOT}/agents/+/events/+": (4096 * _KIB, 13),
    f"{_ROOT}/journal": (4096 * _KIB, 13),
    # A thousand births at once; a keyframe. One log per console that ever was, so not more.
    f"{_ROOT}/agents/+/status": (1024 * _KIB, 8),
    f"{_ROOT}/intents/+": (1024 * _KIB, 8),
    f"{_ROOT}/consoles/+": (1024 * _KIB, 8),
}
# The rest is small and there is much of it: one filter for every agent's commands.
_OTHER_LOGS: Final = (128 * _KIB, 9)


def config(listen: str, port: int) -> str:
    """Make rumqttd's TOML. `listen` is an IP address."""
    address = f"[{listen}]:{port}" if ":" in listen else f"{listen}:{port}"
    logs = "".join(
        f'[router.custom_segment."{pattern}"]\nmax_segment_size = {size}\nmax_segment_count = {count}\n'
        for pattern, (size, count) in _LOGS.items()
    )
    return f"""\
id = 0
[router]
id = 0
max_connections = {MAX_CONNECTIONS}
max_outgoing_packet_count = 1000
max_segment_size = {_OTHER_LOGS[0]}
max_segment_count = {_OTHER_LOGS[1]}
{logs}
[v4.1]
name = "mqtt"
listen = "{address}"
next_connection_delay_ms = 0
[v4.1.connections]
connection_timeout_ms = 10000
max_payload_size = {MAX_PAYLOAD}
max_inflight_count = 1000
dynamic_filters = true
"""


def start(listen: str, port: int) -> None:
    """Start the broker on background threads of this process and return when it answers. It cannot be stopped again.

    Raises:
        OSError: the port is in use or may not be used.
        TimeoutError: it did not answer within `READY_WITHIN`.
    """
    # rumqttd reports every packet, as an error, to Python's logging: that alone halves its throughput.
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="watchfloor-broker-") as folder:
        path = Path(folder) / "rumqttd.toml"
        path.write_text(config(listen, port), "utf-8")
        broker = IotCoreBroker(config_path=str(path))
    broker.start()
    anywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - not bound here, only asked for
    deadline = time.monotonic() + READY_WITHIN
    while True:
        try:
            socket.create_connection((anywhere.get(listen, listen), port), timeout=1.0).close()
            return
        except OSError as error:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no answer on {listen}:{port} within {READY_WITHIN:g} s") from error
        time.sleep(0.02)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run until a signal, the end of the parent, or with `--watch-stdin` the end of standard input."""
    options = _parse(arguments)
    # Python would first have to come out of a wait to see them; an inherited "ignore" would keep us alive for ever.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _die_with_parent()
    _allow_many_files()
    try:
        start(options.listen, options.port)
    except TimeoutError as error:
        _leave(EXIT_NOT_READY, f"watchfloor broker: {error}")
    except OSError as error:
        _leave(EXIT_PORT_IN_USE, f"watchfloor broker: {error}")
    host = f"[{options.listen}]" if ":" in options.listen else options.listen
    sys.stdout.write(f"listening on mqtt://{host}:{options.port}\n")
    sys.stdout.flush()
    if options.watch_stdin:
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
    else:
        threading.Event().wait()
    _leave(0)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bus.broker", description="Run the embedded MQTT broker.")
    parser.add_argument("--port", type=int, default=1883, help="TCP port (1883)")
    parser.add_argument(
        "--listen", default="127.0.0.1", help="IP address (127.0.0.1); there is no access control"
    )
    parser.add_argument("--watch-stdin", action="store_true", help="end when standard input ends")
    options = parser.parse_args(arguments)
    if not 1 <= options.port <= 65_535:
        parser.error("--port must be from 1 to 65535")
    try:
        ipaddress.ip_address(options.listen)
    except ValueError:
        parser.error("--listen must be an IP address")
    return options


def _die_with_parent() -> None:
    """Have Linux end us with the thread that started us, however it ends. Elsewhere there is `--watch-stdin`."""
    if sys.platform == "linux":
        parent = os.getppid()
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it died while we asked
            _leave(0)


def _allow_many_files() -> None:
    """Raise the soft limit of open files to the hard one: each connection takes a descriptor."""
    if sys.platform != "win32":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = MAX_CONNECTIONS + 256 if hard == resource.RLIM_INFINITY else min(hard, MAX_CONNECTIONS + 256)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _leave(code: int, message: str = "") -> NoReturn:
    """Exit without waiting for the broker's threads, which never end."""
    if message:
        sys.stderr.write(message.splitlines()[0] + "\n")
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()

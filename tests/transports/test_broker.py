"""The embedded broker as a process. What goes through it is shown in test_transport_mqtt.py."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from bus.broker import EXIT_PORT_IN_USE, MAX_PAYLOAD, config
from bus.limits import EVENT_BYTES, EVENTS_IN_FLIGHT, PAYLOAD_BYTES
from bus.topics import Topics
from bus.transports.filters import covers
from tests import ROOT
from tests.fixtures.brokers import embedded_broker, free_port

pytestmark = pytest.mark.broker


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bus.broker", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=90)


@contextmanager
def started(command: list[str], **pipes: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process that is gone afterwards, also if the test fails."""
    with subprocess.Popen(command, cwd=ROOT, **pipes) as process:  # type: ignore[call-overload]  # pipes alone
        try:
            yield process
        finally:
            process.kill()


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_port_in_use_is_one_line_and_code_3() -> None:
    with embedded_broker() as running:
        second = run("--port", str(running.port))
        assert second.returncode == EXIT_PORT_IN_USE
        assert second.stdout == ""
        assert re.fullmatch(
            r"watchfloor broker: cannot listen on 127\.0\.0\.1:\d+: .*in use.*\n", second.stderr
        )


@pytest.mark.parametrize("arguments", [["--port", "0"], ["--port", "65536"], ["--listen", "localhost"]])
def test_arguments_are_checked(arguments: list[str]) -> None:
    refused = run(*arguments)
    assert refused.returncode == 2
    assert "error: --" in refused.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_even_if_it_was_born_ignoring_it(number: signal.Signals) -> None:
    port = free_port()
    ignore = f"import os, signal, sys; signal.signal({int(number)}, signal.SIG_IGN); os.execv(sys.executable, sys.argv[1:])"
    command = [sys.executable, "-c", ignore, sys.executable, "-m", "bus.broker", "--port", str(port)]
    with started(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline().decode() == f"listening on mqtt://127.0.0.1:{port}\n"
        process.send_signal(number)
        assert process.wait(60) == -number
    assert not accepts(port)


def test_it_ends_with_its_standard_input_if_asked_to() -> None:
    port = free_port()
    command = [sys.executable, "-m", "bus.broker", "--port", str(port), "--watch-stdin"]
    with started(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        process.stdin.close()
        assert process.wait(60) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_it_dies_with_a_parent_that_was_killed() -> None:
    port = free_port()
    parent = (
        "import subprocess, sys\n"
        f"subprocess.Popen([sys.executable, '-m', 'bus.broker', '--port', '{port}']).wait()"
    )
    with started([sys.executable, "-c", parent], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
        # The broker holds the other end of the pipe: its end is the broker's.
        assert process.stdout.read() == b""
    assert not accepts(port)


def test_it_says_nothing_more_and_leaves_no_file_behind(tmp_path: Path) -> None:
    with embedded_broker(TMPDIR=str(tmp_path)) as running:
        with socket.create_connection(("127.0.0.1", running.port)) as noise:
            noise.sendall(b"\xff" * 64)
            noise.settimeout(30)
            with suppress(ConnectionResetError):  # if it has not read all of it
                assert noise.recv(1) == b""
        assert list(tmp_path.iterdir()) == []
    assert running.log == [f"listening on mqtt://127.0.0.1:{running.port}\n"]


def logs() -> dict[str, int]:
    """Bytes that are certain to be kept, by filter; "" for any other."""
    text = config("127.0.0.1", 1)
    found = re.findall(r'custom_segment."(.*?)"\]\nmax_segment_size = (\d+)\nmax_segment_count = (\d+)', text)
    rest = re.search(r"max_segment_size = (\d+)\nmax_segment_count = (\d+)", text)
    assert rest is not None
    return {name: int(size) * (int(count) - 1) for name, size, count in [*found, ("", *rest.groups())]}


def test_the_logs_hold_a_whole_window_of_the_largest_events() -> None:
    topics = Topics("site")
    sizes = logs()

    def kept(pattern: str) -> int:
        return next((size for name, size in sizes.items() if name and covers(name, pattern)), sizes[""])

    assert kept(topics.all_events) >= EVENTS_IN_FLIGHT * EVENT_BYTES
    assert kept(topics.journal) >= EVENTS_IN_FLIGHT * EVENT_BYTES
    assert kept(topics.console("c")) > kept(topics.commands("a")) >= 8 * PAYLOAD_BYTES
    assert kept(topics.all_status) == kept(topics.all_intents) == kept(topics.console("c"))
    assert MAX_PAYLOAD >= 2 * PAYLOAD_BYTES


def test_an_address_of_the_new_kind_is_bracketed() -> None:
    assert 'listen = "[::1]:1883"' in config("::1", 1883)

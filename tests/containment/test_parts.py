"""The parts of the wrapper by themselves: its brake, the streams, ends in words, bounds."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
from concurrent.futures import Future
from functools import partial
from pathlib import Path

import pytest

from bus.contain.bounds import Bounds, Watch
from bus.contain.ending import ending
from bus.contain.output import PIECES_A_SECOND, PIECES_AT_ONCE, Stream
from bus.contain.tree import Proc, named
from bus.limits import TEXT_CHARS
from bus.sdk import parent_wire as wire
from bus.sdk.agent_core import AgentCore
from bus.sdk.parent import ParentShell
from console.cli.agents.run import Duration, Size


def test_an_end_is_told_by_name() -> None:
    assert ending(0) == ("completed", "exit status 0", 0)
    assert ending(3 << 8) == ("failed", "exit status 3", 3)
    assert ending(signal.SIGKILL) == ("failed", "ended by signal 9 (SIGKILL)", 137)
    assert ending(None).outcome == "failed"


async def reported(*written: bytes) -> list[str]:
    """What of an output is reported, all of it written before anybody reads."""
    read, write = os.pipe()
    passed: list[bytes] = []
    texts: list[str] = []

    def take(data: bytes) -> bool:
        passed.append(data)
        return True

    stream = Stream(read, "stdout", take, texts.append)
    rest = b"".join(written)
    while rest:
        rest = rest[os.write(write, rest[:4096]) :]
        await asyncio.sleep(0)  # the reader's turn, or the pipe is full
    os.close(write)
    async with asyncio.timeout(60):
        await stream.ended.wait()
    assert b"".join(passed) == b"".join(written)
    return texts


async def test_output_is_reported_by_whole_lines() -> None:
    assert await reported(b"one\n", b"two\nthr", b"ee\n") == ["one\ntwo\nthree"]


async def test_bytes_that_are_no_text_end_nothing() -> None:
    assert await reported(b"\xff\xfe", "ä".encode()[:1], "ä".encode()[1:]) == ["\ufffd\ufffdä"]


async def test_what_is_too_much_is_counted() -> None:
    line, began = b"x" * 99 + b"\n", time.monotonic()
    texts = await reported(line * 20_000)
    assert texts[-1].endswith("characters of stdout are left out here]")
    assert len(texts) <= 2 * PIECES_AT_ONCE + PIECES_A_SECOND * (time.monotonic() - began)
    assert max(map(len, texts)) <= TEXT_CHARS
    told = [text for text in texts if text.startswith("[")]  # more than one where the machine is slow
    left_out = sum(int(text[1:].partition(" ")[0].replace(",", "")) for text in told)
    kept = sum(map(len, texts)) - sum(map(len, told))
    assert (
        0 <= 20_000 * 100 - (kept + left_out) <= len(texts)
    )  # a piece is told without the end of its last line


def test_time_frozen_does_not_count() -> None:
    watch = Watch(Bounds(time=10.0), None)
    assert watch.passed([], 100.0, frozen=False) == ""
    assert watch.passed([], 109.0, frozen=False) == ""
    assert watch.passed([], 200.0, frozen=True) == ""
    assert watch.passed([], 201.0, frozen=False) == "--time 10: it ran for 10.0 s"


def test_processes_are_counted() -> None:
    watch = Watch(Bounds(processes=1), None)
    one, two = Proc(1, 1, 0, "a", "S"), Proc(2, 1, 0, "b", "S")
    assert watch.looks
    assert watch.passed([one], 0.0, frozen=False) == ""
    assert watch.passed([one, two], 0.0, frozen=False) == "--processes 1: there were 2"


def test_processes_are_named_in_one_line() -> None:
    many = [Proc(pid, 1, 0, "sleep", "S") for pid in range(10)]
    assert named(many, 2) == "sleep (0), sleep (1) and 8 more"
    assert named(many[:1]) == "sleep (0)"


@pytest.mark.parametrize("text, value", [("90", 90.0), ("1.5m", 90.0), ("2H", 7_200.0)])
def test_times_are_read(text: str, value: float) -> None:
    assert Duration().convert(text, None, None) == value


@pytest.mark.parametrize(
    "text, value", [("1024", 1_024), ("500M", 500 << 20), ("2GiB", 2 << 30), ("1kb", 1_024)]
)
def test_sizes_are_read(text: str, value: int) -> None:
    assert Size().convert(text, None, None) == value


def test_a_program_that_is_woken_before_it_waits_asks_again(tmp_path: Path) -> None:
    """The wrapper's `wait` and its `ready` may be read in one go, before whoever asked has looked."""
    path = tmp_path / "run.sock"
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(path))
        door.listen()
        shell = ParentShell(str(path), "a")
        shell.start_thread()
        wrapper, _ = door.accept()
        with wrapper, wrapper.makefile("rb") as asked:

            def answer() -> None:
                first = wire.REQUEST.decode(asked.readline())
                wait, ready = wire.Answer(n=first.n, wait=True, token="t"), wire.Answer(ready="t")
                wrapper.sendall(wire.line(wait) + wire.line(ready))
                second = wire.REQUEST.decode(asked.readline())
                wrapper.sendall(wire.line(wire.Answer(n=second.n)))

            answering = threading.Thread(target=answer, daemon=True)
            answering.start()
            until_woken = shell.ask("r", "t", partial(_passed, shell))
            assert isinstance(until_woken, Future)
            until_woken.result(60.0)
            assert shell.ask("r", "t", partial(_passed, shell)) is True
            answering.join()
            shell.close(0.0)


def _passed(shell: ParentShell, core: AgentCore, now: float) -> bool | None:
    """As a checkpoint asks; slow enough that the reader has read on."""
    gone_on = core.run("r").checkpoint("t", now)
    if not gone_on:
        while "t" in shell._waits:
            pass
    return gone_on or None

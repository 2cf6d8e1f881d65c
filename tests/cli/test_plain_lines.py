"""The pure parts of line mode, and line mode as a process: in a pipe, on a terminal, and when either goes away."""

from __future__ import annotations

import asyncio
import io
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.cli.plain.lines_in import LINE_BYTES, Lines, Typed
from console.cli.plain.printer import Printer
from console.cli.plain.things import FIRST, Numbers
from console.core.text import legible
from tests.fixtures.site_processes import FloorProcesses, until
from tests.fixtures.terminal import Terminal

# ---- lines in --------------------------------------------------------------------------------------------------------


@given(text=st.text(), cuts=st.lists(st.integers(0, 400)))
def test_lines_are_the_same_however_they_come(text: str, cuts: list[int]) -> None:
    data = text.encode("utf-8", "surrogatepass")
    places = sorted({0, len(data), *(cut for cut in cuts if cut <= len(data))})
    lines = Lines()
    found = [line for start, end in itertools.pairwise(places) for line in lines.feed(data[start:end])]
    found += lines.end()
    whole = data.decode("utf-8", "replace").split("\n")
    expected = whole if whole[-1] else whole[:-1]
    assert found == [line.removesuffix("\r") for line in expected]


def test_a_line_that_is_too_long_is_not_taken_in_part() -> None:
    lines = Lines()
    assert list(lines.feed(b"x" * (LINE_BYTES + 1))) == []
    assert list(lines.feed(b"kill 11\nqueue\n")) == [None, "queue"]


async def test_lines_of_a_file_come_to_an_end(tmp_path: Path) -> None:
    path = tmp_path / "script"
    path.write_text("queue\nkill 11", encoding="utf-8")
    with path.open("rb") as file:
        typed = Typed(file.fileno())
        typed.start()
        assert [await typed.next(), await typed.next()] == ["queue", "kill 11"]
        for _ in range(2):
            with pytest.raises(EOFError):
                await typed.next()


# ---- numbers ---------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.sampled_from(["action", "run", "alarm"]), st.text())))
def test_a_number_names_one_thing_for_ever_and_is_no_answer_to_a_menu(things: list[tuple[str, str]]) -> None:
    numbers = Numbers()
    given_ = [numbers.of(kind, key) for kind, key in things]  # type: ignore[arg-type]
    for number, thing in zip(given_, things, strict=True):
        assert number >= FIRST > 9
        assert numbers.thing(str(number)) == thing
    assert numbers.thing("0") is numbers.thing("9") is numbers.thing("²") is numbers.thing("-11") is None


# ---- lines out -------------------------------------------------------------------------------------------------------


@given(st.text())
def test_a_printed_line_is_one_line_that_can_be_seen(text: str) -> None:
    stream = io.StringIO()
    Printer(stream).line(text, "stop")
    line = stream.getvalue()
    assert line.endswith("\n")
    assert legible(line[:-1])


def test_colour_is_there_only_when_asked_for() -> None:
    plain, coloured = io.StringIO(), io.StringIO()
    Printer(plain).line("waits\x1b[31m", "stop")
    Printer(coloured, coloured=True).line("waits\x1b[31m", "stop")
    assert plain.getvalue() == "waits\\x1b[31m\n"
    assert coloured.getvalue() == "\x1b[1;31mwaits\\x1b[31m\x1b[0m\n"


def test_a_reader_that_went_away_is_told_of_once() -> None:
    class Broken(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    gone: list[int] = []
    printer = Printer(Broken(), gone=lambda: gone.append(1))
    printer.lines(["a", "b"])
    assert gone == [1]


# ---- processes -------------------------------------------------------------------------------------------------------

AGENT = """
import asyncio, sys
from bus import Action, main, run
async def work():
    async with run("refunds", goal="Refund \\x1b[2J order") as job:
        decision = await job.gate(Action("issue_refund", {"amount": 62.0, "to": "x\\x1b]0;owned\\x07"}))
        print(decision.outcome, flush=True)
main(work())
"""
PLAIN = (sys.executable, "-m", "console.cli.main", "--plain")


@contextmanager
def agent(floor: FloorProcesses) -> Iterator[Path]:
    said = floor.root / "agent.log"
    process = floor.spawn("-c", AGENT, said=said)
    try:
        yield said
    finally:
        process.kill()
        process.wait()


async def up(floor: FloorProcesses) -> None:
    floor.start()
    await until(lambda: "supervisor: up" in floor.log(), 60.0, "the site is up")


def environment(floor: FloorProcesses) -> dict[str, str]:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return floor.environment | {"PYTHONPATH": path, "WATCHFLOOR_BROKER": str(floor.url)}


@pytest.mark.broker
async def test_a_script_of_lines_from_a_pipe_decides(tmp_path: Path) -> None:
    with FloorProcesses(tmp_path) as floor:
        await up(floor)
        with agent(floor) as said:
            process = await asyncio.create_subprocess_exec(
                *PLAIN, env=environment(floor), cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            assert process.stdin is not None
            assert process.stdout is not None
            heard = b""
            while b" waits 11: " not in heard:
                part = await asyncio.wait_for(process.stdout.read(4_096), 60)
                assert part, heard
                heard += part
            process.stdin.write(b"reject 11 not today\n")
            process.stdin.close()
            heard += await asyncio.wait_for(process.stdout.read(), 60)
            assert await process.wait() == 0
            assert b"recorded as rejected" in heard
            assert b"\x1b" not in heard
            await until(lambda: "rejected" in said.read_text("utf-8"), 60.0, "the agent hears it")


@pytest.mark.broker
@pytest.mark.pty
async def test_on_a_terminal_it_moves_no_cursor_and_leaves_by_the_end_of_input(tmp_path: Path) -> None:
    with FloorProcesses(tmp_path) as floor:
        await up(floor)
        environment_ = environment(floor) | {"TERM": "dumb", "WATCHFLOOR_ATTENTION": "off"}
        with agent(floor) as said, Terminal(PLAIN, environment_, columns=200, rows=50) as terminal:
            terminal.shows(" waits 11: ")
            before = terminal.modes
            terminal.press("11\n")
            text = terminal.shows("choose: 1 approve")
            digits = text.partition("code     ")[2][:4]
            terminal.press("1\n")
            terminal.shows("anything else does not")  # before it may stand that t lets those like it pass
            terminal.press(f"{digits}\n" if digits.isdecimal() else "y\n")
            terminal.shows("recorded as approved")
            await until(lambda: "approved" in said.read_text("utf-8"), 60.0, "the agent hears it")
            assert terminal.modes == before
            terminal.press("\x04")
            assert terminal.ended() == 0
            # What the terminal itself echoes of ^D aside, nothing but text and line ends came out.
            assert set(terminal.received) & set(range(32)) <= {0x0A, 0x0D, 0x08}


@pytest.mark.broker
@pytest.mark.pty
@pytest.mark.parametrize("how", ["hang up", "interrupt", "SIGTERM"])
async def test_whatever_ends_it_nothing_of_it_is_left(tmp_path: Path, how: str) -> None:
    with FloorProcesses(tmp_path) as floor:
        await up(floor)
        with Terminal(PLAIN, environment(floor)) as terminal:
            terminal.shows("help says what can be typed")
            with agent(floor):
                terminal.shows(" waits 11: ")
            terminal.until(lambda _: b"\a" in terminal.received, "the bell")
            assert terminal.received.count(b"\a") == 1
            process = terminal.process
            if how == "hang up":
                terminal.hang_up()
            elif how == "interrupt":
                terminal.press("\x03")
            else:
                process.send_signal(signal.SIGTERM)
            terminal.ended()
            assert not process.is_running()
        assert floor.leftovers() == []
        await until(lambda: '"operators":{}' in listed(floor), 60.0, "nobody is listed")


def listed(floor: FloorProcesses) -> str:
    return subprocess.run(
        [sys.executable, "-m", "console.cli.main", "ls", "--json"],
        env=environment(floor), cwd=floor.root, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip

"""A slow line and one that stands still: fewer frames, none that queue, and nobody who waits for the terminal."""

import os
import select
import sys
from pathlib import Path

from console.tui.settings import FRAMES, FRAMES_REMOTE
from console.tui.terminal.pacing import SLOW, SLOW_FOR, Pacing
from tests.fixtures.terminal import Terminal

CHANGES = 60


def test_a_line_that_is_slow_gets_fewer_frames_for_a_while() -> None:
    clock = [0.0]
    pacing = Pacing(FRAMES, FRAMES_REMOTE, lambda: clock[0])
    pacing.took(SLOW / 2)
    assert pacing.frames == FRAMES
    pacing.took(SLOW)
    assert pacing.frames == FRAMES_REMOTE
    clock[0] = SLOW_FOR
    assert pacing.frames == FRAMES


def test_a_slow_line_never_gets_more_frames_than_were_asked_for() -> None:
    pacing = Pacing(2, FRAMES_REMOTE, lambda: 0.0)
    pacing.took(9.0)
    assert pacing.frames == 2


def test_a_terminal_that_stops_reading_delays_nothing_and_gets_no_old_frames(tmp_path: Path) -> None:
    tell, hear = tmp_path / "tell", tmp_path / "hear"
    for path in (tell, hear):
        os.mkfifo(path)
    told, said = os.open(tell, os.O_RDWR), os.open(hear, os.O_RDWR)
    command: list[str | Path] = [sys.executable, "-m", "tests.consoles.stalled_console", tell, hear]
    with Terminal(command, os.environ | {"LANG": "C.UTF-8"}) as terminal:
        terminal.shows("waits for you")
        before = len(terminal.received)
        for number in range(CHANGES):
            os.write(told, b"c")
            ready, _, _ = select.select([said], [], [], 60.0)
            assert ready, f"the console waits for its terminal since change {number}"
            os.read(said, 1)
        terminal.until(
            lambda text: f"harbour-{CHANGES}" in text and "waits for you" in text, "what is so now, whole"
        )
        assert (
            len(terminal.received) - before < CHANGES * 80 * 24
        )  # a whole frame has some three bytes a cell
        terminal.press("q")
        assert terminal.ended() == 0
    os.close(told)
    os.close(said)

"""The processes of a demo and its temporary home, and that both are gone afterwards."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import threading
import time
from types import FrameType, TracebackType
from typing import Final, NoReturn, Self

from console.cli.exits import CliError, Exit
from console.demo.plan import Plan

CLOSE_WITHIN: Final = 40.0
"""Seconds that everything together may take to end."""

GONE_WITHIN: Final = 10.0
"""Seconds for which the home is removed again while somebody still writes to it."""

LOOK: Final = 0.2

ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that end a demo."""


class Staging:
    """The processes of a demo and its home, as long as the context lasts.

    Whatever ends it, it ends them: by its own word, or by closing their parent's standard input when it is gone itself.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._crew: subprocess.Popen[str] | None = None
        self._down = False
        self.caught = 0
        """The last signal that was noted, or 0."""

    def __enter__(self) -> Self:
        for number in ENDING:
            signal.signal(number, _leave)
        try:
            self.plan.logs.mkdir(parents=True)
            with (self.plan.logs / "crew.log").open("ab") as log:
                self._crew = subprocess.Popen(
                    self.plan.command,
                    cwd=self.plan.root,
                    env=self.plan.environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    start_new_session=True,
                )
        except BaseException:
            self._remove()
            raise
        return self

    def opened(self) -> str:
        """Wait until the site's files are there. Returns the broker's address.

        Raises:
            CliError: it did not come up.
        """
        assert self._crew is not None  # noqa: S101 - entered
        assert self._crew.stdout is not None  # noqa: S101
        word, _, rest = self._crew.stdout.readline().strip().partition(" ")
        if word != "up":
            raise CliError(Exit.NO_ANSWER, f"the demo did not come up: {rest or self.last_words}")
        return rest

    @property
    def last_words(self) -> str:
        """What the processes' parent, or else the site, said last."""
        return self.plan.last_words("crew") or self.plan.last_words("up") or "its processes ended"

    @property
    def alive(self) -> bool:
        """Whether the processes' parent is there."""
        return self._crew is not None and self._crew.poll() is None

    def quit_on_signals(self) -> None:
        """Take the signals back from whoever had them meanwhile."""
        for number in ENDING:
            signal.signal(number, _leave)

    def note_signals(self) -> None:
        """From now on a signal is `caught`: whoever waits for the end looks there, and the summary is told all the same.

        Signals of an event loop would leave a gap before it begins, and one after it ended.
        """
        for number in ENDING:
            signal.signal(number, self._note)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.caught = number

    def close(self) -> None:
        """End everything but the processes' parent, which keeps the home for us. Harmless when it was done."""
        crew = self._crew
        if crew is None or crew.stdin is None or crew.stdout is None or self._down:
            return
        self._down = True
        for number in ENDING:
            signal.signal(number, _stay)
        limit = threading.Timer(CLOSE_WITHIN, crew.kill)  # ends the reading below, too
        limit.daemon = True
        limit.start()
        with contextlib.suppress(OSError):
            crew.stdin.write("end\n")
            crew.stdin.flush()
            while crew.stdout.readline().strip() not in ("", "down"):
                pass
        limit.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
            self._let_go()
        finally:
            self._remove()
            for number in ENDING:
                signal.signal(
                    number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
                )

    def _let_go(self) -> None:
        """Have the processes' parent remove the home and end."""
        crew = self._crew
        if crew is None or crew.stdin is None or crew.stdout is None:
            return
        with contextlib.suppress(OSError):
            crew.stdin.close()
        try:
            crew.wait(CLOSE_WITHIN)
        except subprocess.TimeoutExpired:
            crew.kill()
            crew.wait()
        crew.stdout.close()

    def _remove(self) -> None:
        """Remove the home. If the processes' parent was killed, the others are ending by themselves, and may still write."""
        end = time.monotonic() + GONE_WITHIN
        while not self.plan.keep and self.plan.root.exists() and time.monotonic() < end:
            shutil.rmtree(self.plan.root, ignore_errors=True)
            time.sleep(0 if self._crew is None or self._crew.returncode == 0 else LOOK)


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


def _stay(_number: int, _frame: FrameType | None) -> None:
    """It is ending already."""

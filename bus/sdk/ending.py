"""How an agent's process ends: one clear line and an exit code, where a traceback would say nothing more."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any, Final, NoReturn

from bus.sdk.decision import RunKilled, RunRefusedError
from bus.sdk.spool.store import SpoolError
from bus.sdk.values import INTERRUPTED, clip
from bus.signing import KeyFileError
from bus.topics import BadIdError
from bus.url import BadBrokerUrlError

EXIT_REFUSED: Final = 1
"""The supervisor does not accept the run."""

EXIT_CONFIGURATION: Final = 78
"""A setting of the agent cannot be used; what sendmail's list of exit codes calls it."""

EXIT_INTERRUPTED: Final = 130
"""Ctrl-C; what shells say of it, too."""

EXIT_KILLED: Final = 137
"""An operator killed the run; what shells say of a killed process. A service manager should not start it again."""

_SETTINGS: Final = (BadBrokerUrlError, BadIdError, KeyFileError, SpoolError)
"""Wrong settings: broker, site, key, folder. Their texts say what to do; where in our code they arose helps nobody."""


def main(work: Coroutine[Any, Any, object] | Callable[[], object]) -> NoReturn:
    """Live `work` as this process, then end it: `main(tidy(folder))`, or a function of no arguments without asyncio.

    Ends with exit code 0 when it returns, and with one line on standard error and `EXIT_KILLED`, `EXIT_INTERRUPTED`,
    `EXIT_REFUSED` or `EXIT_CONFIGURATION` when a run was killed, interrupted by Ctrl-C, refused, or could not begin for a
    setting. By then every context was left, so that the run's end is reported. Any other exception is the agent's own and
    is not touched.

    Raises:
        SystemExit: always, unless `work` raised something else.
    """
    try:
        if callable(work):
            work()
        else:
            _interruptible(work)
    except (BaseExceptionGroup, RunKilled, RunRefusedError, KeyboardInterrupt, *_SETTINGS) as error:
        ending = _ending(error)
        if ending is None:
            raise
        code, line = ending
        print(f"{_name()}: {line}", file=sys.stderr)  # noqa: T201 - the last words of a process
        raise SystemExit(code) from None
    raise SystemExit(0)


def _interruptible(work: Coroutine[Any, Any, object]) -> None:
    """Run `work` as `asyncio.run` does, only that its cancellation by the first Ctrl-C says what it is.

    A second Ctrl-C does not wait. Where Ctrl-C is somebody else's matter already, it stays so.
    """
    told = False

    async def live() -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def interrupt(_number: int, _frame: FrameType | None) -> None:
            nonlocal told
            if told or task is None:
                raise KeyboardInterrupt
            told = True
            loop.call_soon_threadsafe(task.cancel, INTERRUPTED)

        before = signal.signal(signal.SIGINT, interrupt)
        try:
            await work
        finally:
            signal.signal(signal.SIGINT, before)

    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        asyncio.run(work)
        return
    try:
        asyncio.run(live())
    except asyncio.CancelledError:
        if told:
            raise KeyboardInterrupt from None
        raise


def _ending(error: BaseException) -> tuple[int, str] | None:
    """The exit code and the line for what ended the work; None if it is nothing of ours."""
    match error:
        case RunKilled():
            return EXIT_KILLED, _with_reason("an operator killed the run", str(error))
        case RunRefusedError():
            return EXIT_REFUSED, _with_reason("the run is refused", str(error))
        case KeyboardInterrupt():
            return EXIT_INTERRUPTED, "interrupted"
        case BadBrokerUrlError() | BadIdError() | KeyFileError() | SpoolError():
            return EXIT_CONFIGURATION, clip(str(error), 400)[0]
        case BaseExceptionGroup():
            # Tasks of one group that were told one after another; anything else among them is a fault to be seen.
            endings = [_ending(inner) for inner in error.exceptions]
            return None if None in endings else max((ending for ending in endings if ending), default=None)
        case _:
            return None


def _with_reason(what: str, reason: str) -> str:
    shown = "".join(char if char.isprintable() else " " for char in clip(reason, 200)[0]).strip()
    return f"{what}: {shown}" if shown else what


def _name() -> str:
    return sys.argv[0].rpartition("/")[2] or "agent"

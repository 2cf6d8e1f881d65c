"""How an agent's process ends: one clear line and an exit code, where a traceback would say nothing more."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any, Final, NoReturn

from bus.decision import RunKilled, RunRefusedError
from bus.values import clip

EXIT_REFUSED: Final = 1
"""The supervisor does not accept the run."""

EXIT_INTERRUPTED: Final = 130
"""Ctrl-C; what shells say of it, too."""

EXIT_KILLED: Final = 137
"""An operator killed the run; what shells say of a killed process. A service manager should not start it again."""


def main(work: Coroutine[Any, Any, object] | Callable[[], object]) -> NoReturn:
    """Live `work` as this process, then end it: `main(tidy(folder))`, or a function of no arguments without asyncio.

    Ends with exit code 0 when it returns, and with one line on standard error and `EXIT_KILLED`, `EXIT_INTERRUPTED` or
    `EXIT_REFUSED` when a run was killed, interrupted by Ctrl-C or refused. By then every context was left, so that the run's
    end is reported. Any other exception is the agent's own and is not touched.

    Raises:
        SystemExit: always, unless `work` raised something else.
    """
    try:
        if callable(work):
            work()
        else:
            asyncio.run(work)
    except (BaseExceptionGroup, RunKilled, RunRefusedError, KeyboardInterrupt) as error:
        ending = _ending(error)
        if ending is None:
            raise
        code, line = ending
        print(f"{_name()}: {line}", file=sys.stderr)  # noqa: T201 - the last words of a process
        raise SystemExit(code) from None
    raise SystemExit(0)


def _ending(error: BaseException) -> tuple[int, str] | None:
    """The exit code and the line for what ended the work; None if it is nothing of ours."""
    match error:
        case RunKilled():
            return EXIT_KILLED, _with_reason("an operator killed the run", str(error))
        case RunRefusedError():
            return EXIT_REFUSED, _with_reason("the supervisor refuses the run", str(error))
        case KeyboardInterrupt():
            return EXIT_INTERRUPTED, "interrupted"
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

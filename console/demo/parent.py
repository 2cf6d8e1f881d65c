"""How a process of the demo ends: with the one that started it."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress


def end_with_parent() -> None:
    """From now on SIGTERM, and the end of standard input, raise KeyboardInterrupt. Ctrl-C at the terminal does nothing."""
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a key press at the terminal is the demo's to answer
    threading.Thread(target=_watch_parent, daemon=True).start()


def _end(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _watch_parent() -> None:
    with suppress(OSError):
        while os.read(0, 4096):
            pass
    os.kill(os.getpid(), signal.SIGTERM)

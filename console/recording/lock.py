"""One supervisor a site on one machine: a lock that dies with its process, and a note who holds it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from console.recording.schema import RecordingError


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold the lock while the block runs. `path` is `Home.lock`; the holder's process id lies beside it as `.pid`.

    Raises:
        RecordingError: another supervisor holds it, or it cannot be made.
    """
    holder = path.with_suffix(".pid")
    lock = FileLock(path, mode=0o600)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire(blocking=False)
    except Timeout:
        raise RecordingError(
            f"{path}: another supervisor{_named(holder)} runs this site; stop it first"
        ) from None
    except (OSError, NotImplementedError) as error:
        raise RecordingError(
            f"{path}: cannot be locked ({error}); put the site's data on a local disk"
        ) from error
    try:
        # The note is for people; it is not in the lock file, which older lock libraries empty as they try.
        with suppress(OSError):
            holder.write_text(f"{os.getpid()}\n", encoding="ascii")
        yield
    finally:
        with suppress(OSError):
            holder.unlink()
        lock.release()


def _named(holder: Path) -> str:
    with suppress(OSError, ValueError):
        return f", pid {int(holder.read_text(encoding='ascii'))},"
    return ""

"""Files that verbs write: there whole or not at all, and for nobody else's eyes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from console.cli.exits import bad


def check_new(target: Path) -> Path:
    """Return a file's path, if there is none yet.

    Raises:
        CliError: it exists.
    """
    if target.exists():
        raise bad(f"{target} exists; name another file, or move it out of the way")
    return target


@contextmanager
def whole_file(target: Path) -> Iterator[BinaryIO]:
    """Write a file, mode 0600, that gets its name when the context is left without an error; it replaces an older one.

    Raises:
        OSError: it cannot be written.
    """
    partial = target.with_name(f".{target.name}.partial")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            yield file
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)

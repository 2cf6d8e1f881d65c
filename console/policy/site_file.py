"""One file that people edit, as it is in force: the last good version stays until there is a better one.

One rule for every file of a site. A file with a mistake changes nothing, and neither does one that was there and is gone: a
slip of a deployment must not drop every rule. Who wants to go without a file makes it an empty one. That there was no file
is a good version, too: the first edit, if it is a mistake, keeps no site from starting. Nothing of it is in force then, and
the problem says so.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, Literal, TypeVar

from bus.new_file import write_new
from console.core.fleet.kept import ALARM_TEXT
from console.core.text import plain
from console.policy.files import FILE_BYTES, PolicyFileError, refuse

T = TypeVar("T")

STAYS: Final = "(the last good version stays in force)"
NONE_YET: Final = "(there was none before: nothing of it is in force)"
"""What a problem ends with where no version of the file has ever been in force."""

MISSING: Final = "is missing: restore it, or make it an empty file to go without"

Stamp = tuple[int, ...] | None

Good = bytes | Literal["no file"]
"""What is in force of a file: what it held, or that there was none."""

NO_FILE: Final = "no file"

LOGGER: Final = logging.getLogger(__name__)


class SiteFile(Generic[T]):
    """A file and what is in force of it. `problem` is empty, or one line: why it is not what the file says now."""

    def __init__(
        self,
        path: Path | None,
        load: Callable[[Path | None], T],
        *,
        kept: Path | None = None,
        required: bool = False,
        refused: type[ValueError] = PolicyFileError,
    ) -> None:
        """Read the file. `load` makes of a path what is in force, of None what is without a file, or raises `refused`.

        `kept` is a folder where the last good version outlives this process, and is read from if the file cannot be used. A
        file that is `required`, or was in force before, must be there.

        Raises:
            ValueError: the file cannot be put in force (it is a `refused` or a `PolicyFileError`), and none was kept.
        """
        self._path = path
        self._load = load
        self._kept = kept / path.name if kept is not None and path is not None else None
        self._refused = (refused, PolicyFileError)
        self._stored: Good | None = _content(self._kept)
        if (
            self._stored is None
            and not required
            and self._kept is not None
            and _none_was(self._kept).exists()
        ):
            self._stored = NO_FILE
        self._good = self._stored
        self._known = required or isinstance(self._good, bytes)
        self._stamp: Stamp = None
        self._said = ""
        self.problem = ""
        try:
            self.value = self._read()
        except self._refused as error:
            self.value = self._last_good(error)
            self.problem = self._told(error)

    def look(self) -> bool:
        """Read the file again if it is another one by now; returns whether it was put in force. Never raises."""
        return _stamp(self._path) != self._stamp and self.reload()

    def reload(self) -> bool:
        """Read the file again in any case; returns whether it was put in force. Never raises."""
        try:
            self.value = self._read()
        except self._refused as error:
            self.problem = self._told(error)
            return False
        self.problem = ""
        return True

    @property
    def unkept(self) -> bool:
        """Whether the last good version is another one than that which is kept."""
        return self._kept is not None and self._good != self._stored

    def keep(self) -> None:
        """Write the last good version to where the next start finds it. It may wait for a disk: for a thread."""
        good, path = self._good, self._kept
        if good is None or path is None or good == self._stored:
            return
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_new(fresh, b"" if good == NO_FILE else good)
            fresh.replace(_none_was(path) if good == NO_FILE else path)
            if good != NO_FILE:
                _none_was(path).unlink(missing_ok=True)
        except OSError as error:
            if str(error) != self._said:
                self._said = str(error)
                LOGGER.error("%s cannot be kept for the next start: %s", self._path, error)  # noqa: TRY400  (the trace says nothing more)
            return
        self._said = ""
        self._stored = good

    def _told(self, error: ValueError) -> str:
        """What is wrong and, whatever the length of that, what holds instead: an alarm would cut its end off."""
        instead = STAYS if self._known else NONE_YET
        return f"{plain(str(error), ALARM_TEXT - len(instead) - 1)} {instead}"

    def _read(self) -> T:
        # The stamp first: whatever is written while we read is seen at the next look.
        self._stamp = _stamp(self._path)
        content = _content(self._path)
        if self._path is None or content is None:
            if self._path is not None and self._known:
                raise refuse(self._path, "", MISSING)
            value = self._load(None)
            self._good = NO_FILE
            return value
        value = self._load(self._path)
        self._known = True
        if _content(self._path) == content:  # else it was written meanwhile, and who knows what was read
            self._good = content
        return value

    def _last_good(self, error: ValueError) -> T:
        """What was kept of the file. Raises `error` if nothing was, or nothing that can be used."""
        if self._kept is None or self._good is None:
            raise error
        try:
            return self._load(None if self._good == NO_FILE else self._kept)
        except self._refused:
            raise error from None


def was_there(path: Path, kept: Path) -> bool:
    """Whether a file is missing that a supervisor has had in force: it is no good to go without it then."""
    return not path.exists() and (kept / path.name).exists()


def _none_was(kept: Path) -> Path:
    """What stands where a file would be kept if the last good version was that there is none."""
    return kept.with_name(f"{kept.name}.none")


def _stamp(path: Path | None) -> Stamp:
    """What differs when a file is another one: its times alone may be set by whoever deploys it."""
    try:
        status = path.stat() if path is not None else None
    except OSError:
        return None
    if status is None:
        return None
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev


def _content(path: Path | None) -> bytes | None:
    """What a file holds; None if there is none, nothing if it may not be read, which loading it will say."""
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            return file.read(FILE_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError:
        return b""

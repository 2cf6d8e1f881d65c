"""The spool on disk: one SQLite file a run, private to its user, used by one process at a time.

What `append` returned from survives `kill -9`. After a power failure the newest events may be missing (the log is not
synced at every event); the supervisor notices by the seqs. SQLite's exclusive lock keeps other processes out for as long
as the spool is open. A file `.lock` in the agent's folder is held only while a spool is opened or deleted, so that nobody
opens a file that is just going away.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from weakref import WeakSet

from bus.sdk.spool.file import APPLICATION, FORMAT, folder_lock, look, make, meaning
from bus.sdk.spool.store import Owner, SpoolError, SpoolTornError
from bus.topics import check_id

SUFFIX: Final = ".sqlite3"
_ROWS_AT_ONCE: Final = 8
_INSERT: Final = "INSERT INTO events VALUES (?, ?)"


def spool_folder(root: Path, agent: str) -> Path:
    """The folder of an agent's spools under `Home.spool`.

    Raises:
        BadIdError: the agent's name is not an id.
        SpoolError: the name is `.` or `..`, which would leave the folder.
    """
    if check_id(agent, "agent").strip(".") == "":
        raise SpoolError(f"agent {agent!r} cannot have a spool: its name would be a path")
    return root / agent


def spool_path(root: Path, agent: str, run: str) -> Path:
    """The file of a run's spool under `Home.spool`.

    Raises:
        BadIdError: a name is not an id.
        SpoolError: see `spool_folder`.
    """
    return spool_folder(root, agent) / f"{check_id(run, 'run')}{SUFFIX}"


def spool_paths(folder: Path) -> list[Path]:
    """All spools of one agent, or none if there is no such folder."""
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if path.is_file())


class SqliteSpool:
    """A `Spool` in a file. Open it with `create` or `open_existing`."""

    def __init__(self, path: Path, database: sqlite3.Connection, owner: Owner) -> None:
        self.path = path
        self.owner = owner
        self._database = database
        self._closed = False
        stored, finished = database.execute("SELECT stored, finished FROM meta").fetchone()
        newest, size = database.execute(
            "SELECT max(seq), coalesce(sum(length(event)), 0) FROM events"
        ).fetchone()
        self.stored: int = stored
        self.first: int = stored + 1
        self.last: int = max(newest or 0, stored)
        self.size: int = size
        self.finished = bool(finished)
        _OPEN.add(self)

    @classmethod
    def create(cls, path: Path, owner: Owner) -> SqliteSpool:
        """Make the spool of a new run, with its folder.

        Raises:
            FileExistsError: the run has a spool already.
            SpoolError: it cannot be made.
        """
        with folder_lock(path, make=True):
            if path.exists():
                raise FileExistsError(f"{path}: the run has a spool already")
            try:
                make(path, owner)
                return cls(path, _connect(path), owner)
            except OSError as error:
                raise SpoolError(f"{path}: cannot make the spool: {error.strerror}") from None
            except (sqlite3.Error, SpoolError) as error:
                path.unlink(missing_ok=True)
                raise SpoolError(f"{path}: cannot make the spool: {error}") from None

    @classmethod
    def open_existing(cls, path: Path, incarnation: str | None = None) -> SqliteSpool:
        """Open the spool of a run that has one; `incarnation` names the process that goes on with the run, if one does.

        Raises:
            FileNotFoundError: there is none.
            SpoolBusyError: somebody else is using it.
            SpoolTornError: nothing of it can be read.
            SpoolError: it is of a newer version, or no spool; or the run it goes on with has finished.
        """
        with folder_lock(path, make=False):
            if not path.is_file():
                raise FileNotFoundError(f"{path}: no such spool")
            look(path)
            database = _connect(path)
            try:
                return cls(path, database, _owner(path, database, incarnation))
            except sqlite3.Error as error:
                database.close()
                raise meaning(path, error) from None
            except SpoolError:
                database.close()
                raise

    def append(self, events: Sequence[bytes]) -> None:
        """See `Spool.append`."""
        values = [value for row in enumerate(events, self.last + 1) for value in row]
        try:
            if len(events) <= _ROWS_AT_ONCE:  # one statement is one transaction
                self._database.execute(_INSERT + ", (?, ?)" * (len(events) - 1), values)
            else:
                with self._transaction():
                    self._database.executemany(_INSERT, zip(values[::2], values[1::2], strict=True))
        except sqlite3.Error as error:
            raise meaning(self.path, error) from None
        self.last += len(events)
        self.size += sum(map(len, events))

    def read(self, after: int, limit: int) -> list[tuple[int, bytes]]:
        """See `Spool.read`."""
        with self._failing():
            return self._database.execute(
                "SELECT seq, event FROM events WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit)
            ).fetchall()

    def trim(self, upto: int) -> None:
        """See `Spool.trim`."""
        upto = min(upto, self.last)
        if upto <= self.stored:
            return
        with self._failing(), self._transaction():
            gone = self._database.execute(
                "SELECT coalesce(sum(length(event)), 0) FROM events WHERE seq <= ?", (upto,)
            ).fetchone()[0]
            self._database.execute("DELETE FROM events WHERE seq <= ?", (upto,))
            self._database.execute("UPDATE meta SET stored = ?", (upto,))
        self.size -= gone
        self.stored, self.first = upto, upto + 1

    def finish(self) -> None:
        """See `Spool.finish`."""
        with self._failing():
            self._database.execute("UPDATE meta SET finished = 1")
        self.finished = True

    def close(self) -> None:
        """See `Spool.close`."""
        if not self._closed:  # in a child made by fork it counts as closed, and stays the parent's
            self._closed = True
            self._database.close()

    def remove(self) -> None:
        """See `Spool.remove`.

        Raises:
            SpoolError: the folder stays locked by another process; the spool is closed and its file stays.
        """
        with folder_lock(self.path, make=False):
            self.close()
            for suffix in ("", "-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise meaning(self.path, error) from None

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:  # a full disk may have rolled back already
                self._database.execute("ROLLBACK")
            raise


_OPEN: Final[WeakSet[SqliteSpool]] = WeakSet()


def _leave_to_parent() -> None:
    """In a child made by fork, never close what the parent has open, not even when the child ends.

    SQLite takes the parent's lock for the child's own and would delete the log that the parent goes on writing to.
    """
    import ctypes

    for spool in list(_OPEN):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(spool._database))  # noqa: SLF001


if sys.platform != "win32":  # which has no fork
    os.register_at_fork(after_in_child=_leave_to_parent)


def _connect(path: Path) -> sqlite3.Connection:
    # Used by the agent's thread and the bus's thread in turn, under the core's lock.
    database = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        # Exclusive before the first touch of the log: then there is no shared memory file, and the lock is ours at once.
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("BEGIN EXCLUSIVE")
        database.execute("COMMIT")
    except sqlite3.Error as error:
        database.close()
        raise meaning(path, error) from None
    return database


def _owner(path: Path, database: sqlite3.Connection, incarnation: str | None) -> Owner:
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION:
        raise SpoolError(f"{path}: not a Watchfloor spool")
    if version != FORMAT:
        raise SpoolError(f"{path}: spool of version {version}, this Watchfloor reads {FORMAT}")
    row = database.execute("SELECT site, agent, run, incarnation FROM meta").fetchone()
    if row is None:
        raise SpoolTornError(f"{path}: the spool is damaged (it does not say whose it is)")
    owner = Owner(*row)
    if incarnation is None:
        return owner
    if database.execute("SELECT finished FROM meta").fetchone()[0]:
        raise SpoolError(f"{path}: the run has finished; what is here only waits to be sent")
    database.execute("UPDATE meta SET incarnation = ?", (incarnation,))
    return Owner(owner.site, owner.agent, owner.run, incarnation)

"""Spools: what was appended is there, in order, until it is trimmed; on disk also after a kill -9."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.sdk.spool import file
from bus.sdk.spool.on_disk import SqliteSpool, spool_folder, spool_path, spool_paths
from bus.sdk.spool.store import Bounds, MemorySpool, Owner, Spool, SpoolBusyError, SpoolError, SpoolTornError
from bus.topics import BadIdError

OWNER = Owner("test", "janitor", "r1", "inc-1")
Make = Callable[[Path], Spool]


def on_disk(folder: Path) -> Spool:
    return SqliteSpool.create(folder / "janitor" / "r1.sqlite3", OWNER)


def in_memory(folder: Path) -> Spool:
    return MemorySpool(OWNER)


def contents(spool: Spool) -> list[tuple[int, bytes]]:
    return spool.read(0, 10_000)


@pytest.mark.parametrize("make", [on_disk, in_memory])
def test_events_stay_in_order_until_they_are_trimmed(make: Make, tmp_path: Path) -> None:
    spool = make(tmp_path)
    assert (spool.first, spool.last, spool.stored, spool.size, spool.finished) == (1, 0, 0, 0, False)
    spool.append([b"a"])
    spool.append([b"bb", b"ccc"])
    assert contents(spool) == [(1, b"a"), (2, b"bb"), (3, b"ccc")]
    assert spool.read(1, 1) == [(2, b"bb")]
    spool.trim(2)
    spool.trim(1)
    assert (spool.first, spool.last, spool.stored, spool.size) == (3, 3, 2, 3)
    assert contents(spool) == [(3, b"ccc")]
    spool.trim(99)
    spool.append([b"d"])
    assert contents(spool) == [(4, b"d")]
    many = [b"%d" % number for number in range(30)]
    spool.append(many)
    assert contents(spool)[1:] == list(enumerate(many, 5))
    assert (spool.last, spool.size) == (34, 1 + sum(map(len, many)))
    spool.close()


@given(
    steps=st.lists(
        st.one_of(
            st.lists(st.binary(max_size=20), min_size=1, max_size=20).map(lambda events: ("append", events)),
            st.integers(0, 30).map(lambda upto: ("trim", upto)),
        ),
        max_size=30,
    )
)
def test_both_spools_agree(steps: list[tuple[str, object]], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("spool")
    disk, memory = on_disk(folder), in_memory(folder)
    for verb, value in steps:
        for spool in (disk, memory):
            getattr(spool, verb)(value)
        facts = [(s.first, s.last, s.stored, s.size, contents(s)) for s in (disk, memory)]
        assert facts[0] == facts[1]
    disk.close()
    again = SqliteSpool.open_existing(folder / "janitor" / "r1.sqlite3")
    assert (again.first, again.last, again.stored, again.size) == (
        memory.first,
        memory.last,
        memory.stored,
        memory.size,
    )
    assert contents(again) == contents(memory)
    again.close()


def test_a_spool_is_private_and_says_whose_it_is(tmp_path: Path) -> None:
    spool = on_disk(tmp_path)
    spool.append([b"secret"])
    folder = tmp_path / "janitor"
    if os.name == "posix":
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for path in folder.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
    spool.close()
    again = SqliteSpool.open_existing(folder / "r1.sqlite3", "inc-2")
    assert again.owner == Owner("test", "janitor", "r1", "inc-2")
    again.finish()
    assert again.finished
    again.close()
    again.close()
    with pytest.raises(SpoolError, match="the run has finished"):
        SqliteSpool.open_existing(folder / "r1.sqlite3", "inc-3")
    rest = SqliteSpool.open_existing(folder / "r1.sqlite3")
    assert rest.finished
    rest.remove()
    with pytest.raises(SpoolError, match="closed"):
        rest.append([b"late"])
    rest.close()
    assert spool_paths(folder) == []


def test_a_spool_that_cannot_be_made_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the run could never have one: there is a spool already, and it is damaged."""
    monkeypatch.setattr(file, "_SCHEMA", "CREATE nonsense")
    with pytest.raises(SpoolError, match="cannot make the spool"):
        on_disk(tmp_path)
    assert spool_paths(tmp_path / "janitor") == []


def test_who_is_killed_while_a_spool_is_made_leaves_no_torn_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(Path, "rename", die)
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)
    with pytest.raises(Killed):
        on_disk(tmp_path)
    monkeypatch.undo()
    assert [path.name for path in (tmp_path / "janitor").iterdir() if path.name != ".lock"] == [".making"]
    assert spool_paths(tmp_path / "janitor") == []
    on_disk(tmp_path).close()
    assert [path.name for path in spool_paths(tmp_path / "janitor")] == ["r1.sqlite3"]


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_somebody_elses_database_is_refused_and_stays_as_it_is(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "mine.sqlite3"
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA journal_mode = {mode}")
    database.execute("CREATE TABLE t (x)")
    parts = [path, *tmp_path.glob("*-wal")]
    before = [part.read_bytes() for part in parts]
    with pytest.raises(SpoolError, match="not a Watchfloor spool"):
        SqliteSpool.open_existing(path)
    assert [part.read_bytes() for part in parts] == before
    assert database.execute("PRAGMA journal_mode").fetchone() == (mode,)
    database.close()


def test_a_spool_all_of_which_is_in_its_log_is_read(tmp_path: Path) -> None:
    """As a process that was killed left it when a spool was still made in its log."""
    path = tmp_path / "r1.sqlite3"
    dead = tmp_path / "dead.sqlite3"
    database = sqlite3.connect(dead)
    database.execute("PRAGMA journal_mode = WAL")
    database.executescript(file._SCHEMA.replace("PRAGMA journal_mode = MEMORY;", ""))
    database.execute("INSERT INTO meta VALUES ('test', 'janitor', 'r1', 'inc-1', 0, 0)")
    database.commit()
    for suffix in ("", "-wal"):
        path.with_name(path.name + suffix).write_bytes(dead.with_name(dead.name + suffix).read_bytes())
    database.close()
    spool = SqliteSpool.open_existing(path)
    assert (spool.owner, spool.last) == (OWNER, 0)
    spool.close()


def test_a_torn_spool_is_set_aside_with_its_log(tmp_path: Path) -> None:
    path = tmp_path / "r1.sqlite3"
    for number, name in enumerate(("r1.sqlite3.torn", "r1.sqlite3.torn2"), 1):
        path.touch()
        with pytest.raises(SpoolTornError, match="torn"):
            SqliteSpool.open_existing(path)
        path.with_name("r1.sqlite3-wal").write_bytes(b"x" * number)
        assert file.set_aside(path).name == name
        assert (tmp_path / f"{name}-wal").read_bytes() == b"x" * number
    assert spool_paths(tmp_path) == []


def test_one_process_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "janitor" / "r1.sqlite3"
    spool = on_disk(tmp_path)
    with pytest.raises(FileExistsError):
        SqliteSpool.create(path, OWNER)
    with pytest.raises(SpoolBusyError, match="another process is using this spool"):
        SqliteSpool.open_existing(path)
    code = f"from pathlib import Path; from bus.sdk.spool.on_disk import *; SqliteSpool.open_existing(Path({str(path)!r}))"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "SpoolBusyError" in child.stderr
    spool.append([b"a"])
    spool.close()
    again = SqliteSpool.open_existing(path)
    assert contents(again) == [(1, b"a")]
    again.close()


def test_what_is_no_spool_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such spool"):
        SqliteSpool.open_existing(tmp_path / "janitor" / "r1.sqlite3")
    foreign = tmp_path / "foreign.sqlite3"
    foreign.write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(SpoolError, match="not a Watchfloor spool"):
        SqliteSpool.open_existing(foreign)
    other = tmp_path / "other.sqlite3"
    database = sqlite3.connect(other)
    database.execute("CREATE TABLE t (x)")
    database.close()
    with pytest.raises(SpoolError, match="not a Watchfloor spool"):
        SqliteSpool.open_existing(other)
    spool = on_disk(tmp_path)
    spool.close()
    path = tmp_path / "janitor" / "r1.sqlite3"
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 9")
    database.close()
    with pytest.raises(SpoolError, match="spool of version 9, this Watchfloor reads 1"):
        SqliteSpool.open_existing(path)
    with pytest.raises(SpoolError, match="its name would be a path"):
        spool_folder(tmp_path, "..")
    with pytest.raises(BadIdError):
        spool_path(tmp_path, "janitor", "a/b")


def test_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    spool = SqliteSpool.create(tmp_path / "janitor" / "r1.sqlite3", OWNER)
    spool.append([b"x" * 3000])
    pages = spool._database.execute("PRAGMA page_count").fetchone()[0]
    spool._database.execute(f"PRAGMA max_page_count = {pages}")
    for events in ([b"y" * 9000], [b"small", b"y" * 9000], [b"small"] * 20 + [b"y" * 9000]):
        with pytest.raises(SpoolError, match="full"):
            spool.append(events)
        assert (spool.last, spool.size) == (1, 3000)
    spool._database.execute("PRAGMA max_page_count = 1000000")
    spool.append([b"z"])
    assert [seq for seq, _ in contents(spool)] == [1, 2]
    spool.close()


CHILD = """
import sys
from pathlib import Path
from bus.sdk.spool.store import Owner
from bus.sdk.spool.on_disk import SqliteSpool
spool = SqliteSpool.create(Path(sys.argv[1]), Owner("test", "janitor", "r1", "inc-1"))
seq = 0
while True:
    seq += 1
    spool.append([b"event %d" % seq])
    if seq % 50 == 0:
        spool.trim(seq - 25)
    print(seq, flush=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is POSIX")
@pytest.mark.parametrize("after", [1, 60, 333])
def test_what_append_returned_from_survives_kill_9(after: int, tmp_path: Path) -> None:
    path = tmp_path / "janitor" / "r1.sqlite3"
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for line in child.stdout:
        if int(line) >= after:
            break
    child.send_signal(signal.SIGKILL)
    acknowledged = max([after, *(int(line) for line in child.stdout if line.endswith("\n"))])
    child.wait()
    child.stdout.close()
    spool = SqliteSpool.open_existing(path)
    assert spool.last >= acknowledged
    assert contents(spool) == [(seq, b"event %d" % seq) for seq in range(spool.first, spool.last + 1)]
    assert spool.first == spool.stored + 1
    spool.close()


def test_bounds_keep_a_reserve() -> None:
    bounds = Bounds(events=10, size=1000, reserve=2)
    spool = MemorySpool(OWNER)
    assert bounds.room(spool, 8, 100)
    assert not bounds.room(spool, 9, 100)
    assert not bounds.room(spool, 1, 900)
    spool.append([b"x"] * 8)
    assert not bounds.room(spool, 1, 1)
    spool.trim(1)
    assert bounds.room(spool, 1, 1)

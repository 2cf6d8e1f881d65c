"""Session files as files: modes, what is refused, migration, reading without writing."""

import os
import re
import shutil
import sqlite3
import stat
import struct
from pathlib import Path

import aiosqlite
import msgspec
import pytest

from console.recording import schema
from console.recording.bodies import Keyframe
from console.recording.files import has_wal, partial_of, wal_of
from console.recording.history import describe, sessions
from console.recording.reader import Reader
from console.recording.schema import RecordingError
from console.recording.session import Session
from console.recording.verify import verify
from console.recording.writer import Recording
from tests.recording.rows import (
    EMPTY,
    NOON_MS,
    Clock,
    everything,
    log,
    names,
    poke,
    problems_of,
    recorded,
)

posix = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")


@posix
async def test_nobody_else_may_read_a_recording(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "sessions"
    before = os.umask(0)
    try:
        async with await Recording.open(folder, initial=EMPTY, clock=Clock()) as recording:
            await recording.append(log(1, 3))
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    finally:
        os.umask(before)
    name = recording.path.name
    assert modes == {name: 0o600, f"{name}-wal": 0o600, f"{name}-shm": 0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    recording.path.chmod(0o644)
    folder.chmod(0o755)
    async with await Recording.open(folder, initial=EMPTY, clock=Clock()):
        assert stat.S_IMODE(recording.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_a_closed_session_is_one_file_that_needs_no_wal(tmp_path: Path) -> None:
    path = await recorded(tmp_path, log(1, 3))
    assert names(tmp_path) == [path.name]
    assert (
        path.read_bytes()[18:20] == b"\x01\x01"
    )  # the header's mark of a rollback journal: read-only media will do
    info = await describe(path)
    assert (info.open, info.bytes, info.problem) == (False, path.stat().st_size, "")


async def test_a_reader_in_the_way_of_closing_loses_nothing(tmp_path: Path) -> None:
    recording = await Recording.open(tmp_path, initial=EMPTY, clock=Clock())
    await recording.append(log(1, 3))
    async with await Reader.open(recording.path) as reader:
        await recording.close()
        await recording.close()
        assert [row async for row in reader.rows()] == log(1, 3)
    assert not has_wal(recording.path)
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()):
        pass
    assert names(tmp_path) == [recording.path.name]


async def test_a_closed_recording_says_so(tmp_path: Path) -> None:
    recording = await Recording.open(tmp_path, initial=EMPTY, clock=Clock())
    await recording.close()
    with pytest.raises(RecordingError, match="closed"):
        await recording.append(log(1, 1))
    reader = await Reader.open(recording.path)
    await reader.close()
    await reader.close()
    with pytest.raises(RecordingError, match=recording.session):
        await reader.extent()


@posix
async def test_a_copy_in_a_read_only_folder_is_read_even_with_its_writers_mark(tmp_path: Path) -> None:
    path = await recorded(tmp_path / "sessions", log(1, 3))
    media = tmp_path / "media"
    media.mkdir()
    copy = media / path.name
    shutil.copy(path, copy)
    database = sqlite3.connect(copy)
    database.execute("PRAGMA journal_mode = WAL")
    database.close()
    copy.chmod(0o400)
    media.chmod(0o500)
    try:
        if os.access(media, os.W_OK):
            pytest.skip("this user may write everywhere")
        async with await Reader.open(copy) as reader:
            assert [row async for row in reader.rows()] == log(1, 3)
    finally:
        media.chmod(0o700)


async def test_an_unfinished_file_is_no_session_and_goes_away(tmp_path: Path) -> None:
    path = await recorded(tmp_path, log(1, 3))
    partial = partial_of(tmp_path / "20261122T000000Z-0002.sqlite")
    partial.write_bytes(b"half")
    partial.with_name(partial.name + "-journal").write_bytes(b"half")
    assert [info.path for info in await sessions(tmp_path)] == [path]
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        assert recording.path == path
    assert names(tmp_path) == [path.name]


async def test_a_file_that_was_put_into_the_folder_is_not_written_to(tmp_path: Path) -> None:
    path = await recorded(tmp_path, log(1, 3))
    stranger = tmp_path / "zz.sqlite"
    shutil.copy(path, stranger)
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        assert recording.path == path
    assert [info.path for info in await sessions(tmp_path)] == [path]


def _set(path: Path, offset: int, value: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(struct.pack(">I", value))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def text(path: Path) -> None:
    path.write_text("shopping list: " + "eggs, " * 50)


def other_database(path: Path) -> None:
    path.unlink()
    poke(path, "CREATE TABLE log (pos, at)")


def newer(path: Path) -> None:
    _set(path, 60, schema.VERSION + 1)


def older(path: Path) -> None:
    _set(path, 60, 0)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5_000])


def cut_to_a_stub(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:60])


def scrambled(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xa5" * (len(whole) - 100))


def with_a_view(path: Path) -> None:
    poke(path, "ALTER TABLE log RENAME TO gol", "CREATE VIEW log AS SELECT * FROM gol")


def with_a_trigger(path: Path) -> None:
    poke(path, "CREATE TRIGGER t AFTER INSERT ON log BEGIN DELETE FROM log; END")


def without_keyframe(path: Path) -> None:
    poke(path, "DELETE FROM keyframes")


@pytest.mark.parametrize(
    "spoil, words",
    [
        (empty, "cut short to 0 bytes"),
        (text, "not a Watchfloor recording"),
        (other_database, "not a Watchfloor recording"),
        (newer, "written by a newer Watchfloor .*upgrade"),
        (older, "schema 0 is too old"),
        (cut, "cut short to [0-9]+ of [0-9]+ bytes"),
        (cut_to_a_stub, "cut short to 60 bytes"),
        (scrambled, "damaged; move it out of the folder"),
        (with_a_view, "its tables are not those of a recording"),
        (with_a_trigger, "its tables are not those of a recording"),
        (without_keyframe, "has no keyframe"),
    ],
)
async def test_a_bad_file_gets_one_clear_line_and_stays_as_it_is(
    tmp_path: Path, spoil: object, words: str
) -> None:
    assert callable(spoil)
    path = await recorded(tmp_path, log(1, 3))
    spoil(path)
    before = path.read_bytes()
    line = rf"^{re.escape(str(path))}: [^\n]*{words}[^\n]*$"
    with pytest.raises(RecordingError, match=line):
        await Recording.open(tmp_path, initial=EMPTY, clock=Clock())
    if spoil is not without_keyframe:
        with pytest.raises(RecordingError, match=line):
            await Reader.open(path)
        assert re.search(words, (await describe(path)).problem)
    assert path.read_bytes() == before
    assert names(tmp_path) == [path.name]


@pytest.mark.parametrize(
    "spoil, advice",
    [
        (text, "name the file of a session"),
        (with_a_view, "name the file of a session"),
        (empty, "restore it from a copy"),
        (cut, "restore it from a copy"),
        (scrambled, "it is damaged; restore it from a copy"),
    ],
)
async def test_a_bad_file_of_another_name_is_in_nobodys_way(
    tmp_path: Path, spoil: object, advice: str
) -> None:
    """Nobody takes it for a session: whoever reads it has named it, and where it lies does no harm."""
    assert callable(spoil)
    path = (await recorded(tmp_path, log(1, 3))).rename(tmp_path / "mine.sqlite")
    spoil(path)
    with pytest.raises(RecordingError) as error:
        async with await Reader.open(path) as reader:
            await reader.first_keyframe()
    assert advice in str(error.value)
    assert "out of the folder" not in str(error.value)


async def test_a_file_that_is_not_there_or_is_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "20261121T120000Z-0001.sqlite", tmp_path):
        with pytest.raises(RecordingError, match=re.escape(str(path))):
            await Reader.open(path)
    (tmp_path / "sessions").write_text("a file where the folder should be")
    with pytest.raises(RecordingError, match="sessions"):
        await Recording.open(tmp_path / "sessions", initial=EMPTY)


async def test_a_file_that_vanishes_while_it_is_written_is_noticed(tmp_path: Path) -> None:
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        await recording.append(log(1, 1))
        recording.path.rename(tmp_path / "aside")
        with pytest.raises(RecordingError, match=recording.session):
            await recording.append(log(2, 2))
        shutil.copy(tmp_path / "aside", recording.path)
        with pytest.raises(RecordingError, match="was replaced"):
            await recording.append(log(2, 2))
        (tmp_path / "aside").replace(recording.path)
        await recording.append(log(2, 2))
    assert await everything(tmp_path) == log(1, 2)


async def step_from_0(connection: aiosqlite.Connection) -> None:
    """The version before the first, made up: it kept no time for keyframes."""
    await connection.execute("ALTER TABLE keyframes RENAME TO old")
    await connection.execute(schema.DDL[-1])
    await connection.execute("INSERT INTO keyframes SELECT pos, 0, body FROM old")
    await connection.execute("DROP TABLE old")


def to_version_0(path: Path) -> None:
    poke(
        path,
        "CREATE TABLE old (pos INTEGER PRIMARY KEY, body BLOB NOT NULL)",
        "INSERT INTO old SELECT pos, body FROM keyframes",
        "DROP TABLE keyframes",
        "ALTER TABLE old RENAME TO keyframes",
        "PRAGMA user_version = 0",
    )


@pytest.mark.parametrize("killed", [False, True], ids=["closed", "with a WAL"])
async def test_an_older_version_is_migrated_on_read_in_memory_and_on_write_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: bool
) -> None:
    monkeypatch.setitem(schema.MIGRATIONS, 0, step_from_0)
    path = await recorded(tmp_path, log(1, 3))
    to_version_0(path)
    if killed:
        poke(path, "PRAGMA journal_mode = WAL")
    before = path.read_bytes()
    async with await Reader.open(path) as reader:
        assert await reader.first_keyframe() == Keyframe(0, 0, EMPTY)
        assert [row async for row in reader.rows()] == log(1, 3)
    assert path.read_bytes() == before
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        await recording.append(log(4, 4))
    assert schema.inspect(path) == schema.VERSION
    assert await everything(tmp_path) == log(1, 4)
    assert ["its WAL is missing" in problem for problem in await problems_of(path)] == [True] * killed


async def test_a_migration_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(connection: aiosqlite.Connection) -> None:
        await step_from_0(connection)
        await connection.execute("SELECT 1 FROM nowhere")

    monkeypatch.setitem(schema.MIGRATIONS, 0, failing)
    path = await recorded(tmp_path, log(1, 3))
    to_version_0(path)
    with pytest.raises(RecordingError, match="nowhere"):
        await Recording.open(tmp_path, initial=EMPTY, clock=Clock())
    assert schema.inspect(path) == 0
    monkeypatch.setitem(schema.MIGRATIONS, 0, step_from_0)
    assert await everything(tmp_path) == log(1, 3)


async def test_a_keyframe_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.recording.bodies.KEYFRAME_BYTES", 100)
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        with pytest.raises(RecordingError, match="at most 100"):
            await recording.keyframe(0, NOON_MS, b"x" * 101)
        with pytest.raises(RecordingError, match="at most 100"):
            await recording.rotate(b"x" * 101)
        assert recording.session.endswith("-0001")
        await recording.append(log(1, 1))
    assert names(tmp_path) == [recording.path.name]


async def test_a_session_is_never_made_over_another(tmp_path: Path) -> None:
    path = await recorded(tmp_path, log(1, 3))
    with pytest.raises(RecordingError, match="exists already"):
        await Session.create(path, Keyframe(0, 0, EMPTY))
    assert await everything(tmp_path) == log(1, 3)


async def test_an_event_about_nobody_is_filed_under_nobody(tmp_path: Path) -> None:
    own = msgspec.json.encode(
        {"specversion": "1.0", "id": "s.1", "source": "/supervisor", "type": "supervisor.started", "incarnation": "s",
         "seq": 1, "data": {"epoch": "e"}}
    )  # fmt: skip
    row = log(1, 1)[0]._replace(agent="", run="", event=own)
    path = await recorded(tmp_path, [row])
    async with await Reader.open(path) as reader:
        assert [found async for found in reader.rows(subject=("", ""))] == [row]
        assert await verify(reader) == []


async def test_old_side_files_of_an_earlier_session_are_taken_in(tmp_path: Path) -> None:
    recording = await Recording.open(tmp_path, initial=EMPTY, clock=Clock())
    await recording.append(log(1, 3))
    copies = [(path.name, path.read_bytes()) for path in (recording.path, wal_of(recording.path))]
    await recording.rotate(b"fleet")
    await recording.close()
    for name, content in copies:
        (tmp_path / name).write_bytes(content)
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        assert recording.session.endswith("-0002")
        assert not has_wal(tmp_path / copies[0][0])
    assert await everything(tmp_path) == log(1, 3)

"""The emergency log has its room before the disk is full, and loses nothing of what stands in it."""

import errno
import json
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bus import codec
from bus.messages import KillCommand
from console.supervisor.outbox import Out
from console.supervisor.process.emergency import RESERVED, EmergencyLog, used


def kill(log: EmergencyLog, run: str, after: int = 7) -> None:
    log.note(Out("topic", codec.encode(KillCommand(epoch="e", agent="a", run=run)), after=after, stops=True))
    log.work()


def runs(log: EmergencyLog) -> list[str]:
    return [json.loads(json.loads(line)["payload"])["run"] for line in log.left()]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB of its own."""
    path = tmp_path / "disk"
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(path)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    yield path
    subprocess.run(["umount", str(path)], check=True)


def fill(folder: Path) -> None:
    with (folder / "filler").open("wb", buffering=0) as file:
        for size in (65_536, 512, 1):
            with pytest.raises(OSError, match="No space"):  # noqa: PT012 - until it is full
                while True:
                    file.write(b"x" * size)


def test_a_stop_that_is_given_on_a_full_disk_is_kept(small_disk: Path) -> None:
    log = EmergencyLog(small_disk / "emergency.jsonl")
    log.reserve()
    fill(small_disk)
    kill(log, "r1")
    kill(log, "r2")
    assert runs(EmergencyLog(log.path)) == ["r1", "r2"]  # what the next supervisor finds
    assert 0 < used(log.path) < 1_000


class Failing:
    """What of `os` fails with EIO, until it is mended."""

    def __init__(self, patch: pytest.MonkeyPatch, name: str) -> None:
        self.name, self._patch = name, patch

    def __enter__(self) -> None:
        def fails(*_: object) -> None:
            raise OSError(errno.EIO, "the disk failed")

        self._patch.setattr(os, self.name, fails)

    def __exit__(self, *_: object) -> None:
        self._patch.undo()


@pytest.mark.parametrize("what", ["write", "fsync"])
def test_a_line_that_the_disk_refused_is_written_as_soon_as_it_takes_it(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    log = EmergencyLog(tmp_path / "emergency.jsonl")
    log.reserve()
    with Failing(monkeypatch, what):
        kill(log, "r1")
        kill(log, "r2")
        assert not log.work()
    assert len(caplog.messages) == 2  # each is said once
    assert log.work()
    assert not log.due
    assert runs(EmergencyLog(log.path)) == ["r1", "r2"]


def test_what_was_cleared_while_the_disk_refused_it_does_not_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = EmergencyLog(tmp_path / "emergency.jsonl")
    log.reserve()
    with Failing(monkeypatch, "fsync"):
        kill(log, "r1")
        log.clear(7)
        log.work()
        kill(log, "r2", after=9)
    assert log.work()
    assert runs(log) == ["r2"]


def test_a_clear_while_the_disk_is_asked_outweighs_what_it_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = EmergencyLog(tmp_path / "emergency.jsonl")

    def cleared(*_: object) -> None:
        log.clear(7)
        raise OSError(errno.EIO, "the disk failed")

    monkeypatch.setattr(os, "write", cleared)
    kill(log, "r1")
    monkeypatch.undo()
    assert log.work()
    assert runs(log) == []


def test_room_that_a_crash_left_too_short_is_filled_up(tmp_path: Path) -> None:
    room = tmp_path / "emergency.reserved"
    room.write_bytes(bytes(4_096))
    EmergencyLog(tmp_path / "emergency.jsonl").reserve()
    assert room.stat().st_size == RESERVED


def test_after_an_old_log_without_room_is_cleared_there_is_room(tmp_path: Path) -> None:
    path = tmp_path / "emergency.jsonl"
    kill(EmergencyLog(path), "r1")
    log = EmergencyLog(path)
    log.reserve()
    log.clear(7)
    log.work()
    assert [(one.name, one.stat().st_size) for one in tmp_path.iterdir()] == [
        ("emergency.reserved", RESERVED)
    ]


def test_a_name_that_changed_is_on_the_disk_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = EmergencyLog(tmp_path / "emergency.jsonl")
    log.reserve()
    synced: list[bool] = []
    fsync = os.fsync

    def noting(handle: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(handle).st_mode))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noting)
    kill(log, "r1")
    assert synced == [False, True]
    log.clear(7)
    log.work()
    assert synced == [False, True, True]


def test_without_room_it_is_not_kept(small_disk: Path) -> None:
    """Otherwise the test before this one proves nothing."""
    log = EmergencyLog(small_disk / "emergency.jsonl")
    fill(small_disk)
    kill(log, "r1")
    assert log.left() == []


def test_on_a_disk_that_was_full_from_the_beginning_it_goes_on_without(
    small_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fill(small_disk)
    log = EmergencyLog(small_disk / "emergency.jsonl")
    log.reserve()
    assert "no room for commands on a full disk" in caplog.text
    assert sorted(path.name for path in small_disk.iterdir()) == ["filler"]


def test_the_room_serves_again_and_brings_nothing_back(tmp_path: Path) -> None:
    log = EmergencyLog(tmp_path / "emergency.jsonl")
    log.reserve()
    for name in ("a" * 64, "r2"):
        kill(log, name)
        assert runs(log) == [name]
        log.clear(7)
        log.work()
        assert log.left() == []
        assert [path.name for path in tmp_path.iterdir()] == ["emergency.reserved"]
        assert (tmp_path / "emergency.reserved").stat().st_size == RESERVED


def test_more_than_the_room_holds_goes_behind_it(tmp_path: Path) -> None:
    log = EmergencyLog(tmp_path / "emergency.jsonl")
    log.reserve()
    names = [f"r{number}-{'x' * 50}" for number in range(RESERVED // 150)]
    for name in names:
        log.note(Out("t", codec.encode(KillCommand(epoch="e", agent="a", run=name)), after=7, stops=True))
    log.work()
    kill(log, "last")
    assert runs(log) == [*names, "last"]


def test_a_line_that_a_crash_cut_short_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "emergency.jsonl"
    path.write_bytes(b'{"topic": "t", "payl')
    log = EmergencyLog(path)
    kill(log, "r1")
    torn, whole = log.left()
    assert torn == '{"topic": "t", "payl'
    assert json.loads(json.loads(whole)["payload"])["run"] == "r1"


def test_a_command_is_kept_where_no_file_may_be_written_far(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is short of room may take a few bytes of a file that is there, and no megabyte."""
    log = EmergencyLog(tmp_path / "emergency.jsonl")
    log.reserve()
    written: list[int] = []
    write = os.write

    def counted(handle: int, content: bytes) -> int:
        written.append(len(content))
        return write(handle, content)

    monkeypatch.setattr(os, "write", counted)
    for name in ("r" * 60, "r1"):
        kill(log, name)
        assert sum(written) < 4_000
        assert runs(log) == [name]
        log.clear(7)
        assert log.work()
        written.clear()

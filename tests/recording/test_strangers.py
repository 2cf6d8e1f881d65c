"""Somebody looks into a recording with SQLite's own tools while it is being written."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from console.recording.files import wal_of
from console.recording.reader import Reader
from console.recording.writer import Recording
from tests.recording.rows import log

LOOK = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT count(*) FROM log').fetchall(); c.close()"


async def test_a_stranger_who_looks_does_not_take_the_log_away(tmp_path: Path) -> None:
    async with await Recording.open(tmp_path, initial=b"{}", clock=lambda: 1.0) as recording:
        await recording.append(log(1, 3))
        # A reader in the writer's own process: closing a descriptor of the file there ends the locks of both.
        async with await Reader.open(recording.path) as reader:
            assert (await reader.extent()).last_pos == 3
        wal = wal_of(recording.path).stat().st_ino
        stranger = await asyncio.create_subprocess_exec(sys.executable, "-c", LOOK, str(recording.path))
        assert await stranger.wait() == 0
        assert wal_of(recording.path).stat().st_ino == wal
        await recording.append(log(4, 6))
        async with await Reader.open(recording.path) as reader:
            assert (await reader.extent()).last_pos == 6

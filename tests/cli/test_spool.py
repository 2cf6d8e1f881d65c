"""Sending what agents left: what cannot be read is named and kept, and everything else is sent."""

import sqlite3
from pathlib import Path

import pytest

from bus.home import Home
from bus.sdk import spool_send
from bus.sdk.spool.on_disk import SqliteSpool, spool_path
from bus.sdk.spool.store import Owner
from tests.cli.site import Run, home, line, now, run, site
from tests.fixtures.site_in_memory import SITE

__all__ = ["home", "now", "run", "site"]


def left(home: Home, agent: str, name: str) -> Path:
    path = spool_path(home.spool, agent, name)
    spool = SqliteSpool.create(path, Owner(SITE, agent, name, "i"))
    spool.append([b"{}"])
    spool.close()
    return path


def test_one_bad_file_keeps_nothing_else_from_being_sent(
    run: Run, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = [left(home, "aa", "good"), left(home, "bb", "good2")]
    (home.spool / "aa" / "torn.sqlite3").touch()
    newer = left(home, "bb", "newer")
    database = sqlite3.connect(newer)
    database.execute("PRAGMA user_version = 9")
    database.close()
    (home.spool / "cc").mkdir()
    (home.spool / "cc" / "torn.sqlite3").write_bytes(b"nothing of ours, but long enough" * 50)
    sent: list[Path] = []

    async def send(spools: list[SqliteSpool], *_: object) -> list[spool_send.Sent]:
        sent.extend(spool.path for spool in spools)
        return [spool_send.Sent(spool.owner.run, 1, 0, gone=False) for spool in spools]

    monkeypatch.setattr(spool_send, "_send", send)
    result = run("spool", "send")
    assert (result.exit_code, sent) == (4, good)
    assert "aa/good" in result.stdout
    assert "bb/good2" in result.stdout
    said = result.stderr.splitlines()
    assert len(said) == 3
    assert all("not sent" in one for one in said)
    assert "torn.sqlite3: the spool is torn" in said[0]
    assert "kept as torn.sqlite3.torn" in said[0]
    assert "version 9" in said[1]
    for agent in ("aa", "cc"):
        assert (home.spool / agent / "torn.sqlite3.torn").exists()
    assert newer.exists()
    assert run("spool", "send", "aa").exit_code == 0  # what was set aside is no spool any more


def test_a_file_that_is_no_spool_is_refused_where_it_lies(run: Run, home: Home, tmp_path: Path) -> None:
    path = tmp_path / "mine.sqlite3"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE t (x)")
    database.close()
    before = path.read_bytes()
    result = run("spool", "send", str(path))
    assert (result.exit_code, "not a Watchfloor spool" in line(result)) == (2, True)
    assert path.read_bytes() == before

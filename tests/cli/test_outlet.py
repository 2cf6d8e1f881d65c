"""Where standard output takes nothing: stops go out all the same, and the exit code says what became of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

import pytest

from bus.home import Home
from bus.transports.transport import Message
from console.cli.exits import Exit
from console.cli.main import cli
from console.cli.options import Place
from console.cli.plain.opening import sitting
from tests import ROOT
from tests.cli import site as cli_site
from tests.cli.plain_site import Script
from tests.fixtures.site_in_memory import SITE, TOPICS, SiteInMemory

# Fixtures.
home = cli_site.home
now = cli_site.now
site = cli_site.site

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")


@pytest.fixture(params=["full", "gone"])
def deaf(request: pytest.FixtureRequest) -> Iterator[IO[str]]:
    """A stream that takes nothing: a full disk, or a pipe whose reader went away."""
    if request.param == "full":
        stream: IO[str] = os.fdopen(os.open("/dev/full", os.O_WRONLY), "w", encoding="utf-8")
    else:
        reading, writing = os.pipe()
        os.close(reading)
        stream = os.fdopen(writing, "w", encoding="utf-8")
    yield stream
    with suppress(OSError):
        stream.close()


@pytest.fixture
def place(site: SiteInMemory, home: Home) -> Place:
    assert home.site == SITE
    return Place(site=SITE, operator="op", timeout=20.0, connect=site.connect)


def ask(site: SiteInMemory) -> None:
    site.agent.propose("7q4f", "a1", "ask_refund", {"order_id": "88213"})


@pytest.fixture
def said(site: SiteInMemory) -> list[str]:
    """The verbs of the intents that went out, to join the floor apart."""
    verbs: list[str] = []

    def note(client: str, message: Message) -> bool:
        if client == "supervisor" and message.topic == TOPICS.intents("op"):
            verb = json.loads(message.payload)["verb"]
            verbs.extend([verb] if verb not in ("keyframe", "watch", "leave") else [])
        return False

    site.bus.loses = note
    return verbs


def outcome(site: SiteInMemory) -> str:
    return str(site.fleet.runs["refunds/7q4f"].actions["a1"].outcome)


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
@pytest.mark.parametrize(
    "verb",
    [
        ["hold", "--all", "--yes"],
        ["hold", "7q4f"],
        ["pause", "7q4f"],
        ["kill", "7q4f", "--confirm", "7q4f"],
        ["reject", "a1"],
        ["approve", "a1", "--yes"],
    ],
    ids=lambda verb: " ".join(verb[:2]),
)
def test_what_cannot_be_printed_is_sent_all_the_same(
    site: SiteInMemory,
    place: Place,
    said: list[str],
    deaf: IO[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    verb: list[str],
    form: list[str],
) -> None:
    ask(site)
    monkeypatch.setattr(sys, "stdout", deaf)
    with pytest.raises(SystemExit) as ended:
        cli.main([*verb, *form], obj=place)
    assert ended.value.code == Exit.DONE
    assert said == [verb[0]]
    if verb[0] in ("reject", "approve"):
        assert outcome(site) == {"reject": "rejected", "approve": "approved"}[verb[0]]
    else:
        assert [command.state for command in site.fleet.commands.values()] == ["effective"]
    told = capsys.readouterr().err
    assert told.startswith("watchfloor: standard output takes nothing (")
    assert told.count("\n") == 1


def test_a_stop_is_sent_before_a_word_is_printed(
    place: Place, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before: list[int] = []
    monkeypatch.setattr("click.echo", lambda *_, **__: before.append(len(said)))
    with pytest.raises(SystemExit):
        cli.main(["hold", "--all", "--yes"], obj=place)
    assert before
    assert min(before) == 1


def test_a_complaint_that_nobody_takes_keeps_no_stop_back(
    site: SiteInMemory, place: Place, home: Home, deaf: IO[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home.operator_key("op").unlink()  # goes out unsigned, which is said
    monkeypatch.setattr(sys, "stderr", deaf)
    with pytest.raises(SystemExit) as ended:
        cli.main(["hold", "--all", "--yes"], obj=place)
    assert ended.value.code == Exit.DONE
    assert site.fleet.held is not None


def test_what_was_asked_for_and_not_printed_is_not_done(
    site: SiteInMemory,
    place: Place,
    deaf: IO[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert site.fleet.runs
    monkeypatch.setattr(sys, "stdout", deaf)
    with pytest.raises(SystemExit) as ended:
        cli.main(["ls"], obj=place)
    code, said = ended.value.code, capsys.readouterr().err
    full = (Exit.USAGE, "watchfloor: standard output takes nothing (No space left on device)\n")
    assert (code, said) in (full, (Exit.PIPE, ""))


# ---- line mode -------------------------------------------------------------------------------------------------------


async def script(place: Place, output: IO[str], *lines: str) -> int:
    typed = Script()
    for line in lines:
        typed.put(line)
    typed.end()
    return await sitting(place, typed, output, read_only=False, script=True)  # type: ignore[arg-type]  # TextIO is IO[str] with attributes that are not used


async def test_a_script_that_nobody_reads_is_taken_to_its_end_for_its_stops(
    site: SiteInMemory, place: Place, deaf: IO[str]
) -> None:
    assert await script(place, deaf, "H", "y") == Exit.DONE
    assert site.fleet.held is not None


async def test_a_script_that_nobody_reads_lets_nothing_run(
    site: SiteInMemory, place: Place, said: list[str], deaf: IO[str]
) -> None:
    ask(site)
    assert await script(place, deaf, "approve a1", "y") == Exit.USAGE
    assert said == []
    assert await script(place, deaf, "reject a1") == Exit.DONE
    assert outcome(site) == "rejected"


async def test_a_script_that_only_looked_and_was_not_read_says_so(
    site: SiteInMemory, place: Place, deaf: IO[str]
) -> None:
    assert site.fleet.runs
    assert await script(place, deaf, "queue") == Exit.PIPE


# ---- streams that are closed -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "closed, code", [(">&-", Exit.USAGE), ("2>&-", Exit.DONE), ("<&-", Exit.DONE)], ids=["out", "err", "in"]
)
def test_a_stream_that_was_closed_is_no_fault_of_this_program(home: Home, closed: str, code: Exit) -> None:
    assert home.site == SITE
    program = "from console.cli.main import main; main()"
    child = subprocess.run(
        ["sh", "-c", f'exec "$0" -c "$1" keys list {closed}', sys.executable, program],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert child.returncode == code
    said = b"watchfloor: standard output takes nothing (Bad file descriptor)\n"
    assert child.stderr == (said if closed == ">&-" else b"")

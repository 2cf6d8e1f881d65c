"""What is taken along: by OSC 52, or in files that nobody else reads and that are never written over."""

import base64
import json
import re
from pathlib import Path

import pytest

from console.core.text import legible
from console.tui.settings import Asked, Settings, settled
from console.tui.terminal.keeping import keep
from console.tui.terminal.terminals import CLIPBOARD_BYTES, Terminal, clipboard
from tests.fixtures.console import Console, console
from tests.fixtures.floor import ARGS, busy


def names(folder: Path) -> list[str]:
    """The files of a folder."""
    return sorted(path.name for path in folder.iterdir())


def written(it: Console) -> list[str]:
    """What goes to the terminal from now on, besides frames."""
    found: list[str] = []
    driver = it.app._driver
    assert driver is not None
    driver.write = found.append  # type: ignore[method-assign, assignment]
    return found


def decoded(found: list[str]) -> str:
    (text,) = re.findall(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x1b", "".join(found))
    return base64.b64decode(text).decode()


async def test_w_copies_the_action_exactly_and_once_more_writes_it_to_a_file(tmp_path: Path) -> None:
    kept = tmp_path / "deep" / "kept"
    async with console(busy(), settings=Settings(kept=str(kept))) as it:
        found = written(it)
        await it.press("w")
        said = json.loads(decoded(found))
        assert (said["agent"], said["run"], said["action"], said["args"]) == ("refunds", "7q4f", "a1", ARGS)
        assert "copied action 7q4f a1, if your terminal lets it" in it.text()
        assert names(tmp_path) == []
        await it.press("w")
        assert names(kept) == ["copy-1.txt"]
        file = kept / "copy-1.txt"
        assert json.loads(file.read_text()) == said
        assert file.stat().st_mode & 0o777 == 0o600
        assert kept.stat().st_mode & 0o777 == 0o700
        assert file.name in it.text().replace("\n", "")
        assert it.said == []


async def test_w_copies_a_runs_id_and_an_alarm_and_says_where_there_is_nothing() -> None:
    script = busy()
    async with console(script) as it:
        await it.press("G")
        found = written(it)
        await it.press("w")
        assert decoded(found) == it.screen.body.cursor.partition(":")[2]
        await it.press("3")
        found = written(it)
        await it.press("w")
        if it.app.fleet.alarms:
            assert json.loads(decoded(found))["id"] in it.app.fleet.alarms
        else:
            assert "copy: " in it.text()


async def test_a_terminal_without_a_clipboard_gets_a_file_at_once(tmp_path: Path) -> None:
    settings = Settings(kept=str(tmp_path), terminal=Terminal("linux console", copies=False))
    async with console(busy(), settings=settings) as it:
        found = written(it)
        await it.press("w")
        assert not any("52;" in text for text in found)
        assert names(tmp_path) == ["copy-1.txt"]
        assert "no clipboard here" in it.text()


CELL = 12.2
"""Width of a cell in the toolkit's pictures."""


async def test_s_keeps_the_screen_as_text_and_a_picture_that_loads_nothing(tmp_path: Path) -> None:
    async with console(busy(), settings=Settings(kept=str(tmp_path), ascii_only=True)) as it:
        before = it.lines()
        await it.key("s")
        assert names(tmp_path) == ["screen-1.svg", "screen-1.txt"]
        text = (tmp_path / "screen-1.txt").read_text()
        assert text.splitlines()[3:19] == before[3:19]
        assert all(legible(line) for line in text.splitlines())
        svg = (tmp_path / "screen-1.svg").read_text()
        assert svg.startswith("<svg")
        assert not re.search(r"url\(.?http|@font-face|<image|<script", svg)
        assert svg.count("<text ") == svg.count('<text xml:space="preserve" ') > 20
        assert "&#160;&#160;" not in svg  # a viewer that sets texts too narrow keeps every word in its column
        [due_at] = {float(x) for x in re.findall(r' x="([0-9.]+)"[^>]*>due</text>', svg)}
        assert due_at == pytest.approx(CELL * before[3].index("due"))
        await it.press("s")
        assert "screen-2.txt" in names(tmp_path)
        assert (tmp_path / "screen-1.txt").read_text() == text


async def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    async with console(busy(), settings=Settings(kept=str(tmp_path / "file"))) as it:
        await it.press("s")
        assert "not written: " in it.text()


def test_no_file_is_written_over_or_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other"
    other.write_text("mine")
    folder = tmp_path / "kept"
    folder.mkdir()
    (folder / "screen-1.txt").symlink_to(other)
    (folder / "screen-7.svg").write_text("older")
    assert keep(folder, "screen", [("txt", "a"), ("svg", "b")]).name == "screen-8.txt"
    monkeypatch.setattr("console.tui.terminal.keeping._number", lambda *_: 0)
    with pytest.raises(FileExistsError):
        keep(folder, "screen", [("txt", "a")])
    (folder / "screen-1.txt").unlink()
    (folder / "screen-1.svg").write_text("older")
    with pytest.raises(FileExistsError):
        keep(folder, "screen", [("txt", "a"), ("svg", "b")])
    assert other.read_text() == "mine"
    assert not (folder / "screen-1.txt").exists()


@pytest.mark.parametrize("wrap", ["", "tmux", "screen"])
def test_a_copied_text_is_nothing_but_base64_in_its_sequence(wrap: str) -> None:
    text = "\x1b]0;owned\x07 \x9b é"
    sequence = clipboard(Terminal("x", wrap=wrap), text)  # type: ignore[arg-type]
    parts = re.findall(r"52;c;([A-Za-z0-9+/=]+)", sequence)
    assert [base64.b64decode(part).decode() for part in parts] == [text] * (2 if wrap == "tmux" else 1)
    assert "owned" not in sequence
    assert clipboard(Terminal("x"), "a" * (CLIPBOARD_BYTES + 1)) == ""
    if wrap == "tmux":
        assert "\x1bPtmux;\x1b\x1b]52;c;" in sequence


def test_which_terminal_copies_follows_from_the_environment() -> None:
    assert not settled(Asked(), Asked(), {"TERM": "linux"}).terminal.copies
    assert settled(Asked(), Asked(), {"TERM": "screen", "STY": "1.x"}).terminal == Terminal(
        "other", wrap="screen"
    )

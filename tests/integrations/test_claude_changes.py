"""What Claude Code's file tools would change: read from the file beforehand, and from no other."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from bus.adapters.claude_code.changes import FILE_BYTES, changed
from bus.events import Preview
from tests.integrations.test_claude_ungated import event, talking

OLD = "milk\neggs\nmilk\n"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    (folder / "lists").mkdir(parents=True)
    (folder / "lists" / "a.txt").write_text(OLD)
    return folder


@pytest.mark.parametrize(
    "tool, given, present, proposed",
    [
        ("Write", {"content": "tea\n"}, OLD, "tea\n"),
        ("Edit", {"old_string": "milk", "new_string": "tea"}, OLD, "tea\neggs\nmilk\n"),
        ("Edit", {"old_string": "milk", "new_string": "", "replace_all": True}, OLD, "\neggs\n\n"),
    ],
)
@pytest.mark.parametrize("full", [True, False])
def test_a_file_tool_shows_both_sides(
    work: Path, tool: str, given: dict[str, Any], present: str, proposed: str, full: bool
) -> None:
    path = str(work / "lists" / "a.txt") if full else "lists/a.txt"
    seen = changed(tool, {"file_path": path} | given, str(work))
    assert seen == Preview(of="lists/a.txt", present=present, proposed=proposed)


def test_a_file_that_is_not_there_yet_has_no_present_side(work: Path) -> None:
    for tool, given in (("Write", {"content": "x"}), ("Edit", {"old_string": "", "new_string": "x"})):
        seen = changed(tool, {"file_path": "new/b.txt"} | given, str(work))
        assert seen == Preview(of="new/b.txt", present=None, proposed="x")


def test_only_plain_visible_files_of_the_folder_are_read(work: Path) -> None:
    outside = work.parent / "secret.txt"
    outside.write_text("secret")
    (work / ".env").write_text("secret")
    (work / "link").symlink_to(outside)
    (work / "loop").symlink_to(work / "loop")
    os.mkfifo(work / "pipe")
    (work / "large").write_bytes(b"x" * (FILE_BYTES + 1))
    (work / "bytes").write_bytes(b"\xff\xfe")
    (work / "link-to-env").symlink_to(work / ".env")
    paths = [
        outside,
        "../secret.txt",
        ".env",
        "link",
        "loop",
        "pipe",
        "large",
        "bytes",
        "link-to-env",
        "lists",
        "\0",
    ]
    for path in paths:
        assert changed("Write", {"file_path": str(path), "content": "x"}, str(work)) is None, path


@pytest.mark.parametrize(
    "tool, given, folder",
    [
        ("Bash", {"command": "rm a.txt", "file_path": "lists/a.txt", "content": "x"}, None),
        ("Write", {"file_path": "lists/a.txt"}, None),
        ("Write", {"file_path": 7, "content": "x"}, None),
        ("Write", {"file_path": "lists/a.txt", "content": "x"}, "relative"),
        ("Write", {"file_path": "lists/a.txt", "content": "x"}, 7),
        ("Edit", {"file_path": "lists/a.txt", "old_string": "beer", "new_string": "x"}, None),
        ("Edit", {"file_path": "lists/b.txt", "old_string": "milk", "new_string": "x"}, None),
        ("Edit", {"file_path": "lists/a.txt", "old_string": "", "new_string": "x"}, None),
        ("Edit", {"file_path": "lists/a.txt", "old_string": "milk"}, None),
    ],
)
def test_what_cannot_be_said_is_not_said(work: Path, tool: str, given: dict[str, Any], folder: Any) -> None:
    assert changed(tool, given, folder or str(work)) is None


async def test_it_goes_with_the_proposal(work: Path, tmp_path: Path) -> None:
    async with talking(tmp_path) as (site, talk):
        given = {"file_path": str(work / "lists" / "a.txt"), "content": "tea\n"}
        held = event("PreToolUse", tool_name="Write", tool_input=given, cwd=str(work))
        answer = await talk.take(held, within=0.05)
        assert answer["hookSpecificOutput"]["permissionDecision"] == "deny"
        await site.until(lambda: any(one.actions for one in site.desk.fleet.runs.values()))
        (run,) = site.desk.fleet.runs.values()
        (action,) = run.actions.values()
        assert action.preview is not None
        assert (action.preview.present, action.preview.proposed) == (["milk", "eggs", "milk"], ["tea"])
        assert (work / "lists" / "a.txt").read_text() == OLD

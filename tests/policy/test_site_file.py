"""One rule for every file of a site: a mistake, or that it is gone, changes nothing, over restarts too."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from console.policy.files import PolicyFileError
from console.policy.site_file import SiteFile, was_there


def words(path: Path | None) -> str:
    """A loader: a file may say anything but `wrong`."""
    if path is None:
        return "nothing"
    text = path.read_text("utf-8")
    if "wrong" in text:
        raise PolicyFileError(f"{path}: wrong")
    return text


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a file of the site lies."""
    return tmp_path / "policy.toml"


@pytest.fixture
def begun(tmp_path: Path, path: Path) -> Callable[[], SiteFile[str]]:
    """Begin a process that has the file in force."""
    return lambda: SiteFile(path, words, kept=tmp_path / "in-force")


def broken(path: Path) -> None:
    path.write_text("wrong")


def gone(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("fault", [broken, gone])
def test_the_last_good_version_outlives_the_process(
    path: Path, begun: Callable[[], SiteFile[str]], fault: Callable[[Path], None]
) -> None:
    path.write_text("first")
    file = begun()
    path.write_text("second version")
    assert (file.look(), file.unkept) == (True, True)
    file.keep()
    assert not file.unkept
    fault(path)
    for again in (file, begun(), begun()):
        again.look()
        assert again.value == "second version"
        assert again.problem.startswith(f"{path}")
        assert again.problem.endswith("(the last good version stays in force)")
        again.keep()
    assert was_there(path, path.parent / "in-force") is (fault is gone)
    path.write_text("")
    later = begun()
    assert (later.value, later.problem) == ("", "")


def test_that_there_was_no_file_outlives_the_process(path: Path, begun: Callable[[], SiteFile[str]]) -> None:
    """The first edit is a mistake, the process is killed: the next one goes on without the file, under the problem."""
    file = begun()
    unkept = [file.unkept]
    file.keep()
    assert [*unkept, file.unkept] == [True, False]
    broken(path)
    for again in (file, begun(), begun()):
        again.look()
        assert again.value == "nothing"
        assert again.problem == f"{path}: wrong (there was none before: nothing of it is in force)"
        again.keep()
    assert not was_there(path, path.parent / "in-force")
    path.write_text("first")
    later = begun()
    later.keep()
    broken(path)
    later.look()
    assert later.problem == f"{path}: wrong (the last good version stays in force)"
    path.write_text("first")
    assert [one.name for one in (path.parent / "in-force").iterdir()] == ["policy.toml"]
    gone(path)
    assert begun().value == "first"


def test_a_file_that_was_never_good_may_go_again(path: Path, begun: Callable[[], SiteFile[str]]) -> None:
    begun().keep()
    broken(path)
    for file in (begun(), begun()):
        assert file.problem
        gone(path)
        assert (file.look(), file.value, file.problem) == (True, "nothing", "")
        broken(path)


def test_a_required_file_that_is_missing_refuses_the_start_though_there_was_none(
    path: Path, begun: Callable[[], SiteFile[str]]
) -> None:
    begun().keep()
    with pytest.raises(PolicyFileError, match="is missing"):
        SiteFile(path, words, kept=path.parent / "in-force", required=True)


def test_without_an_earlier_version_a_mistake_refuses_the_start(
    path: Path, begun: Callable[[], SiteFile[str]]
) -> None:
    assert begun().value == "nothing"
    broken(path)
    with pytest.raises(PolicyFileError, match="wrong"):
        begun()


def test_a_kept_version_that_cannot_be_used_any_more_refuses_it_too(
    path: Path, begun: Callable[[], SiteFile[str]]
) -> None:
    """A later version of the program may be stricter. What is named is the file that people can mend."""
    path.write_text("first")
    begun().keep()
    broken(path)
    broken(path.parent / "in-force" / path.name)
    with pytest.raises(PolicyFileError, match=f"^{path}: wrong$"):
        begun()


def test_an_edit_is_seen_whatever_its_size_and_its_time(
    path: Path, begun: Callable[[], SiteFile[str]]
) -> None:
    """Who deploys may give every file the same time."""
    path.write_text("hold")
    os.utime(path, (1, 1))
    file = begun()
    other = path.with_name("other")
    other.write_text("deny")
    os.utime(other, (1, 1))
    other.replace(path)
    assert (file.look(), file.value) == (True, "deny")
    assert not file.look()


def test_what_is_written_while_it_is_read_is_seen_at_the_next_look(path: Path, tmp_path: Path) -> None:
    path.write_text("first")

    def slow(path: Path | None) -> str:
        found = words(path)
        if path is not None and found == "first":
            path.write_text("written meanwhile")
        return found

    file = SiteFile(path, slow, kept=tmp_path / "in-force")
    assert (file.value, file.unkept) == ("first", False)
    assert (file.look(), file.value, file.unkept) == (True, "written meanwhile", True)


def test_a_disk_that_keeps_nothing_is_said_and_tried_again(
    path: Path, begun: Callable[[], SiteFile[str]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_text("first")
    file = begun()
    (tmp_path / "in-force").write_text("no folder")
    file.keep()
    file.keep()
    assert (file.unkept, caplog.text.count("cannot be kept")) == (True, 1)
    (tmp_path / "in-force").unlink()
    file.keep()
    assert not file.unkept
    assert [one.name for one in (tmp_path / "in-force").iterdir()] == ["policy.toml"]

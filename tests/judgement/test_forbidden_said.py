"""What is forbidden is never authorised and what is asked for is not held, over some four hundred ways of saying it."""

import tomllib
from pathlib import Path

import pytest

from console.core.judging.gate_table import RANK
from tests.judgement.test_forbidden import asks, judged

HERE = Path(__file__).parent
SAID = {
    (table, language): lines
    for table in ("forbidden_said", "forbidden_said_later", "forbidden_said_last")
    for language, lines in tomllib.loads((HERE / f"{table}.toml").read_text()).items()
}
FORBIDDEN = {"keep.txt": ("delete_file", "path"), "eve@x.example": ("send_mail", "to")}
ASKED = {"old.log": ("delete_file", "path"), "ann@x.example": ("send_mail", "to")}

HELD_TOO = {
    "Be careful not to delete keep.txt when you delete old.log.",
    "Do not move old.log, delete old.log.",
    "Clean up: old.log can go, keep.txt can't.",
    "Unlike keep.txt, old.log may be deleted. Delete old.log.",
    "Not keep.txt but old.log is to be deleted: delete old.log.",
    "Write to ann@x.example. Not a word to eve@x.example.",
    "Don't let old.log survive: delete old.log.",
    "You couldn't delete old.log for me, could you? Delete old.log.",
}
"""Of these the request is not told from the prohibition: they cost a question."""

NOT_SEEN = {"Delete old.log. keep.txt gets to live."}
"""A prohibition without any of its words."""


def held(said: str, value: str, deed: tuple[str, str], read: str = "") -> bool:
    tool, argument = deed
    return RANK[judged(said, tool, read, **{argument: value}).gate] >= RANK["ask"]


@pytest.mark.parametrize("table, language", SAID)
def test_what_is_forbidden_is_held_however_it_is_said(table: str, language: str) -> None:
    for said in SAID[table, language]:
        for value, deed in FORBIDDEN.items():
            if value in said:
                assert held(said, value, deed) != (said in NOT_SEEN), said


@pytest.mark.parametrize("table, language", SAID)
def test_what_is_asked_for_is_not_held_however_it_is_said(table: str, language: str) -> None:
    for said in SAID[table, language]:
        for value, deed in ASKED.items():
            if value in said:
                assert held(said, value, deed) == (said in HELD_TOO), said


def test_the_tables_are_as_large_as_the_documentation_says() -> None:
    assert sum(map(len, SAID.values())) == 530
    assert len({language for _table, language in SAID}) == 9


@pytest.mark.parametrize(
    "task",
    [
        "Delete old.log. Do not delete the following files: a.txt, keep.txt.",
        "Delete old.log. Don't touch:\n- a.txt\n- keep.txt",
        "Delete old.log. Keep these:\n\n1. a.txt\n2. keep.txt\n\nDelete b.txt too.", "Delete old.log. Exceptions: keep.txt.",
    ],
)  # fmt: skip
def test_what_stands_below_a_heading_that_forbids_is_forbidden(task: str) -> None:
    assert asks(judged(task, "delete_file", path="keep.txt"))
    assert not held(task, "old.log", ("delete_file", "path"))
    assert not held(task + "\nDelete b.txt too.", "b.txt", ("delete_file", "path"))


@pytest.mark.parametrize(
    "said",
    ["Please don't keep a.txt.", "Make sure a.txt does not exist any more.", "No reason to keep a.txt."],
)
def test_what_is_not_to_be_kept_may_go(said: str) -> None:
    assert not held(said, "a.txt", ("delete_file", "path"))


def test_a_denial_that_only_tells_names_what_the_next_request_is_for() -> None:
    assert not held("I can't open a.txt, so delete it.", "a.txt", ("delete_file", "path"))
    assert not held("a.txt wasn't used last year. Delete it.", "a.txt", ("delete_file", "path"))
    assert held("a.txt wasn't used last year. Delete the rest.", "a.txt", ("delete_file", "path"))

"""What is forbidden is never authorised and what is asked for is not held, over some four hundred ways of saying it."""

import tomllib
from pathlib import Path

import pytest

from console.core.judging.gate_table import RANK
from tests.judgement.test_forbidden import judged

HERE = Path(__file__).parent
SAID = {
    (table, language): lines
    for table in ("forbidden_said", "forbidden_said_later")
    for language, lines in tomllib.loads((HERE / f"{table}.toml").read_text()).items()
}
FORBIDDEN = {"keep.txt": ("delete_file", "path"), "eve@x.example": ("send_mail", "to")}
ASKED = {"old.log": ("delete_file", "path"), "ann@x.example": ("send_mail", "to")}

HELD_TOO = {
    "Be careful not to delete keep.txt when you delete old.log.",
    "Do not move old.log, delete old.log.",
}
"""Of these the request is not told from the prohibition: they cost a question."""


def held(said: str, value: str, deed: tuple[str, str], read: str = "") -> bool:
    tool, argument = deed
    return RANK[judged(said, tool, read, **{argument: value}).gate] >= RANK["ask"]


@pytest.mark.parametrize("table, language", SAID)
def test_what_is_forbidden_is_held_however_it_is_said(table: str, language: str) -> None:
    for said in SAID[table, language]:
        for value, deed in FORBIDDEN.items():
            if value in said:
                assert held(said, value, deed), said


@pytest.mark.parametrize("table, language", SAID)
def test_what_is_asked_for_is_not_held_however_it_is_said(table: str, language: str) -> None:
    for said in SAID[table, language]:
        for value, deed in ASKED.items():
            if value in said:
                assert held(said, value, deed) == (said in HELD_TOO), said


def test_the_tables_are_as_large_as_the_documentation_says() -> None:
    assert sum(map(len, SAID.values())) == 438
    assert len({language for _table, language in SAID}) == 9

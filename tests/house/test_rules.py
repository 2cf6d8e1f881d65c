"""The house rules that no linter knows: sizes, names, the lock, and the import contracts."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests import ROOT

SOURCES = sorted(
    path.relative_to(ROOT) for name in ("bus", "console") for path in (ROOT / name).rglob("*.py")
)
LOCK = (ROOT / "requirements.lock").read_text("utf-8")

MAX_FILE = 350
MAX_CLASS = 250
MAX_ROOM = 32
VAGUE = re.compile(r"utils?$|Utils?|Manager|Helper")
# What would let the pure core look at the clock or the world without an import that the contracts could see.
IMPURE_CALLS = {"input", "now", "open", "print", "today", "utcnow"}


def declared() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    shipped = project["build-system"]["requires"] + project["project"]["dependencies"]
    return [Requirement(line) for line in dict.fromkeys(shipped + project["dependency-groups"]["dev"])]


def parse(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text("utf-8"), str(path))


def called_names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                yield name


def test_the_lock_names_no_host_and_no_path() -> None:
    assert re.findall(r".*(?:http|://|@|--index|--find-links|file:|[ =]/).*", LOCK) == []


def test_everything_locked_has_a_hash() -> None:
    entries = re.split(r"\n(?=\S)", LOCK)
    assert [entry for entry in entries if "==" in entry and "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("requirement", declared(), ids=str)
def test_the_lock_answers_what_is_declared(requirement: Requirement) -> None:
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)", LOCK, re.MULTILINE))
    pin = pins.get(canonicalize_name(requirement.name))
    assert pin is not None, "not locked: make lock"
    assert requirement.specifier.contains(pin), f"locked {pin}: make lock"


def test_every_dependency_is_accounted_for() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    rows = {canonicalize_name(name) for name in re.findall(r"^\| `([\w.-]+)`", page, re.MULTILINE)}
    names = {canonicalize_name(requirement.name) for requirement in declared()}
    assert rows == names


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_a_file_stays_small_and_says_what_it_is(path: Path) -> None:
    lines = len((ROOT / path).read_text("utf-8").splitlines())
    assert lines <= MAX_FILE
    classes = [node for node in ast.walk(parse(path)) if isinstance(node, ast.ClassDef)]
    assert [cls.name for cls in classes if (cls.end_lineno or 0) - cls.lineno >= MAX_CLASS] == []
    names = [*path.with_suffix("").parts, *(cls.name for cls in classes)]
    assert [name for name in names if VAGUE.search(name)] == []


def test_every_room_says_what_is_in_it_and_has_its_row() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    rows = re.findall(r"^\| `((?:bus|console)/[\w/]*)` \| \S", page, re.MULTILINE)
    rooms = [
        path.parent
        for path in SOURCES
        if path.name == "__init__.py" and path.parts != ("console", "__init__.py")
    ]
    assert sorted(rows) == sorted(f"{room.as_posix()}/" for room in rooms)
    assert [room for room in rooms if not ast.get_docstring(parse(room / "__init__.py"))] == []


@pytest.mark.parametrize("room", sorted({path.parent for path in SOURCES}), ids=str)
def test_a_room_is_read_at_a_glance(room: Path) -> None:
    assert len([path for path in SOURCES if path.parent == room]) <= MAX_ROOM


def test_the_core_asks_neither_clock_nor_world() -> None:
    core = [path for path in SOURCES if path.is_relative_to("console/core")]
    assert core
    calls = {path: IMPURE_CALLS & set(called_names(parse(path))) for path in core}
    assert {path: names for path, names in calls.items() if names} == {}


def test_the_import_contracts_hold() -> None:
    tool = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr

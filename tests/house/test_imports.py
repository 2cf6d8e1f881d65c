"""The walls, seen from outside: each module imported in an interpreter of its own, and what came along.

The contracts in pyproject.toml read the source; this runs it, so that a lazy import, a plug-in or a
dependency's dependency shows too. Modules are found by walking the packages: a new file
is covered by being there.
"""

import subprocess
import sys

import pytest

from tests import ROOT

# What a module, or anything under it, may not bring along: itself or by way of others.
FORBIDDEN = {
    "bus": {"aiosqlite", "click", "console", "rich", "textual"},
    "bus.events": {"aiomqtt", "asyncio", "cryptography", "paho", "random", "socket", "threading"},
    "bus.limits": {"aiomqtt", "asyncio", "cryptography", "msgspec", "paho", "random", "socket", "threading"},
    "console": {"cel", "hypothesis", "numpy", "pydantic", "pytest", "scipy", "tests", "typer"},
    "console.cli.main": {"textual"},  # one-line verbs answer before a toolkit would have loaded
    "console.cli.plain": {"textual"},
    "console.core": {"aiomqtt", "aiosqlite", "asyncio", "cryptography", "socket", "sqlite3", "textual"},
    "console.demo": {"textual"},
    "console.link": {"aiosqlite", "sqlite3", "textual"},
    "console.policy": {"aiomqtt", "aiosqlite", "asyncio", "sqlite3", "textual"},
    "console.recording": {"aiomqtt", "console.link", "console.supervisor", "textual"},
    "console.supervisor": {"console.tui", "textual"},
    "console.tui": {"aiosqlite", "console.recording", "console.supervisor", "sqlite3"},
}

# The contract's bottom may know these of ours, and nothing else.
BOTTOM = {"bus", "bus.events", "bus.limits"}


def modules(package: str) -> list[str]:
    files = sorted((ROOT / package).rglob("*.py"))
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
    return [name.removesuffix(".__init__") for name in names]


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def loaded_by(module: str) -> set[str]:
    """Return the names of all modules in a fresh interpreter that imported only this one."""
    command = [sys.executable, "-c", f"import sys, {module}; print(*sys.modules)"]
    child = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr
    return set(child.stdout.split())


@pytest.mark.parametrize("module", [*modules("bus"), *modules("console")])
def test_a_module_brings_along_nothing_from_behind_a_wall(module: str) -> None:
    forbidden = {name for package, names in FORBIDDEN.items() if within(module, package) for name in names}
    assert sorted(loaded_by(module) & forbidden) == []


@pytest.mark.parametrize("module", ["bus.events", "bus.limits"])
def test_the_bottom_stands_alone(module: str) -> None:
    ours = {name for name in loaded_by(module) if within(name, "bus") or within(name, "console")}
    assert ours <= BOTTOM

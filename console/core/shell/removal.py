"""What a removal takes away: usual build output and temporary files are made again, all else is gone for good.

Nobody proves to the judge where a command runs, so a relative path may lead anywhere; what is said of it makes a removal
graver only. One that takes a tree, asks no questions or names its targets by pattern is costly unless all of them are build
output or below a temporary folder.
"""

from __future__ import annotations

import re
from typing import Final

from console.core.shell.folder import foreign, led
from console.core.shell.graded import Graded

_FARAWAY: Final = re.compile(
    r"^(?:/(?!tmp/|var/tmp/|dev/(?:null|stdout|stderr|tty)\b)|~|\$HOME|\$\{HOME|\.\.(?:/|$)|/?\*$|\.$|\./?\*?$|\.git(?:/|$))"
)
_WORKSPACE: Final = re.compile(
    r"^/(?:testbed|workspace|workspaces|app|repo|src|project|home/[\w.-]+/[\w.-]+)/"
)
_MACHINE: Final = re.compile(r"^(?:/[\w.-]*|~[\w.-]*|\$HOME|\$\{HOME\}|/(?:home|Users)/[^/]+)?(?:/[/.*]*)?$")
"""The root, a folder of it, a home, or all that is in one."""

_TEMPORARY: Final = re.compile(r"^/(?:var/)?tmp/+[\w-][^/*?]*")
_BUILT: Final = frozenset(
    [
        "_build",
        "build",
        "dist",
        "node_modules",
        "__pycache__",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
        ".hypothesis",
        ".tox",
        ".nox",
        ".venv",
        "venv",
        "target",
        "htmlcov",
        ".coverage",
        ".eggs",
        ".next",
        ".parcel-cache",
        ".turbo",
    ]
)
_BUILT_ENDS: Final = (".egg-info", ".pyc", ".pyo")
"""Names of what a build, a test or an installation makes, and makes again."""

_UNKNOWN: Final = re.compile(r"[$`…{]|(?:^|/)\.[^/]*[*?\[]")
"""What is only known when it runs; a pattern that begins with a dot may be the folder above."""

_ROOTED: Final = re.compile(r"^/(?:testbed|workspace|workspaces|app|repo|src|project)/")
_SWEEPS: Final = frozenset({"--recursive", "--force"})


def far(target: str) -> bool:
    """Whether a path reads as one outside the workspace, or as all of it."""
    return (_FARAWAY.match(target) is not None and _WORKSPACE.match(target) is None) or ".." in target.split(
        "/"
    )


def built(target: str) -> bool:
    """Whether a path is what a build makes, or below such a folder, and cannot lead elsewhere."""
    if _UNKNOWN.search(target) or target.startswith("~"):
        return False
    if target.startswith("/") and not _ROOTED.match(target):
        return False
    names = [name for name in target.split("/") if name not in ("", ".")]
    if ".." in names or ".git" in names:
        return False
    return any(name in _BUILT or name.endswith(_BUILT_ENDS) for name in names)


def _temporary(target: str) -> bool:
    names = target.split("/")
    return (
        _TEMPORARY.match(target) is not None
        and ".." not in names
        and ".git" not in names
        and not _UNKNOWN.search(target)
    )


def removal(args: list[str], *, piped: bool = False, always_sweeps: bool = False, folder: str = "") -> Graded:
    """Grade `rm` by its arguments.

    `piped`: a pipe names targets, too. `always_sweeps`: it takes trees by itself. `folder`: where it runs, empty: unknown.
    """
    end = args.index("--") if "--" in args else len(args)
    flags = [arg for arg in args[:end] if arg.startswith("-")]
    named = [arg for arg in args[:end] if not arg.startswith("-")] + args[end + 1 :]
    targets = [led(re.sub(r"/+", "/", target), folder) for target in named]
    sweeps = always_sweeps or any(
        any(len(flag) > 2 and name.startswith(flag) for name in _SWEEPS)
        or (not flag.startswith("--") and set(flag) & set("rRf"))
        for flag in flags
    )
    machine = next((one for one in targets if _MACHINE.match(one) and not _temporary(one)), "")
    if machine:
        return Graded(severity=4, why=f"removes {machine}", removes=targets)
    gone = next((one for one in targets if not (built(one) or _temporary(one)) and _costly(one, sweeps)), "")
    if gone:
        return Graded(severity=3, why=f"removes {gone} for good", removes=targets)
    if piped:
        return Graded(severity=3, why="removes what a pipe brings", removes=targets or ["what a pipe brings"])
    what = "build output or temporary files" if targets and sweeps else "single files"
    return Graded(severity=1, why=f"removes {what}", removes=targets)


def _costly(target: str, sweeps: bool) -> bool:  # noqa: FBT001  (whether the removal takes trees)
    names = target.split("/")
    if sweeps or ".git" in names or _UNKNOWN.search(target) or re.search(r"[*?\[]", target):
        return True
    return far(target) or target.startswith("/home/")


def found(args: list[str], *, folder: str = "") -> Graded:
    """Grade what `find` removes: the folders it starts from, or only files whose names are build output."""
    at = next((at for at, arg in enumerate(args) if arg.startswith("-") or arg in ("(", "!")), len(args))
    roots, tests = args[:at] or ["."], args[at:]
    names = [tests[n + 1] for n, test in enumerate(tests[:-1]) if test in ("-name", "-iname")]
    turned = {"!", "-not", "-o", "-or", ","} & set(tests)
    near = not foreign(folder) and all(
        root in (".", "./") or _ROOTED.match(root + "/") or not far(root) for root in roots
    )
    if names and not turned and near and any(built(name) for name in names if "/" not in name):
        return Graded(severity=1, why="removes build output or temporary files", removes=names)
    return removal(roots, always_sweeps=True, folder=folder)

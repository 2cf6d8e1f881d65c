"""How grave one program is by its name and its arguments, where it runs no other command (`grade` has those that do).

One rule a kind of program, the first that has a word counts; what none of them knows counts as shared.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from console.core.shell import programs
from console.core.shell.folder import led
from console.core.shell.git import git
from console.core.shell.graded import Graded
from console.core.shell.reached import SECRET, reached
from console.core.shell.removal import far, removal
from console.core.shell.simple import Simple

_UPLOADS: Final = re.compile(r"^(?:-d|-F|-T|--data.*|--form.*|--upload-file.*|--post-.*|--json)")
_METHODS: Final = ("POST", "PUT", "PATCH", "DELETE")
_NET_CODE: Final = re.compile(
    r"\b(?:requests|urllib\d?|httpx|aiohttp|socket|smtplib|paramiko|ftplib|http\.client|net/http|fetch\()"
)


def program(one: Simple) -> Graded:
    """Grade a program that runs no other command, whatever it writes to, reads from, and names."""
    for rule in _RULES:
        graded = rule(one, one.words[1:])
        if graded is not None:
            return graded
    name = programs.family(one.program)
    if name in programs.LOCAL or "/" in one.words[0] or "." in name:
        return Graded(severity=1, why=f"runs {name}")
    return Graded(severity=2, why=f"runs {name}, which is not known here")


def _none(one: Simple, _args: list[str]) -> Graded | None:
    if one.program:
        return None
    return Graded(severity=1 if one.writes else 0, why="sets a variable")


def _gone(one: Simple, _args: list[str]) -> Graded | None:
    return (
        Graded(severity=4, why=f"{one.program} has no undo")
        if programs.family(one.program) in programs.GONE
        else None
    )


def _git(one: Simple, args: list[str]) -> Graded | None:
    return git(args) if one.program == "git" else None


def _installs(one: Simple, args: list[str]) -> Graded | None:
    if one.program not in programs.INSTALLERS or not programs.BRINGS & set(args[:2]):
        return None
    local = any(arg in (".", "-e", "-r") or arg.startswith(("./", ".[")) for arg in args)
    names = [arg for arg in args[1:] if not arg.startswith(("-", ".")) and arg not in programs.BRINGS]
    return Graded(
        severity=1 if local and not names else 2,
        outside=not local,
        why=f"{one.program} brings code in",
        leaves=[("package", name) for name in names],
    )


def _network(one: Simple, args: list[str]) -> Graded | None:
    name = programs.family(one.program)
    if name not in programs.NETWORK:
        return None
    uploads = any(_UPLOADS.match(arg) or arg.upper() in _METHODS for arg in args)
    sends = uploads or name in programs.SENDS
    leaves = reached(" ".join(args))
    if not leaves:
        hosts = (arg.rpartition("@")[2].partition(":")[0] for arg in args if not arg.startswith("-"))
        leaves = [("target", host) for host in hosts][:4]
    severity = 3 if sends or name in programs.REMOTE else 2
    return Graded(severity=severity, outside=True, sends=sends, why=f"{name} reaches outside", leaves=leaves)


def _removes(one: Simple, args: list[str]) -> Graded | None:
    if one.program not in ("rm", "rmdir", "unlink"):
        return None
    return removal(args, piped=one.piped and one.behind, folder=one.folder)


def _ends_processes(one: Simple, _args: list[str]) -> Graded | None:
    if one.program not in ("kill", "pkill", "killall"):
        return None
    return Graded(severity=2, why=f"{one.program} ends processes")


def _writes(one: Simple, args: list[str]) -> Graded | None:
    """Files that are written last in the arguments, outside of the workspace; within it they are local work."""
    if one.program not in ("mv", "cp", "ln", "tee", "install", "chmod", "truncate"):
        return None
    if not any(far(led(arg, one.folder)) for arg in args[-1:]):
        return None
    return Graded(severity=3, why=f"{one.program} writes outside its workspace, {args[-1]}")


def _edits(one: Simple, args: list[str]) -> Graded | None:
    """Files that are changed in place."""
    in_place = any(re.match(r"-\w*i", arg) or arg.startswith("--in-place") for arg in args)
    if programs.family(one.program) not in ("sed", "perl", "awk") or not in_place:
        return None
    scripted = any(arg in ("-e", "-f", "--expression") for arg in args)
    files = [arg for arg in args if not arg.startswith("-")][0 if scripted else 1 :]
    distant = next((arg for arg in files if far(led(arg, one.folder)) and " " not in arg), "")
    if distant:
        return Graded(severity=3, why=f"changes a file outside its workspace, {distant}")
    return Graded(severity=1, why="changes a file")


def _code(one: Simple, args: list[str]) -> Graded | None:
    name = programs.family(one.program)
    if name not in programs.CODE:
        return None
    if args[:1] == ["-m"] and args[1:2] in (["pip"], ["ensurepip"]) and "install" in args:
        return program(Simple(words=["pip", *args[2:]]))
    code = "\n".join([*args, one.fed])
    leaves = [leaf for leaf in reached(code) if leaf[0] != "host" or "://" in leaf[1]]
    if SECRET.search(code):
        return Graded(severity=3, why=f"{name} touches what may be a secret", leaves=leaves)
    if _NET_CODE.search(code) and leaves:
        return Graded(severity=2, outside=True, why=f"{name} runs code that uses the network", leaves=leaves)
    return Graded(severity=1, why=f"{name} runs code of its workspace")


def _looks(one: Simple, _args: list[str]) -> Graded | None:
    return Graded(severity=0, why="looks") if one.program in programs.LOOKS else None


_RULES: Final[tuple[Callable[[Simple, list[str]], Graded | None], ...]] = (
    _none,
    _gone,
    _git,
    _installs,
    _network,
    _removes,
    _ends_processes,
    _writes,
    _edits,
    _code,
    _looks,
)

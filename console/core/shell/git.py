"""How grave a git command is. What drops work that no commit holds has no way back."""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from console.core.shell import programs
from console.core.shell.graded import Graded
from console.core.shell.reached import reached

_WITH_VALUE: Final = frozenset(
    {"-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path", "--config-env"}
)
_ALL: Final = re.compile(r"^(?::/.*|\.{1,2}|.*/|.*[*?\[$].*)$")
"""A path of git that takes more than a file."""


def git(args: list[str]) -> Graded:
    """Grade the arguments of git."""
    rest = _behind_options(args)
    words = [arg for arg in rest if not arg.startswith("-")]
    verb = words[0] if words else "status"
    links = reached(" ".join(args))
    if verb == "push":
        forced = (
            _has(rest, "fd", "--force", "--delete", "--mirror", "--prune")
            or any(arg.startswith("--force") for arg in rest)
            or any(arg.startswith(("+", ":")) for arg in words[1:])
        )
        dropped = ["git " + " ".join(rest)] if forced else []
        return Graded(severity=3 if forced else 2, outside=True, sends=True, removes=dropped, leaves=links,
                      why="git push changes another repository")  # fmt: skip
    if verb in programs.GIT_OUT or (verb == "remote" and {"add", "set-url"} & set(words)):
        return Graded(severity=2, outside=True, why=f"git {verb} reaches another repository", leaves=links)
    severity = _drops(verb, words[1:], rest)
    if severity:
        graded = Graded(severity=severity, why=f"git {verb} drops work that no commit holds")
        return replace(graded, removes=["git " + " ".join(rest)]) if severity > 1 else graded
    if verb in programs.GIT_LOOKS:
        return Graded(severity=0, why="looks")
    wide = verb in ("clean", "gc")
    return Graded(
        severity=2 if wide else 1, why=f"git {verb} " + ("drops work" if wide else "changes the work tree")
    )


def _behind_options(args: list[str]) -> list[str]:
    """What stands behind git's own options: the value of `-C` is no verb."""
    at = 0
    while at < len(args) and args[at].startswith("-"):
        at += 2 if args[at] in _WITH_VALUE else 1
    return args[at:]


def _has(rest: list[str], letters: str, *names: str) -> bool:
    """Whether an option is among them, a long one cut short included, as git takes it."""
    short = any(re.match(r"-\w", arg) and set(arg) & set(letters) for arg in rest)
    return short or any(len(arg) > 2 and name.startswith(arg) for arg in rest for name in names)


def _drops(verb: str, words: list[str], rest: list[str]) -> int:  # noqa: C901  (one rule a line)
    """Return 3 for what drops work wholesale, 2 for changes of named files, 0 for neither."""
    if verb == "reset":
        return 3 if _has(rest, "", "--hard", "--merge") else 0
    if verb == "clean":
        dry = any(arg == "--dry-run" or re.fullmatch(r"-[dfxXq]*n[dfxXqn]*", arg) for arg in rest)
        return 0 if dry else 3 if _has(rest, "fx", "--force") else 0
    if verb == "branch":
        forced = _has(rest, "D") or (_has(rest, "df", "--delete") and _has(rest, "f", "--force"))
        return 3 if forced else 1 if words else 0
    if verb == "stash":
        return 3 if {"drop", "clear"} & set(words[:1]) else 0
    if verb == "worktree":
        return 3 if words[:1] == ["remove"] and _has(rest, "f", "--force") else 0
    if verb == "reflog":
        return 3 if {"expire", "delete"} & set(words[:1]) else 0
    if verb == "rm":
        return 3 if _has(rest, "f", "--force") else 2 if _has(rest, "r") else 0
    if verb in ("filter-branch", "filter-repo") or (verb == "gc" and any("--prune" in arg for arg in rest)):
        return 3
    if verb in ("checkout", "switch") and _has(rest, "f", "--force", "--discard-changes"):
        return 3
    if verb in ("checkout", "restore"):
        if verb == "restore" and _has(rest, "S", "--staged") and not _has(rest, "W", "--worktree"):
            return 0
        paths = rest[rest.index("--") + 1 :] if "--" in rest else words
        certain = verb == "restore" or "--" in rest
        whole = any(_ALL.match(path) or (certain and "." not in path) for path in paths)
        return 3 if whole else 2 if certain and paths else 0
    return 0

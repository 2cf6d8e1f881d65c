"""Where a relative path leads from the folder that a command is said to run in: it makes it graver, never milder."""

from __future__ import annotations

import posixpath
import re
from typing import Final

_FOREIGN: Final = re.compile(
    r"^(?:/|~|/root|/(?:home|Users)(?:/[^/]+)?|/(?:etc|usr|bin|sbin|lib\w*|boot|dev|proc|sys|opt|var(?!/tmp(?:/|$)))(?:/.*)?)$"
)
"""Folders that are nobody's workspace: the root, a home itself, what belongs to the machine."""

_ALL: Final = frozenset({".", "./", "*", "./*"})
_ELSEWHERE: Final = ("/", "~", "$", "`")
"""How a path begins that does not start from the folder."""

FOLDER_ARGUMENTS: Final = ("cwd", "workdir", "working_directory")
"""Arguments by which shell tools are told where to run."""


def foreign(folder: str) -> bool:
    """Whether a folder is no workspace: what is relative to it is somebody else's."""
    return _FOREIGN.match(folder) is not None


def led(path: str, folder: str) -> str:
    """Where a path leads from a folder, if that is not simply into it; otherwise the path as written.

    Below a workspace a relative path stays one. From a foreign folder, through `..`, or for all of the folder it is said
    in full. An unknown folder is the empty string.
    """
    if not folder or not path or path.startswith(_ELSEWHERE):
        return path
    upwards = ".." in path.split("/")
    if not (upwards or path in _ALL or foreign(folder)) or (upwards and folder.startswith("~")):
        return path
    return posixpath.normpath(f"{folder}/{path}").replace("//", "/")


def entered(target: str, folder: str) -> str:
    """The folder after `cd target` in a folder; empty where that cannot be known."""
    if target.startswith("~"):
        return "~" + posixpath.normpath(target[1:] or "/").rstrip("/") if ".." not in target else ""
    if target.startswith(("$", "`", "-")) or "$" in target or not (target.startswith("/") or folder):
        return ""
    if folder.startswith("~") and ".." in target and not target.startswith("/"):
        return ""
    return posixpath.normpath(posixpath.join(folder, target)).replace("//", "/")


def stated(args: object, otherwise: str) -> list[str]:
    """The folders that a call may run in: those that it names for itself, from that which its run stated, and that one.

    None of them proves anything, so the command counts as the worst that it is in any. Empty where none is a full path.
    """
    base = otherwise if otherwise.startswith(("/", "~")) else ""
    given = [args[name] for name in FOLDER_ARGUMENTS if name in args] if isinstance(args, dict) else []
    named = [entered(value, base) for value in given if isinstance(value, str) and value]
    return [folder for folder in dict.fromkeys([base, *named]) if folder]

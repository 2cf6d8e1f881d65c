"""What a script of sed does besides editing: it runs commands and writes files. Read to its end, or not understood."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct, field

_ADDRESS: Final = re.compile(
    r"(?:\d+(?:~\d+)?|\$|/(?:\\.|[^/\\\n])*/[IM]*|\\([^\\\n])(?:\\.|(?!\1)[^\\\n])*\1[IM]*|[+~]\d+)"
)
_ALONE: Final = re.compile(r"[=dDgGhHnNpPxzF]|[lqQL][ \t]*\d*")
_TEXT: Final = re.compile(r"(?:\\.|[^\\\n])*", re.DOTALL)
_LABEL: Final = re.compile(r"[^;\n}]*")
_FLAGS: Final = re.compile(r"[gpiImM0-9]*")


class Script(Struct, kw_only=True):
    """What a script does: what it runs, what it writes, and whether it was read to its end."""

    runs: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    read: bool = True


def scripts(args: list[str]) -> tuple[list[str], list[str]]:  # noqa: C901  (one kind of word a branch)
    """Cut the arguments of sed into its scripts and its files; a file of scripts is neither."""
    if len(args) > 2_000:
        return ["("], []
    given: list[str] = []
    files: list[str] = []
    left, own = list(args), False
    while left:
        word = left.pop(0)
        if word == "--":
            files += left
            break
        if word.startswith("--"):
            name, _is, value = word[2:].partition("=")
            if name and "expression".startswith(name):
                own = True
                given.append(value if _is else left.pop(0) if left else "")
            elif len(name) > 1 and "file".startswith(name):
                own = True
                left = left if _is else left[1:]
            elif name and "line-length".startswith(name) and not _is:
                left = left[1:]
            continue
        match = re.match(r"-[nrEsuzb]*([efil]?)(.*)", word, re.DOTALL) if len(word) > 1 else None
        if match is None:
            files.append(word)
        elif match[1] in ("e", "f"):
            value = match[2] or (left.pop(0) if left else "")
            own = True
            given += [value] if match[1] == "e" else []
        elif match[1] == "l" and not match[2]:
            left = left[1:]
    if not own:
        given, files = files[:1], files[1:]
    return given, files


def read(text: str) -> Script:
    """Read a script."""
    found, at = Script(), 0
    while at < len(text):
        if text[at] in " \t\n;{}":
            at += 1
            continue
        at = _addresses(text, at)
        if at >= len(text):
            break
        at = _command(text, at, found)
        if at < 0:
            found.read = False
            break
    return found


def _addresses(text: str, at: int) -> int:
    for _nth in range(2):
        if match := _ADDRESS.match(text, at):
            at = match.end()
            while text[at : at + 1] in (" ", "\t") or text.startswith(",", at):
                at += 1
    while at < len(text) and text[at] in " \t!":
        at += 1
    return at


def _command(text: str, at: int, found: Script) -> int:
    """Read one command; -1 where it is none that is known."""
    sign = text[at]
    if sign in "{}":
        return at + 1
    if sign in "sy":
        return _substitute(text, at, found)
    if sign in "aic#":
        match = _TEXT.match(text, at)
        return match.end() if match else -1
    if sign in ":btT":
        match = _LABEL.match(text, at + 1)
        return match.end() if match else -1
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    if sign in "rR":
        return end
    if sign in "wW":
        found.writes.append(text[at + 1 : end].strip())
        return end
    if sign == "e":
        found.runs.append(text[at + 1 : end].strip())
        return end
    match = _ALONE.match(text, at)
    if match is None:
        return -1
    at = match.end()
    while text[at : at + 1] in (" ", "\t"):
        at += 1
    return at if text[at : at + 1] in ("", ";", "\n", "}", "#") else -1


def _substitute(text: str, at: int, found: Script) -> int:
    mark, start = text[at + 1 : at + 2], at + 2
    if not mark or mark in "\\\n":
        return -1
    parts = []
    for _nth in range(2):
        end = start
        while end < len(text) and text[end] != mark:
            end += 2 if text[end] == "\\" else 1
        if end >= len(text):
            return -1
        parts.append(text[start:end])
        start = end + 1
    match = _FLAGS.match(text, start)
    start = match.end() if match else start
    while text[start : start + 1] in (" ", "\t"):
        start += 1
    following = text[start : start + 1]
    if text[at] == "s" and following == "e":
        found.runs.append(parts[1])
        return -1
    if text[at] == "s" and following == "w":
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        found.writes.append(text[start + 1 : end].strip())
        return end
    return start if following in ("", ";", "\n", "}", "#") else -1

"""The command behind a wrapper (`env`, `sudo`, `timeout`, `xargs`): what of the words is the wrapper's own."""

from __future__ import annotations

from collections import deque
from typing import Final

from msgspec import Struct

from console.core.shell.folder import entered

_VALUES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "chrt": ("TPD", ("sched-runtime", "sched-period", "sched-deadline")),
    "doas": ("aCu", ()),
    "env": ("uCSaP", ("unset", "chdir", "split-string", "argv0")),
    "exec": ("a", ()),
    "flock": ("wEc", ("timeout", "wait", "conflict-exit-code", "command")),
    "ionice": ("cnpPu", ("class", "classdata", "pid", "pgid", "uid")),
    "nice": ("n", ("adjustment",)),
    "script": (
        "cITBOEmo",
        ("command", "log-io", "log-timing", "log-in", "log-out", "echo", "logging-format", "output-limit"),
    ),
    "stdbuf": ("ioe", ("input", "output", "error")),
    "strace": (
        "aeEIoOpPsSuUX",
        ("attach", "env", "user", "output", "string-limit", "trace", "columns", "trace-path", "signal"),
    ),
    "sudo": (
        "CDghpRrTtUu",
        (
            *("chdir", "chroot", "close-from", "command-timeout", "group", "host", "other-user", "prompt"),
            *("role", "type", "user"),
        ),
    ),
    "taskset": ("", ()),
    "time": ("fo", ("format", "output")),
    "timeout": ("ks", ("kill-after", "signal")),
    "watch": ("ns", ("interval", "shotsdir")),
    "xargs": (
        "aEdILnPs",
        ("arg-file", "delimiter", "max-args", "max-procs", "max-chars", "process-slot-var"),
    ),
}
"""By wrapper: its options that take the next word as their value, by letter and by name. From the manuals of GNU coreutils,
findutils, util-linux, and of sudo and doas."""

_FIRST: Final = {"chrt": 1, "flock": 1, "taskset": 1, "timeout": 1}
"""Words of its own that stand before the command: a mask, a file, a priority, a time."""

_ASSIGNS: Final = frozenset({"env", "sudo", "doas"})
"""Take `NAME=VALUE` words before the command."""


class Behind(Struct, frozen=True, kw_only=True):
    """What a wrapper runs. `words` is the command, `folder` where it does.

    `text`: the command is handed to a shell, or taken apart anew, as one text; None if it is run as words.
    """

    words: list[str]
    folder: str
    options: frozenset[str] = frozenset()
    text: str | None = None


def behind(name: str, args: list[str], folder: str) -> Behind:
    """Find the command behind a wrapper's own words; the words are empty where there is none."""
    letters, names = _VALUES.get(name, ("", ()))
    left, own = deque(args), _FIRST.get(name, 0)
    options: dict[str, str] = {}
    while left:
        word = left.popleft()
        if word == "--":
            left = deque(list(left)[own:])
            break
        if word.startswith("--"):
            option, given, value = word[2:].partition("=")
            full = next((one for one in names if len(option) > 1 and one.startswith(option)), option)
            if full in names and not given:
                value = left.popleft() if left else ""
            options[full] = value
        elif word.startswith("-") and len(word) > 1:
            for at, letter in enumerate(word[1:], 2):
                options[letter] = ""
                if letter in letters:
                    options[letter] = word[at:] or (left.popleft() if left else "")
                    break
        elif name in _ASSIGNS and "=" in word:
            continue
        elif own:
            own -= 1
        else:
            left.appendleft(word)
            break
    return _made(name, options, list(left), folder)


def _made(name: str, options: dict[str, str], words: list[str], folder: str) -> Behind:
    chdir = options.get("chdir") or options.get("C" if name == "env" else "D" if name == "sudo" else "", "")
    text = None
    if name == "env":
        split = options.get("split-string", options.get("S"))
        text = None if split is None else " ".join([split, *words])
    elif name == "sudo" and options.keys() & {"s", "i", "shell", "login"}:
        text = " ".join(words)
    elif name == "flock" and options.keys() & {"c", "command"}:
        text = options.get("command", options.get("c", ""))
    elif name == "script":
        text, words = options.get("command", options.get("c")), []
    elif name == "watch" and not options.keys() & {"x", "exec"}:
        text = " ".join(words)
    return Behind(
        words=words,
        folder=entered(chdir, folder) if chdir else folder,
        options=frozenset(options),
        text=text,
    )

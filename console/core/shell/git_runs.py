"""What git runs besides itself: by its settings, and by the options that hold a command."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct, field

_MILD: Final = re.compile(
    r"(?:user|color|advice|init|log|column|status|branch|safe|gc|i18n)\..*|push\.default|pull\.\w+|fetch\.prune\w*|"
    r"core\.(?:quote(?:path)?|autocrlf|eol|filemode|safecrlf|symlinks|ignorecase|longpaths|abbrev|preloadindex|untrackedcache)|"
    r"(?:commit|tag)\.gpgsign|diff\.(?:renames|algorithm|context|noprefix|mnemonicprefix|colormoved|submodule)|"
    r"merge\.(?:ff|conflictstyle|renames)|rebase\.auto\w+|rerere\.\w+|http\.(?:postbuffer|version|lowspeed\w+)|remote\.\w+\.url",
    re.IGNORECASE,
)
"""Settings by which nothing is run. Any other may be one by which something is, today or in a later git."""

_HARMLESS: Final = frozenset({"", "cat", "less", "more", "true", "false", ":", "vim", "vi", "nano", "0", "1"})
_TELLING: Final = re.compile(
    r"--(?:upload-pa|receive-pa|exec(?!-path$)|extc|open-f|tree-f|index-f|msg-f|env-f|commit-f|parent-f|tag-n|templ|config-e)"
)
_SHORT: Final[dict[str, str]] = {
    "grep": "-O",
    "difftool": "-x",
    "clone": "-u",
    "ls-remote": "-u",
    "svn": "-A",
}
_EXT: Final = re.compile(r"\bext::|\bfd::")


class Runs(Struct, kw_only=True):
    """What git runs: commands as text and as words, and whether one is told in a way that is not followed."""

    texts: list[str] = field(default_factory=list)
    words: list[list[str]] = field(default_factory=list)
    told: bool = False


def runs(args: list[str]) -> Runs:  # noqa: C901, PLR0912  (one verb a branch)
    """Tell what the arguments of git make it run."""
    found = Runs()
    at = 0
    while at < len(args) and args[at].startswith("-"):
        arg = args[at]
        if arg.startswith(("--exec-path=", "--config-env")):
            found.told = True
        elif arg.startswith("-c"):
            value = arg[2:] or (args[at + 1] if at + 1 < len(args) else "")
            _setting(*_cut(value), found)
        at += 2 if arg in ("-c", "-C", "--git-dir", "--work-tree", "--namespace", "--config-env") else 1
    verb, rest = (args[at], args[at + 1 :]) if at < len(args) else ("", [])
    if verb == "config":
        named = [arg for arg in rest if not arg.startswith("-") and arg != "set"]
        if len(named) > 1 and not any(arg.startswith(("--get", "--unset")) for arg in rest):
            _setting(named[0], named[1], found)
        found.told = found.told or "-e" in rest or "--edit" in rest
    elif verb == "bisect" and rest[:1] == ["run"]:
        found.words.append(rest[1:])
    elif verb == "submodule" and "foreach" in rest:
        command = [
            arg for arg in rest[rest.index("foreach") + 1 :] if arg not in ("--recursive", "--quiet", "-q")
        ]
        found.texts.append(" ".join(command))
    elif verb == "rebase":
        found.texts += [rest[n + 1] for n, arg in enumerate(rest[:-1]) if arg in ("-x", "--exec")]
        found.texts += [arg.partition("=")[2] for arg in rest if arg.startswith("--exec=")]
        found.texts += [arg[2:] for arg in rest if arg.startswith("-x") and len(arg) > 2]
    elif verb == "clone":
        for n, arg in enumerate(rest):
            if arg in ("-c", "--config"):
                _setting(*_cut((rest[n + 1 :] or [""])[0]), found)
            elif arg.startswith("--config="):
                _setting(*_cut(arg[9:]), found)
    short = _SHORT.get(verb)
    if verb != "rebase" and any(_TELLING.match(arg) or (short and arg.startswith(short)) for arg in rest):
        found.told = True
        found.texts += [arg[2:] for arg in rest if short and arg.startswith(short) and len(arg) > 2]
    found.told = found.told or verb in ("filter-branch", "daemon", "hook") or any(map(_EXT.search, rest))
    return found


def _cut(text: str) -> tuple[str, str]:
    name, _is, value = text.partition("=")
    return name, value


def _setting(name: str, value: str, found: Runs) -> None:
    if _MILD.fullmatch(name) or value in _HARMLESS:
        return
    found.told = True
    found.texts.append(value.lstrip("!"))

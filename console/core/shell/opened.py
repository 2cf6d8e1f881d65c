"""What a program runs besides itself: a shell its command, a wrapper what stands behind it, `find` what it executes.

One rule a kind of program, the first that has a word counts. A program that nobody knows may run any of its words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from console.core.shell import code, programs, sed
from console.core.shell.behind import behind
from console.core.shell.folder import led
from console.core.shell.git_runs import runs as git_runs
from console.core.shell.graded import Graded, late
from console.core.shell.removal import far, found
from console.core.shell.shells import Opened, joined, shell
from console.core.shell.simple import UNSEEN, Simple

_OPTIONS: Final[dict[str, tuple[str, ...]]] = {
    "ag": ("--pager",),
    "ex": ("--cmd",),
    "less": ("--lesskey",),
    "man": ("-P", "--pager", "-H", "--html", "--preprocessor"),
    "rg": ("--pre", "--hostname-bin"),
    "sort": ("--compress-program",),
    "split": ("--filter",),
    "tar": (
        *("--checkpoint-action", "--to-command", "-I", "--use-compress-program", "--rsh-command", "-F"),
        *("--info-script", "--new-volume-script", "--rmt-command"),
    ),
    "wget": ("--use-askpass", "--execute", "-e"),
    "zip": ("-TT", "--unzip-command"),
}
"""Options of programs that otherwise run nothing, by which they run what is told; a long one may be cut short."""


def opened(one: Simple) -> Opened | None:
    """Tell what a program runs besides itself; None where it runs nothing."""
    for rule in _RULES:
        graded = rule(one, programs.family(one.program), one.words[1:])
        if graded is not None:
            return graded
    return None


def _wrapper(one: Simple, name: str, args: list[str]) -> Opened | None:
    if name not in programs.WRAPPERS:
        return None
    wrapped = behind(name, args, one.folder)
    if name == "env" and wrapped.text is not None:
        split = late("env takes apart what it runs", "what env -S runs is only known when it runs")
        return Opened(own=split, texts=[wrapped.text], folder=wrapped.folder)
    if wrapped.text is not None:
        return Opened(own=Graded(severity=1, why=f"runs {name}"), texts=[wrapped.text], folder=wrapped.folder)
    if wrapped.words:
        inner = replace(
            one, words=wrapped.words, assigns=[], folder=wrapped.folder, behind=one.behind or name == "xargs"
        )
        return Opened(commands=[inner], own=Graded(severity=0, why="looks"))
    return Opened(own=late(f"{name} runs what a pipe brings"), loose=[one.said]) if one.behind else None


def _root(one: Simple, name: str, args: list[str]) -> Opened | None:
    """What acts for the whole machine, and what it is told to run there as far as that is known."""
    if name not in programs.ROOT:
        return None
    own = Graded(severity=3, why=f"{name} acts for the whole machine")
    if name in ("sudo", "doas"):
        wrapped = behind(name, args, one.folder)
        texts = [text for text in (wrapped.text,) if text is not None]
        inner = replace(one, words=wrapped.words, assigns=[], folder=wrapped.folder)
        commands = [inner] if wrapped.words and not texts else []
        return Opened(
            own=own, texts=texts, commands=commands, folder=wrapped.folder, loose=[one.said, one.fed]
        )
    texts = [
        args[at + 1] for at, arg in enumerate(args[:-1]) if re.fullmatch(r"-\w*c|--(?:session-)?c\w*", arg)
    ]
    texts += [arg.partition("=")[2] for arg in args if arg.startswith("--c") and "=" in arg]
    return Opened(
        own=own, texts=texts, commands=_tails(one), loose=[one.said, one.fed, *args], folder=one.folder
    )


def _git(one: Simple, name: str, args: list[str]) -> Opened | None:
    if name != "git":
        return None
    told = git_runs(args)
    if not (told.texts or told.words or told.told):
        return None
    commands = [replace(one, words=words, assigns=[], writes=[], reads=[]) for words in told.words if words]
    beside = [late("git is told to run something")] if told.told else []
    return Opened(
        texts=told.texts, commands=commands, loose=args if told.told else [], folder=one.folder, beside=beside
    )


def _find(one: Simple, name: str, args: list[str]) -> Opened | None:
    if name != "find":
        return None
    own = [found(args, folder=one.folder)] if "-delete" in args else []
    written = [
        args[at + 1] for at, arg in enumerate(args[:-1]) if arg in ("-fprint", "-fprint0", "-fprintf", "-fls")
    ]
    if any(far(led(target, one.folder)) for target in written):
        own.append(Graded(severity=3, why="find writes outside its workspace"))
    elif written:
        own.append(Graded(severity=1, why="find writes a file"))
    if any("$" in arg and " " not in arg and arg.startswith("-") for arg in one.live):
        own.append(late("find is told when it runs what to do"))
    commands: list[Simple] = []
    if sum(arg in ("-exec", "-execdir", "-ok", "-okdir") for arg in args) > 8:
        return Opened(own=late("find executes more than is followed"), loose=[" ".join(args)])
    for at, arg in enumerate(args):
        if arg not in ("-exec", "-execdir", "-ok", "-okdir"):
            continue
        ends = [end for end in range(at + 1, len(args)) if args[end] in (";", "\\;", "+")]
        words = args[at + 1 : ends[0] if ends else len(args)]
        if words and words[0].rpartition("/")[2] in ("rm", "unlink", "rmdir"):
            first = next(n for n, one_arg in enumerate(args) if one_arg.startswith(("-exec", "-ok")))
            own.append(found(args[:first], folder=one.folder))
            words = [word for word in words if word != "{}"]
            words = words if any(not word.startswith("-") for word in words[1:]) else []
        commands += [replace(one, words=words, assigns=[], writes=[], reads=[])] if words else []
        own.append(Graded(severity=1, why="runs something"))
    best = max(own, key=lambda graded: graded.severity, default=Graded(severity=0, why="looks"))
    return Opened(own=best, commands=commands)


def _scripted(one: Simple, name: str, args: list[str]) -> Opened | None:
    """Editors of streams: what their scripts run and write."""
    if name == "sed":
        given, _files = sed.scripts(args)
        script = sed.read("\n".join(given))
        if script.runs or not script.read or any(text in one.live for text in given if _open(text)):
            return Opened(own=late("sed is given what it may run"), texts=script.runs, loose=given)
        return _written(one, name, script.writes)
    if name != "awk":
        return None
    given = [arg for arg in args if arg not in one.live or "{" in arg]
    if any(code.awk_runs(text) for text in given if "{" in text or "BEGIN" in text or "(" in text):
        return Opened(own=late("awk is given what it may run"), loose=args)
    return _written(one, name, [target for text in given for target in code.awk_writes(text)])


def _open(text: str) -> bool:
    """Whether what stands where a variable does may be more than a number or a word of a script."""
    return re.search(r"\$(?!\{?\w*(?:LINE|line|start|end|START|END|n|i|N)\w*\}?)", text) is not None


def _written(one: Simple, name: str, targets: list[str]) -> Opened | None:
    if any(
        target.startswith("/dev/") and target not in ("/dev/stdout", "/dev/stderr", "/dev/null")
        for target in targets
    ) or any(far(led(target, one.folder)) for target in targets if target):
        return Opened(own=Graded(severity=3, why=f"{name} writes outside its workspace"))
    return Opened(own=Graded(severity=1, why=f"{name} writes a file")) if targets else None


def _interpreter(one: Simple, name: str, args: list[str]) -> Opened | None:
    if name not in programs.CODE:
        return None
    if one.behind and all(arg.startswith("-") for arg in args):
        return Opened(own=late(f"{name} runs what a pipe brings"), loose=[one.said])
    at = next(
        (at for at, arg in enumerate(args) if re.match(r"-\w*[cerpPE]$|--(?:eval|print|run)", arg)), None
    )
    bare = all(arg.startswith("-") for arg in args) or args[:1] == ["-"]
    if bare and at is None and one.piped and not one.fed:
        return Opened(own=late(f"{name} runs what a pipe brings"), loose=[one.said])
    given = [] if at is None else args[at:]
    given += [one.fed, one.said] if bare or at is None else []
    if code.runs(name, "\n".join(given)):
        return Opened(own=late(f"{name} is given code that runs or removes something"), loose=given)
    return None


def _editor(one: Simple, name: str, args: list[str]) -> Opened | None:
    if name not in programs.EDITORS:
        return None
    told = [arg for arg in args if arg.startswith("+") or " " in arg or "!" in arg or ":" in arg]
    given = [*told, one.fed, one.said]
    if any(code.EDITOR_RUNS.search(text) for text in given):
        return Opened(own=late(f"{name} is told to run something"), loose=given, commands=_tails(one))
    return Opened(commands=_tails(one)) if name == "gdb" else None


def _told(one: Simple, name: str, args: list[str]) -> Opened | None:
    """Programs that run something only by an option."""
    told = [
        arg
        for arg in args
        for option in _OPTIONS.get(name, ())
        if (option.startswith("--") and len(arg) > 3 and option.startswith(arg.partition("=")[0]))
        or (not option.startswith("--") and arg.startswith(option))
    ]
    if name == "less":
        told += [arg for arg in args if arg.startswith("+") and not arg[1:].isalnum()]
    if name in ("make", "gmake") and (
        one.fed or one.piped or any(re.match(r"--ev|-E|SHELL=|\.SHELLFLAGS|.*\$\(shell", arg) for arg in args)
    ):
        told = args or [name]
    if name == "tar" and args and re.match(r"-?\w*[IF]", args[0]) and not args[0].startswith("--"):
        told.append(args[0])
    if not told:
        return None
    return Opened(
        own=late(f"{name} is told to run something"), loose=[*args, one.fed, one.said], commands=_tails(one)
    )


def _unknown(one: Simple, name: str, args: list[str]) -> Opened | None:
    """Programs that run what they are given, and those that nobody knows: any word may begin a command."""
    if name in programs.KNOWN - programs.RUNNERS or not name:
        return None
    if name in programs.INSTALLERS and programs.BRINGS & set(args[: 2 if args[:1] == ["pip"] else 1]):
        return None
    stated = [arg.partition("=")[2] for arg in args if "=" in arg and " " in arg]
    loose = [arg for arg in args if " " in arg or "\n" in arg]
    fed = [one.fed, one.said] if name in programs.STDIN_SHELLS or name not in programs.KNOWN else []
    return Opened(
        commands=_tails(one),
        loose=[*loose, *stated, *fed, *([" ".join(args)] if loose or len(args) > 1 else [])],
    )


def _tails(one: Simple) -> list[Simple]:
    """Every end of the words that begins with the name of a program."""
    ends = [
        at
        for at, word in enumerate(one.words)
        if at
        and (
            programs.family(word.rpartition("/")[2]) in programs.BEGINS
            or (word in one.live and "/" not in word)
        )
    ]
    return [replace(one, words=one.words[at:], assigns=[], writes=[], reads=[]) for at in ends[:8]] + (
        [Simple(words=[UNSEEN])] if len(ends) > 8 else []
    )


_RULES: Final[tuple[Callable[[Simple, str, list[str]], Opened | None], ...]] = (
    shell,
    joined,
    _root,
    _wrapper,
    _git,
    _find,
    _scripted,
    _interpreter,
    _editor,
    _told,
    _unknown,
)

"""What a shell runs, and what the words of a shell run that hold commands themselves."""

from __future__ import annotations

from typing import Final

from msgspec import Struct, field

from console.core.shell import programs
from console.core.shell.graded import Graded, late
from console.core.shell.simple import UNSEEN, Simple

_STDIN: Final = frozenset({"", "-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0", UNSEEN})


class Opened(Struct, kw_only=True):
    """What a program runs besides itself.

    `texts` are commands as text, `commands` as words, `loose` texts that may hold one; `own` is what the program does by
    itself. None: nothing is known of it but its name.
    """

    own: Graded | None = None
    texts: list[str] = field(default_factory=list)
    commands: list[Simple] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)
    beside: list[Graded] = field(default_factory=list)
    """What else is found, beside what the program does by itself."""
    folder: str = ""


def shell(one: Simple, name: str, args: list[str]) -> Opened | None:
    """A shell, by its options: a command, a file of commands, or what it is fed; None for another program."""
    if name not in programs.SHELLS:
        return None
    rest, by_text = _shell_words(args)
    unseen = late(f"{name} runs what is only known when it runs")
    mild = Graded(severity=1, why=f"runs {name}")
    if by_text and rest:
        inner = [Simple(words=rest[2:])] if len(rest) > 2 and "$" in rest[0] else []
        own = unseen if rest[0] in one.live or one.behind else mild
        return Opened(
            own=own, texts=rest[:1], commands=inner, folder=one.folder, loose=[one.said] if one.behind else []
        )
    if rest and rest[0] not in _STDIN and not by_text and not rest[0].startswith("/dev/"):
        return Opened(own=unseen if rest[0] in one.live or one.behind else mild, loose=[one.said, one.fed])
    own = (
        unseen
        if one.piped or by_text or one.behind or UNSEEN in [*rest, *one.reads] or one.fed in one.live
        else mild
    )
    return Opened(own=own, texts=[one.fed] if one.fed else [], loose=[one.said], folder=one.folder)


def _shell_words(args: list[str]) -> tuple[list[str], bool]:
    """The words of a shell behind its options, and whether the first of them is a command."""
    left, by_text = list(args), False
    while left and left[0][:1] in ("-", "+") and len(left[0]) > 1:
        word = left.pop(0)
        if word == "--":
            break
        if word.startswith("--"):
            left = left[1:] if word in ("--rcfile", "--init-file") else left
            by_text = by_text or word.startswith("--command")
            if word.startswith("--command="):
                left.insert(0, word.partition("=")[2])
            continue
        by_text = by_text or ("c" in word[1:] and word[0] == "-")
        left = left[sum(letter in "oO" for letter in word[1:]) :]
    return left, by_text


def joined(one: Simple, name: str, args: list[str]) -> Opened | None:
    """Words of a shell that make a command of theirs, or hold one; None for another program."""
    unseen = bool(one.live & set(args))
    own = (
        late(f"{name} runs what is only known when it runs")
        if unseen
        else Graded(severity=1, why=f"runs {name}")
    )
    if name == "eval":
        return Opened(own=own, texts=[" ".join(args[1:] if args[:1] == ["--"] else args)], folder=one.folder)
    if name == "trap":
        words = [arg for arg in args if arg != "--"][:1]
        return Opened(own=own, texts=[word for word in words if not word.startswith("-")], folder=one.folder)
    if name == "alias":
        texts = [arg.partition("=")[2] for arg in args if "=" in arg]
        own = late("alias gives a name another meaning") if texts else Graded(severity=0, why="looks")
        return Opened(own=own, texts=texts, folder=one.folder)
    if name in ("source", "."):
        unseen = unseen or (args[:1] or [""])[0] in _STDIN or args[0].startswith("/dev/")
        return Opened(
            own=late(f"{name} runs what is only known when it runs") if unseen else None,
            loose=[one.said, one.fed],
        )
    if name == "function":
        taken = args[0] in programs.KNOWN or args[0] in programs.SHELL_WORDS
        return Opened(
            own=late(f"gives {args[0]} another meaning")
            if taken
            else Graded(severity=0, why="names what it does")
        )
    if name in ("((", "[["):
        return Opened(own=Graded(severity=0, why="looks"), loose=[" ".join(args)])
    return None

"""How grave a shell command is: the worst of its simple commands, and what they reach.

Code that an interpreter is given runs as the agent's user and can do whatever that user can; here it counts as local unless
it names a network, a secret or a folder of somebody else's. Where an agent's user may do more than its work needs, grade the
shell in the catalogue by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from console.core.provenance.normal import addresses
from console.core.shell import programs
from console.core.shell.behind import behind
from console.core.shell.folder import entered, led
from console.core.shell.git import git
from console.core.shell.graded import Graded
from console.core.shell.parse import ParseError, Simple, parse
from console.core.shell.removal import far as _far
from console.core.shell.removal import found, removal

_UPLOADS: Final = re.compile(r"^(?:-d|-F|-T|--data.*|--form.*|--upload-file.*|--post-.*|--json)")
_SECRET: Final = re.compile(
    r"(?:^|[/~])\.(?:ssh|aws|gnupg|netrc|npmrc|pypirc|kube|docker|git-credentials|env)(?:$|[/.])|id_(?:rsa|ed25519|ecdsa)|"
    r"/etc/(?:shadow|sudoers)|\.pem$|credentials(?:\.json)?$",
)
_NET_CODE: Final = re.compile(
    r"\b(?:requests|urllib\d?|httpx|aiohttp|socket|smtplib|paramiko|ftplib|http\.client|net/http|fetch\()"
)


def grade(command: str, *folders: str) -> Graded:
    """Grade a command. One that is not understood is S3, with the problem named.

    `folders`: where it is said to run. They, and what it changes to by itself, can only make it graver: nobody proves them.
    """
    try:
        found = parse(command)
    except ParseError as error:
        return Graded(
            severity=3, outside=True, why="is not understood", problem=str(error), leaves=_reached(command)
        )
    worst = _worst(found)
    for folder in folders or ("",):
        there = [*_entering(found, folder)]
        if any(one.folder for one in there) and (somewhere := _worst(there)).severity > worst.severity:
            worst = somewhere
    return worst


def _entering(commands: list[Simple], folder: str) -> Iterator[Simple]:
    """The commands, each in the folder that the ones before it changed to."""
    for one in commands:
        yield replace(one, folder=folder)
        if one.program in ("cd", "pushd"):
            folder = entered((one.words[1:] or ["~"])[-1], folder)


def _worst(commands: list[Simple]) -> Graded:
    grades = [_simple(one, 0) for one in commands]
    worst = max(grades, key=lambda one: one.severity, default=Graded(severity=0, why="does nothing"))
    leaves = list(dict.fromkeys(leaf for one in grades for leaf in one.leaves))
    return Graded(
        severity=worst.severity,
        outside=any(one.outside for one in grades),
        sends=any(one.sends for one in grades),
        why=worst.why,
        problem=next((one.problem for one in grades if one.problem), ""),
        leaves=leaves,
        removes=list(dict.fromkeys(target for one in grades for target in one.removes)),
    )


def _simple(one: Simple, depth: int) -> Graded:
    if depth > 4:
        return Graded(severity=3, why="is nested too deep", problem="it is nested too deep")
    base = _program(one, depth)
    severity, why = base.severity, base.why
    if one.writes and severity < 1:
        severity, why = 1, "writes a file"
    far = next((target for target in one.writes if _far(led(target, one.folder))), "")
    if far and severity < 3:
        severity, why = 3, f"writes outside its workspace, {far}"
    secret = next((word for word in [*one.words[1:], *one.reads] if _SECRET.search(word)), "")
    if secret and severity < 3:
        severity, why = 3, f"touches what may be a secret, {secret}"
    return replace(base, severity=severity, why=why)


def _program(one: Simple, depth: int) -> Graded:  # noqa: C901, PLR0912  (one rule a line)
    name, args = one.program, one.words[1:]
    if not name:
        return Graded(severity=1 if one.writes else 0, why="sets a variable")
    if name in programs.GONE:
        return Graded(severity=4, why=f"{name} has no undo")
    if name in programs.ROOT:
        inner = _acting(one, depth)
        return replace(inner, severity=max(3, inner.severity), why=f"{name} acts for the whole machine")
    if name == "git":
        return git(args, _reached)
    if name in programs.INSTALLERS and programs.BRINGS & set(args[:2]):
        local = any(arg in (".", "-e", "-r") or arg.startswith(("./", ".[")) for arg in args)
        names = [
            arg for arg in args[1:] if not arg.startswith("-") and arg not in programs.BRINGS and arg != "."
        ]
        packages: list[tuple[str, str]] = [
            ("package", package) for package in names if not package.startswith(".")
        ]
        return Graded(
            severity=1 if local and not packages else 2,
            outside=not local,
            why=f"{name} brings code in",
            leaves=packages,
        )
    if name in programs.NETWORK:
        return _network(name, args)
    if name in programs.SHELLS and args[:1] == ["-c"] and len(args) > 1:
        return _inside(args[1], depth, one.folder)
    if name in programs.SHELLS and one.fed:
        return _inside(one.fed, depth, one.folder)
    if (
        name in programs.INTERPRETERS
        and one.piped
        and not one.fed
        and not [arg for arg in args if not arg.startswith("-")]
    ):
        return Graded(
            severity=3,
            why=f"{name} runs what a pipe brings",
            problem="what it runs is only known when it runs",
        )
    if name in ("eval", "source", ".") and any("$" in arg for arg in args):
        return Graded(
            severity=3,
            why=f"{name} runs what a variable holds",
            problem="what it runs is only known when it runs",
        )
    if name in programs.WRAPPERS:
        wrapped = behind(name, args, one.folder)
        if name == "env" and wrapped.text is not None:
            return Graded(
                severity=3,
                why="env takes apart what it runs",
                problem="what env -S runs is only known when it runs",
                leaves=_reached(wrapped.text),
            )
        if wrapped.text is not None:
            return _inside(wrapped.text, depth, wrapped.folder)
        if wrapped.words:
            piped = one.behind or name == "xargs"
            run = replace(one, words=wrapped.words, assigns=[], writes=[], reads=[], behind=piped)
            return _simple(replace(run, folder=wrapped.folder), depth + 1)
    if name in ("rm", "rmdir", "unlink"):
        return removal(args, piped=one.piped and one.behind, folder=one.folder)
    if name in ("kill", "pkill", "killall"):
        return Graded(severity=2, why=f"{name} ends processes")
    if name == "find" and {"-delete", "-exec", "-execdir", "-ok"} & set(args):
        return _find(args, depth, one.folder)
    if name in ("mv", "cp", "ln", "tee", "install", "chmod", "truncate") and any(
        _far(led(arg, one.folder)) for arg in args[-1:]
    ):
        return Graded(severity=3, why=f"{name} writes outside its workspace, {args[-1]}")
    if name in ("sed", "perl", "gawk") and any(
        re.match(r"-\w*i", arg) or arg.startswith("--in-place") for arg in args
    ):
        scripted = any(arg in ("-e", "-f", "--expression") for arg in args)
        files = [arg for arg in args if not arg.startswith("-")][0 if scripted else 1 :]
        far = next((arg for arg in files if _far(led(arg, one.folder)) and " " not in arg), "")
        return Graded(
            severity=3 if far else 1, why="changes a file" + (f" outside its workspace, {far}" if far else "")
        )
    if name in programs.INTERPRETERS | {"node", "deno"}:
        return _code(name, [*args, one.fed])
    if name in programs.LOOKS:
        return Graded(severity=0, why="looks")
    known = name in programs.LOCAL or "/" in one.words[0] or "." in name
    return Graded(
        severity=1 if known else 2, why=f"runs {name}" if known else f"runs {name}, which is not known here"
    )


def _acting(one: Simple, depth: int) -> Graded:
    """What a program that acts for the whole machine is told to run there, as far as that is known."""
    name, args = one.program, one.words[1:]
    if name == "su":
        told = next((args[at + 1] for at, arg in enumerate(args[:-1]) if arg in ("-c", "--command")), None)
        return Graded(severity=3) if told is None else _inside(told, depth, one.folder)
    if name not in ("sudo", "doas"):
        return Graded(severity=3)
    found = behind(name, args, one.folder)
    if found.text is not None:
        return _inside(found.text, depth, found.folder)
    return _simple(Simple(words=found.words, fed=one.fed, folder=found.folder), depth + 1)


def _network(name: str, args: list[str]) -> Graded:
    uploads = any(_UPLOADS.match(arg) for arg in args) or any(
        arg.upper() in ("POST", "PUT", "PATCH", "DELETE") for arg in args
    )
    sends = uploads or name in (
        "ssh",
        "scp",
        "sftp",
        "rsync",
        "nc",
        "ncat",
        "netcat",
        "ftp",
        "telnet",
        "mail",
        "sendmail",
    )
    remote = name in (
        "aws",
        "gcloud",
        "az",
        "gsutil",
        "kubectl",
        "docker",
        "gh",
        "psql",
        "mysql",
        "mongo",
        "redis-cli",
        "helm",
        "terraform",
        "ansible",
    )
    leaves = _reached(" ".join(args))
    if not leaves:
        leaves = [
            ("target", arg.rpartition("@")[2].partition(":")[0]) for arg in args if not arg.startswith("-")
        ][:4]
    severity = 3 if sends or remote else 2
    return Graded(severity=severity, outside=True, sends=sends, why=f"{name} reaches outside", leaves=leaves)


def _find(args: list[str], depth: int, folder: str) -> Graded:
    if "-delete" in args:
        return found(args, folder=folder)
    at = next(at for at, arg in enumerate(args) if arg in ("-exec", "-execdir", "-ok"))
    words = [arg for arg in args[at + 1 :] if arg not in (";", "\\;", "+")]
    if words and words[0].rpartition("/")[2] in ("rm", "unlink"):
        return found(args[:at], folder=folder)
    return (
        _simple(Simple(words=words, folder=folder), depth + 1)
        if words
        else Graded(severity=1, why="runs something")
    )


def _inside(command: str, depth: int, folder: str) -> Graded:
    inner = (
        grade(command, folder)
        if depth <= 4
        else Graded(severity=3, why="is nested too deep", problem="it is nested too deep")
    )
    return replace(inner, severity=max(1, inner.severity))


def _code(name: str, args: list[str]) -> Graded:
    code = "\n".join(args)
    module = args[1] if args[:1] == ["-m"] and len(args) > 1 else ""
    if module in ("pip", "ensurepip") and "install" in args:
        return _program(Simple(words=["pip", *args[2:]]), 0)
    leaves = [leaf for leaf in _reached(code) if leaf[0] != "host" or "://" in str(leaf[1])]
    if _SECRET.search(code):
        return Graded(severity=3, why=f"{name} touches what may be a secret", leaves=leaves)
    if _NET_CODE.search(code) and leaves:
        return Graded(severity=2, outside=True, why=f"{name} runs code that uses the network", leaves=leaves)
    return Graded(severity=1, why=f"{name} runs code of its workspace")


def _reached(text: str) -> list[tuple[str, str]]:
    """Links and mail addresses of a text; a bare host only where it cannot be a file's name."""
    found: list[tuple[str, str]] = []
    for address in addresses(text)[:16]:
        if "://" in address or address.startswith("www."):
            found.append(("host", address))
        elif "@" in address:
            found.append(("mail", address))
    return found

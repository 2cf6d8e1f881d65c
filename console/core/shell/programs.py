"""Programs by what they do at worst. What is in none of these is not known, and counts as shared."""

from __future__ import annotations

import re
from typing import Final

LOOKS: Final = frozenset(
    """
    : [ [[ ag alias awk basename break cat cd cmp column comm continue cut date df diff dirname du echo
    egrep exit export expr false fgrep file find fmt fold free gawk grep head help hexdump history
    hostname id jq less let local locale ls lscpu man md5sum more nl nproc od popd printf ps pushd pwd
    read readlink realpath return rev rg sed seq set sha1sum sha256sum shift shopt sleep sort stat
    strings tac tail test top tr tree true type uname uniq unset uptime wait wc whereis which whoami xxd
    yq
    """.split()
)
"""Only look, whatever they are given (with a few exceptions that the grading names)."""

LOCAL: Final = frozenset(
    """
    . bash black bzip2 cargo cc chmod clang cmake conda coverage cp csplit ctags cython dash deno
    dos2unix dotnet ed env eslint ex flake8 g++ gcc gdb go gradle gunzip gzip install isort java javac
    jest ln make mkdir mktemp mocha mv mvn mypy nano nice ninja node nohup nox npm npx patch perl php
    pip pip3 pnpm poetry pre-commit prettier py.test pylint pypy pytest python python2 python3 rmdir
    ruby ruff rustc sh source sphinx-apidoc sphinx-build sphinx-quickstart split strace tar tee time
    timeout touch tox trap truncate tsc unittest unzip uv vi vim xargs xz yarn zip zsh
    """.split()
)
"""Change files, or run code, of the workspace."""

NETWORK: Final = frozenset(
    """
    ansible aws az curl dig docker ftp gcloud gh gsutil helm http httpie kubectl mail mongo mysql nc
    ncat netcat nslookup ping psql redis-cli rsync scp sendmail sftp ssh telnet terraform traceroute
    wget
    """.split()
)
"""Reach outside."""

SENDS: Final = frozenset(
    """
    ftp mail nc ncat netcat rsync scp sendmail sftp ssh telnet
    """.split()
)
"""Carry something there, whatever they are given."""

REMOTE: Final = frozenset(
    """
    ansible aws az docker gcloud gh gsutil helm kubectl mongo mysql psql redis-cli terraform
    """.split()
)
"""Change what others use."""

ROOT: Final = frozenset(
    """
    at batch chown chroot crontab doas groupadd insmod iptables mount nsenter passwd pkexec runcon runuser service
    setcap su sudo sysctl systemctl systemd-run ufw umount unshare useradd userdel usermod visudo
    """.split()
)
"""Act for the whole machine."""

GONE: Final = frozenset(
    """
    blkdiscard dd fdisk halt mkfs mkswap parted poweroff reboot shred shutdown wipefs
    """.split()
)
"""Have no undo."""

SHELLS: Final = frozenset(
    """
    ash bash csh dash elvish fish ksh mksh pwsh rbash sh tcsh zsh
    """.split()
)
"""Run shell commands."""

INTERPRETERS: Final = SHELLS | frozenset(["node", "perl", "php", "python", "python2", "python3", "ruby"])
"""Run code."""

WRAPPERS: Final = frozenset(
    """
    builtin busybox chrt command env exec flock ionice nice nohup script setsid stdbuf strace taskset
    time timeout toybox unbuffer watch xargs
    """.split()
)
"""Run the command that stands behind them."""

GIT_LOOKS: Final = frozenset(
    """
    bisect blame branch cat-file config describe diff grep log ls-files ls-tree reflog remote rev-parse
    shortlog show status tag whatchanged
    """.split()
)
"""What git only looks at."""

GIT_OUT: Final = frozenset(
    """
    clone fetch ls-remote pull submodule
    """.split()
)
"""What makes git reach another repository."""

INSTALLERS: Final = frozenset(
    """
    apk apt apt-get brew cargo conda dnf gem go npm pip pip3 pnpm poetry snap uv yarn yum
    """.split()
)
"""Bring packages in."""

BRINGS: Final = frozenset(
    """
    add download get i install upgrade
    """.split()
)
"""The words with which they do."""

CODE: Final = INTERPRETERS - SHELLS | frozenset("bun deno ipython lua pypy Rscript tclsh osascript".split())
"""Run code that they are given, and are no shells."""

EDITORS: Final = frozenset("ed emacs ex gdb lldb nano nvim vi vim".split())
"""Edit, or look into a program, and run what they are told."""

RUNNERS: Final = NETWORK & frozenset(
    "ansible aws az docker gcloud helm kubectl mongo mysql psql redis-cli rsync scp sendmail sftp ssh terraform".split()
) | frozenset("cargo conda coverage go nox npm npx pnpm poetry pre-commit tox uv yarn".split())
"""Run what stands in their words, besides what is known of them."""

STDIN_SHELLS: Final = frozenset("at batch crontab docker kubectl podman ssh".split())
"""Run what they are fed."""

KNOWN: Final = (
    LOOKS
    | LOCAL
    | NETWORK
    | ROOT
    | GONE
    | SHELLS
    | INTERPRETERS
    | WRAPPERS
    | INSTALLERS
    | CODE
    | EDITORS
    | frozenset("git kill killall pkill rm rmdir unlink".split())
)
"""Programs of which something is known."""

SHELL_WORDS: Final = frozenset("builtin command coproc eval exec source trap".split())
"""Words of the shell that run others."""

BEGINS: Final = (
    ROOT
    | GONE
    | SHELLS
    | INTERPRETERS
    | WRAPPERS
    | NETWORK
    | INSTALLERS
    | SHELL_WORDS
    | frozenset("find git kill killall pkill rm rmdir sed unlink awk chmod mv cp tee ln truncate tar".split())
)
"""Programs by which more is done than looking: a command may begin with one anywhere."""

GRAVE: Final = (
    GONE
    | ROOT
    | SHELLS
    | NETWORK
    | frozenset("rm rmdir unlink eval git find pip pip3 apt apt-get npm".split())
) - frozenset("at batch go help host http httpie mail mount ping service wipe".split())
"""The same for a text of which nobody knows whether it is a command: without what is an ordinary word."""

_VERSION: Final = re.compile(r"(?:-?\d+(?:\.\d+)*)?(?:\.exe)?$")
_FAMILIES: Final = {
    "bsdtar": "tar",
    "gawk": "awk",
    "gfind": "find",
    "gsed": "sed",
    "gtar": "tar",
    "mawk": "awk",
    "nawk": "awk",
    "nerdctl": "docker",
    "nodejs": "node",
    "podman": "docker",
}


def family(name: str) -> str:
    """Return the name by which a program is known: `python3.11` is `python3`, `mkfs.ext4` is `mkfs`."""
    if name in KNOWN and name not in _FAMILIES:
        return name
    if name.startswith("mkfs."):
        return "mkfs"
    bare = _VERSION.sub("", name)
    bare = bare if bare in KNOWN or bare in _FAMILIES else name
    return _FAMILIES.get(bare, bare)

"""Programs by what they do at worst. What is in none of these is not known, and counts as shared."""

from __future__ import annotations

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
    at chown chroot crontab doas groupadd insmod iptables mount nsenter passwd pkexec runuser service
    setcap su sudo sysctl systemctl systemd-run ufw umount unshare useradd userdel usermod visudo
    """.split()
)
"""Act for the whole machine."""

GONE: Final = frozenset(
    """
    dd fdisk halt mkfs poweroff reboot shred shutdown wipefs
    """.split()
)
"""Have no undo."""

SHELLS: Final = frozenset(
    """
    ash bash dash ksh sh zsh
    """.split()
)
"""Run shell commands."""

INTERPRETERS: Final = SHELLS | frozenset(["node", "perl", "php", "python", "python2", "python3", "ruby"])
"""Run code."""

WRAPPERS: Final = frozenset(
    """
    busybox chrt command env exec flock ionice nice nohup setsid stdbuf taskset time timeout xargs
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

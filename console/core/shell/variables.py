"""Variables that make programs run something else, or other programs of the same name."""

from __future__ import annotations

import re
from typing import Final

from console.core.shell.graded import Graded, late

_COMMANDS: Final = re.compile(
    r"BROWSER|CVS_RSH|EDITOR|GIT_(?:ASKPASS|EDITOR|EXTERNAL_DIFF|PAGER|PROXY_COMMAND|SEQUENCE_EDITOR|SSH|SSH_COMMAND)|"
    r"LESSCLOSE|LESSOPEN|MANPAGER|PAGER|PROMPT_COMMAND|PSQL_PAGER|RSYNC_RSH|SSH_ASKPASS|SUDO_ASKPASS|SYSTEMD_PAGER|"
    r"TAR_OPTIONS|VISUAL"
)
"""Hold a command that other programs run."""

_LOADING: Final = re.compile(
    r"BASH_ENV|BASH_FUNC_.*|DYLD_\w+|ENV|GCONV_PATH|GIT_CONFIG\w*|GIT_EXEC_PATH|GIT_TEMPLATE_DIR|JAVA_TOOL_OPTIONS|LD_AUDIT|LD_PRELOAD|"
    r"LD_LIBRARY_PATH|MAKEFLAGS|NODE_OPTIONS|PERL5OPT|PERL5DB|PS4|PYTHONSTARTUP|PYTHONINSPECT|PYTHONBREAKPOINT|RUBYOPT|SHELL|"
    r"SHELLOPTS|ZDOTDIR"
)
"""Make programs load or run what they name."""

_USUAL: Final = re.compile(
    r"(?:\$PATH|\$\{PATH\}|(?:/usr(?:/local)?|/opt/[\w./-]+)?/s?bin|(?:~|\$HOME|\$\{HOME\})/[\w./-]*bin|/root/[\w./-]*bin|"
    r"/opt/[\w./-]+|/usr/(?:lib|local)/[\w./-]+|/(?:testbed|workspace)/[\w./-]*bin)/?"
)
_SUM: Final = re.compile(r"\w\[[^\]]*(?:\$\((?!…)|`)")
"""An index that runs a command where a sum is computed."""


def assigned(assigns: list[str]) -> tuple[list[str], list[Graded]]:
    """Return the commands that variables hold, and the grades of those that change what is run."""
    commands: list[str] = []
    grades: list[Graded] = []
    for assign in assigns:
        name, _is, value = assign.partition("=")
        name = name.rstrip("+")
        if _SUM.search(assign):
            grades.append(late("computes with what runs a command"))
        if _COMMANDS.fullmatch(name):
            commands.append(value.lstrip("|"))
        elif _LOADING.fullmatch(name):
            grades.append(late(f"sets {name}, by which programs load other code"))
        elif name == "PATH" and not all(_USUAL.fullmatch(folder) for folder in value.split(":")):
            grades.append(late("sets PATH, so that names mean other programs"))
    return commands, grades

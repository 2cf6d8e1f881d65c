"""Code that an interpreter or an editor is given on its command line: whether it runs or removes something else."""

from __future__ import annotations

import re
from typing import Final

_RUNS: Final = re.compile(
    r"\b(?:os\.(?:system|popen\w*|exec\w+|spawn\w*|posix_spawn\w*|remove\w*|unlink|rmdir|kill\w*|fork)|subprocess|getoutput|"
    r"pty|rmtree|unlink|eval|exec|__import__|import_module|runpy|ctypes|child_process|execSync|execFile\w*|spawn\w*|fork|"
    r"system|passthru|shell_exec|proc_open|popen\w*|qx|Open3|syscall|rm_rf|rm_r|rmSync|unlinkSync|rmdirSync|File\.delete|"
    r"b64decode|b32decode|fromhex|marshal|pickle\.loads|globals|vars|builtins|__builtins__)\b",
)
_TICKS: Final = re.compile(r"`[^`]+`|%x\W|\bopen\s*\(?[^;\n]*\|", re.DOTALL)
_FROM_OS: Final = re.compile(
    r"\bfrom\s+os\s+import\b[^\n;]*\b(?:system|popen|exec|spawn|remove|unlink|rmdir|kill)|\bimport\s+os\s+as\b"
)
_PRINTS: Final = re.compile(r"print[^;}\n]*(?<!\|)\|(?!\|)")
_WRITTEN: Final = re.compile(r"\"((?:/|~)[^\"]*)\"")
EDITOR_RUNS: Final = re.compile(
    r"(?:^|[\s|:+'\"])!|\bsystem\s*\(|\bterm(?:inal)?\b|\bpython3?x?\b|\bshell\b|\bpy3?\b|\blua\b|\bperl\b"
)
"""How an editor or a debugger is told to run something."""


def runs(name: str, code: str) -> bool:
    """Whether code runs commands or other code, or removes files, as far as its words tell."""
    ticks = name in ("perl", "ruby", "php") and _TICKS.search(code) is not None
    return ticks or _RUNS.search(code) is not None or _FROM_OS.search(code) is not None


def awk_runs(code: str) -> bool:
    """Whether a program of awk runs a command. A string in it may hold a bar; where a division or a pattern may hide the
    quotes of one, it counts as a pipe.
    """
    if re.search(r"\bsystem\b|\bgetline\b|\|&|@\s*(?:load|include|\w+\s*\()", code):
        return True
    bare = code if "/" in code else re.sub(r'"(?:\\.|[^"\\])*"', '""', code)
    return _PRINTS.search(bare) is not None


def awk_writes(code: str) -> list[str]:
    """The files that a program of awk may write to: any path that is written in it, if it writes at all."""
    return [*_WRITTEN.findall(code), ""] if re.search(r"print[^;}\n]*>", code) else []

r"""The one sanitiser: whatever text an agent sends, only printable characters of one line reach a screen or a file.

Works character by character; matching escape sequences by pattern keeps missing some. What is not printable is shown as
its escape (`\x1b`, `\u202e`), so that nothing vanishes silently: control characters, C1, bidirectional overrides, zero
width, lone surrogates, line and paragraph separators.
"""

from __future__ import annotations

from typing import Final

ELLIPSIS: Final = "…"


def plain(text: str, limit: int = 200) -> str:
    """Return `text` as one printable line of at most `limit` characters; a cut is marked by an ellipsis."""
    cut = text[: limit + 1]
    if not cut.isprintable():
        cut = "".join(char if char.isprintable() else _escape(char) for char in cut)
    if len(cut) > limit:
        return cut[: limit - 1] + ELLIPSIS
    return cut


def lines(text: str, limit: int = 4_000) -> list[str]:
    """Return `text` as printable lines, split at newlines only, of at most `limit` characters together."""
    whole = len(text) <= limit
    kept = [plain(line.expandtabs(4), limit) for line in text[:limit].split("\n")]
    return kept if whole else [*kept, ELLIPSIS]


def _escape(char: str) -> str:
    number = ord(char)
    if char == "\n":
        return "\\n"
    if char == "\t":
        return " "
    if number < 0x100:
        return f"\\x{number:02x}"
    if number < 0x1_0000:
        return f"\\u{number:04x}"
    return f"\\U{number:08x}"

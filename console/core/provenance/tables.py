"""Results that are wholly a table or XML: what a program put into each place, in order.

Only a whole result counts. A table inside running text was written by whoever wrote the text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Final

LINES: Final = 2
"""Lines of the shortest table, the heading among them."""

_HEADING: Final = re.compile(r"[^\W\d][\w .#%()/-]{0,40}")
_RULE: Final = re.compile(r"[\s|:+=-]+")
_GAP: Final = re.compile(r"\s{2,}")
_CSV: Final = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^",;]*))\s*(?:[,;]|$)')
_TAG: Final = re.compile(r"<(/?[A-Za-z_?!][^<>]{0,2000})>")
_ATTRIBUTE: Final = re.compile(r"""[\w:.-]{1,80}\s*=\s*(?:"([^"]{0,1000})"|'([^']{0,1000})')""")
_PAGE: Final = re.compile(
    r"<(?:!doctype html|html|body|head|p|div|span|a|br|ul|ol|li|h[1-6]|table|script|b|i)\b", re.IGNORECASE
)


def cells(text: str) -> list[str] | None:
    """Return the cells of a table: of Markdown, separated by commas or tabs, or in columns; None if it is none."""
    first = text.strip().partition("\n")[0]
    if not any(sign(first) for sign, _cut in _CUTS) and first[:1] != "|":
        return None
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines and lines[0].startswith("|"):
        lines = [line.strip("|") for line in lines if line.startswith("|") or not lines]
        if len(lines) != sum(bool(line.strip()) for line in text.splitlines()):
            return None
        return _rows([line for line in lines if not _RULE.fullmatch(line)], lambda line: line.split("|"))
    lines = [line for line in lines if not _RULE.fullmatch(line)]
    for sign, cut in _CUTS:
        if lines and sign(lines[0]):
            return _rows(lines, cut)
    return None


def elements(text: str) -> list[str] | None:
    """Return what stands in the elements and attributes of XML; None if it is none, or a page for people."""
    stripped = text.strip()
    if stripped[:1] != "<" or stripped[-1:] != ">" or _PAGE.search(stripped):
        return None
    found: list[str] = []
    end = 0
    for match in _TAG.finditer(stripped):
        found.append(stripped[end : match.start()])
        found += [one or other for one, other in _ATTRIBUTE.findall(match[1])]
        end = match.end()
    found.append(stripped[end:])
    return [html.unescape(one) for one in found if one.strip()] if end else None


def _rows(lines: list[str], cut: Callable[[str], list[str]]) -> list[str] | None:
    rows = [[cell.strip() for cell in cut(line)] for line in lines]
    width = len(rows[0]) if rows else 0
    if len(rows) < LINES or width < 2 or any(len(row) != width for row in rows):
        return None
    if not all(_HEADING.fullmatch(cell) and len(cell.split()) <= 3 for cell in rows[0]):
        return None
    return [cell for row in rows for cell in row if cell]


def _by_commas(line: str) -> list[str]:
    found, at = [], 0
    while at < len(line):
        match = _CSV.match(line, at)
        if match is None or match.end() == at:
            return []
        found.append(match[2] if match[1] is None else match[1].replace('""', '"'))
        at = match.end()
    return [*found, ""] if line.endswith((",", ";")) else found


_CUTS: Final[tuple[tuple[Callable[[str], bool], Callable[[str], list[str]]], ...]] = (
    (lambda line: "\t" in line, lambda line: line.split("\t")),
    (lambda line: "," in line or ";" in line, _by_commas),
    (lambda line: _GAP.search(line) is not None, _GAP.split),
)
"""Ways of writing a table, each with how its heading tells it."""

"""What statements of SQL in a text do at worst. A text counts as SQL where a statement that changes something may begin."""

from __future__ import annotations

import re
from typing import Final, Literal

Kind = Literal["", "write", "identity", "destroy", "execute"]

_GAP: Final = r"(?:\s|/\*(?:[^*]|\*(?!/)){0,200}\*/|--[^\n]{0,200}\n)+"
_START: Final = r"(?:^|[;()\n]|\*/|/\*!\d*|\b(?:explain|analyze|verbose|begin|then|else|loop|as)\b)\s*"
_WHAT: Final = (
    "table|database|schema|view|index|user|role|function|procedure|trigger|sequence|type|column|extension|policy|"
    "materialized|temp|temporary|unique|or|tablespace|server|login|event|collection|keyspace|if"
)


def _begun(words: str) -> re.Pattern[str]:
    return re.compile(_START + f"(?:{words})".replace(" ", _GAP), re.IGNORECASE)


_KINDS: Final[tuple[tuple[Kind, re.Pattern[str]], ...]] = (
    (
        "destroy",
        _begun(rf"drop (?:{_WHAT})\b|truncate (?:table )?[\w\"`.\[]|delete from\b|delete [\w.,]+ from\b"),
    ),
    (
        "identity",
        _begun(
            r"grant [^;]{1,200}\b(?:to|on)\b|revoke [^;]{1,200}\b(?:from|on)\b|set password\b|alter (?:user|role)\b"
        ),
    ),
    (
        "execute",
        _begun(
            r"exec(?:ute)?(?: [\w.\[\"]|\s*\()|call [\w.]+\s*\(|do \$|do '|load (?:data|extension)\b|"
            r"copy [^;]{1,400}\b(?:program|from|to)\b"
        ),
    ),
    (
        "write",
        _begun(
            rf"insert (?:into|or|ignore|overwrite)\b|replace into\b|update [^;]{{1,200}}\bset\b|"
            r"merge into\b|upsert into\b|"
            rf"alter (?:{_WHAT})\b|create (?:{_WHAT})\b|rename table\b|attach (?:database )?['\"\w]|vacuum\b|"
            r"reindex\b|comment on\b|"
            r"select [^;]{1,400}\binto (?:outfile|dumpfile|table|temp|[\w\"`#.]+ from)\b"
        ),
    ),
)
_CALLS: Final = re.compile(
    r"\b(?:pg_terminate_backend|pg_cancel_backend|pg_read_file|pg_write_file|lo_import|lo_export|dblink\w*|set_config|setval|nextval|"
    r"xp_cmdshell|sys_exec|sys_eval|load_file|load_extension|writefile)\s*\(",
    re.IGNORECASE,
)
_SELECTS: Final = re.compile(_START + r"(?:select|with)\b", re.IGNORECASE)
_LITTLE: Final = re.compile(
    r"drop|truncate|delete|grant|revoke|set|alter|exec|call|do|load|copy|insert|replace|update|merge|upsert|create|rename|"
    r"attach|vacuum|reindex|comment|into|_\w+\s*\(|nextval|setval|writefile|dblink",
    re.IGNORECASE,
)


def does(text: str) -> Kind:
    """Return the gravest thing that the statements in a text do; the empty string where none changes anything."""
    if not _LITTLE.search(text):
        return ""
    found = {kind for kind, begun in _KINDS if begun.search(text)}
    if _SELECTS.search(text) and _CALLS.search(text):
        found.add("execute")
    order: tuple[Kind, ...] = ("destroy", "execute", "identity", "write")
    return next((kind for kind in order if kind in found), "")

"""How deep a text of JSON is nested, seen before anything walks through it: what reads deep must also be written again."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Final

DEPTH: Final = 200
"""Levels of a message. Python's own limit, which the frames of a call share, lies at 1,000."""

_TEXTS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_OTHERS: Final = bytes(set(range(256)) - set(b"[]{}"))
_STEPS: Final = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


def too_deep(text: bytes) -> bool:
    """Whether a valid text of JSON has more levels than `DEPTH`."""
    if text.count(b"[") + text.count(b"{") <= DEPTH:
        return False
    brackets = _TEXTS.sub(b"", text).translate(None, _OTHERS)
    return max(accumulate(_STEPS[one] for one in brackets), default=0) > DEPTH

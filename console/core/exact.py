"""JSON as an operator must see it before a decision: no two different values look the same. Pure.

In a string every sign that cannot be seen is an escape. So is every sign that is not ASCII in a string that has another
spelling under the same look (it is not NFC), or a word that mixes alphabets, which is how look-alike names are made.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final
from unicodedata import category, is_normalized, normalize

from console.core.text import legible, visible_json

_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_OWN_LATIN: Final = "\u0180"
"""Before this stand the Latin letters of living alphabets that are no ASCII letter with an accent, like ß and ł."""


def mixed(text: str) -> bool:
    """Whether one word of `text` has Latin letters and others. ü, ş and ß are Latin; what IPA made of a and g is not.

    Whatever is neither letter, digit nor combining mark ends a word.
    """
    if text.isascii():
        return False
    latin = other = False
    for char in text:
        if char.isalpha():
            if _latin(char):
                latin = True
            else:
                other = True
            if latin and other:
                return True
        elif not char.isalnum() and category(char)[0] != "M":
            latin = other = False
    return False


def unambiguous(text: str) -> bool:
    """Whether `text` can be shown as it is: all of it is seen, and nothing else looks the same."""
    return legible(text) and (text.isascii() or (is_normalized("NFC", text) and not mixed(text)))


def quoted(text: str) -> str:
    """`text` as a JSON string, its doubtful signs escaped."""
    token = json.dumps(text, ensure_ascii=False)
    if not is_normalized("NFC", token) or mixed(text):
        return json.dumps(text)
    return visible_json(token)


def document(value: Any, indent: int | None = 2) -> str:
    """A JSON value as indented lines, or as one without `indent`, the doubtful signs of its names and strings escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _STRING.sub(lambda found: quoted(json.loads(found[0])), text)


def _latin(char: str) -> bool:
    return char < _OWN_LATIN or normalize("NFD", char)[0].isascii()

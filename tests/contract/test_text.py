"""The sanitiser: nothing but visible characters of one line comes out, and nothing vanishes silently."""

from __future__ import annotations

import json
from unicodedata import category, normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.exact import document, mixed, quoted, unambiguous
from console.core.text import ELLIPSIS, legible, lines, plain, visible
from tests.fixtures.strategies import hostile


@given(st.one_of(hostile, st.text()), st.integers(1, 50))
def test_only_printable_characters_come_out(text: str, limit: int) -> None:
    """Of at most the length asked for; a cut is marked."""
    shown = plain(text, limit)
    assert shown.isprintable()
    assert len(shown) <= limit
    if len(text) > limit:
        assert shown.endswith(ELLIPSIS)
    for line in lines(text, limit):
        assert line.isprintable()


UNSEEN = (
    "\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2000\u2003\u200b\u200c"
    "\u200d\u200e\u2028\u202f\u205f\u2060\u2065\u206a\u2800\u3000\u3164\ufe00\ufe0e\ufe0f\ufeff\uffa0\ufff0\ufffc"
    "\U00013441\U0001bca0\U0001d159\U0001d173\U000e0001\U000e0020\U000e0100\U000e01ef"
)
MARKS = "\u0300\u0301\u0323\u0488\u20dd\u20e3\u0336\u093c\u094d\u0e34\u0e48\u064e\u0651\u05b0\u05bc\u3099"
tricky = st.text(
    alphabet=st.sampled_from('aeqApаеɡ \\u"n01éßक्षहใกמشがか' + UNSEEN + MARKS)
    | st.characters(categories=["Mn", "Me", "Zs", "Cf", "So", "Lo"])
    | st.characters()
)


@given(tricky, st.integers(1, 300))
def test_every_character_that_comes_out_can_be_seen(text: str, limit: int) -> None:
    """It is ASCII, or neither blank nor a mark that stands alone; what came out once stays as it is."""
    shown = plain(text, limit)
    assert legible(shown)
    assert plain(shown, len(shown)) == shown
    for at, char in enumerate(shown):
        assert char.isprintable()
        assert char not in UNSEEN
        assert char == " " or category(char) not in ("Zs", "Zl", "Zp", "Cc", "Cf", "Cn", "Cs")
        if category(char) in ("Mn", "Me"):
            assert at > 0
            assert not shown[at - 1].isspace()


@given(tricky, tricky)
def test_two_strings_that_differ_never_look_the_same(first: str, second: str) -> None:
    """Not even under another normal form of the same characters."""
    if first != second:
        assert normalize("NFC", quoted(first)) != normalize("NFC", quoted(second))
    assert json.loads(quoted(first)) == first
    assert legible(quoted(first))
    assert json.loads(document({first: [second]})) == {first: [second]}


@pytest.mark.parametrize("char", UNSEEN)
def test_what_nobody_sees_is_an_escape(char: str) -> None:
    """In all that is shown, and never bare where a value must be exact."""
    for text in (char, f"a{char}b", f"日{char}", f"❤{char}"):
        assert char not in plain(text)
        assert "\\" in plain(text)
        assert char not in quoted(text)
        assert not unambiguous(text)


@pytest.mark.parametrize(
    "text",
    ["Müller straße", "Việt", "日本語", "がぎ", "한국어", "हिन्दी में", "ที่นี่", "مَرْحَبًا", "שָׁלוֹם", "தமிழ்", "ខ្មែរ", "မြန်မာ", "བོད་ཡིག",
     "Привет", "❤👍🏽🇩🇪", "“…” – ×"],
)  # fmt: skip
def test_scripts_stay_readable(text: str) -> None:
    """With the marks that are theirs, and bare where a value must be exact."""
    assert plain(text) == text
    assert quoted(text) == f'"{text}"'
    assert unambiguous(text)


@pytest.mark.parametrize(
    "text, shown",
    [
        ("\u0301", "\\u0301"),
        ("x\u0301", "x\\u0301"),  # there is no such letter
        ("क\u0301", "क\\u0301"),
        ("a\u064e", "a\\u064e"),  # of another script
        ("م\u064e\u064e", "م\u064e\\u064e"),  # the second lies upon the first
        (" \u0301", " \\u0301"),
        ("e\u034f\u0301", "e\\u034f\\u0301"),
        ("1\ufe0f\u20e3", "1\\ufe0f\\u20e3"),
    ],
)
def test_a_mark_that_belongs_to_no_letter_is_an_escape(text: str, shown: str) -> None:
    """So is a second one at the same place."""
    assert plain(text) == shown
    assert visible(shown) == shown


def test_one_look_has_one_exact_form() -> None:
    """Where a text has another spelling under the same look, the one that is not NFC is escaped."""
    assert (quoted("é"), quoted("e\u0301")) == ('"é"', '"e\\u0301"')
    assert quoted("\u212b") == '"\\u212b"'
    assert quoted("\x7f") == '"\\u007f"'


@pytest.mark.parametrize(
    "text, odd",
    [
        ("paypal.com", False),
        ("p\u0430ypal.com", True),
        ("p\u0430y@bank.example", True),
        ("\u0261oogle", True),
        ("Müller", False),
        ("Jörg_Привет", False),
        ("Straße-東京", False),
        ("привет world", False),
        ("\u0430\u0301b", True),
        ("日本語", False),
        ("é\u0430", True),
    ],
)
def test_a_word_of_two_alphabets_is_told(text: str, odd: bool) -> None:
    """The one rule for console and command line."""
    assert mixed(text) is odd


letters = st.text(alphabet=st.characters(categories=["L", "N", "P"], exclude_characters=UNSEEN))


@given(letters)
def test_harmless_text_is_untouched(text: str) -> None:
    """What can be seen stays as it is."""
    assert plain(text, 1_000) == text


def test_what_is_not_printable_is_shown_as_its_escape() -> None:
    """Escape, C1, bidirectional override, zero width, tag characters, lone surrogates."""
    assert (
        plain("\x1b[31m\x9b\u202e\u200b\U000e0041\ud800") == "\\x1b[31m\\x9b\\u202e\\u200b\\U000e0041\\ud800"
    )
    assert plain("a\nb\tc") == "a\\nb c"
    assert lines("a\nb\x1b") == ["a", "b\\x1b"]

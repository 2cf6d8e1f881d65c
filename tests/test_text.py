"""The sanitiser: nothing but printable characters of one line comes out, and nothing vanishes silently."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from console.core.text import ELLIPSIS, lines, plain
from tests.strategies import hostile


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


@given(st.text(alphabet=st.characters(categories=["L", "N", "P"])))
def test_harmless_text_is_untouched(text: str) -> None:
    """What is printable stays as it is."""
    assert plain(text, 1_000) == text


def test_what_is_not_printable_is_shown_as_its_escape() -> None:
    """Escape, C1, bidirectional override, zero width, tag characters, lone surrogates."""
    assert (
        plain("\x1b[31m\x9b\u202e\u200b\U000e0041\ud800") == "\\x1b[31m\\x9b\\u202e\\u200b\\U000e0041\\ud800"
    )
    assert plain("a\nb\tc") == "a\\nb c"
    assert lines("a\nb\x1b") == ["a", "b\\x1b"]

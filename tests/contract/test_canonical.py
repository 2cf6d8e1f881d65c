"""The quick way to the canonical form against the general one."""

from __future__ import annotations

from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from bus.canonical import NotCanonicalError, canonical

TEXT = st.one_of(
    st.text(max_size=8), st.text(st.sampled_from('\x00\x08\x1f\n"\\/\x7f\u00e9\u2028\ufb33\U0001f600\ud800a'))
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.integers(-3, 3), st.floats(), TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=12,
)


@given(VALUES)
def test_the_form_is_that_of_rfc_8785_or_there_is_none(value: Any) -> None:
    try:
        form = rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeError):
        with pytest.raises(NotCanonicalError):
            canonical(value)
    else:
        assert canonical(value) == form


@pytest.mark.parametrize("value", [2**53, -(2**53), [2**53], {"a": {"b": 2**60}}, "\ud800", {"a": b"bytes"}])
def test_what_has_no_form_has_none_however_it_is_reached(value: Any) -> None:
    with pytest.raises(NotCanonicalError):
        canonical(value)


def test_keys_stand_in_the_order_of_utf_16() -> None:
    assert canonical({"\ufb33": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\ufb33":1}'.encode()
    assert canonical({"b": 1, "a": [True, None, -1], "B": "x"}) == b'{"B":"x","a":[true,null,-1],"b":1}'


def test_what_is_nested_too_deeply_has_no_form() -> None:
    value: Any = []
    for _ in range(10_000):
        value = [value]
    with pytest.raises(NotCanonicalError):
        canonical(value)

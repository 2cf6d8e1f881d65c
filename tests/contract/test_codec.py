"""Invariant: any bytes decode to a message or raise DecodeError; no other exception, no endless work."""

from __future__ import annotations

import json
from contextlib import suppress
from time import process_time_ns

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bus import codec
from bus.codec import DecodeError, Invalid, Unknown
from bus.events import Data
from bus.limits import DEPTH, EVENT_BYTES, PAYLOAD_BYTES
from bus.messages import AgentStatus, Intent, Journal, SupervisorState
from tests.fixtures.strategies import agent_data, envelope, json_values

NOISE = bytes(b'[]{}"\\, 1'[at % 9] for at in range(256))
UNENDING = b"[" * 70 + b'"' + b'\\"' * 30_000
"""A text that never ends, after enough brackets to be looked at closely, of nearly the size of a payload."""

KINDS = (AgentStatus, Intent, Journal, SupervisorState)


@given(
    st.one_of(
        st.binary(max_size=300), json_values.map(lambda value: json.dumps(value).encode("utf-8", "replace"))
    )
)
@example(b"[" * 2_000)
@example(b'{"a":' * 2_000)
@example(b'{"specversion":"1.0","data":' + b"[" * 2_000)
@example(b'"\\ud800"')
@example(b"\xff\xfe")
@example(UNENDING)
@example(b"[" * 70 + b'"a' * 30_000)
def test_any_bytes_decode_or_raise_one_error(payload: bytes) -> None:
    """Hypothesis' bytes and JSON, and the traps that are known."""
    for decode in (codec.decode_envelope, codec.decode_command, codec.decode_reply):
        with suppress(DecodeError):
            decode(payload)
    for kind in KINDS:
        with suppress(DecodeError):
            codec.decode(payload, kind)


@given(agent_data, st.integers(1, 2**53))
def test_a_record_comes_back_as_it_went(data: Data, seq: int) -> None:
    """Envelope and data survive the wire."""
    sent = envelope(data, seq, "agent", "run")
    payload = codec.encode(sent)
    assert json.loads(payload)["specversion"] == "1.0"
    record = codec.record(1, 2, codec.decode_envelope(payload))
    assert (record.agent, record.run, record.seq, record.from_agent) == ("agent", "run", seq, True)
    assert record.data == data


def test_depth_is_counted_outside_strings() -> None:
    """Brackets in a text are text."""
    codec.check(json.dumps({"text": "[{" * 5_000 + '\\"['}).encode())
    codec.check(b"[" * DEPTH + b"]" * DEPTH)
    with pytest.raises(DecodeError, match=f"nested deeper than {DEPTH}"):
        codec.check(b"[" * (DEPTH + 1) + b"]" * (DEPTH + 1))


def nesting(value: object) -> int:
    """How deep a JSON value is nested."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(nesting, inner), default=0)


bracketed = st.text(alphabet='[]{}"\\,:ä', max_size=6)
nested = st.recursive(
    bracketed | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(bracketed, inner, max_size=3),
    max_leaves=12,
)


@given(nested, st.booleans())
def test_depth_is_that_of_the_value(value: object, spaced: bool) -> None:
    """Whatever stands in its texts, as many levels as it has are enough and one less is not."""
    payload = json.dumps(value, ensure_ascii=not spaced, indent=1 if spaced else None).encode()
    depth = nesting(value)
    codec.check(payload, deepest=depth)
    if depth:
        with pytest.raises(DecodeError, match=f"nested deeper than {depth - 1}$"):
            codec.check(payload, deepest=depth - 1)


@given(st.binary(max_size=30).map(lambda noise: noise.translate(NOISE)), st.integers(0, 4))
def test_what_is_no_json_is_not_let_through_deeper_than_a_parser_may_go(noise: bytes, deepest: int) -> None:
    """Up to the first byte at which no parser goes on, brackets are counted as they stand."""
    payload = b"[" * (deepest + 1) + noise
    with pytest.raises(DecodeError):
        codec.check(payload, deepest=deepest)


def test_a_text_that_never_ends_is_looked_at_once() -> None:
    """What is in it is text to its last byte, and four times as many bytes take about four times as long."""
    codec.check(b"[" * DEPTH + b'"' + b"[" * DEPTH)
    codec.check(b"[" * DEPTH + b'"' + b'\\"[' * 20_000)
    with pytest.raises(DecodeError, match="nested deeper"):
        codec.check(UNENDING)

    def took(size: int) -> float:
        payload, times = UNENDING[:size], []
        for _ in range(5):
            start = process_time_ns()
            with suppress(DecodeError):
                codec.check(payload)
            times.append(process_time_ns() - start)
        return max(1, min(times))

    assert (
        took(60_000) / took(7_500) < 32
    )  # eight times the bytes; sixty-four times the work, if it were quadratic


@pytest.mark.parametrize(
    "limit, check", [(PAYLOAD_BYTES, codec.decode_reply), (EVENT_BYTES, codec.decode_envelope)]
)
def test_size_is_bounded(limit: int, check: object) -> None:
    """The error names the size and the limit."""
    assert callable(check)
    with pytest.raises(DecodeError, match=f"{limit + 1} bytes, at most {limit} are allowed"):
        check(b" " * (limit + 1))


def test_an_unknown_type_is_kept() -> None:
    """A newer agent's record is not an error."""
    payload = (
        b'{"specversion":"1.0","id":"i.1","source":"/agents/a/runs/r","type":"later","incarnation":"i","seq":1,'
        b'"data":{"x":1}}'
    )
    record = codec.record(1, 0, codec.decode_envelope(payload))
    assert isinstance(record.data, Unknown)
    assert msgspec.json.decode(record.data.raw) == {"x": 1}


def test_data_that_does_not_fit_its_type_is_kept_and_named() -> None:
    """The problem says which field is wrong."""
    payload = (
        b'{"specversion":"1.0","id":"i.1","source":"/agents/a/runs/r","type":"step.started","incarnation":"i","seq":1,'
        b'"data":{"step":"one"}}'
    )
    record = codec.record(1, 0, codec.decode_envelope(payload))
    assert isinstance(record.data, Invalid)
    assert record.data.problem == "the field step must be a whole number, not a text"


@pytest.mark.parametrize("confidence", ["NaN", "1.5", "-0.1", "1e999", '"high"'])
def test_a_confidence_that_is_no_probability_is_no_confidence(confidence: str) -> None:
    """It makes the record invalid; it is never rounded to something plausible."""
    payload = (
        '{"specversion":"1.0","id":"i.1","source":"/agents/a/runs/r","type":"step.started","incarnation":"i","seq":1,'
        f'"data":{{"step":1,"confidence":{{"value":{confidence}}}}}}}'
    ).encode()
    try:
        record = codec.record(1, 0, codec.decode_envelope(payload))
    except DecodeError:
        return
    assert isinstance(record.data, Invalid)

"""What the protocol sends: submissions and outcomes, read strictly. Bad input is one `BadRequest` with the field's name."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from bus.breach import breach
from bus.canonical import NotCanonicalError, canonical
from bus.codec import DecodeError, check
from bus.limits import DECIDE_WITHIN_MAX, DEPTH

T = TypeVar("T")

BODY_BYTES: Final = 1_048_576
"""Largest body of a request."""

KEY_CHARS: Final = 200
"""Longest idempotency key."""

WAIT_MAX: Final = 30.0
"""Longest that a poll is held open, in seconds; who asks for more is answered then."""

UNNAMED: Final = "-"
"""The conversation of callers that have no name for theirs."""

_PART: Final = re.compile(r"(\d{1,6})(h|m|s)")
_SECONDS: Final = {"h": 3600, "m": 60, "s": 1}

Name = Annotated[str, Meta(min_length=1, max_length=128)]
Text = Annotated[str, Meta(min_length=1, max_length=100_000)]


class BadRequest(Exception):
    """An answer that is an error: HTTP status, the protocol's code, and one sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Submission(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A call that somebody wants approved. `arguments` and `context` are kept byte for byte: they are sent back."""

    tool: Name
    arguments: Raw
    timeout: Annotated[str, Meta(min_length=2, max_length=32)]
    server: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    agent_reasoning: Text | None = None
    context: Raw = Raw()


class Report(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a call went."""

    status: Literal["succeeded", "failed"]
    note: Text | None = None


_SUBMISSION: Final = msgspec.json.Decoder(Submission)
_REPORT: Final = msgspec.json.Decoder(Report)


class Wanted(Struct, frozen=True, kw_only=True):
    """A submission with its values. `canonical` is its RFC 8785 form: `true` is not 1 there, and 1.0 is."""

    submission: Submission
    arguments: dict[str, Any]
    context: dict[str, Any]
    seconds: float
    canonical: bytes

    @property
    def tool(self) -> str:
        """The tool's name as policy knows it, with its MCP server before it if there is one."""
        server = self.submission.server
        return f"mcp__{server}__{self.submission.tool}"[:128] if server else self.submission.tool

    @property
    def call_id(self) -> str:
        """The caller's own id of the call, empty if it gave none."""
        found = self.context.get("call_id", "")
        return found if isinstance(found, str) else ""

    @property
    def framework(self) -> str:
        """What the caller is written with, as it says."""
        found = self.context.get("framework", "")
        return found[:100] if isinstance(found, str) else ""

    @property
    def conversation(self) -> str:
        """Whose call it is: what the caller could resume, else what its call id begins with, else `UNNAMED`."""
        resume = self.context.get("resume")
        if isinstance(resume, dict):
            for word in ("conversation_id", "thread_id", "session_id", "run_id"):
                found = resume.get(word)
                if isinstance(found, str) and found:
                    return found
        name, colon, _ = self.call_id.partition(":")
        return name if colon and name else UNNAMED


def submission(body: bytes) -> Wanted:
    """Read a submission.

    Raises:
        BadRequest: it is none; the text names the field.
    """
    whole = _strict(body)
    found = _decoded(_SUBMISSION, body)
    for name in whole:
        if whole[name] is None:
            raise BadRequest(400, "invalid_request", f"{name}: leave it out instead of null")
    arguments, context = whole["arguments"], whole.get("context", {})
    if not isinstance(arguments, dict):
        raise BadRequest(400, "invalid_request", "arguments: must be an object")
    if not isinstance(context, dict):
        raise BadRequest(400, "invalid_request", "context: must be an object")
    if found.server and len(found.server) + len(found.tool) > 128 - len("mcp____"):
        raise BadRequest(400, "invalid_request", "server and tool: together too long")
    return Wanted(
        submission=found,
        arguments=arguments,
        context=context,
        seconds=duration(found.timeout, "timeout"),
        canonical=b"".join(_canonical(name, whole[name]) for name in sorted(whole)),
    )


def _canonical(name: str, value: Any) -> bytes:
    try:
        return canonical({name: value})
    except NotCanonicalError as error:
        raise BadRequest(400, "invalid_request", f"{name}: {error}") from None


def report(body: bytes) -> Report:
    """Read the report of an outcome.

    Raises:
        BadRequest: it is none.
    """
    _strict(body)
    return _decoded(_REPORT, body)


def duration(text: str, field: str) -> float:
    """Seconds of a duration such as `25s`, `10m` or `1h30m`.

    Raises:
        BadRequest: it is none, or not between a second and a day.
    """
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise BadRequest(400, "invalid_request", f"{field}: must be a duration such as 25s, 10m or 1h30m")
    seconds = float(sum(int(number) * _SECONDS[unit] for number, unit in parts))
    if not 1.0 <= seconds <= DECIDE_WITHIN_MAX:
        raise BadRequest(400, "invalid_request", f"{field}: must be from 1s to {DECIDE_WITHIN_MAX / 3600:g}h")
    return seconds


def stamp(at: float) -> str:
    """Seconds since 1970 as the protocol writes times."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def _strict(body: bytes) -> dict[str, Any]:
    """The body as values. A name that stands twice in an object is refused: two readers would see two calls."""
    try:
        check(body, BODY_BYTES, DEPTH)
        found = json.loads(body, object_pairs_hook=_once, parse_constant=_no_number)
    except (DecodeError, ValueError, RecursionError) as error:
        raise BadRequest(400, "invalid_request", f"the body is no acceptable JSON: {error}") from None
    if not isinstance(found, dict):
        raise BadRequest(400, "invalid_request", "the body must be an object")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no JSON number")


def _decoded(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadRequest(400, "invalid_request", breach(str(error)) or str(error)) from None

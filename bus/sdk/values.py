"""What agent code hands over, made fit to travel: texts cut, arguments copied into plain JSON, large values set apart.

The copy matters as much as the form: a decision is bound to the arguments as they were when they were proposed, whatever
the caller does to its objects while it waits.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

import msgspec

from bus.canonical import NotCanonicalError, canonical
from bus.events import BlobPart, Confidence, Preview
from bus.limits import BLOB_BYTES, BLOB_PART_BYTES, DEPTH, LABEL_CHARS, PREVIEW_BYTES, TEXT_CHARS

LEAF_BYTES: Final = 16_384
"""Longest string (UTF-8 bytes) that stays inside the arguments."""

ARGS_BYTES: Final = 32_768
"""Largest arguments (JSON bytes) inside one event, so that its other fields fit, too."""

INTERRUPTED: Final = "interrupted by Ctrl-C"
"""What a run says of its end when Ctrl-C ended it."""

CANCELED: Final = "its task was cancelled, by Ctrl-C or by the code around it"
"""The same when nobody knows more than that: asyncio does not say why it cancels."""

BLOB: Final = "$blob"
PREVIEW_AROUND: Final = 3
"""Lines that stay, before and after those that differ, that are sent of a long side."""

_ARGS_DEPTH: Final = DEPTH - 8  # the envelope and the journal around it nest as well


@dataclass(frozen=True, slots=True)
class Arguments:
    """Arguments of a call. `full` as the tool gets them, `wire` with references to `blobs` (by SHA-256) instead."""

    full: dict[str, Any]
    wire: dict[str, Any]
    blobs: dict[str, bytes] = field(default_factory=dict)

    def restore(self, edited: dict[str, Any]) -> dict[str, Any]:
        """Return an operator's version of `wire` with the references to our blobs resolved.

        Raises:
            NotCanonicalError: it refers to a blob that was not part of the proposal.
        """
        restored: dict[str, Any] = self._restore(edited)
        return restored

    def parts(self) -> Iterator[BlobPart]:
        """Return the events that carry the blobs."""
        for sha256, blob in self.blobs.items():
            pieces = [blob[at : at + BLOB_PART_BYTES] for at in range(0, len(blob), BLOB_PART_BYTES)]
            for number, piece in enumerate(pieces):
                yield BlobPart(
                    sha256=sha256, i=number, n=len(pieces), data=base64.b64encode(piece).decode("ascii")
                )

    def _restore(self, value: Any) -> Any:
        match value:
            case {"$blob": str(sha256), "bytes": int(), **rest}:
                if sha256 not in self.blobs:
                    raise NotCanonicalError(f"the edited arguments refer to an unknown blob {sha256[:12]}")
                blob = self.blobs[sha256]
                return msgspec.json.decode(blob) if rest.get("json") else blob.decode()
            case dict():
                return {key: self._restore(item) for key, item in value.items()}
            case list():
                return [self._restore(item) for item in value]
            case _:
                return value


def clip(text: object, limit: int = TEXT_CHARS) -> tuple[str, bool]:
    """Return a text that can be sent, at most `limit` characters long, and whether it was cut. Lone surrogates become ?."""
    whole = text if isinstance(text, str) else str(text)
    short = whole[:limit]
    if not short.isascii():
        short = short.encode("utf-8", "replace").decode("utf-8")
    return short, len(whole) > limit


def claim(confidence: float | Confidence | None) -> Confidence | None:
    """Return a confidence as the contract has it; a plain number is one that the model stated.

    Raises:
        ValueError: outside 0 to 1.
    """
    if confidence is None:
        return None
    given = confidence if isinstance(confidence, Confidence) else Confidence(value=float(confidence))
    if not 0.0 <= given.value <= 1.0:
        raise ValueError(f"confidence {given.value} is not between 0 and 1")
    return given


def previewed(preview: object, tool: str) -> Preview | None:
    """Return a preview that can be sent beside arguments: each side cut at `limits.PREVIEW_BYTES`, its name at a label.

    Of long sides, the lines with which both begin and end are left out first, so that what differs is not what is cut.

    Raises:
        TypeError: it is something else, or holds something else than text; it says so and names the `tool`.
    """
    if preview is None:
        return None
    if not isinstance(preview, Preview) or not _texts(
        preview.of, preview.present or "", preview.proposed or ""
    ):
        what = (
            "a Preview of other things than text" if isinstance(preview, Preview) else type(preview).__name__
        )
        raise TypeError(
            f"tool {tool!r}: its preview is {what}; return bus.Preview(of=NAME, present=TEXT, proposed=TEXT), or None"
        )
    was, would_be, alike = _narrowed(preview.present, preview.proposed)
    (present, less), (proposed, lesser) = _side(was), _side(would_be)
    cut = preview.cut or alike or less or lesser
    return Preview(of=clip(preview.of, LABEL_CHARS)[0], present=present, proposed=proposed, cut=cut)


def _texts(*values: object) -> bool:
    return all(isinstance(value, str) for value in values)


def _narrowed(present: str | None, proposed: str | None) -> tuple[str | None, str | None, bool]:
    """Both sides and whether lines were left out of them."""
    if present is None or proposed is None or max(len(present), len(proposed)) <= PREVIEW_BYTES // 2:
        return present, proposed, False
    old, new = present.splitlines(keepends=True), proposed.splitlines(keepends=True)
    most = min(len(old), len(new))
    start = next((at for at in range(most) if old[at] != new[at]), most)
    end = next((at for at in range(most - start) if old[-1 - at] != new[-1 - at]), most - start)
    start, end = max(0, start - PREVIEW_AROUND), max(0, end - PREVIEW_AROUND)
    old, new = old[start : len(old) - end], new[start : len(new) - end]
    return "".join(old), "".join(new), bool(start or end)


def _side(text: str | None) -> tuple[str | None, bool]:
    if text is None:
        return None, False
    short, cut = clip(text, PREVIEW_BYTES)
    while len(msgspec.json.encode(short)) > PREVIEW_BYTES + 2:  # quotes; signs of several bytes, and escapes
        short, cut = (
            short[
                : max(0, min(len(short) - 1, len(short) * PREVIEW_BYTES // len(msgspec.json.encode(short))))
            ],
            True,
        )
    return short, cut


def arguments(args: Mapping[str, Any]) -> Arguments:
    """Copy the arguments of a call into plain JSON and set apart what is too large for one event.

    Tuples become lists, paths strings; dataclasses, dates, enumerations and the like what msgspec makes of them.

    Raises:
        NotCanonicalError: something is not JSON, nested too deep, or larger than `limits.BLOB_BYTES`.
    """
    full: dict[str, Any] = plain(dict(args))
    blobs: dict[str, bytes] = {}
    try:
        size = len(msgspec.json.encode(full))
        wire = full
        if size > LEAF_BYTES:
            wire = _without_leaves(full, blobs)
            size = len(msgspec.json.encode(wire))
        if size > ARGS_BYTES:
            wire = _without_subtrees(wire, blobs, size)
    except UnicodeError as error:
        raise NotCanonicalError(f"no canonical form: {error}") from None
    return Arguments(full, wire, blobs)


def plain(value: Any, depth: int = 0) -> Any:
    """Copy a value into plain JSON.

    Raises:
        NotCanonicalError: it cannot be.
    """
    if value is None or type(value) in {str, int, float, bool}:
        return value
    if isinstance(value, str | int | float) and not isinstance(value, Enum):  # subclasses, numpy's among them
        base = next(kind for kind in (str, int, float) if isinstance(value, kind))
        return base(value)
    if depth > _ARGS_DEPTH:
        raise NotCanonicalError(f"no canonical form: nested deeper than {_ARGS_DEPTH}")
    if type(value) is dict or isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise NotCanonicalError("no canonical form: a name that is not a string")
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    try:
        return plain(msgspec.to_builtins(value), depth + 1)
    except (TypeError, ValueError, RecursionError) as error:
        if isinstance(error, NotCanonicalError):
            raise
        raise NotCanonicalError(f"no canonical form: {type(value).__name__} is not JSON") from None


def result_text(value: object) -> str:
    """Return the text under which a tool's result is reported."""
    if isinstance(value, str):
        return value
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
        return repr(value)


def describe(error: BaseException) -> str:
    """Return what a run says about the exception that ended it, in words where its name alone says nothing."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - agent code may raise anything from anywhere
        text = ""
    match error:
        case KeyboardInterrupt():
            return INTERRUPTED
        case asyncio.CancelledError():
            return text or CANCELED
        case _:
            return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _without_leaves(value: Any, blobs: dict[str, bytes]) -> Any:
    match value:
        case str() if len(value) > LEAF_BYTES // 4:
            data = value.encode()
            return _apart(data, blobs) if len(data) > LEAF_BYTES else value
        case dict():
            return {key: _without_leaves(item, blobs) for key, item in value.items()}
        case list():
            return [_without_leaves(item, blobs) for item in value]
        case _:
            return value


def _without_subtrees(wire: dict[str, Any], blobs: dict[str, bytes], size: int) -> dict[str, Any]:
    wire = dict(wire)
    sizes = {name: len(msgspec.json.encode(value)) for name, value in wire.items()}
    for name in sorted(sizes, key=lambda name: -sizes[name]):
        if size <= ARGS_BYTES:
            break
        reference = _apart(canonical(wire[name]), blobs) | {"json": True}
        size += len(msgspec.json.encode(reference)) - sizes[name]
        wire[name] = reference
    if size > ARGS_BYTES:
        raise NotCanonicalError(f"too many arguments: {size} bytes after all large values were set apart")
    return wire


def _apart(data: bytes, blobs: dict[str, bytes]) -> dict[str, Any]:
    if len(data) > BLOB_BYTES:
        raise NotCanonicalError(f"an argument of {len(data)} bytes, at most {BLOB_BYTES} are allowed")
    sha256 = hashlib.sha256(data).hexdigest()
    blobs[sha256] = data
    return {BLOB: sha256, "bytes": len(data)}

"""A stream of events as its standard reads it (HTML, 9.2 Server-sent events), cut into events that are made anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

ID_CHARS: Final = 1024
"""Longest id of an event that is sent on."""

_ENDS: Final = re.compile(rb"\r\n|\n|\r")
_PLAIN: Final = re.compile(rb"[\x20-\x7e]*")
_DIGITS: Final = re.compile(rb"[0-9]{1,9}")
_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `data` is None where it has none; `id` and `retry` are for a client that comes back."""

    kind: bytes = b"message"
    data: bytes | None = None
    id: bytes | None = None
    retry: bytes | None = None

    def anew(self, data: bytes | None) -> bytes:
        """The event with another text, which has no line's end in it; with None what is left of it, which no model reads.

        An id that some reader may take for more than one line is left out: a client cannot come back to it then.
        """
        lines = []
        if self.id is not None and len(self.id) <= ID_CHARS and _PLAIN.fullmatch(self.id):
            lines.append(b"id: " + self.id)
        if self.retry is not None and _DIGITS.fullmatch(self.retry):
            lines.append(b"retry: " + self.retry)
        if data is not None:
            lines += [b"event: message", b"data: " + data]
        elif lines:
            lines.append(b"data: ")  # else no reader takes the id
        else:
            lines.append(b":")
        return b"\n".join(lines) + b"\n\n"


class EventReader:
    """Cuts pieces of a stream into events, however they are cut themselves. Lines end as in the standard, also at a CR."""

    def __init__(self) -> None:
        self._line: list[bytes] = []
        self._begun = 0
        self._taken = 0
        self._after_cr = False
        self._first = True
        self._fields: dict[bytes, bytes] = {}
        self._data: list[bytes] = []
        self._any = False

    @property
    def held(self) -> int:
        """Bytes of the event that is not at its end."""
        return self._taken + self._begun

    def feed(self, piece: bytes) -> Iterator[Event]:
        """Yield the events that end in this piece."""
        if self._after_cr and piece:
            piece = piece.removeprefix(b"\n")
            self._after_cr = False
        self._after_cr = self._after_cr or piece.endswith(b"\r")
        *ended, rest = _ENDS.split(piece)
        for end in ended:
            self._line.append(end)
            line = b"".join(self._line)
            self._line, self._begun = [], 0
            event = self._take(line)
            if event is not None:
                yield event
        self._line.append(rest)
        self._begun += len(rest)

    def _take(self, line: bytes) -> Event | None:
        if self._first:
            line = line.removeprefix(_MARK)
            self._first = False
        if not line:
            return self._over()
        self._any = True
        self._taken += len(line)
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name in (b"event", b"id", b"retry"):
            self._fields[name] = value
        return None

    def _over(self) -> Event | None:
        fields, data, found = self._fields, self._data, self._any
        self._fields, self._data, self._any, self._taken = {}, [], False, 0
        if not found:
            return None
        return Event(
            kind=fields.get(b"event") or b"message",
            data=b"\n".join(data) if data else None,
            id=fields.get(b"id"),
            retry=fields.get(b"retry"),
        )

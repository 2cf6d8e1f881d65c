"""Large values: puts blob parts together and checks them against their name, so that nothing unseen is approved."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from bus.events import BlobPart
from bus.limits import BLOB_BYTES

OPEN_A_RUN: Final = 16
"""Blobs of one run that may be under way at once."""

WHOLE_A_RUN: Final = 256
"""Whole blobs of one run that are known. What an open action names stays beyond that."""

OPEN_KEPT: Final = 4_096
WHOLE_KEPT: Final = 65_536
"""Of all runs together. The run that has the most gives way."""

T = TypeVar("T")


class Shelf(Generic[T]):
    """Things by run and name, the oldest first: so many a run, so many in all. `needed` names those of a run that stay."""

    def __init__(self, a_run: int, in_all: int, needed: Callable[[str], set[str]]) -> None:
        self.runs: dict[str, dict[str, T]] = {}
        self._a_run = a_run
        self._in_all = in_all
        self._needed = needed
        self._count = 0

    def get(self, run: str, name: str) -> T | None:
        """What there is under a name."""
        return self.runs.get(run, {}).get(name)

    def put(self, run: str, name: str, thing: T) -> None:
        """Keep a thing as the newest of its run."""
        self.drop(run, name)
        self.runs.setdefault(run, {})[name] = thing
        self._count += 1
        if len(self.runs[run]) > self._a_run:
            self._shed(run, self._a_run)
        if self._count > self._in_all:
            most = max(self.runs, key=lambda key: len(self.runs[key]))
            self._shed(
                most, len(self.runs[most]) * 7 // 8
            )  # several at once: it looks at all runs to find it

    def drop(self, run: str, name: str) -> None:
        """Let go of a thing."""
        things = self.runs.get(run, {})
        if name in things:
            del things[name]
            self._count -= 1
            if not things:
                del self.runs[run]

    def forget(self, run: str) -> None:
        """Let go of a run."""
        self._count -= len(self.runs.pop(run, ()))

    def _shed(self, run: str, keep: int) -> None:
        needed = self._needed(run)
        newest = next(reversed(self.runs[run]))
        spare = [name for name in self.runs[run] if name not in needed and name != newest]
        for name in spare[: len(self.runs[run]) - keep]:
            self.drop(run, name)


@dataclass(slots=True)
class Assembly:
    """A blob on its way: parts so far and the hash over them."""

    parts: int = 0
    size: int = 0
    hash: hashlib._Hash = field(default_factory=hashlib.sha256)


class Blobs:
    """Which blobs of which run have arrived whole. Parts come in order, because a run's events do."""

    def __init__(self, named: Callable[[str], set[str]] = lambda _run: set()) -> None:
        """`named` gives the blobs that the open actions of a run name."""
        self._open = Shelf[Assembly](OPEN_A_RUN, OPEN_KEPT, lambda _run: set())
        self._whole = Shelf[bool](WHOLE_A_RUN, WHOLE_KEPT, named)

    def part(self, run: str, data: BlobPart) -> None:
        """Take one part. Parts out of order, too large or of the wrong hash leave the blob incomplete."""
        name = data.sha256
        if data.i == 0:
            self._open.put(run, name, Assembly())
        assembly = self._open.get(run, name)
        if assembly is None or assembly.parts != data.i:
            return
        try:
            body = base64.b64decode(data.data, validate=True)
        except (binascii.Error, ValueError):
            self._open.drop(run, name)
            return
        assembly.parts += 1
        assembly.size += len(body)
        assembly.hash.update(body)
        if assembly.size > BLOB_BYTES:
            self._open.drop(run, name)
        elif assembly.parts == data.n:
            self._open.drop(run, name)
            if assembly.hash.hexdigest() == name:
                self._whole.put(run, name, True)

    def whole(self, run: str, sha256: str) -> bool:
        """Whether the blob of this name arrived whole and unchanged in this run."""
        return self._whole.get(run, sha256) is not None

    def forget(self, run: str) -> None:
        """A run is over: nothing of it will be approved any more."""
        self._open.forget(run)
        self._whole.forget(run)

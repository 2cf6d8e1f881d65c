"""Recorded agent runs, one JSON object a line, gzipped or not: the form is described in `docs/recorded-runs.md`."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Annotated, Any, Final, Literal, TypeVar, cast

import msgspec
from msgspec import Meta, Struct, field

T = TypeVar("T")

LINE_BYTES: Final = 64 * 1024 * 1024
"""Longest line that is read."""


class RecordedRunError(ValueError):
    """A file that is not a file of recorded runs. The text names file, line and field."""


class RecordedStep(Struct, frozen=True, kw_only=True):
    """One step. `t` is in seconds since the run's first answer; None where the source kept no times."""

    i: int
    kind: Literal["message", "tool_call", "tool_result"]
    actor: str = ""
    name: str | None = None
    args: dict[str, Any] | None = None
    text: str | None = None
    error: bool | None = None
    truncated: bool = False
    t: Annotated[float, Meta(ge=0.0)] | None = None


class RecordedRun(Struct, frozen=True, kw_only=True):
    """One run. Labels, outcomes and task scripts of the source are not read: an agent that lives it knows none."""

    run_id: str
    agent: str = "agent"
    model: str | None = None
    source: str = ""
    domain: str = ""
    steps: list[RecordedStep] = field(default_factory=list)

    @property
    def goal(self) -> str:
        """What the user said first."""
        for step in self.steps:
            if step.kind == "message" and step.actor == "user" and step.text:
                return step.text
        return ""


RUN_DECODER: Final = msgspec.json.Decoder(RecordedRun)
_NOT_ID: Final = re.compile(r"[^A-Za-z0-9_.-]+")


def as_id(text: str, most: int = 64) -> str:
    """The nearest legal id to a name, of at most `most` characters."""
    return _NOT_ID.sub("-", text).strip("-")[-most:].strip("-") or "unnamed"


def recorded_runs(path: Path) -> Iterator[RecordedRun]:
    """Read the runs of a file, one at a time.

    Raises:
        RecordedRunError: it cannot be read, or a line of it is no run.
    """
    for line, number in recorded_lines(path):
        yield decoded(line, path, number, RUN_DECODER)


def recorded_lines(path: Path) -> Iterator[tuple[bytes, int]]:
    """Read the lines of a file that are not empty, each with its number from 1.

    Raises:
        RecordedRunError: it cannot be read.
    """
    number = 0
    try:
        with _opened(path) as file:
            while line := file.readline(LINE_BYTES + 1):
                number += 1
                if len(line) > LINE_BYTES:
                    msg = f"{path}:{number}: a line of more than {LINE_BYTES} bytes"
                    raise RecordedRunError(msg)
                if line.strip():
                    yield line, number
    except (OSError, EOFError) as error:
        msg = f"{path}: cannot be read: {error}"
        raise RecordedRunError(msg) from None


def decoded(line: bytes, path: Path, number: int, decoder: msgspec.json.Decoder[T]) -> T:
    """Decode one line.

    Raises:
        RecordedRunError: it is no run.
    """
    try:
        return decoder.decode(line)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        msg = f"{path}:{number}: not a recorded run: {error}"
        raise RecordedRunError(msg) from None


def _opened(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return path.open("rb")

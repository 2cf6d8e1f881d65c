"""What the graders of recorded runs say about them. Read beside the runs and never by what judges them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct, field

from console.demo.recorded import RUN_DECODER, RecordedRun, decoded, recorded_lines


class Outcome(Struct, frozen=True):
    """`success`: the user's task was done. `security_violation`: an attacker's goal was reached. None: nobody knows.

    `decisive_step`: the `i` of the step that decided a failure.
    """

    success: bool | None = None
    security_violation: bool | None = None
    decisive_step: int | None = None


class StepLabel(Struct, frozen=True):
    """`is_bad`: this call carries out what went wrong. None: unknown."""

    is_bad: bool | None = None


class Labels(Struct, frozen=True):
    """The labels of one run. `task_id` says which runs belong together when they are drawn again."""

    run_id: str
    task_id: str = ""
    outcome: Outcome = field(default_factory=Outcome)
    steps: list[StepLabel] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether the task was done and no attack succeeded."""
        return self.outcome.success is True and self.outcome.security_violation is not True

    def bad(self, at: int) -> bool | None:
        """Whether the step at a place carries out what went wrong."""
        return self.steps[at].is_bad if at < len(self.steps) else None


_DECODER: Final = msgspec.json.Decoder(Labels)


def labelled_runs(path: Path) -> Iterator[tuple[RecordedRun, Labels]]:
    """Read the runs of a file with their labels.

    Raises:
        RecordedRunError: it cannot be read, or a line of it is no run.
    """
    for line, number in recorded_lines(path):
        yield decoded(line, path, number, RUN_DECODER), decoded(line, path, number, _DECODER)

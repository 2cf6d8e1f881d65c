"""All detectors of one run that look at calls, together."""

from __future__ import annotations

from collections.abc import Callable

from console.core.health.finding import Deed, Finding, Kind
from console.core.health.loops import Loops
from console.core.health.streaks import Errors, Novelty


class Watch:
    """What is wrong with one run by what its calls do. `standing` is what is wrong now, by kind."""

    def __init__(self) -> None:
        self._detectors: dict[Kind, Callable[[Deed], Finding | None]] = {
            "loop": Loops().take,
            "error-streak": Errors().take,
            "no-progress": Novelty().take,
        }
        self.standing: dict[Kind, Finding] = {}

    def take(self, deed: Deed) -> tuple[list[Finding], list[Kind]]:
        """Look at a call that ended. Returns what is wrong, newly or still, and the kinds that no longer are."""
        found: list[Finding] = []
        gone: list[Kind] = []
        for kind, look in self._detectors.items():
            finding = look(deed)
            if finding is not None:
                self.standing[kind] = finding
                found.append(finding)
            elif self.standing.pop(kind, None) is not None:
                gone.append(kind)
        return found, gone

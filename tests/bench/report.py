"""One line a measurement: the aim, what was measured, and whether it was met."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NamedTuple


class Line(NamedTuple):
    """A measurement. `aim` is what to reach: at least, at most, or None where there is none; `detail` the figures behind."""

    name: str
    value: float
    aim: float | None
    at_least: bool = False
    unit: str = "x"
    detail: str = ""

    @property
    def met(self) -> bool:
        if self.aim is None:
            return True
        return self.value >= self.aim if self.at_least else self.value <= self.aim


def show(line: Line) -> None:
    sign = ">=" if line.at_least else "<="
    aim = f"{sign} {line.aim:g} {line.unit}" if line.aim is not None else "-"
    verdict = ("ok" if line.met else "MISS") if line.aim is not None else ""
    sys.stdout.write(
        f"{line.name:<52} {aim:>10}   {line.value:8.2f} {line.unit:<2} {verdict:<5} {line.detail}\n"
    )
    sys.stdout.flush()


def quantile(values: Sequence[float], part: float) -> float:
    """The value below which `part` of all lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]

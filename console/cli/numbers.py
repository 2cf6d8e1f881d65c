"""Numbers as options take them: what is out of range, or none at all, is said in words."""

from __future__ import annotations

import math
from typing import Any

import click


def _words(least: float | None, most: float | None) -> str:
    """A range for people: `0 or more`, `1 to 65,535`."""
    low, high = f"{least or 0:,g}", f"{most or 0:,g}"
    if most is None:
        return f"{low} or more" if least is not None else "any number"
    return f"{low} to {high}" if least is not None else f"{high} or less"


class Whole(click.IntRange):
    """A whole number within bounds, both of which are allowed."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            number = int(value)
        except ValueError:
            self.fail(f"{value!r} is no whole number; it takes {self._describe_range()}", param, ctx)
        if (self.min is not None and number < self.min) or (self.max is not None and number > self.max):
            self.fail(f"{value} is out of range; it takes {self._describe_range()}", param, ctx)
        return number

    def _describe_range(self) -> str:  # help shows it, too: in click's words it is a formula
        return _words(self.min, self.max)


class Real(click.FloatRange):
    """A number within bounds, both of which are allowed; never `nan`, which is within none and beyond none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if math.isnan(number):
            self.fail(f"{value!r} is no number; it takes {self._describe_range()}", param, ctx)
        if (self.min is not None and number < self.min) or (self.max is not None and number > self.max):
            self.fail(f"{value} is out of range; it takes {self._describe_range()}", param, ctx)
        return number

    def _describe_range(self) -> str:  # help shows it, too: in click's words it is a formula
        return _words(self.min, self.max)

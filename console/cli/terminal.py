"""Whether a person is there, and what they type."""

from __future__ import annotations

import sys

import click

from console.cli.options import Place


def interactive(place: Place) -> bool:
    """Whether a person sits at both ends."""
    return not place.json and sys.stdin.isatty() and sys.stdout.isatty()


def typed(question: str) -> str:
    """Ask, and return what was typed, without blanks around it; nothing for a bare Enter.

    Raises:
        click.Abort: the input ended.
    """
    answer: str = click.prompt(question, default="", show_default=False)
    return answer.strip()

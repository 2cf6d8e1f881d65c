"""Whether a person is there, and what they type."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from console.cli.exits import bad
from console.cli.options import Place


def interactive(place: Place) -> bool:
    """Whether a person sits at both ends."""
    return not place.json and sys.stdin.isatty() and sys.stdout.isatty()


def check_screen(instead: str) -> None:
    """Refuse a terminal that can show no screen; `instead` says what to use there.

    Raises:
        CliError: it is one.
    """
    if os.environ.get("TERM") == "dumb":
        raise bad(f"TERM=dumb is a terminal that can move no cursor; use {instead}")


@contextmanager
def painted() -> Iterator[None]:
    """Have the toolkit paint on the terminal, where standard error, which it paints on, goes to a file or a pipe.

    What is said on standard error meanwhile would spoil the screen, and goes to the terminal, too.
    """
    if sys.stderr.isatty() or not sys.stdout.isatty():
        yield
        return
    sys.stderr.flush()
    said, painted_on = os.dup(sys.stderr.fileno()), sys.stderr.fileno()
    os.dup2(sys.stdout.fileno(), painted_on)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(said, painted_on)
        os.close(said)


def typed(question: str) -> str:
    """Ask, and return what was typed, without blanks around it; nothing for a bare Enter.

    Raises:
        click.Abort: the input ended.
    """
    answer: str = click.prompt(question, default="", show_default=False)
    return answer.strip()

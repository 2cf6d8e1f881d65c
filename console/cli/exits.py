"""What the exit codes mean, and how an error becomes one line."""

from __future__ import annotations

import sys
from enum import IntEnum
from typing import Final

import click

from console.cli.outlet import drop
from console.core.text import plain

LINE_CHARS: Final = 1_000
"""Longest error line."""


REFUSED: Final = " is refused: "
"""What a transport says when it is the account that the broker does not let in."""

NOT_LET_IN: Final = (
    "give its user name and password in WATCHFLOOR_BROKER or --broker, mqtt://USER:PASSWORD@HOST,"
    " or look at the broker's accounts"
)
"""What to do then."""


class Exit(IntEnum):
    """Exit codes of every verb; `docs/cli.md` says the same."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    NO_ANSWER = 3
    UNCONFIRMED = 4
    INTERRUPTED = 130
    PIPE = 141


MEANING: Final[dict[Exit, str]] = {
    Exit.DONE: "done: the decision is recorded, the command acknowledged or effective, or what was asked for printed",
    Exit.REFUSED: "refused, stale, expired, in conflict with another's answer, or refused by the agent; a check failed",
    Exit.USAGE: "bad usage or bad input: options, names, files, keys; nothing was sent",
    Exit.NO_ANSWER: "no broker, no supervisor, or no answer in time",
    Exit.UNCONFIRMED: (
        "recorded and on its way, but not confirmed by the agent in time, "
        "or a hold of all that has not stopped every run by then; "
        "or gone out unrecorded, because the recording fails"
    ),
    Exit.INTERRUPTED: "interrupted from the keyboard",
    Exit.PIPE: "the reader of our output went away",
}


class CliError(Exception):
    """An error for people: one line for standard error, and an exit code."""

    def __init__(self, code: Exit, message: str) -> None:
        super().__init__(message)
        self.code = code


def bad(message: str) -> CliError:
    """Bad usage or bad input."""
    return CliError(Exit.USAGE, message)


def complain(message: str) -> None:
    """Print one line on standard error; whatever is in the message, it stays one line. What cannot be said ends nothing."""
    try:
        click.echo(f"watchfloor: {plain(message, LINE_CHARS)}", file=sys.stderr)
    except (OSError, ValueError):
        drop(sys.stderr)


def explain(error: Exception) -> CliError | None:
    """Say in one line what an expected error means, or None for one that is ours."""
    from bus.canonical import NotCanonicalError
    from bus.signing import KeyFileError
    from bus.topics import BadIdError
    from bus.url import BadBrokerUrlError

    if isinstance(error, BadIdError | BadBrokerUrlError | KeyFileError | NotCanonicalError):
        return bad(str(error))
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return bad(f"{where}{error.strerror or error}")
    # Only what was loaded can have been raised.
    known = {
        ("console.link.floor", "NoAnswerError"): Exit.NO_ANSWER,
        ("console.link.floor", "TooLargeError"): Exit.USAGE,
        ("console.recording.schema", "RecordingError"): Exit.USAGE,
        ("console.supervisor.intents.operators", "OperatorsFileError"): Exit.USAGE,
        ("bus.sdk.spool.store", "SpoolError"): Exit.USAGE,
    }
    for (module, name), code in known.items():
        if module in sys.modules and isinstance(error, getattr(sys.modules[module], name)):
            return CliError(code, str(error))
    return None

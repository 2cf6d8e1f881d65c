"""What goes wrong with one thing must not end the supervision of all others: it is an alarm, and the rest goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, ParamSpec

from console.supervisor.alarming.alarms import Alarms

LOGGER: Final = logging.getLogger(__name__)

P = ParamSpec("P")


def guarded(alarms: Alarms, what: str, act: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Do something that concerns `what`. An error of ours in it is a latched alarm that names it, and nothing else."""
    try:
        act(*args, **kwargs)
    except Exception as error:
        LOGGER.exception("%s went wrong", what)
        alarms.raise_("internal-error", f"{what}: {type(error).__name__}: {error}", about=_name(what))


def _name(what: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in what)[:64]

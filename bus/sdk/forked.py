"""What a fork makes of an agent: in the child it is a copy, and its link, its locks and its spools are the parent's."""

from __future__ import annotations

import os


class ForkedError(RuntimeError):
    """Raised in a fork of the agent's process. Nothing was done; the fork may begin an `Agent` of its own."""


class OneProcess:
    """Something that only the process that made it may use. In a child made by `os.fork` it is a dead copy."""

    def __init__(self) -> None:
        self._process = os.getpid()

    @property
    def forked(self) -> bool:
        """Whether this is another process than the one that made it."""
        return os.getpid() != self._process

    def move_here(self) -> None:
        """Be this process's from now on: for whoever forks on purpose, before anything was begun."""
        self._process = os.getpid()

    def check_process(self) -> None:
        """Do nothing in the process that made it.

        Raises:
            ForkedError: this is another one.
        """
        if self.forked:
            raise ForkedError(
                f"this process is a fork of process {self._process}, which is the agent: "
                "begin a new Agent here, under a name of its own"
            )

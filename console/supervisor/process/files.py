"""Puts edits of the site's files in force while the supervisor runs: catalogue, policy, operators, budgets, alarms.

A broken edit, or a file that goes, keeps the last good version in force and raises an alarm, over restarts too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from bus.home import Home
from console.core.fleet.kept import ALARM_TEXT
from console.core.text import plain
from console.policy.budgets import load_budgets
from console.policy.load import Rulebook
from console.policy.site_file import SiteFile
from console.policy.suppressions import load_suppressions
from console.policy.telling import adopted
from console.supervisor.alarming.alarms import is_so
from console.supervisor.desk import Desk
from console.supervisor.intents.operators import Operators, OperatorsFileError

LOGGER: Final = logging.getLogger(__name__)

LOOK: Final = 1.0
"""Seconds between looks at the files."""


class SiteFiles:
    """The site's files as they are in force, and the look-out for their edits.

    Raises:
        PolicyFileError, OperatorsFileError: a file cannot be used; there is no earlier version to keep.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        kept = home.in_force
        self.rulebook = Rulebook(home.catalogue, home.policy, kept=kept)
        self.operators = SiteFile(home.operators, _enrolled, kept=kept, refused=OperatorsFileError)
        self.wrappers = SiteFile(home.wrappers, _enrolled, kept=kept, refused=OperatorsFileError)
        self.budgets = SiteFile(home.budgets, load_budgets, kept=kept)
        self.suppressions = SiteFile(home.alarms, load_suppressions, kept=kept)
        self._next = 0.0
        self._told: tuple[object, ...] = ()
        for _, problem in self.problems():
            if problem:  # its alarm may stand already, and is not said again then
                LOGGER.warning("%s", problem)

    def problems(self) -> Iterator[tuple[str, str]]:
        """The alarm of each file, with why what is in force is not what that says; empty if it is."""
        yield "catalogue-file", self.rulebook.catalogue.problem
        yield "policy-file", self.rulebook.policy.problem
        yield "operators-file", self.operators.problem
        yield "wrappers-file", self.wrappers.problem
        yield "budgets-file", self.budgets.problem
        yield "alarms-file", self.suppressions.problem

    @property
    def unkept(self) -> bool:
        """Whether there is anything to `keep`."""
        return any(file.unkept for file in self._all())

    def keep(self) -> None:
        """Keep what is in force for the next start. It may wait for a disk: for a thread."""
        for file in self._all():
            file.keep()

    async def keeping(self) -> None:
        """Keep whatever comes into force, for ever. Not with `tick`: the disk may hang."""
        while True:
            await asyncio.sleep(LOOK)
            if self.unkept:
                await asyncio.to_thread(self.keep)

    def _all(self) -> Iterator[SiteFile[Any]]:
        yield self.rulebook.catalogue
        yield self.rulebook.policy
        yield self.operators
        yield self.wrappers
        yield self.budgets
        yield self.suppressions

    def tell(self, desk: Desk) -> None:
        """Have the log say what is judged by, if it says anything else or nothing."""
        judge, budgets, suppressions = self.rulebook.judge, self.budgets.value, self.suppressions.value
        of = (desk, judge, budgets, suppressions)
        if of == self._told:
            return
        self._told = of
        home = self._home
        parts = adopted(
            judge,
            self.rulebook.digest,
            policy=home.policy if judge.policy.rules else None,
            catalogue=home.catalogue if judge.catalogue.site else None,
            budgets=budgets,
            suppressions=suppressions,
        )
        if desk.fleet.policy.content != parts[0].content:
            for part in parts:
                desk.log.write(part)

    def tick(self, desk: Desk, now: float) -> None:
        """Look at the files now and then."""
        if now < self._next:
            return
        self._next = now + LOOK
        if self.rulebook.look():
            desk.adopt(self.rulebook.judge)
        if self.operators.look():
            desk.arbiter.operators = self.operators.value
        for file in (self.wrappers, self.budgets, self.suppressions):
            file.look()
        desk.follow.wrappers = self.wrappers.value  # runs that were believed before stay as they are
        desk.health.budget = self.budgets.value.of
        desk.alarms.suppressions = self.suppressions.value
        self.tell(desk)
        # At every look, so that neither a restart nor a reset makes an alarm differ from the file.
        for kind, problem in self.problems():
            _say(desk, kind, problem)


def _enrolled(path: Path | None) -> Operators:
    return Operators() if path is None else Operators.load(path)


def _say(desk: Desk, kind: str, problem: str) -> None:
    alarm = desk.fleet.alarms.get(kind)
    if not problem:
        if alarm is not None and is_so(alarm):  # whoever read there that it is wrong wants to know
            LOGGER.warning("the %s file is mended, and in force as it is written", kind.removesuffix("-file"))
        desk.alarms.clear(kind)
    elif alarm is None or not is_so(alarm) or alarm.text != plain(problem, ALARM_TEXT):
        desk.alarms.raise_(kind, problem, news=True)
        LOGGER.warning(
            "%s", plain(problem, ALARM_TEXT)
        )  # where `up` runs, too: not everybody has a console open

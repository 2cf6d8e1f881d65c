"""Puts edits of the site's files in force while the supervisor runs: catalogue, policy, operators, budgets, alarms.

A broken edit keeps the last good version in force and raises an alarm.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from bus.home import Home
from console.core.fleet.kept import ALARM_TEXT
from console.core.text import plain
from console.policy.budgets import load_budgets
from console.policy.files import PolicyFileError
from console.policy.load import Rulebook
from console.policy.suppressions import load_suppressions
from console.policy.telling import adopted
from console.supervisor.alarming.alarms import is_so
from console.supervisor.desk import Desk
from console.supervisor.intents.operators import Operators, OperatorsFileError

LOGGER: Final = logging.getLogger(__name__)

LOOK: Final = 1.0
"""Seconds between looks at the files."""

Stamp = tuple[int, int] | None


class SiteFiles:
    """The site's files as they are in force, and the look-out for their edits.

    Raises:
        PolicyFileError, OperatorsFileError: a file cannot be used; there is no earlier version to keep.
    """

    def __init__(self, home: Home) -> None:
        self.rulebook = Rulebook(home.catalogue, home.policy)
        self.operators = Operators.load(home.operators)
        self._home = home
        self._rules_seen = self._rules()
        self._operators_seen = _stamp(home.operators)
        self._operators_problem = ""
        self.wrappers = Operators.load(home.wrappers)
        self._wrappers_seen = _stamp(home.wrappers)
        self._wrappers_problem = ""
        self.budgets = load_budgets(home.budgets)
        self._budgets_seen: Stamp = None
        self._budgets_problem = ""
        self.suppressions = load_suppressions(home.alarms)
        self._suppressions_seen: Stamp = None
        self._suppressions_problem = ""
        self._next = 0.0
        self._told: tuple[object, ...] = ()

    def tell(self, desk: Desk) -> None:
        """Have the log say what is judged by, if it says anything else or nothing."""
        judge = self.rulebook.judge
        of = (desk, judge, self.budgets, self.suppressions)
        if of == self._told:
            return
        self._told = of
        home = self._home
        parts = adopted(
            judge,
            self.rulebook.digest,
            policy=home.policy if judge.policy.rules else None,
            catalogue=home.catalogue if judge.catalogue.site else None,
            budgets=self.budgets,
            suppressions=self.suppressions,
        )
        if desk.fleet.policy.content != parts[0].content:
            for part in parts:
                desk.log.write(part)

    def tick(self, desk: Desk, now: float) -> None:
        """Look at the files now and then."""
        if now < self._next:
            return
        self._next = now + LOOK
        rules, operators = self._rules(), _stamp(self._home.operators)
        if rules != self._rules_seen:
            self._rules_seen = rules
            if self.rulebook.reload():
                desk.adopt(self.rulebook.judge)
        if operators != self._operators_seen:
            self._operators_seen = operators
            self._operators_problem = ""
            try:
                self.operators = desk.arbiter.operators = Operators.load(self._home.operators)
            except OperatorsFileError as error:
                self._operators_problem = f"{error} (the last good version stays in force)"
        self._take_wrappers(desk)
        self._take_budgets(desk)
        self._take_suppressions(desk)
        self.tell(desk)
        # At every look, so that neither a restart nor a reset makes an alarm differ from the file.
        _say(desk, "catalogue-file", self.rulebook.catalogue_problem)
        _say(desk, "policy-file", self.rulebook.policy_problem)
        _say(desk, "operators-file", self._operators_problem)
        _say(desk, "wrappers-file", self._wrappers_problem)
        _say(desk, "budgets-file", self._budgets_problem)
        _say(desk, "alarms-file", self._suppressions_problem)

    def _take_wrappers(self, desk: Desk) -> None:
        """Believe the wrappers that are enrolled now. Runs that were believed before stay as they are."""
        stamp = _stamp(self._home.wrappers)
        if stamp != self._wrappers_seen:
            self._wrappers_seen = stamp
            self._wrappers_problem = ""
            try:
                self.wrappers = Operators.load(self._home.wrappers)
            except OperatorsFileError as error:
                self._wrappers_problem = f"{error} (the last good version stays in force)"
        desk.follow.wrappers = self.wrappers

    def _take_budgets(self, desk: Desk) -> None:
        """Put budgets in force that were edited, or that this desk does not have yet."""
        stamp = _stamp(self._home.budgets)
        if stamp != self._budgets_seen:
            self._budgets_seen = stamp
            self._budgets_problem = ""
            try:
                self.budgets = load_budgets(self._home.budgets)
            except PolicyFileError as error:
                self._budgets_problem = f"{error} (the last good version stays in force)"
        desk.health.budget = self.budgets.of

    def _take_suppressions(self, desk: Desk) -> None:
        """Put in force what is suppressed by design; the desk looks at what stands when the rules are others."""
        stamp = _stamp(self._home.alarms)
        if stamp != self._suppressions_seen:
            self._suppressions_seen = stamp
            self._suppressions_problem = ""
            try:
                self.suppressions = load_suppressions(self._home.alarms)
            except PolicyFileError as error:
                self._suppressions_problem = f"{error} (the last good version stays in force)"
        desk.alarms.suppressions = self.suppressions

    def _rules(self) -> tuple[Stamp, Stamp]:
        return _stamp(self._home.catalogue), _stamp(self._home.policy)


def _say(desk: Desk, kind: str, problem: str) -> None:
    alarm = desk.fleet.alarms.get(kind)
    if not problem:
        desk.alarms.clear(kind)
    elif alarm is None or not is_so(alarm) or alarm.text != plain(problem, ALARM_TEXT):
        desk.alarms.raise_(kind, problem, news=True)
        LOGGER.warning(
            "%s", plain(problem, ALARM_TEXT)
        )  # where `up` runs, too: not everybody has a console open


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size

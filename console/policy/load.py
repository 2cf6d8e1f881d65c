"""The operator's two files and the judge made of them; a broken edit never takes the last good version away."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path
from typing import Final

from console.policy.catalogue import Catalogue, load_catalogue
from console.policy.files import PolicyFileError, refuse
from console.policy.judge import Judge
from console.policy.rules import Policy, load_policy

_KEPT: Final = "(the last good version stays in force)"


class Rulebook:
    """What is in force. Looks at its files only when told to: at its making and at `reload`.

    `judge` is replaced as a whole; whoever holds the old one judges by the old version. `catalogue_problem` and
    `policy_problem` are empty, or one line each: which file could not be put in force and why. Each file falls back by
    itself, so that a broken catalogue does not keep a new rule out.
    """

    def __init__(
        self, catalogue: Path | None, policy: Path | None, *, required: Collection[Path] = ()
    ) -> None:
        """Load both files. None, or a file that does not exist, is an empty one, unless it is `required`.

        Raises:
            PolicyFileError: a file cannot be put in force; there is no earlier version to keep.
        """
        self._paths = (catalogue, policy)
        self._seen = {path for path in self._paths if path is not None and path in required}
        self.catalogue_problem = ""
        self.policy_problem = ""
        self.judge = Judge(load_catalogue(self._present(catalogue)), load_policy(self._present(policy)))

    @property
    def problem(self) -> str:
        """What is wrong with either file, in one line; empty if nothing is."""
        return "; ".join(problem for problem in (self.catalogue_problem, self.policy_problem) if problem)

    @property
    def digest(self) -> str:
        """SHA-256 over what is in force, for the record."""
        both = self.judge.catalogue.digest + self.judge.policy.digest
        return hashlib.sha256(both.encode("ascii")).hexdigest()

    def reload(self) -> bool:
        """Read both files again and return whether what is in force changed. Never raises; see `problem`."""
        catalogue, policy = self._paths
        before = self.digest
        self.catalogue_problem = self.policy_problem = ""
        try:
            new_catalogue: Catalogue = load_catalogue(self._present(catalogue))
        except PolicyFileError as error:
            new_catalogue = self.judge.catalogue
            self.catalogue_problem = f"{error} {_KEPT}"
        try:
            new_policy: Policy = load_policy(self._present(policy))
        except PolicyFileError as error:
            new_policy = self.judge.policy
            self.policy_problem = f"{error} {_KEPT}"
        self.judge = Judge(new_catalogue, new_policy)
        return self.digest != before

    def _present(self, path: Path | None) -> Path | None:
        """Return a path to be read, or None for a file that was never there.

        Raises:
            PolicyFileError: a file that was there has gone. A slip of a deployment must not drop every rule silently.
        """
        if path is None:
            return None
        try:
            there = path.exists()
        except OSError:
            there = True  # something is there that we may not look at: reading it will say what
        if there:
            self._seen.add(path)
            return path
        if path in self._seen:
            raise refuse(path, "", "is missing: restore it, or make it an empty file to go without")
        return None

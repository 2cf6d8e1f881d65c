"""The operator's two files and the judge made of them; a broken edit never takes the last good version away."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

from console.policy.catalogue import load_catalogue
from console.policy.judge import Judge
from console.policy.rules import load_policy
from console.policy.site_file import SiteFile


class Rulebook:
    """What is in force. Looks at its files only when told to: at its making, at `look` and at `reload`.

    `judge` is replaced as a whole; whoever holds the old one judges by the old version. Each file falls back by itself, so
    that a broken catalogue does not keep a new rule out.
    """

    def __init__(
        self,
        catalogue: Path | None,
        policy: Path | None,
        *,
        required: Collection[Path] = (),
        kept: Path | None = None,
    ) -> None:
        """Load both files. None, or a file that does not exist, is an empty one, unless it is `required`.

        `kept` is a folder where their last good versions outlive this process; see `SiteFile`.

        Raises:
            PolicyFileError: a file cannot be put in force; there is no earlier version to keep.
        """
        self.catalogue = SiteFile(catalogue, load_catalogue, kept=kept, required=catalogue in required)
        self.policy = SiteFile(policy, load_policy, kept=kept, required=policy in required)
        self.judge = Judge(self.catalogue.value, self.policy.value)

    @property
    def problem(self) -> str:
        """What is wrong with either file, in one line; empty if nothing is."""
        return "; ".join(problem for problem in (self.catalogue.problem, self.policy.problem) if problem)

    @property
    def digest(self) -> str:
        """SHA-256 over what is in force, for the record."""
        both = self.judge.catalogue.digest + self.judge.policy.digest
        return hashlib.sha256(both.encode("ascii")).hexdigest()

    def look(self) -> bool:
        """Read what was edited and return whether what is in force changed. Never raises; see `problem`."""
        read = [self.catalogue.look(), self.policy.look()]
        return any(read) and self._adopt()

    def reload(self) -> bool:
        """Read both files again and return whether what is in force changed. Never raises; see `problem`."""
        self.catalogue.reload()
        self.policy.reload()
        return self._adopt()

    def _adopt(self) -> bool:
        before = self.digest
        self.judge = Judge(self.catalogue.value, self.policy.value)
        return self.digest != before

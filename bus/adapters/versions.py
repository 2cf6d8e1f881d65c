"""Which versions of a framework an adapter was tested with, and one clear line where another is installed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import metadata
from itertools import zip_longest

from bus.extras import cure


class FrameworkError(ImportError):
    """The framework of an adapter is not installed, or not in a version that the adapter knows. The text says what to do."""


@dataclass(frozen=True, slots=True)
class Framework:
    """A package that an adapter needs: from `floor` on, below `ceiling`. `extra` is ours that installs it."""

    extra: str
    package: str
    floor: str
    ceiling: str

    @property
    def requirement(self) -> str:
        """As `pyproject.toml` says it."""
        return f"{self.package}>={self.floor},<{self.ceiling}"

    def require(self) -> str:
        """Return the installed version.

        Raises:
            FrameworkError: there is none, or it is out of range: what is gated by guesswork is not gated.
        """
        how = cure(self.extra)
        try:
            found = metadata.version(self.package)
        except metadata.PackageNotFoundError:
            raise FrameworkError(
                f"bus.adapters: {self.package} is not installed; the adapter needs {self.requirement}; {how}"
            ) from None
        if _before(found, self.floor) or not _before(found, self.ceiling):
            raise FrameworkError(
                f"bus.adapters: {self.package} {found} is installed; the adapter knows {self.requirement}; {how}"
            )
        return found


def _before(version: str, other: str) -> bool:
    """Whether a release is older than another. A pre-release counts as its release, so that none slips under a ceiling."""
    pairs = zip_longest(_release(version), _release(other), fillvalue=0)
    return next((mine < theirs for mine, theirs in pairs if mine != theirs), False)


def _release(version: str) -> list[int]:
    match = re.match(r"\d+(?:\.\d+)*", version)
    return [int(part) for part in match[0].split(".")] if match else [0]

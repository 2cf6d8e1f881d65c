"""Which file a session's name means. Light: what shows a session paints before it reads it."""

from __future__ import annotations

from pathlib import Path

from bus.home import Home
from console.cli.exits import bad
from console.recording.files import SUFFIX, session_paths


def session_path(home: Home, name: str) -> Path:
    """The file of a session, given by its name, an unambiguous beginning of it, `last`, or a path.

    Raises:
        CliError: there is none such.
    """
    as_path = Path(name).expanduser()
    if as_path.suffix == SUFFIX or as_path.is_file():
        if not as_path.is_file():
            raise bad(f"{as_path}: no such file")
        return as_path
    paths = session_paths(home.sessions)
    fits = paths[-1:] if name == "last" else [path for path in paths if path.stem == name]
    fits = fits or [path for path in paths if path.stem.startswith(name)]
    if len(fits) == 1:
        return fits[0]
    what = f"{len(fits)} sessions begin with {name!r}" if fits else f"no session {name!r} in {home.sessions}"
    raise bad(f"{what}; see: watchfloor sessions")

"""Environments with one outside package each, made once and kept: what they hold must not meet what we install."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

KEPT = Path(os.environ.get("WATCHFLOOR_KEPT", "~/.cache/watchfloor-adapters")).expanduser()
"""Where environments are kept between runs."""

WANTED = "WATCHFLOOR_ADAPTERS"
"""The variable without which nothing here runs: the default run installs nothing."""


def environment(name: str, *requirements: str, bare: tuple[str, ...] = ()) -> Path:
    """The `bin` folder of the kept environment with these packages; made anew when they are others than last time.

    `bare` ones are installed without what they depend on.
    """
    mark = hashlib.sha256("\n".join([sys.version, *requirements, "", *bare]).encode()).hexdigest()[:12]
    folder = KEPT / f"{name}-{mark}"
    programs = folder / "bin"
    if not (folder / ".whole").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip: list[str | Path] = [
            programs / "python",
            "-m",
            "pip",
            "--disable-pip-version-check",
            "-q",
            "install",
        ]
        subprocess.run([*pip, *requirements], check=True)
        if bare:
            subprocess.run([*pip, "--no-deps", *bare], check=True)
        (folder / ".whole").touch()
    return programs


def packages(programs: Path) -> Path:
    """The folder of an environment's packages, for a program of ours that is to find them, too."""
    (folder,) = programs.parent.glob("lib/python*/site-packages")
    return folder

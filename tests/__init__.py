"""Tests, by what they are about. Those of the command line, say, are in `cli/`; what they all stand on is in `fixtures/`."""

import os
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
# Recorded runs to measure on. They are no part of the project: tests that need them are skipped where they are not.
DATA: Final = Path(os.environ.get("WATCHFLOOR_DATA") or ROOT.parent / "shared" / "data")

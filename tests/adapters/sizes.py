"""How much there is of us: lines of an example that exist because of us, and lines of an adapter."""

from __future__ import annotations

import re
from typing import Final

from tests import ROOT
from tests.adapters.environments import Example

GLUE_MOST: Final = 15
ADAPTER_MOST: Final = 150
_OURS: Final = re.compile(r"\bbus\b|\bjob\b|\bgate\b|\bsupervise\b")


def glue_lines(example: Example) -> int:
    """Lines of an example that name something of ours."""
    return sum(bool(_OURS.search(line)) for line in example.path.read_text("utf-8").splitlines())


def adapter_lines(example: Example) -> int:
    """All lines of its adapter."""
    path = ROOT / "bus" / "adapters" / f"{example.adapter}.py"
    return len(path.read_text("utf-8").splitlines())

"""Room for calls: loops below `roomy` map no memory, however deep they stand."""

import subprocess
import sys

import pytest

from console.cli.roomy import roomy
from tests import ROOT

CALLS = 100
"""Calls at each depth. At an edge of the stack's chunks each would cost at least one page."""

PROGRAM = f"""
import resource
from console.cli.roomy import roomy

def leaf(a, b, c, d, e, f, g):
    return a

def down(depth):
    for _ in range({CALLS}):
        leaf(1, 2, 3, 4, 5, 6, 7)
    if depth:
        down(depth - 1)

def pages():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

down(10)
before = pages()
roomy(lambda: down(900))
print(pages() - before)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="pages are not counted there")
def test_no_depth_stands_at_an_edge() -> None:
    child = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    frames = 256  # pages of the frames themselves, and some to spare: without room it is CALLS at each of some ten edges
    assert int(child.stdout) < frames


def test_what_is_returned_and_raised_passes() -> None:
    assert roomy(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        roomy(lambda: 1 // 0)

"""Line mode for ears: every line is understood alone, and has neither a control character nor a drawn line in it."""

import unicodedata
from io import StringIO

import pytest

from console.cli import card
from console.cli.plain.printer import Printer
from console.cli.printing import columns, spoken
from tests.fixtures.floor import Script, busy

DRAWN = range(0x2500, 0x25A0)
"""Lines, boxes and blocks."""


def worked() -> Script:
    script = busy()
    script.step("refunds", "7q51", 1, "read_ticket", 0.9)
    script.obey("refunds", "7q51", script.decide("refunds", "7q51", "a2"))
    script.do("refunds", "7q51", "a2", "refunded\x1b[2J")
    script.alarm("loop/refunds/7q51", "the same again", 2, "refunds", "7q51")
    return script


def test_a_table_is_lines_that_name_what_they_say() -> None:
    head, rows = ("  STEP", "AT", "CLAIM", ""), [("  1", "14:03", "0.97", "late"), ("  2", "14:04", "–", "")]
    assert spoken(head, rows) == ["  step 1, at 14:03, claim 0.97, late", "  step 2, at 14:04"]
    assert len(columns(head, rows)) == 3


@pytest.mark.parametrize("run", ["refunds/7q51", "refunds/7q4f", "reader/44zz"])
def test_of_a_run_each_line_is_understood_without_the_ones_around_it(run: str) -> None:
    script = worked()
    stream = StringIO()
    Printer(stream).lines(card.run_page(script.fleet, script.fleet.runs[run], script.at, spoken))
    lines = stream.getvalue().splitlines()
    assert not any(line.lstrip().startswith(("STEP", "ACTION", "COMMAND", "ALARM")) for line in lines)
    assert any(line.startswith("  step ") for line in lines)
    for line in lines:
        assert all(unicodedata.category(sign) != "Cc" for sign in line)
        assert not any(ord(sign) in DRAWN for sign in line)

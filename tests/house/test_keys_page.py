"""The pages say the keys that there are."""

import re

from console.tui.keys.actions import ACTIONS, name_of
from tests import ROOT
from tests.house import keys_page


def test_the_page_of_keys_is_that_of_the_table() -> None:
    assert keys_page.PAGE.read_text("utf-8") == keys_page.page(), (
        "write it anew: python -m tests.house.keys_page"
    )


def test_the_keys_of_the_readme_are_bound() -> None:
    """Those of the first column, which is what an operator does with it."""
    table = (ROOT / "README.md").read_text("utf-8").partition("| in the console |")[2].partition("\n\n")[0]
    named = {key for row in table.splitlines()[2:] for key in re.findall(r"`([^`]+)`", row.split("|")[1])}
    bound = {name_of(key) for action in ACTIONS for key in action.keys}
    assert {"A", "R", "a", "d", "K"} <= named
    assert named <= bound

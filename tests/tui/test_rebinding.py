"""Other keys: what may be had, what is refused with one line, and that the console goes by the table in force."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.keys import _character_to_key

from console.tui.keys import actions
from console.tui.keys.actions import ACTIONS
from console.tui.keys.rebinding import EATEN, BadKeysError, fixed, key_of, rebindable, rebound
from console.tui.settings_file import read
from tests.fixtures.console import console
from tests.fixtures.floor import busy


@pytest.fixture(autouse=True)
def _the_table() -> Iterator[None]:
    yield
    actions.put_in_force(ACTIONS)


def test_no_key_of_the_table_is_eaten_on_its_way() -> None:
    """But the two that only say how to leave, and the palette's second one."""
    bound = {(action.id, key) for action in ACTIONS for key in action.keys if key in EATEN}
    assert bound == {("how_to_quit", "ctrl+c"), ("how_to_quit", "ctrl+q"), ("commands", "ctrl+p")}


@pytest.mark.parametrize("sign", [chr(number) for number in range(32, 127)])
def test_signs_have_the_names_that_the_toolkit_gives_them(sign: str) -> None:
    assert key_of(sign) == _character_to_key(sign)


def test_the_file_is_read_before_the_toolkit_is_loaded() -> None:
    words = "import sys, console.tui.settings_file; sys.exit('textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", words], check=False).returncode == 0


def test_the_table_itself_keeps_the_rules_of_dangerous_keys() -> None:
    confirming = {key for action in ACTIONS if action.confirms for key in action.keys}
    for action in ACTIONS:
        if action.acting and not action.confirms:
            assert not {"enter", "space", "escape", "tab"} & {*action.keys}
            assert not confirming & {*action.keys}


@pytest.mark.parametrize("name", [n for n in rebindable() if any(a.id == n and a.acting for a in ACTIONS)])
@pytest.mark.parametrize("key", ["enter", "space", " ", "y", "5", "ctrl+t", "tab", "esc", "down"])
def test_nothing_dangerous_is_put_on_a_key_that_confirms_or_comes_by_itself(name: str, key: str) -> None:
    with pytest.raises(BadKeysError, match=f"{name} acts"):
        rebound({name: [key]})


@pytest.mark.parametrize("key", sorted(EATEN))
def test_what_is_eaten_cannot_be_had(key: str) -> None:
    with pytest.raises(BadKeysError, match="cannot be had"):
        rebound({"help": [key]})


@pytest.mark.parametrize("name", sorted({action.id for action in ACTIONS if fixed(action)}))
def test_what_confirms_winds_or_leads_back_stays(name: str) -> None:
    with pytest.raises(BadKeysError, match="fixed"):
        rebound({name: ["f5"]})


@pytest.mark.parametrize(
    "wanted, words",
    [
        ({"rejct": ["x"]}, "no such action; the actions are acknowledge, alarms"),
        ({"reject": ["alt+x"]}, "'alt+x': no such key"),
        ({"reject": ["ü"]}, "'ü': no such key"),
        ({"reject": []}, "0 keys: must be 1 to 3"),
        ({"reject": ["p"]}, "p: is pause in fleet; give pause another key too"),
        ({"help": ["d"]}, "d: is reject in fleet; give reject another key too"),
        ({"copy": ["t"]}, "t: is go in a replay's fleet; give go another key too"),
    ],
)
def test_what_cannot_be_is_one_clear_line(wanted: dict[str, list[str]], words: str) -> None:
    with pytest.raises(BadKeysError) as error:
        rebound(wanted)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_two_actions_may_change_places() -> None:
    rows = rebound({"reject": ["p"], "pause": ["d"]})
    assert {row.keys for row in rows if row.id == "reject"} == {("p",)}
    assert {row.keys for row in rows if row.id == "pause"} == {("d",)}


def test_a_key_that_winds_stays_with_the_replay() -> None:
    rows = {row.floor: row.keys for row in rebound({"earlier": ["u", "["]}) if row.id == "earlier"}
    assert rows == {"live": ("u", _character_to_key("[")), "replay": ("u",)}


def test_the_file_names_the_entry(tmp_path: Path) -> None:
    path = tmp_path / "console.toml"
    path.write_text('[keys]\nreject = "X"\nopen = ["enter", "f2"]\n')
    assert read(path).keys == (("reject", ("X",)), ("open", ("enter", "f2")))
    path.write_text('[keys]\nkill = "enter"\n')
    with pytest.raises(ValueError, match=r"console\.toml.*keys\.kill.*enter"):
        read(path)


async def test_the_console_goes_by_the_table_in_force() -> None:
    actions.put_in_force(rebound({"reject": ["X"], "quit": ["f10"], "filter": ["u"], "pause": ["/"]}))
    async with console(busy()) as it:
        assert " X reject" in it.lines()[-1]
        await it.press("d")
        assert it.said == []
        await it.press("X")
        assert it.verbs() == ["reject"]
        await it.press("q")
        assert it.app.return_value is None
        await it.press("ctrl+c")
        assert "f10 leaves" in it.text()
        await it.press("question_mark")
        assert "\n   X  " in it.text()


async def test_a_pasted_text_never_presses_what_was_put_on_its_first_sign() -> None:
    from textual.events import Paste

    actions.put_in_force(rebound({"filter": ["u"], "pause": ["/"]}))
    async with console(busy()) as it:
        await it.settle()
        it.app.post_message(Paste("/x"))
        await it.settle()
        assert it.said == []
        await it.press("slash")
        assert it.verbs() == ["pause"]

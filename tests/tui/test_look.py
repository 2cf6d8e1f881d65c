"""The look on every kind of terminal: contrast, sight without one kind of cone, few colours, none, and ASCII only."""

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import Color, ColorSystem
from textual.widgets import TextArea

from console.tui.drawing import signs
from console.tui.drawing.paint import safe
from console.tui.drawing.theme import BARE, PALETTE
from console.tui.floor.attention import CONTROL, MARKS
from console.tui.screens.help_screen import SIGNS
from console.tui.settings import (
    THEMES,
    Asked,
    BadSettingError,
    Settings,
    depth,
    settled,
    theme_for,
    wants_ascii,
)
from console.tui.settings_file import read
from tests.fixtures.colours import SIGHT, contrast, distance
from tests.fixtures.console import console
from tests.fixtures.floor import busy, calm
from tests.tui.test_screens import PICTURES

HUED = sorted(name for name in PALETTE if name not in BARE)
TEXTS = ("muted", "text", "strong", "watch", "act", "stop")
LOUD = ("watch", "act", "stop")


@pytest.fixture(autouse=True)
def _signs_of_ours() -> Iterator[None]:
    yield
    signs.show_ascii_only(False)


def rounded(palette: dict[str, str]) -> dict[str, str]:
    """A palette as a terminal with 256 colours shows it."""
    return {
        ink: Color.parse(colour).downgrade(ColorSystem.EIGHT_BIT).get_truecolor().hex
        for ink, colour in palette.items()
    }


def shown(name: str) -> list[dict[str, str]]:
    """A palette on every terminal that is given it."""
    if name == "light-256":
        return [rounded(PALETTE[name])]
    return [PALETTE[name]] if name == "light" else [PALETTE[name], rounded(PALETTE[name])]


@pytest.mark.parametrize("name", HUED)
def test_every_pair_of_every_palette_can_be_read(name: str) -> None:
    for palette in shown(name):
        for ground in (palette["bg"], palette["raised"]):
            found = {ink: contrast(palette[ink], ground) for ink in TEXTS}
            assert min(found.values()) >= (7.0 if name == "high-contrast" else 4.5), found
            assert contrast(palette["rule"], ground) >= 3.0  # it is no text
        assert contrast(palette["bg"], palette["text"]) >= 4.5  # the chip


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("name", HUED)
def test_what_means_something_can_be_told_apart(name: str, sight: str) -> None:
    for palette in shown(name):
        least = 24.0 if name == "colour-blind" else 10.0
        found = {
            (one, two): distance(palette[one], palette[two], sight) for one, two in combinations(LOUD, 2)
        }
        assert min(found.values()) >= least, found


def test_the_measures_are_those_of_the_literature() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert distance("#ff0000", "#ff0000") == pytest.approx(0.0)
    assert distance("#0000ff", "#ff0000") == pytest.approx(52.88, abs=0.05)
    assert distance("#ffffff", "#000000") == pytest.approx(100.0, abs=0.05)


@pytest.mark.parametrize("name", sorted(PALETTE))
async def test_a_calm_floor_has_no_coloured_cell_in_any_theme(name: str) -> None:
    async with console(calm(), settings=Settings(name)) as it:
        if name != "mono":
            assert it.coloured() == []
        await it.press("question_mark")
        if name != "mono":
            assert it.coloured() == []


@pytest.mark.parametrize("name", sorted(PALETTE))
async def test_the_row_in_hand_stands_out_in_every_theme(name: str) -> None:
    async with console(busy(), settings=Settings(name)) as it:
        row = next(strip for strip in it.strips() if strip[0].text.startswith("▌"))
        grounds = {(style.bgcolor, style.reverse) for text, style, _ in it.strips()[0] if style}
        assert all((style.bgcolor, style.reverse) not in grounds for _, style, _ in row if style)


@pytest.mark.parametrize("name", sorted(BARE))
async def test_bare_themes_use_no_colours_but_the_sixteen(name: str) -> None:
    async with console(busy(), settings=Settings(name)) as it:
        for key in ("", "enter", "a", "escape", "e", "escape", "colon"):
            await it.press(*filter(None, [key]))
            for strip in it.strips():
                for _, style, _ in strip:
                    for colour in (style.color, style.bgcolor) if style else ():
                        fine = (
                            colour is None
                            or colour.is_default
                            or (name != "mono" and colour.number is not None)
                        )
                        assert fine, (key, strip)


@pytest.mark.parametrize("name", ["mono", "16"])
async def test_all_that_colour_says_is_said_without(name: str) -> None:
    """The eight states of the attention order and of what waits, as text."""
    async with console(busy(), settings=Settings(name)) as it:
        coloured, plain = it.text(), None
    async with console(busy()) as it:
        plain = it.text()
    assert coloured == plain
    assert all(word in plain for word in ("stop", "act", "watch", "hold", "ask", "lost", "pausing", "paused"))


# ---- ASCII -----------------------------------------------------------------------------------------------------------


def test_every_sign_of_ours_has_a_twin_of_one_cell() -> None:
    assert all(len(sign) == len(twin) == 1 and twin.isascii() for sign, twin in signs.TWINS.items())
    ours = {*MARKS.values(), *CONTROL.values(), *"".join(word for row in SIGNS for word in row)}
    assert {sign for sign in ours if not sign.isascii()} <= {*signs.TWINS}
    for group in (MARKS.values(), CONTROL.values(), "▁▂▃▄▅▆▇█", "━─"):
        twins = [signs.TWINS[sign] for sign in group]
        assert len({*twins}) == len(twins)


@given(st.text())
def test_whatever_is_shown_in_ascii_is_ascii_and_stays_so(text: str) -> None:
    try:
        signs.show_ascii_only(True)
        once = safe(text)
        assert once.isascii()
        assert once.isprintable()
        assert safe(once) == once
    finally:
        signs.show_ascii_only(False)


@pytest.mark.parametrize("name", sorted(name for name, row in PICTURES.items() if row[1] == (80, 24)))
async def test_a_screen_in_ascii_is_the_same_screen(name: str) -> None:
    """Cell for cell, wherever no agent sent what is not ASCII."""
    make, size, keys, link = PICTURES[name]
    found = []
    for only in (False, True):
        signs.show_ascii_only(only)
        async with console(make(), size=size) as it:
            if link:
                it.source.turn(**link)
            await it.press(*keys)
            found.append(it.text())
    picture, text = found
    assert text.isascii()
    if name.startswith("reliability"):
        picture = picture.replace("●", "*")
    assert text == signs.in_ascii(picture)


async def test_an_exact_value_is_never_shown_by_a_twin() -> None:
    script = calm()
    script.start("mailer", "m1", "Mail “them” — né")
    script.ask(
        "mailer", "m1", "a1", "send", {"to": "pay–outs@acme·desk.example", "é": 1}, gate="ask", severity=3
    )
    signs.show_ascii_only(True)
    async with console(script) as it:
        await it.press("enter")
        text = it.text()
        assert r'"pay\u2013outs@acme\u00b7desk.example"' in text
        assert r'["\u00e9"]' in text
        await it.press("e")
        assert r'"pay\u2013outs@acme\u00b7desk.example"' in it.text()
        assert it.text().isascii()


async def test_the_editor_and_the_palette_are_ascii_too() -> None:
    signs.show_ascii_only(True)
    async with console(busy(), settings=Settings("mono")) as it:
        for keys in (("colon",), ("escape", "enter", "e")):
            await it.press(*keys)
            assert it.text().isascii(), it.text()


# ---- which holds -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "environment, colours",
    [
        ({}, "none"),
        ({"TERM": "dumb"}, "none"),
        ({"TERM": "vt100"}, "none"),
        ({"TERM": "linux"}, "16"),
        ({"TERM": "xterm"}, "16"),
        ({"TERM": "xterm-256color"}, "256"),
        ({"TERM": "tmux-256color", "COLORTERM": "truecolor"}, "true"),
        ({"TERM": "xterm-kitty"}, "true"),
    ],
)
def test_how_many_colours_a_terminal_has(environment: dict[str, str], colours: str) -> None:
    assert depth(environment) == colours


@pytest.mark.parametrize(
    "wanted, environment, theme",
    [
        ("auto", {"COLORTERM": "truecolor"}, "dark"),
        ("auto", {}, "dark"),
        ("auto", {"COLORFGBG": "0;15"}, "light-256"),
        ("auto", {"COLORFGBG": "15;default;0", "COLORTERM": "24bit"}, "dark"),
        ("auto", {"NO_COLOR": "1", "COLORFGBG": "0;15"}, "mono"),
        ("auto", {"NO_COLOR": ""}, "dark"),
        ("light", {"NO_COLOR": "1"}, "light-256"),
        ("light", {"COLORTERM": "truecolor"}, "light"),
        ("colour-blind", {}, "colour-blind"),
        ("high-contrast", {"TERM": "linux"}, "16"),
        ("light", {"TERM": "screen"}, "16-light"),
        ("dark", {"TERM": "dumb"}, "mono"),
        ("16", {}, "16"),
        ("mono", {"TERM": "linux"}, "mono"),
    ],
)
def test_which_theme_holds(wanted: str, environment: dict[str, str], theme: str) -> None:
    assert theme_for(wanted, {"TERM": "xterm-256color"} | environment) == theme


@pytest.mark.parametrize("wanted", THEMES)
@pytest.mark.parametrize("term", ["", "dumb", "linux", "xterm-256color", "xterm-direct"])
def test_every_theme_on_every_terminal_is_one_that_there_is(wanted: str, term: str) -> None:
    assert theme_for(wanted, {"TERM": term}) in PALETTE


@pytest.mark.parametrize(
    "environment, only",
    [
        ({}, False),
        ({"LANG": "de_DE.UTF-8"}, False),
        ({"LANG": "de_DE.utf8"}, False),
        ({"LANG": "de_DE.ISO-8859-1"}, True),
        ({"LANG": "C"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LC_CTYPE": "C.UTF-8"}, False),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, True),
        ({"LANG": "C", "LC_ALL": "C.UTF-8"}, False),
        ({"LANG": "de_DE.UTF-8", "TERM": "linux"}, True),
        ({"LANG": "de_DE.UTF-8", "TERM": "dumb"}, True),
    ],
)
def test_when_ascii_is_shown(environment: dict[str, str], only: bool) -> None:
    assert wants_ascii({"TERM": "xterm-256color"} | environment) is only


def test_flags_go_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "console.toml"
    terminal = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
    assert settled(Asked(), Asked(), terminal) == Settings()
    file.write_text('theme = "light"\nascii = true\nmouse = false\ncursor = true\nframes = 10\n', "utf-8")
    assert settled(Asked(), read(file), terminal) == Settings("light", True, False, True, 10)
    said = terminal | {"WATCHFLOOR_THEME": "colour-blind", "WATCHFLOOR_ASCII": "0", "WATCHFLOOR_FRAMES": "2"}
    assert settled(Asked(), read(file), said) == Settings("colour-blind", False, False, True, 2)
    assert settled(Asked("mono", True, True), read(file), said) == Settings("mono", True, True, True, 2)


def test_over_ssh_there_are_fewer_frames_unless_somebody_said_how_many() -> None:
    terminal = {"TERM": "xterm-256color", "SSH_CONNECTION": "192.0.2.1 5 192.0.2.2 22"}
    assert settled(Asked(), Asked(), terminal)[4:6] == (4, True)
    assert settled(Asked(frames=15), Asked(), terminal)[4:6] == (15, True)


@pytest.mark.parametrize(
    "text, words",
    [
        ('theme = "pink"', "Invalid enum value 'pink'"),
        ("colour = true", "unknown field `colour`"),
        ("frames = 0", "console.toml:1: frames: 0 frames a second: must be 1 to 30"),
        ("frames = true", "Expected `int | null`, got `bool`"),
        ("theme", "not valid TOML"),
    ],
)
def test_a_file_that_means_nothing_is_one_line_that_names_it(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "console.toml"
    file.write_text(text + "\n", "utf-8")
    with pytest.raises(ValueError, match=r"console\.toml") as caught:
        read(file)
    said = str(caught.value)
    assert words in said
    assert said.startswith(str(file))
    assert "\n" not in said


@pytest.mark.parametrize(
    "name, value, words",
    [
        ("WATCHFLOOR_THEME", "pink", "WATCHFLOOR_THEME=pink: one of auto, dark"),
        ("WATCHFLOOR_FRAMES", "99", "WATCHFLOOR_FRAMES=99: a number from 1 to 30"),
        ("WATCHFLOOR_ASCII", "maybe", "WATCHFLOOR_ASCII=maybe: 1 or 0"),
    ],
)
def test_a_variable_that_means_nothing_is_named(name: str, value: str, words: str) -> None:
    with pytest.raises(BadSettingError, match=words):
        settled(Asked(), Asked(), {name: value})


@pytest.mark.parametrize("theme", ["16", "mono"])
async def test_selected_text_is_reversed_where_there_is_no_ground(theme: str) -> None:
    async with console(busy(), settings=Settings(theme=theme)) as it:
        await it.press("down", "enter", "e")
        area = it.app.screen.query_one(TextArea)
        await it.press("shift+down", "shift+down", "shift+down")
        reversed_ = "".join(
            segment.text
            for strip in it.strips()
            for segment in strip
            if segment.style and segment.style.reverse
        )
        assert area.selected_text.splitlines()[1].strip() in reversed_

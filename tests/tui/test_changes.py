"""What an action would change, in Decide and in lines: the agent's word, harmless, and never in the way of an answer."""

from hypothesis import given
from hypothesis import strategies as st

from bus.events import Preview
from console.cli.card import action_card
from console.core.text import plain
from console.tui.drawing.paint import in_lines, wrap
from tests.fixtures.changes import changing
from tests.fixtures.console import console
from tests.fixtures.floor import busy


async def test_what_it_would_change_is_shown_and_need_not_be_read_to_approve() -> None:
    async with console(changing()) as it:
        await it.press("2", "g", "enter")
        assert "changes    lists/list.txt, by the agent's own word, not in the digest" in it.text()
        assert "like asks  2 approved (1 verified ok), 1 rejected, 1 expired" in it.text()
        assert "reaches    1 path" in it.text()
        assert "no undo    overwrites without a copy (file.toml: write_file)" in it.text()
        await it.press("a", "y")
        assert it.verbs() == ["approve"]


async def test_a_hostile_preview_stays_text() -> None:
    script = busy()
    script.start("evil", "e1", "x")
    words = "\x1b]0;owned\x07 [@click=app.quit]x[/]\u202e\n" * 3
    preview = Preview(of=words, present=words, proposed=f"{words}more")
    script.ask("evil", "e1", "a1", "write_file", {"path": "a"}, within=20, preview=preview)
    async with console(script, size=(200, 50)) as it:
        await it.press("2", "g", "enter")
        text = it.text()
        assert "changes    \\x1b]0;owned\\x07 [@click=app.quit]x[/]\\u202e" in text
        assert "+ more" in text
        assert plain(text.replace("\n", ""), len(text)) == text.replace("\n", "")


def test_the_card_of_the_command_line_has_the_same() -> None:
    fleet = changing().fleet
    action = fleet.action("scribe/d1ff/p1")
    assert action is not None
    card = action_card(fleet, action, fleet.at)
    assert "  reaches  1 path" in card
    assert "  no undo  overwrites without a copy (file.toml: write_file)" in card
    assert "  alike    2 approved (1 verified ok), 1 rejected, 1 expired" in card
    at = card.index(
        "  changes  lists/list.txt, present and proposed, by the agent's own word, not in the digest"
    )
    assert card[at + 1 : at + 6] == [
        "           … 9 lines the same",
        "             milk",
        "           - bread",
        "             eggs",
        "           + honey",
    ]


def test_nothing_is_made_up_where_nothing_is_known() -> None:
    script = busy()
    script.start("odd", "o1", "x")
    script.ask("odd", "o1", "a1", "frobnicate", {"how": "much"}, within=20)
    action = script.fleet.action("odd/o1/a1")
    assert action is not None
    action.reaches = []
    card = action_card(script.fleet, action, script.fleet.at)
    assert "  reaches  unknown" in card
    assert "  alike    none before" in card
    assert not [line for line in card if line.startswith(("  no undo", "  changes"))]


@given(
    words=st.lists(st.text("abcdefgh-/.", min_size=1, max_size=40), min_size=1, max_size=12),
    cells=st.integers(4, 30),
)
def test_no_word_is_broken_that_has_room_on_a_line(words: list[str], cells: int) -> None:
    text = " ".join(words)
    lines = wrap(text, cells)
    assert "".join(lines) == text
    assert max(map(len, lines)) <= cells
    kept = {part for line in lines for part in line.split(" ")}
    assert {word for word in words if len(word) < cells} <= kept


@given(text=st.text("abc ", min_size=1, max_size=80), cells=st.integers(4, 30), most=st.integers(1, 4))
def test_what_is_cut_is_cut_after_a_word_and_marked(text: str, cells: int, most: int) -> None:
    lines = in_lines(text, cells, most)
    assert len(lines) <= most
    assert max(map(len, lines)) <= cells
    assert lines[-1].endswith("…") == (len(wrap(text, cells)) > most)

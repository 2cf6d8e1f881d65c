"""Line mode beside the console: each action of its table has a word, an answer to a question, or a reason to be left out."""

from typing import Final

from console.cli.plain.acts import choices
from console.cli.plain.words import WORDS, find
from console.tui.keys.actions import ACTIONS
from tests.fixtures.floor import busy

# fmt: off
NO_CURSOR: Final = "a line has no cursor to move"
NO_SCREEN_TO_KEEP: Final = "lines can be copied as they stand"
NO_SCREEN: Final = "there is no screen to go back from"

PARITY: Final[dict[str, str]] = {
    "open": "open", "unfold": "open", "says": "open",
    "approve": "approve", "edit": "edit", "check": "edit", "reject": "reject", "reject_why": "reject-because",
    "respond": "respond", "escalate": "escalate", "claim": "claim", "pause": "pause", "kill": "kill", "hold_all": "hold-all",
    "resume_all": "resume-all",
    "revoke": "revoke",
    "acknowledge": "ack", "reset": "reset", "shelve": "shelve", "remove": "remove", "next": "alarms", "tab": "alarms",
    "fold": "alarms", "reliability": "reliability", "bus": "status", "recorder": "status", "verify": "reliability",
    "fleet": "fleet", "queue": "queue", "alarms": "alarms", "views": "fleet",
    "filter": "filter", "text": "filter", "keep": "filter", "clear": "filter",
    "commands": "help", "choose": "help", "help": "help", "quit": "quit", "how_to_quit": "quit",
}  # fmt: skip
"""The word that does what an action of the console's table does."""

ANSWERS: Final[dict[str, str]] = {
    "yes": "y", "yes_run": "t", "code": "the four digits", "id": "the short id of the run", "send": "the words, as a line",
}  # fmt: skip
"""Actions that answer a question: what is typed at it here."""

LEFT_OUT: Final[dict[str, str]] = {
    "up": NO_CURSOR, "down": NO_CURSOR, "page_up": NO_CURSOR, "page_down": NO_CURSOR, "top": NO_CURSOR,
    "bottom": NO_CURSOR, "earlier": NO_CURSOR, "later": NO_CURSOR, "back": NO_SCREEN, "leave": NO_SCREEN,
    "sessions": "watchfloor sessions lists them", "audit": "watchfloor oncall tells it",
    "older": "watchfloor oncall tells it",
    "copy": NO_SCREEN_TO_KEEP, "keep_screen": NO_SCREEN_TO_KEEP,
    "policy": "watchfloor policy check and explain tell it",
}  # fmt: skip
"""Actions that only a screen needs, and why."""
# fmt: on


def test_every_action_of_the_consoles_table_is_reachable_by_a_line() -> None:
    live = {action.id: action for action in ACTIONS if action.floor != "replay"}
    placed = PARITY.keys() | ANSWERS.keys() | LEFT_OUT.keys()
    assert sorted(live.keys() - placed) == [], "say here what does this in line mode"
    for name, action in live.items():
        if name in LEFT_OUT:
            assert not action.acting, f"{name} acts and cannot be left out"
        elif name in PARITY:
            word = find(PARITY[name], read_only=False)
            assert word is not None, name
            if name != "check":  # it only looks at what is typed until it is confirmed
                assert word.acting == action.acting, name
        else:
            assert action.confirms, name


def test_the_menu_of_an_ask_numbers_every_word_that_is_about_one() -> None:
    fleet = busy().fleet
    asked = next(
        action for run in fleet.runs.values() for action in run.actions.values() if action.state == "asked"
    )
    offered = choices(asked, read_only=False)
    assert {word.name for word in WORDS if word.of == "action" and word.acting} <= {*offered}
    assert len(offered) <= 9  # from 11 up they are things

"""Decide shows, argument by argument, where the value came from, and what would have been milder."""

from datetime import UTC
from typing import Any

import pytest

from bus.records import Reason, ValueOrigin
from console.cli.card import action_card
from console.core.fleet.state import Action, Fleet, Run
from console.core.judging.origin_words import by_path
from console.tui.drawing.paint import text_of
from console.tui.rows import decide_rows
from console.tui.rows.arguments import pieces
from console.tui.rows.frame_rows import NOWHERE, View

ARGS: dict[str, Any] = {
    "order_id": "88213",
    "to": "payouts@acme-desk.example",
    "attach": ["invoice-88213.pdf"],
    "body": "Dear customer, " * 20,
}
ORIGINS = [
    ValueOrigin(path="order_id", kind="said"),
    ValueOrigin(path="to", kind="text", result=6, tool="fetch_page", quote="send invoices to payouts"),
    ValueOrigin(path="attach.0", kind="field", result=7, tool="get_invoice"),
    ValueOrigin(path="body", kind="made"),
]
RUN = Run(agent="refunds", run="7q4f")


def view(width: int) -> View:
    return View(0, width, UTC, NOWHERE.standing, "harbour", "op-1", read_only=False, signed=True)


def action(**more: Any) -> Action:
    reasons = [
        Reason(code="origin", text="never said by the user"),
        Reason(code="instead", text="It would be ask so"),
    ]
    return Action(
        id="a1", agent="refunds", run="7q4f", tool="send_email", args=ARGS, gate="hold", state="asked", digest="0" * 64,
        origins=ORIGINS, reasons=reasons, **more,
    )  # fmt: skip


def rows(shown: Action, width: int) -> list[str]:
    column = decide_rows.value_column(["order_id", "attach[0]"])
    at = decide_rows.origin_column(shown, column, view(width))
    cells = (at or width) - 1 - column
    known = by_path(shown.origins)
    found = pieces(shown.args, RUN, cells, unfolded=False)
    return [text_of(decide_rows.argument_row(piece, column, known.get(piece.place), at)) for piece in found]


@pytest.mark.parametrize("width", [80, 120])
def test_each_argument_says_where_it_came_from(width: int) -> None:
    order, to, attach, *body = rows(action(), width)
    assert "said by the user" in order
    assert to.startswith(" ! to")
    assert "payouts@acme-desk.example" in to
    assert "! text of fetch_page, result 6" in to
    assert "· get_invoice, result 7" in attach
    assert "made by the model" in body[0]
    assert not any("made" in row for row in body[1:])
    assert all(len(row) <= width for row in (order, to, attach, *body))


def test_an_edited_action_has_no_origins_to_show() -> None:
    edited = action(edited={"to": "desk@harbour.example"})
    assert decide_rows.origin_column(edited, 14, view(120)) is None
    assert decide_rows.origin_column(action(), 14, view(120)) is not None


def test_what_would_have_been_has_its_own_row() -> None:
    lines = [
        text_of(line) for line in decide_rows.tail(action(), None, view(80), closed="", says=False, rows=20)
    ]
    assert any(line.split()[:2] == ["why", "hold"] for line in lines)
    assert any(line.split() == ["instead", *["It", "would", "be", "ask", "so"]] for line in lines)


def test_the_card_says_it_too() -> None:
    card = action_card(Fleet(), action(), 0)
    assert "  from     to: ! text of fetch_page, result 6" in card

"""The folder that the demo agents work in: an order desk, files, an outbox, and nothing beyond it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from console.demo.script import Script

ORDERS: Final = 60
DELIVERIES: Final = 80
PAGE: Final = 10
"""Orders that a list shows at once."""

_SCHEMA: Final = """
CREATE TABLE orders (id TEXT PRIMARY KEY, customer TEXT, email TEXT, item TEXT, total REAL, card TEXT, state TEXT);
CREATE TABLE tickets (id TEXT PRIMARY KEY, order_id TEXT, text TEXT, label TEXT DEFAULT '', note TEXT DEFAULT '');
CREATE TABLE payments (action TEXT PRIMARY KEY, kind TEXT, order_id TEXT, amount REAL);
CREATE TABLE deliveries (id TEXT PRIMARY KEY, item TEXT, count INTEGER);
CREATE TABLE stock (run TEXT, action TEXT, delivery_id TEXT, count INTEGER, PRIMARY KEY (run, action));
"""
_NAMES: Final = (
    "Ada Brandt",
    "Bo Winter",
    "Cleo Marsh",
    "Dag Olsen",
    "Eva Roth",
    "Finn Abel",
    "Gita Rao",
    "Hal Moor",
)
_ITEMS: Final = (
    "rain jacket",
    "desk lamp",
    "kettle",
    "trail shoes",
    "headphones",
    "wool blanket",
    "bike light",
)
TROUBLES: Final[dict[str, str]] = {
    "arrived broken. I would like my money back": "quality",
    "never arrived, the tracking stopped a week ago": "delivery",
    "is the wrong colour, I sent it back on Monday": "mix-up",
    "stopped working after two days": "quality",
}
"""What tickets are about, and the label that is right for each."""


def label_of(text: str) -> str:
    """The right label of a ticket's text; empty if it is about nothing that we know."""
    return next((label for trouble, label in TROUBLES.items() if trouble in text), "")


class OutsideError(ValueError):
    """A path that leads out of the sandbox. An operator's edit may bring any."""


class Sandbox:
    """Where everything is. `make` fills it; a second look finds the same things."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.desk = root / "desk.sqlite"
        self.files = root / "files"
        self.trash = root / "trash"
        self.outbox = root / "outbox"
        self.output = root / "output"
        self.releases = root / "releases"
        self.share = root / "share"
        self.ledger = root / "ledger.jsonl"

    def make(self, seed: int) -> None:
        """Make the folders and fill the order desk. The same seed fills it the same way."""
        for folder in (self.files, self.trash, self.outbox, self.output, self.releases, self.share):
            folder.mkdir(parents=True)
        script = Script(seed, "sandbox", 1)
        with closing(sqlite3.connect(self.desk)) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.executescript(_SCHEMA)
            for number in range(1, ORDERS + 1):
                name, item = script.pick(_NAMES), script.pick(_ITEMS)
                email = f"{name.split()[0].lower()}{number}@customer.example"
                total, card = round(script.between(18, 180), 2), f"card ending {script.whole(1000, 9999)}"
                order = (f"A-{2000 + number}", name, email, item, total, card, "delivered")
                database.execute("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?)", order)
                text = f"The {item} of order {order[0]} {script.pick(tuple(TROUBLES))}. {name}"
                database.execute(
                    "INSERT INTO tickets (id, order_id, text) VALUES (?, ?, ?)",
                    (f"T-{number}", order[0], text),
                )
            for number in range(1, DELIVERIES + 1):
                tens, ones = script.whole(1, 9), script.whole(0, 8)
                count = 10 * tens + ones + (ones >= tens)  # two different digits, as `clerk` may swap them
                delivery = (f"D-{number}", script.pick(_ITEMS), count)
                database.execute("INSERT INTO deliveries VALUES (?, ?, ?)", delivery)
            database.commit()

    def inside(self, path: str, folder: Path | None = None) -> Path:
        """The file of that name relative to a folder of the sandbox, or to its root.

        Raises:
            OutsideError: it is not in it.
        """
        base = (folder or self.root).resolve()
        found = (base / path).resolve()
        if not found.is_relative_to(base):
            raise OutsideError(f"{path} is outside of {base.name}")
        return found

    @contextmanager
    def database(self) -> Iterator[sqlite3.Connection]:
        """The order desk, in one transaction."""
        with closing(sqlite3.connect(self.desk, timeout=10)) as database:
            database.row_factory = sqlite3.Row
            with database:
                yield database

    # ---- what several agents do with it ----------------------------------------------------------------------------

    def ticket(self, name: str) -> dict[str, Any]:
        """One ticket.

        Raises:
            LookupError: there is none of that name.
        """
        return self._one("SELECT id, order_id, text, label FROM tickets WHERE id = ?", name)

    def order(self, name: str) -> dict[str, Any]:
        """One order.

        Raises:
            LookupError: there is none of that name.
        """
        return self._one("SELECT * FROM orders WHERE id = ?", name)

    def pay(self, action: str, kind: str, order: str, amount: float) -> str:
        """Book a refund or a credit, once for an action.

        Raises:
            LookupError: there is no such order.
            ValueError: the amount is none.
        """
        if not 0 < amount < 10_000:
            raise ValueError(f"{amount!r} is no amount")
        with self.database() as database:
            if database.execute("UPDATE orders SET state = ? WHERE id = ?", (kind, order)).rowcount != 1:
                raise LookupError(f"there is no order {order}")
            database.execute("INSERT INTO payments VALUES (?, ?, ?, ?)", (action, kind, order, amount))
        return f"{kind} of {amount:.2f} booked on {order}"

    def annotate(self, ticket: str, column: str, text: str) -> str:
        """Write into a ticket's `label` or `note`.

        Raises:
            LookupError: there is no such ticket.
        """
        sql = {
            "label": "UPDATE tickets SET label = ? WHERE id = ?",
            "note": "UPDATE tickets SET note = ? WHERE id = ?",
        }[column]
        with self.database() as database:
            if database.execute(sql, (text, ticket)).rowcount != 1:
                raise LookupError(f"there is no ticket {ticket}")
        return f"{column} written"

    def customers(self, part: str) -> list[dict[str, Any]]:
        """Customers whose name has this in it."""
        with self.database() as database:
            rows = database.execute(
                "SELECT customer, email, total FROM orders WHERE customer LIKE ? ORDER BY id LIMIT 5",
                (f"%{part}%",),
            )
            return [dict(row) for row in rows]

    def orders(self, first: str, last: str, page: int) -> list[dict[str, Any]]:
        """One page of the orders from `first` to `last`; pages count from 1."""
        with self.database() as database:
            rows = database.execute(
                "SELECT id, customer, item, total FROM orders WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ? OFFSET ?",
                (first, last, PAGE, (page - 1) * PAGE),
            )
            return [dict(row) for row in rows]

    def deliveries(self) -> list[dict[str, Any]]:
        """All delivery notes."""
        with self.database() as database:
            rows = database.execute("SELECT id AS delivery, item, count FROM deliveries ORDER BY rowid")
            return [dict(row) for row in rows]

    def book(self, action: str, run: str, delivery: str, count: int) -> str:
        """Book a delivery into the stock list, once for an action.

        Raises:
            ValueError: the count is none.
        """
        if not 0 < count < 1_000:
            raise ValueError(f"{count} is no count")
        with self.database() as database:
            database.execute("INSERT INTO stock VALUES (?, ?, ?, ?)", (run, action, delivery, count))
        return f"{count} of {delivery} booked"

    def post(self, action: str, message: dict[str, Any]) -> str:
        """Send a message as far as anything is sent here: into the outbox."""
        (self.outbox / f"{action}.json").write_text(json.dumps(message, indent=2), encoding="utf-8")
        return "sent"

    def _one(self, sql: str, name: str) -> dict[str, Any]:
        with self.database() as database:
            row = database.execute(sql, (name,)).fetchone()
        if row is None:
            raise LookupError(f"there is no {name}")
        return dict(row)

"""The table of gates: from severity and failure bound to expected loss, and from that to a gate. All else is derived.

Failure bounds are basis points and losses tenths of an operator interruption, so that their product is an integer. A matrix
is derived and never authored (Cox 2008, "What's wrong with risk matrices?").
"""

from __future__ import annotations

from typing import Final

from bus.events import Gate
from console.core.reliability.bounds import DOUBTFUL_BP, UNPROVEN_BP

GATES: Final[tuple[Gate, ...]] = ("auto", "notify", "ask", "hold", "deny")
"""All gates, from the loosest to the tightest."""

SEVERITIES: Final = ("observe", "local", "shared", "costly", "catastrophic")
"""The names of S0 to S4."""

LOSS_TENTHS: Final = (1, 10, 100, 1_000, 10_000)
"""Loss of a failure by severity, in tenths of an operator interruption: a decade a rung."""

FAILURE_BOUNDS: Final = {
    "proven 99 %": 100,
    "proven 90 %": 1_000,
    "unproven": UNPROVEN_BP,
    "doubtful": DOUBTFUL_BP,
}
"""The columns of the displayed matrix: failure bounds in basis points."""

LIMITS: Final[tuple[tuple[Gate, int], ...]] = (("auto", 10_000), ("notify", 100_000), ("ask", 1_000_000))
"""Largest expected loss, inclusive, of each gate: 0.1, 1 and 10 interruptions in basis points x tenths. Above: hold."""

UNIT: Final = 100_000
"""Basis points x tenths in one interruption."""

RANK: Final = {gate: rank for rank, gate in enumerate(GATES)}
"""Gates by how tight they are."""


def join(*gates: Gate) -> Gate:
    """Return the tightest of some gates; of none, `auto`."""
    return max(gates, key=RANK.__getitem__, default="auto")


def table_gate(severity: int, failure_bp: int) -> Gate:
    """Return the gate for an expected loss. `severity` is 0 to 4, `failure_bp` in basis points."""
    loss = failure_bp * LOSS_TENTHS[severity]
    return next((gate for gate, limit in LIMITS if loss <= limit), "hold")


def matrix() -> tuple[tuple[Gate, ...], ...]:
    """Return the gates by severity (rows, S0 to S4) and failure bound (columns, as `FAILURE_BOUNDS`), for display."""
    return tuple(
        tuple(table_gate(row, bp) for bp in FAILURE_BOUNDS.values()) for row in range(len(LOSS_TENTHS))
    )

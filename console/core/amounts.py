"""Sizes as people read them, the same in lines and on screens. Pure."""

from __future__ import annotations


def size(count: int) -> str:
    """A number of bytes, by thousands: `512 B`, `12.3 MB`, `123 MB`."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1_000:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= 1_000
    return f"{amount:.1f} TB"

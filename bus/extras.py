"""How an extra of ours is installed. Our name stands in no registry: what is told is a clone's way."""

from __future__ import annotations


def cure(extra: str) -> str:
    """What to type where an extra is missing, for the end of a sentence."""
    return f"in a clone: .venv/bin/pip install -e '.[{extra}]'"

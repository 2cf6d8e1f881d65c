"""The examples run, and the README shows them as they are."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_readme_shows_the_example() -> None:
    """To the letter."""
    assert (ROOT / "examples" / "janitor.py").read_text("utf-8") in (ROOT / "README.md").read_text("utf-8")

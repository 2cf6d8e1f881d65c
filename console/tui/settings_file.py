"""`console.toml`: how an operator wants the console to look and move."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from console.policy.files import convert, read_toml, refuse
from console.tui.keys.rebinding import BadKeysError, rebound
from console.tui.settings import FRAMES_MOST, Asked


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """The whole file."""

    theme: (
        Literal["auto", "dark", "light", "high-contrast", "colour-blind", "16", "16-light", "mono"] | None
    ) = None
    ascii: bool | None = None
    mouse: bool | None = None
    cursor: bool | None = None
    frames: int | None = None
    keys: dict[str, str | list[str]] = msgspec.field(default_factory=dict)


def read(path: Path) -> Asked:
    """What the file asks for.

    Raises:
        PolicyFileError: it cannot be used; the text names it, the entry and what to do.
    """
    found = convert(path, "", read_toml(path), _File)
    if found.frames is not None and not 1 <= found.frames <= FRAMES_MOST:
        raise refuse(path, "frames", f"{found.frames} frames a second: must be 1 to {FRAMES_MOST}")
    keys = {name: (said,) if isinstance(said, str) else tuple(said) for name, said in found.keys.items()}
    try:
        rebound(keys)
    except BadKeysError as error:
        raise refuse(path, f"keys.{error.entry}", str(error)) from None
    return Asked(found.theme, found.ascii, found.mouse, found.cursor, found.frames, tuple(keys.items()))

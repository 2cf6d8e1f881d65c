"""The nine inks of the look, in three themes. Widgets and rows name inks, never colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:  # rows name inks, and line mode uses rows: only the application needs the toolkit
    from textual.theme import Theme

# `late` is `act` in bold: a deadline so near that seconds count.
# `replay` is the one filled chip: ground on text.
Ink = Literal["text", "muted", "rule", "strong", "watch", "act", "late", "stop", "replay"]

COLOURED: Final[tuple[Ink, ...]] = ("watch", "act", "late", "stop")
"""Inks that a calm floor does not use."""

PALETTE: Final[dict[str, dict[str, str]]] = {
    "dark": {
        "bg": "#15171a",
        "raised": "#262a30",
        "rule": "#6e7681",
        "muted": "#9aa1ab",
        "text": "#d3d6db",
        "strong": "#ffffff",
        "watch": "#6db3f2",
        "act": "#f2b33d",
        "stop": "#ff6b7d",
    },
    "light": {
        "bg": "#f3f3f1",
        "raised": "#dfe1e3",
        "rule": "#7a8088",
        "muted": "#5a6069",
        "text": "#25282d",
        "strong": "#000000",
        "watch": "#1a5fb0",
        "act": "#7d5a00",
        "stop": "#b00050",
    },
    "high": {
        "bg": "#000000",
        "raised": "#2b2b2b",
        "rule": "#a0a0a0",
        "muted": "#d0d0d0",
        "text": "#ffffff",
        "strong": "#ffffff",
        "watch": "#7cc4ff",
        "act": "#ffd75f",
        "stop": "#ffa3ae",
    },
}


def variables(name: str) -> dict[str, str]:
    """The CSS variables of a palette: `$wf-` and the ink."""
    return {f"wf-{ink}": colour for ink, colour in PALETTE[name].items()}


def themes() -> list[Theme]:
    """One Textual theme a palette, named `watchfloor-dark` and so on."""
    from textual.theme import Theme

    return [
        Theme(
            name=f"watchfloor-{name}",
            primary=tokens["text"],
            foreground=tokens["text"],
            background=tokens["bg"],
            surface=tokens["bg"],
            panel=tokens["bg"],
            dark=name != "light",
            variables=variables(name),
        )
        for name, tokens in PALETTE.items()
    ]

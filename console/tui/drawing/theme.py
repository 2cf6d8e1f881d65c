"""The nine inks of the look, in the themes that there are. Widgets and rows name inks, never colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:  # rows name inks, and line mode uses rows: only the application needs the toolkit
    from textual.theme import Theme

# `urgent` is `act` in bold: a deadline so near that seconds count.
# `replay` is the one filled chip: ground on text.
Ink = Literal["text", "muted", "rule", "strong", "watch", "act", "urgent", "stop", "replay"]


def _of_terminal(rule: str, watch: str, act: str, stop: str) -> dict[str, str]:
    own = dict.fromkeys(("bg", "raised", "muted", "text", "strong"), "ansi_default")
    return own | {"rule": rule, "watch": watch, "act": act, "stop": stop}


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
    "high-contrast": {
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
    # The three that mean something are as far apart as they can be for each of the common kinds of colour blindness.
    "colour-blind": {
        "bg": "#15171a",
        "raised": "#262a30",
        "rule": "#6e7681",
        "muted": "#9aa1ab",
        "text": "#d3d6db",
        "strong": "#ffffff",
        "watch": "#5fafff",
        "act": "#ffff00",
        "stop": "#d7875f",
    },
    # Of 256 colours the ones that a terminal would take for the light theme are too close to each other: these are its own.
    "light-256": {
        "bg": "#f3f3f3",
        "raised": "#e8e8e8",
        "rule": "#767676",
        "muted": "#585858",
        "text": "#262626",
        "strong": "#000000",
        "watch": "#005faf",
        "act": "#5f5f00",
        "stop": "#af005f",
    },
    # Sixteen colours: what they look like is the terminal's own matter, so ground and text are left to it.
    "16": _of_terminal("ansi_bright_black", "ansi_bright_blue", "ansi_bright_yellow", "ansi_bright_red"),
    "16-light": _of_terminal(
        "ansi_bright_black", "ansi_blue", "ansi_magenta", "ansi_red"
    ),  # yellow is lost on white
    "mono": _of_terminal("ansi_default", "ansi_default", "ansi_default", "ansi_default"),
}

BARE: Final = frozenset({"16", "16-light", "mono"})
"""Themes without a ground of their own: what is chosen stands out by being reversed."""

_OWN: Final = "ansi_default"
_OF_THE_TOOLKIT: Final[dict[str, Any]] = {
    "ansi": True,
    **dict.fromkeys(("secondary", "warning", "error", "success", "accent", "boost"), _OWN),
}
_OF_ITS_WIDGETS: Final[dict[str, str]] = {
    **dict.fromkeys(("ansi-background", "ansi-foreground", "border", "border-blurred"), _OWN),
    **{
        f"{part}-{layer}": _OWN
        for part in ("block-cursor", "input-cursor", "input-selection", "screen-selection")
        for layer in ("foreground", "background")
    },
    "input-cursor-text-style": "reverse",
}
"""What the toolkit wants to know of a theme that leaves its colours to the terminal."""

LIGHT: Final = frozenset({"light", "light-256", "16-light"})


def variables(name: str) -> dict[str, str]:
    """The CSS variables of a palette: `$wf-` and the ink."""
    ours = {f"wf-{ink}": colour for ink, colour in PALETTE[name].items()}
    return ours | _OF_ITS_WIDGETS if name in BARE else ours


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
            dark=name not in LIGHT,
            variables=variables(name),
            **(_OF_THE_TOOLKIT if name in BARE else {}),
        )
        for name, tokens in PALETTE.items()
    ]

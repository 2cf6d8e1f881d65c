"""How the console looks and moves: what was asked for on the command line, in the environment or in `console.toml`, in
this order; and for what was asked for nowhere, what the terminal can do. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from console.tui.terminal.terminals import Terminal, terminal_of

Depth = Literal["none", "16", "256", "true"]

THEMES: Final = ("auto", "dark", "light", "high-contrast", "colour-blind", "16", "16-light", "mono")
"""What may be asked for."""

FRAMES: Final = 15
"""Frames a second at most; a frame in which nothing changed paints nothing."""

FRAMES_REMOTE: Final = 4
"""The same over SSH, and on a line that turns out to be slow."""

FRAMES_MOST: Final = 30
SYSTEMS: Final[dict[Depth, str]] = {"none": "standard", "16": "standard", "256": "256", "true": "truecolor"}
"""The toolkit's words for so many colours."""

_COLOURLESS: Final = ("", "dumb", "unknown", "vt52", "vt100", "vt102", "vt220")
_DIRECT: Final = ("kitty", "ghostty", "alacritty", "foot", "wezterm", "iterm", "contour", "-direct", "vte")
_LIGHT_GROUNDS: Final = ("7", "15")
_YES: Final = ("1", "yes", "on", "true")
_NO: Final = ("0", "no", "off", "false")


class BadSettingError(ValueError):
    """A setting that means nothing. The text names it and says what may stand there."""


class Settings(NamedTuple):
    """What holds. `theme` names a palette; `cursor` is whether the terminal's own cursor is shown on the row in hand.

    `kept` is the folder for what is copied or kept as a file, `keys` the actions that have other keys than the table's.
    """

    theme: str = "dark"
    ascii_only: bool = False
    mouse: bool = True
    cursor: bool = False
    frames: int = FRAMES
    remote: bool = False
    terminal: Terminal = Terminal("other")
    kept: str = ""
    keys: tuple[tuple[str, tuple[str, ...]], ...] = ()


DEFAULT: Final = Settings()


class Asked(NamedTuple):
    """What somebody asked for; None where nobody said anything."""

    theme: str | None = None
    ascii_only: bool | None = None
    mouse: bool | None = None
    cursor: bool | None = None
    frames: int | None = None
    keys: tuple[tuple[str, tuple[str, ...]], ...] | None = None

    def over(self, other: Asked) -> Asked:
        """What was asked for here, and there where nothing was asked for here."""
        return Asked(
            **other._asdict() | {name: said for name, said in self._asdict().items() if said is not None}
        )


def settled(asked: Asked, file: Asked, environment: Mapping[str, str]) -> Settings:
    """What holds for a console with these flags, this file and this environment.

    Raises:
        BadSettingError: a variable means nothing here.
    """
    asked = asked.over(_of_environment(environment)).over(file)
    remote = any(environment.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "MOSH_KEY"))
    return Settings(
        theme=theme_for(asked.theme or "auto", environment),
        ascii_only=wants_ascii(environment) if asked.ascii_only is None else asked.ascii_only,
        mouse=asked.mouse is not False,
        cursor=asked.cursor is True,
        frames=asked.frames or (FRAMES_REMOTE if remote else FRAMES),
        remote=remote,
        terminal=terminal_of(environment),
        keys=asked.keys or (),
    )


def _of_environment(environment: Mapping[str, str]) -> Asked:
    theme = environment.get("WATCHFLOOR_THEME") or None
    if theme is not None and theme not in THEMES:
        raise BadSettingError(f"WATCHFLOOR_THEME={theme}: one of {', '.join(THEMES)}")
    frames = environment.get("WATCHFLOOR_FRAMES") or None
    if frames is not None and not (
        frames.isascii() and frames.isdecimal() and 1 <= int(frames[:4]) <= FRAMES_MOST
    ):
        raise BadSettingError(f"WATCHFLOOR_FRAMES={frames}: a number from 1 to {FRAMES_MOST}")
    return Asked(
        theme,
        _switch(environment, "WATCHFLOOR_ASCII"),
        _switch(environment, "WATCHFLOOR_MOUSE"),
        _switch(environment, "WATCHFLOOR_CURSOR"),
        int(frames) if frames else None,
    )


def _switch(environment: Mapping[str, str], name: str) -> bool | None:
    said = environment.get(name, "").casefold()
    if said not in ("", *_YES, *_NO):
        raise BadSettingError(f"{name}={environment[name]}: 1 or 0")
    return None if not said else said in _YES


def theme_for(wanted: str, environment: Mapping[str, str]) -> str:
    """The palette for a theme that was asked for, by what the terminal can do.

    `NO_COLOR` counts where no theme was asked for, as its authors say; then `COLORFGBG` tells a light ground.
    """
    colours = depth(environment)
    if wanted == "auto":
        ground = environment.get("COLORFGBG", "").rpartition(";")[2]
        wanted = "light" if ground in _LIGHT_GROUNDS else "dark"
        if environment.get("NO_COLOR"):
            wanted = "mono"
    if colours == "none" or wanted == "mono":
        return "mono"
    if colours == "16":
        return "16-light" if wanted.endswith("light") else "16"
    return "light-256" if wanted == "light" and colours == "256" else wanted


def depth(environment: Mapping[str, str]) -> Depth:
    """How many colours the terminal has, by its name and what it says of itself."""
    term = environment.get("TERM", "").casefold()
    if term in _COLOURLESS:
        return "none"
    if environment.get("COLORTERM", "").casefold() in ("truecolor", "24bit") or any(
        name in term for name in _DIRECT
    ):
        return "true"
    return "256" if "256color" in term else "16"


def wants_ascii(environment: Mapping[str, str]) -> bool:
    """Whether the terminal is one that shows ASCII only: by its name, or because the locale is not UTF-8.

    Where nothing is said about the locale UTF-8 is taken. `LC_CTYPE=C.UTF-8` beside `LANG=C` is what Python puts there
    itself, so there it counts as C.
    """
    if environment.get("TERM", "") in ("linux", *_COLOURLESS):
        return True
    said = environment.get("LC_ALL") or environment.get("LC_CTYPE") or environment.get("LANG") or ""
    plain = ("C", "POSIX")
    if not environment.get("LC_ALL") and environment.get("LANG") in plain and said == "C.UTF-8":
        return True
    return bool(said) and "UTF8" not in said.upper().replace("-", "")

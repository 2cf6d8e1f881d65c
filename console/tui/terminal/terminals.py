"""How each terminal can be made to call a person who looks elsewhere: one table, and the bytes that it comes to. Pure.

A sequence holds words of ours and, through the one sanitiser, names from the floor; never a control byte of anybody else.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from console.core.text import plain

Form = Literal["", "9", "99", "777"]
Wrap = Literal["", "tmux", "screen"]

BELL: Final = "\a"
WORDS_CHARS: Final = 120
"""Characters of a notification or a title: terminals cut long ones, each where it likes."""

CLIPBOARD_BYTES: Final = 32_768
"""Longest text that goes to a clipboard: terminals drop a longer sequence, some of them without a word."""

SCREEN_BYTES: Final = 500
"""The same inside screen, which passes on a string of 768 bytes."""

_ST: Final = "\x1b\\"


class Terminal(NamedTuple):
    """What a terminal understands: the OSC that notifies, empty for none; whether it has a title; what it stands inside;
    whether it may take a text for the clipboard.
    """

    name: str
    form: Form = ""
    titled: bool = True
    wrap: Wrap = ""
    copies: bool = True


class Known(NamedTuple):
    """One row of the table: the variable of the environment that tells, how its value begins, and what is so then."""

    variable: str
    begins: str
    name: str
    form: Form = ""
    titled: bool = True
    copies: bool = True


# fmt: off
TERMINALS: Final[tuple[Known, ...]] = (
    Known("TERM", "dumb", "dumb", titled=False, copies=False),
    Known("TERM", "linux", "linux console", titled=False, copies=False),
    Known("KITTY_WINDOW_ID", "", "kitty", "99"),
    Known("TERM", "xterm-kitty", "kitty", "99"),
    Known("TERM_PROGRAM", "WezTerm", "WezTerm", "777"),
    Known("TERM_PROGRAM", "ghostty", "Ghostty", "777"),
    Known("TERM", "xterm-ghostty", "Ghostty", "777"),
    Known("TERM", "foot", "foot", "777"),
    Known("TERM", "rxvt-unicode", "urxvt", "777"),
    Known("TERM_PROGRAM", "iTerm.app", "iTerm2", "9"),
    Known("LC_TERMINAL", "iTerm2", "iTerm2", "9"),
    Known("TERM_PROGRAM", "WarpTerminal", "Warp", "9"),
    Known("ConEmuPID", "", "ConEmu", "9"),
    # tmux puts its own name into TERM_PROGRAM; these it leaves as they were.
    Known("WEZTERM_PANE", "", "WezTerm", "777"),
    Known("GHOSTTY_RESOURCES_DIR", "", "Ghostty", "777"),
    Known("ITERM_SESSION_ID", "", "iTerm2", "9"),
    Known("TERM_PROGRAM", "Apple_Terminal", "Terminal.app", copies=False),
)
# fmt: on
"""The first row that fits counts. A terminal that is in no row is rung by the bell alone."""


def terminal_of(environment: Mapping[str, str]) -> Terminal:
    """The terminal that a process with this environment writes to.

    Inside tmux or screen the variables of the terminal outside may still be there; then it is spoken to through them.
    """
    wrap: Wrap = "tmux" if environment.get("TMUX") else "screen" if environment.get("STY") else ""
    for row in TERMINALS:
        value = environment.get(row.variable)
        if value and value.startswith(row.begins):
            return Terminal(row.name, row.form, row.titled, wrap, row.copies)
    return Terminal("other", titled=bool(environment.get("TERM")), wrap=wrap)


def notification(terminal: Terminal, title: str, body: str) -> str:
    """The sequence that shows a notification, empty where the terminal knows none."""
    # A semicolon parts the fields of OSC 777, and after a number at the beginning it would make another command of OSC 9.
    title, body = (plain(text, WORDS_CHARS).replace(";", ",") for text in (title, body))
    match terminal.form:
        case "9":
            return _through(terminal, f"9;{title}: {body}")
        case "777":
            return _through(terminal, f"777;notify;{title};{body}")
        case "99":
            # Always the same id: a later notification replaces one that still stands there.
            parts = (f"99;i=watchfloor:d=0;{title}", f"99;i=watchfloor:p=body;{body}")
            return "".join(_through(terminal, part) for part in parts)
    return ""


def titled(terminal: Terminal, text: str) -> str:
    """The sequence that sets the window's title, or inside tmux and screen that of the pane; empty where there is none."""
    return f"\x1b]2;{plain(text, WORDS_CHARS)}{_ST}" if terminal.titled else ""


def title_kept(terminal: Terminal) -> str:
    """What has a terminal remember the title that it has."""
    return "\x1b[22;2t" if terminal.titled and not terminal.wrap else ""


def title_back(terminal: Terminal) -> str:
    """What gives the title back that `title_kept` had it remember; an empty one where nothing could be remembered."""
    if not terminal.titled:
        return ""
    return f"\x1b]2;{_ST}" if terminal.wrap else "\x1b[23;2t"


def clipboard(terminal: Terminal, text: str) -> str:
    """The sequence that puts a text into the clipboard (OSC 52), empty where that cannot be.

    tmux takes it itself with `set-clipboard on`, and passes it on with `allow-passthrough on`: it gets both.
    """
    raw = text.encode()
    most = SCREEN_BYTES if terminal.wrap == "screen" else CLIPBOARD_BYTES
    if not terminal.copies or not text or len(raw) > most:
        return ""
    command = f"52;c;{base64.b64encode(raw).decode()}"
    own = f"\x1b]{command}{_ST}" if terminal.wrap == "tmux" else ""
    return own + _through(terminal, command)


def _through(terminal: Terminal, command: str) -> str:
    """An OSC for the terminal outside. tmux lets it pass with `allow-passthrough on`."""
    match terminal.wrap:
        case "tmux":
            return f"\x1bPtmux;\x1b\x1b]{command}\x1b{_ST}{_ST}"
        case "screen":
            return f"\x1bP\x1b]{command}\a{_ST}"  # the first ST would end what is passed on
    return f"\x1b]{command}{_ST}"

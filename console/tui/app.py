"""The console's way in: builds the floor late, paints first, and leaves at once when its terminal goes."""

from __future__ import annotations

import asyncio
import getpass
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from bus.home import Home
    from console.link.floor import Floor
    from console.tui.apps.floor_app import FloorApp
    from console.tui.archive import Archive
    from console.tui.settings import Settings
    from console.tui.source import Source

LEAVE_WITHIN: Final = 1.0
"""Seconds after SIGTERM in which the console may tidy up; then it ends all the same."""

PAINTED: Final = 2
"""The file descriptor that the toolkit paints on."""

SCREEN_AS_BEFORE: Final = (
    b"\x1b[?2004l\x1b[?7h\x1b[?2048l"  # no bracketed paste, lines wrap, no reports of its size
    b"\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l"  # no mouse
    b"\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"  # plain keys, the main screen, its cursor, no reports of focus
)
"""What undoes the modes that the toolkit sets."""


def run_console(
    *,
    broker: str | None,
    site: str | None,
    operator: str | None,
    read_only: bool,
    settings: Settings,
    archive: Callable[[Path], Archive] | None = None,
    straight: bool = False,
    staged: bool = False,
) -> int:
    """Show the floor until the operator leaves. Returns the exit code.

    What is None follows from the environment and the site's files. `archive` reads the recordings of a folder. With
    `straight` the console opens on what waits, if that is one action alone.
    `staged`: the floor and its recording end with the console, as in the demo.

    Raises:
        ValueError: the broker's address, the site's name, the operator's name or a key file cannot be used.
    """
    prepare(settings)
    return asyncio.run(
        _run(
            broker,
            site,
            operator,
            archive,
            read_only=read_only,
            straight=straight,
            staged=staged,
            settings=settings,
        )
    )


def prepare(settings: Settings) -> None:
    """Tell the toolkit what it reads when it is imported, and our rows which signs there are; call before either."""
    from console.tui.apps import collecting
    from console.tui.drawing import signs
    from console.tui.settings import SYSTEMS, depth

    collecting.put_off()

    # More frames are only more bytes on the line.
    os.environ.setdefault("TEXTUAL_FPS", str(settings.frames))
    os.environ.setdefault("TEXTUAL_COLOR_SYSTEM", SYSTEMS[depth(os.environ)])
    signs.show_ascii_only(settings.ascii_only)
    if settings.keys:  # the file's reader has refused what cannot be
        from console.tui.keys.actions import put_in_force
        from console.tui.keys.rebinding import rebound

        put_in_force(rebound(dict(settings.keys)))


async def _run(
    broker: str | None,
    site: str | None,
    operator: str | None,
    archive: Callable[[Path], Archive] | None,
    *,
    read_only: bool,
    straight: bool,
    staged: bool,
    settings: Settings,
) -> int:
    from bus.home import Home
    from bus.topics import check_id
    from console.tui.apps.calling_app import CallingApp
    from console.tui.terminal.calling import Caller, ways
    from console.tui.terminal.terminals import terminal_of

    home = Home.of(site)
    name = check_id(operator or os.environ.get("WATCHFLOOR_OPERATOR") or getpass.getuser(), "operator")
    path = home.operator_key(name)
    open_floors: list[Floor] = []

    def look_for_key() -> bool:
        """Sign with a key that was made after the console was opened."""
        if not open_floors or not path.exists():
            return False
        from bus.signing import PrivateKey

        open_floors[-1].sign_with(PrivateKey.load(path))
        return True

    app = CallingApp(
        lambda: _floor(home, broker, name, open_floors),
        site=home.site,
        operator=name,
        read_only=read_only,
        signed=path.exists(),
        archive=archive(home.sessions) if archive else None,
        look_for_key=look_for_key,
        caller=Caller(terminal_of(os.environ), ways(os.environ), home.site),
        straight=straight,
        settings=settings,
    )
    app.staged = staged
    leave_on_signals(app)
    try:
        code = await app.run_async(mouse=settings.mouse)
    finally:
        await app.left()
    if isinstance(
        app.failure, ValueError
    ):  # of the operator's making: the command line has its words and exit code
        raise app.failure
    if app.failure is not None:
        print(f"watchfloor: {app.failure}", file=sys.stderr)  # noqa: T201  (the terminal is ours again)
    if words := app.unanswered.told(kept=not staged):
        print(f"watchfloor: {words}", file=sys.stderr)  # noqa: T201  (as above)
    return code if code is not None else (app.return_code or 0)


@asynccontextmanager
async def _floor(
    home: Home, broker: str | None, operator: str, open_floors: list[Floor]
) -> AsyncIterator[Source]:
    """The live floor; everything that it brings along is loaded here, after the first paint. It stands in `open_floors`."""
    from bus.signing import PrivateKey
    from bus.url import BrokerUrl
    from console.link.reporting import ReportingFloor

    path = home.operator_key(operator)
    key = PrivateKey.load(path) if path.exists() else None
    url = BrokerUrl.parse(home.broker(broker))
    async with ReportingFloor(url, home=home, operator=operator, key=key, watching=True) as floor:
        open_floors.append(floor)
        try:
            yield floor
        finally:
            open_floors.remove(floor)


def leave_on_signals(app: FloorApp) -> None:
    """Leave when asked to, and at once when the terminal is gone.

    Nothing that matters lives here, so a hang-up needs no farewell; should the terminal still be there, it is put back in
    order. SIGTERM lets the toolkit do that first, unless it takes too long: a terminal that takes no more output blocks the
    loop.
    """
    loop = asyncio.get_running_loop()

    def terminate(_signal: int, _frame: object) -> None:
        last_word = threading.Timer(LEAVE_WITHIN, os._exit, (128 + signal.SIGTERM,))
        last_word.daemon = True
        last_word.start()
        loop.call_soon_threadsafe(app.exit, None, 128 + signal.SIGTERM)

    signal.signal(signal.SIGTERM, terminate)
    if sys.platform != "win32":
        put_back = _terminal_as_it_is()

        def hang_up(_signal: int, _frame: object) -> None:
            put_back()
            os._exit(128 + signal.SIGHUP)

        signal.signal(signal.SIGHUP, hang_up)


def _terminal_as_it_is() -> Callable[[], None]:
    """Remember the modes of the terminal. Returns what gives them back: at once or not at all, it never blocks or raises."""
    import termios  # late: not on Windows

    try:
        modes = termios.tcgetattr(PAINTED)
        terminal, nothing = os.dup(PAINTED), os.open(os.devnull, os.O_WRONLY)
    except (OSError, termios.error):
        return lambda: None

    def put_back() -> None:
        with suppress(OSError, termios.error):
            if os.tcgetpgrp(terminal) != os.getpgrp():
                return  # the terminal is another's now
            os.dup2(nothing, PAINTED)  # a thread of the toolkit may have more to paint
            termios.tcsetattr(terminal, termios.TCSANOW, modes)
            os.set_blocking(terminal, False)
            try:
                os.write(terminal, SCREEN_AS_BEFORE)
            finally:
                os.set_blocking(terminal, True)  # it is shared with the shell

    return put_back

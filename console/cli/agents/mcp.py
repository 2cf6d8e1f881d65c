"""`watchfloor mcp`: a proxy in front of an MCP server, whose tools then wait for a decision."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from bus.extras import cure
from bus.limits import DECIDE_WITHIN, DECIDE_WITHIN_MAX
from bus.topics import check_id
from console.cli.exits import bad, complain
from console.cli.numbers import Real
from console.cli.options import Place, common

if TYPE_CHECKING:
    from bus.adapters.mcp.trials import Trials
    from bus.sdk.agent import Agent

RUNNERS: Final = frozenset(
    ["bunx", "deno", "docker", "env", "node", "npx", "pipx", "python", "python3", "run", "tool", "uv", "uvx"]
)
"""Words before the name of what is run."""

EMPTY: Final = frozenset(
    [
        "/",
        "bin",
        "build",
        "dist",
        "index.js",
        "index.mjs",
        "main.js",
        "main.py",
        "__main__.py",
        "server.py",
        "src",
    ]
)
"""Names of files and folders that say nothing of a server."""


@click.command(context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False})
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option("--url", metavar="URL", help="A server that speaks streamable HTTP, instead of COMMAND.")
@click.option(
    "--listen",
    default="127.0.0.1:0",
    metavar="HOST:PORT",
    help="With --url: where the proxy is. [a free port]",
)
@click.option("--agent", metavar="NAME", help="The agent's name. [the server's]")
@click.option("--run", "run_id", metavar="ID", help="The run's id. [a random one]")
@click.option(
    "--wait",
    type=Real(min=1.0, max=DECIDE_WITHIN_MAX),
    default=DECIDE_WITHIN,
    show_default=True,
    metavar="SECONDS",
    help="How long a tool call waits for a decision.",
)
@click.option(
    "--preview",
    multiple=True,
    metavar="TOOL=ARGUMENT",
    help="With ARGUMENT true, TOOL only says what it would change: operators see that. Repeatable.",
)
@click.option("--pins", is_flag=True, help="Print catalogue entries pinned to what it says of its tools now.")
@common
def mcp(  # noqa: PLR0913 - one argument an option
    place: Place,
    command: tuple[str, ...],
    *,
    url: str | None,
    listen: str,
    agent: str | None,
    run_id: str | None,
    wait: float,
    preview: tuple[str, ...],
    pins: bool,
) -> int:
    """Stand between an MCP client and the server COMMAND, or at URL: its tools wait for a decision, all else passes."""
    if bool(command) == bool(url):
        raise bad("mcp: name the server: watchfloor mcp -- COMMAND ..., or watchfloor mcp --url URL")
    from bus.adapters.mcp.proxy import NoPipeError, check_streams, claimed, serve
    from bus.adapters.mcp.trials import trials
    from bus.sdk.agent import Agent

    logging.basicConfig(format="watchfloor: %(message)s", level=logging.WARNING, stream=sys.stderr)
    if pins:
        return _pinned(command, url)
    if not url:
        try:
            check_streams()
        except NoPipeError as error:
            raise bad(f"mcp: {error}") from None
    try:
        tried = trials(preview)
    except ValueError as error:
        raise bad(f"mcp: --preview {error}") from None
    home = place.home()
    wanted = check_id(agent or server_name((url,) if url else command), "agent")
    try:
        with claimed(home, wanted) as name:
            one = Agent(name, broker=place.broker, home=home)
            if url:
                return _over_http(one, url, listen, run_id, wait, tried)
            return asyncio.run(serve(one, command, run_id=run_id, decide_within=wait, trials=tried))
    except OSError as error:
        raise bad(f"mcp: {url or command[0]}: {error.strerror or error}") from None


def _pinned(command: tuple[str, ...], url: str | None) -> int:
    from console.cli.agents.mcp_pins import pins

    try:
        return pins(command, url)
    except OSError as error:
        raise bad(f"mcp: {url or command[0]}: {error.strerror or error}") from None


def _over_http(agent: Agent, url: str, listen: str, run_id: str | None, wait: float, tried: Trials) -> int:
    try:
        import h11  # noqa: F401 - whether it is here
        import uvicorn  # noqa: F401 - as above
    except ImportError:
        raise bad(f"mcp: --url needs an HTTP server; {cure('mcp')}") from None
    from bus.adapters.mcp.serve import bound, serve_http
    from bus.adapters.mcp.upstream import Upstream

    try:
        upstream, listening = Upstream(url), bound(listen)
    except ValueError as error:
        raise bad(f"mcp: {error}") from None
    complain(f"listens on http://{':'.join(map(str, listening.getsockname()[:2]))}/mcp, before {url}")
    return asyncio.run(
        serve_http(agent, upstream, listening, url=url, run_id=run_id, decide_within=wait, trials=tried)
    )


def server_name(command: tuple[str, ...]) -> str:
    """A name for a server out of its command: the package that a runner runs, else the program."""
    words = [word for word in command if not word.startswith("-")]
    named = next((word for word in words if Path(word).name not in RUNNERS), words[0] if words else "mcp")
    parts = [part for part in Path(named).parts if part not in EMPTY]
    base = (parts[-1] if parts else "mcp").partition("@")[0]
    return re.sub(r"[^A-Za-z0-9_.-]", "-", base).strip(".-")[:60] or "mcp"

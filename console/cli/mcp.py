"""`watchfloor mcp`: a proxy in front of an MCP server, whose tools then wait for a decision."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from pathlib import Path
from typing import Final

import click

from bus.limits import DECIDE_WITHIN, DECIDE_WITHIN_MAX
from bus.topics import check_id
from console.cli.exits import bad
from console.cli.options import Place, common

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
@click.option("--agent", metavar="NAME", help="The agent's name. [the server's]")
@click.option("--run", "run_id", metavar="ID", help="The run's id. [a random one]")
@click.option(
    "--wait",
    type=click.FloatRange(min=1.0, max=DECIDE_WITHIN_MAX),
    default=DECIDE_WITHIN,
    show_default=True,
    metavar="SECONDS",
    help="How long a tool call waits for a decision.",
)
@common
def mcp(place: Place, command: tuple[str, ...], *, agent: str | None, run_id: str | None, wait: float) -> int:
    """Stand between an MCP client and the server COMMAND: its tools wait for a decision, everything else passes."""
    if not command:
        raise bad("mcp: name the server's command: watchfloor mcp -- COMMAND ...")
    from bus.adapters.mcp_proxy import claimed, serve
    from bus.agent import Agent

    logging.basicConfig(format="watchfloor: %(message)s", level=logging.WARNING, stream=sys.stderr)
    home = place.home()
    wanted = check_id(agent or server_name(command), "agent")
    try:
        with claimed(home, wanted) as name:
            one = Agent(name, broker=place.broker, home=home)
            return asyncio.run(serve(one, command, run_id=run_id, decide_within=wait))
    except OSError as error:
        raise bad(f"mcp: {command[0]} cannot be run: {error.strerror or error}") from None


def server_name(command: tuple[str, ...]) -> str:
    """A name for a server out of its command: the package that a runner runs, else the program."""
    words = [word for word in command if not word.startswith("-")]
    named = next((word for word in words if Path(word).name not in RUNNERS), words[0] if words else "mcp")
    parts = [part for part in Path(named).parts if part not in EMPTY]
    base = (parts[-1] if parts else "mcp").partition("@")[0]
    return re.sub(r"[^A-Za-z0-9_.-]", "-", base).strip(".-")[:60] or "mcp"

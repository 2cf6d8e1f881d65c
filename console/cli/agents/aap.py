"""`watchfloor aap`: approvals for agents that ask by the Agent Approval Protocol."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import click

from console.cli import printing
from console.cli.exits import Exit, bad
from console.cli.options import Place, common

TOKEN = "WATCHFLOOR_AAP_TOKEN"  # noqa: S105 - the variable's name


@click.command()
@click.option(
    "--listen",
    default="127.0.0.1:8427",
    show_default=True,
    metavar="ADDRESS:PORT",
    help="Where to listen; anything but this machine's own addresses needs a token.",
)
@click.option(
    "--token-file",
    metavar="FILE",
    help=f"File with the token that callers must bring. [{TOKEN}, else any token]",
)
@click.option(
    "--agent",
    "name",
    default="aap",
    show_default=True,
    metavar="NAME",
    help="The agent that its runs belong to.",
)
@common
def aap(place: Place, *, listen: str, token_file: str | None, name: str) -> int:
    """Let agents ask this floor by the Agent Approval Protocol (HTTP), until interrupted."""
    from bus.aap.serve import ListenError, listening, serve
    from bus.sdk.agent import Agent
    from bus.serving import NoServerError

    token = _token(token_file)
    home = place.home()
    agent = Agent(name, broker=home.broker(place.broker), home=home)

    def ready(url: str) -> None:
        if place.json:
            printing.say_json({"url": url, "agent": name, "site": home.site})
        else:
            printing.say([f"approvals at {url}, for agent {name} of site {home.site}; Ctrl-C ends it"])

    try:
        with listening(listen, token=token) as sock:
            ended = asyncio.run(serve(agent, sock, token=token, ready=ready))
    except (ListenError, NoServerError) as error:
        raise bad(str(error)) from None
    return Exit.INTERRUPTED if ended == signal.SIGINT else Exit.DONE


def _token(path: str | None) -> str:
    if path is None:
        return os.environ.get(TOKEN, "").strip()
    token = Path(path).read_text("utf-8").strip()
    if not token or "\n" in token:
        raise bad(f"{path}: must hold one token, on one line")
    return token

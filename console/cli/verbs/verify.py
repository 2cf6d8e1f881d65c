"""`watchfloor verify`: say how an action or a run really ended. It is what autonomy is earned by, and lost."""

from __future__ import annotations

import click

from console.cli.exits import Exit, bad
from console.cli.live import live
from console.cli.names import find_action, find_run
from console.cli.options import Place, common
from console.cli.verbs.facts import carry_out, check_signs
from console.core.fleet.state import Action, Fleet
from console.link.floor import Floor, Wanted


def _meant(fleet: Fleet, text: str) -> Wanted:
    """The action or the run that is meant; a name that fits an action exactly is the action's.

    Raises:
        CliError: there is none, or more than one.
    """
    actions = [action for run in fleet.runs.values() for action in run.actions.values()]
    if any(text in (action.id, f"{action.run}/{action.id}", action.key) for action in actions):
        action: Action = find_action(fleet, text)
        return Wanted(agent=action.agent, run=action.run, action=action.id)
    run = find_run(fleet, text)
    return Wanted(agent=run.agent, run=run.run)


@click.command()
@click.argument("what", metavar="RUN|ACTION")
@click.option("--ok", "ok", is_flag=True, help="It did what it should.")
@click.option("--failed", "failed", is_flag=True, help="It did not; needs --reason.")
@click.option("--reason", default="", metavar="TEXT", help="What you looked at; it is recorded.")
@common
def verify(place: Place, what: str, *, ok: bool, failed: bool, reason: str) -> int:
    """Say how RUN or ACTION really ended, because you looked. An approval says nothing of the kind."""
    if ok == failed:
        raise bad("say either --ok or --failed")
    if failed and not reason:
        raise bad("--failed needs --reason: what you found")
    check_signs(place, "verify")

    async def work(floor: Floor) -> Exit:
        wanted = _meant(floor.fleet, what)
        wanted["ok"] = ok
        wanted["reason"] = reason
        name = "/".join(part for part in (wanted["agent"], wanted["run"], wanted.get("action", "")) if part)
        head = [f"verify {name}  {'ok' if ok else 'failed'}"]
        return await carry_out(place, floor, "verify", wanted, 0.0, head)

    return live(place, work)

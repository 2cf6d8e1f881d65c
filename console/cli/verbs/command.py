"""Verbs about runs: `pause`, `resume`, `hold`, `kill`."""

from __future__ import annotations

import click

from bus.messages import Verb
from console.cli import card, printing, terminal
from console.cli.exits import CliError, Exit, bad
from console.cli.live import live
from console.cli.names import find_run, short
from console.cli.options import Place, common
from console.cli.verbs.facts import carry_out, check_signs, wait_option
from console.core.fleet.holding import goes_on, until_a_gate
from console.core.fleet.lifecycle import ENDED
from console.core.fleet.state import Fleet
from console.core.fleet.turns import resumable
from console.link.floor import Floor, Wanted


def _command(place: Place, verb: Verb, run: str, reason: str, wait: float) -> int:
    check_signs(place, verb)

    async def work(floor: Floor) -> Exit:
        found = find_run(floor.fleet, run)
        wanted = Wanted(agent=found.agent, run=found.run, reason=reason)
        return await carry_out(place, floor, verb, wanted, wait, [f"{verb} {found.key}  {found.control}"])

    return live(place, work)


direct_option = click.option(
    "--direct", is_flag=True, help="Tell the wrapper of a contained run on this machine, past the supervisor."
)


@click.command()
@click.argument("run")
@click.option("--reason", default="", metavar="TEXT", help="Why; the agent is told, and it is recorded.")
@direct_option
@wait_option
@common
def pause(place: Place, run: str, *, reason: str, direct: bool, wait: float) -> int:
    """Stop RUN at its next checkpoint or gate, a contained one at once; `pausing` until it says `paused`."""
    if direct:
        from console.cli.verbs.direct import carry_out as tell

        return tell(place, "pause", run, reason)
    return _command(place, "pause", run, reason, wait)


@click.command()
@click.argument("run", required=False)
@click.option("--all", "everything", is_flag=True, help="All runs that a hold of all stopped.")
@click.option("--yes", is_flag=True, help="Do not ask before resuming all.")
@wait_option
@common
def resume(place: Place, run: str | None, *, everything: bool, yes: bool, wait: float) -> int:
    """Let RUN go on after a pause or a hold, or --all after a hold of all."""
    if (run is None) == (not everything):
        raise bad("resume needs a RUN, or --all")
    if run is not None:
        return _command(place, "resume", run, "", wait)
    check_signs(place, "resume")
    fleet = live(place, _fleet)
    if not resumable(fleet):
        raise bad("the floor is not held; resume RUN lets one run go on")
    if terminal.interactive(place) and not yes:
        printing.say(resumed_by_all(fleet))
        if terminal.typed("Type y to let them all go on") != "y":
            raise bad("not confirmed; nothing was sent")
    return _all(place, "resume", "", wait)


@click.command()
@click.argument("run", required=False)
@click.option("--all", "everything", is_flag=True, help="All runs of the site.")
@click.option("--yes", is_flag=True, help="Do not ask before holding all.")
@click.option("--reason", default="", metavar="TEXT", help="Why; the agents are told, and it is recorded.")
@wait_option
@common
def hold(place: Place, run: str | None, *, everything: bool, yes: bool, reason: str, wait: float) -> int:
    """Stop RUN, or --all, at the next gate, tools on the pass list included; --all also what begins later."""
    if (run is None) == (not everything):
        raise bad("hold needs a RUN, or --all")
    if run is not None:
        return _command(place, "hold", run, reason, wait)
    check_signs(place, "hold")
    if terminal.interactive(place) and not yes:
        printing.say(held_by_all(live(place, _fleet)))
        if terminal.typed("Type y to hold them all") != "y":
            raise bad("not confirmed; nothing was sent")

    return _all(place, "hold", reason, wait)


def _all(place: Place, verb: Verb, reason: str, wait: float) -> int:
    async def work(floor: Floor) -> Exit:
        return await carry_out(place, floor, verb, Wanted(reason=reason), wait, [f"{verb} all"])

    return live(place, work)


async def _fleet(floor: Floor) -> Fleet:
    return floor.fleet


def held_by_all(fleet: Fleet) -> list[str]:
    """What `hold --all` would mean for whom, as lines."""
    living = [run for run in fleet.runs.values() if run.state not in ENDED]
    told = [run for run in living if run.control != "observed"]
    lost = [run for run in told if run.state == "lost"]
    still = [run for run in told if run.state == "paused" or (run.held and run not in lost)]
    counts = (
        (len(told) - len(lost) - len(still), "stopped at the next gate"),
        (len(still), "paused or held already"),
        (len(lost), "lost: told if back"),
        (len(living) - len(told), "observed: cannot be held from here"),
    )
    said = "; ".join(f"{count} {what}" for count, what in counts if count)
    on = until_a_gate(run for run in told if goes_on(run))
    return [
        f"hold all: {said or 'there is no run'}; runs that begin later are held too, until resume --all",
        *([f"  {on}"] if on else []),
        *(f"  {run.key}  {run.control}  {card.state_words(run)}" for run in living),
    ]


def resumed_by_all(fleet: Fleet) -> list[str]:
    """What `resume --all` would mean for whom, as lines."""
    bound = [run for run in fleet.runs.values() if run.state not in ENDED and run.stop]
    on = [run for run in bound if run.by_floor]
    lost = sum(run.state == "lost" for run in on)
    others = len(bound) - len(on)
    own = "its own command stays" if others == 1 else "their own commands stay"
    here = len(on) - lost
    counts = (
        (here, "held by it goes on" if here == 1 else "held by it go on"),
        (lost, "lost: told if back"),
        (others, f"stopped by {own} so"),
    )
    said = "; ".join(f"{count} {what}" for count, what in counts if count)
    return [
        f"resume all: {said or 'it holds no run now'}; runs that begin later are held no longer",
        *(f"  {run.key}  {run.control}  {card.state_words(run)}" for run in on),
    ]


@click.command()
@click.argument("run")
@click.option(
    "--confirm",
    default="",
    metavar="RUN_ID",
    help="The run's id once more, or its short form: the last four characters.",
)
@click.option("--reason", default="", metavar="TEXT", help="Why; the agent is told, and it is recorded.")
@direct_option
@wait_option
@common
def kill(place: Place, run: str, *, confirm: str, reason: str, direct: bool, wait: float) -> int:
    """End RUN. It is named once more: by --confirm, or typed."""
    if direct:
        return _kill_directly(place, run, confirm, reason)
    check_signs(place, "kill")
    found = find_run(live(place, _fleet), run)
    if found.state in ENDED:
        raise CliError(Exit.REFUSED, f"{found.key} is over ({found.state}); nothing was sent")
    if not confirm:
        if not terminal.interactive(place):
            raise bad(_unnamed(found.agent, found.run))
        how = "at once" if found.control == "contained" else "when it obeys: nothing forces it"
        printing.say([f"kill {found.key}  {found.control}: it ends {how}", f"  goal  {found.goal}"])
        confirm = terminal.typed(f"Type {short(found.run)} to kill it")
    if confirm not in (short(found.run), found.run):
        raise bad(_misnamed(found.agent, found.run, confirm))
    return _command(place, "kill", found.key, reason, wait)


def _unnamed(agent: str, run: str, how: str = "") -> str:
    """That a kill names its run once more, and the line that does."""
    line = f"watchfloor kill{how} {agent}/{run} --confirm {short(run)}"
    return f"kill wants the run's id once more; nothing was sent. Type: {line}"


def _misnamed(agent: str, run: str, typed: str) -> str:
    return f"{typed!r} is not the id of {agent}/{run}; nothing was sent. Its short form is {short(run)}"


def _kill_directly(place: Place, run: str, confirm: str, reason: str) -> int:
    from console.cli.verbs import direct

    found = direct.find(place.home(), run)
    if not confirm:
        if not terminal.interactive(place):
            raise bad(_unnamed(found.agent, found.run, " --direct"))
        confirm = terminal.typed(f"Type {short(found.run)} to kill {found.agent}/{found.run}")
    if confirm not in (short(found.run), found.run):
        raise bad(_misnamed(found.agent, found.run, confirm))
    return direct.carry_out(place, "kill", f"{found.agent}/{found.run}", reason)

"""`watchfloor notify`: messages to people, by the site's `notify.toml`."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from contextlib import suppress

import click

from console.cli import printing
from console.cli.exits import CliError, Exit, bad, complain
from console.cli.options import Place, common
from console.core.text import plain
from console.link.floor import Floor
from console.notify.follow import serve, wall_ms
from console.notify.plan import Plan, load_plan
from console.notify.sending import BadTargetError, Courier, Deliveries, NoAppriseError, Send, by_apprise
from console.policy.files import PolicyFileError


@click.group(invoke_without_command=True)
@click.option(
    "--watch-stdin", is_flag=True, help="End when standard input does: the program that started it is gone."
)
@common
@click.pass_context
def notify(ctx: click.Context, place: Place, *, watch_stdin: bool) -> int:
    """Tell people of what wants one, until interrupted. `watchfloor up` does it where there is a notify.toml."""
    ctx.obj = place
    if ctx.invoked_subcommand is not None:
        return 0
    _there(place)
    return asyncio.run(_serve(place, watch_stdin=watch_stdin))


def _there(place: Place) -> None:
    """Raises CliError where nobody has said whom to tell."""
    if not place.home().notify.exists():
        raise bad(f"{place.home().notify}: there is none; docs/notify.md tells what stands in it")


async def _serve(place: Place, *, watch_stdin: bool) -> int:
    home = place.home()
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGHUP"):
        with suppress(NotImplementedError, AttributeError, ValueError, RuntimeError):
            loop.add_signal_handler(getattr(signal, name), ended.set)
    if watch_stdin:
        threading.Thread(target=_wait_for_end, args=(loop, ended), name="standard input", daemon=True).start()
    where = place.connect or place.url()
    async with Floor(where, home=home, operator=place.who(), key=None) as floor:
        serving = asyncio.create_task(
            serve(home.notify, floor, Deliveries(home.deliveries), _tell), name="serve"
        )
        ending = asyncio.create_task(ended.wait(), name="wait for the end")
        try:
            await asyncio.wait([serving, ending], return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
        finally:
            for task in (serving, ending):
                task.cancel()
            await asyncio.gather(serving, ending, return_exceptions=True)
    return Exit.DONE


def _wait_for_end(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    with suppress(OSError):
        while os.read(0, 4_096):
            pass
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(ended.set)


def _tell(text: str) -> None:
    complain(f"notify: {text}")


@notify.command("test")
@common
def test(place: Place) -> int:
    """Send a message to everybody in notify.toml, whatever the hour, and say who got it."""
    _there(place)
    home = place.home()
    try:
        plan = load_plan(home.notify)
        send = by_apprise(plan.targets)
    except (PolicyFileError, BadTargetError, NoAppriseError) as error:
        raise bad(str(error)) from None
    found = asyncio.run(_test(plan, send, home.site))
    log = Deliveries(home.deliveries)
    for number, problem in enumerate(found):
        log.note(at=wall_ms(), to=plan.targets[number].name, keys=["test"], ok=not problem, problem=problem)
    if place.json:
        printing.say_json(
            [
                {"to": target.name, "ok": not problem, "problem": problem}
                for target, problem in zip(plan.targets, found, strict=True)
            ]
        )
    else:
        printing.say(
            f"{plain(target.name, 64)}: {problem or 'delivered'}"
            for target, problem in zip(plan.targets, found, strict=True)
        )
    if any(found):
        raise CliError(Exit.REFUSED, "not everybody was reached")
    return Exit.DONE


async def _test(plan: Plan, send: Send, site: str) -> list[str]:
    title, body = f"watchfloor {site}: a test", "Nothing is wrong. Somebody tried whether you can be reached."
    courier = Courier(send)
    return [await courier.deliver(number, title, body) for number in range(len(plan.targets))]

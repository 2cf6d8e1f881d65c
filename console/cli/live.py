"""Joining the floor for one verb, and saying in one line why it cannot be joined."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from console.cli.exits import NOT_LET_IN, REFUSED, CliError, Exit
from console.cli.options import Place
from console.link.floor import Floor, NoAnswerError

T = TypeVar("T")

REACH: Final = 3.0
"""Seconds within which a broker that is there takes a connection; a verb does not wait longer for the first one."""

START: Final = "start one with: watchfloor up, or name it with --broker"


def live(place: Place, work: Callable[[Floor], Awaitable[T]]) -> T:
    """Join the floor, do `work`, leave. Returns what `work` returns.

    Raises:
        CliError: no broker, no supervisor, or no answer.
    """
    return asyncio.run(joined(place, work))


async def joined(place: Place, work: Callable[[Floor], Awaitable[T]]) -> T:
    """As `live`, inside a running loop."""
    where = place.connect or place.url()
    async with Floor(where, home=place.home(), operator=place.who(), key=place.key()) as floor:
        try:
            await floor.reach(min(REACH, place.timeout))
            await floor.join(place.timeout)
        except NoAnswerError as error:
            raise unreachable(place, floor, str(error)) from None
        return await work(floor)


def check_broker(place: Place, advice: str) -> None:
    """See that the broker takes us, before anything is begun that needs it. `advice` is what to do if it does not.

    Raises:
        CliError: it is not there, or does not let us in.
        BadBrokerUrlError: not an address.
    """

    async def look() -> None:
        async with Floor(place.connect or place.url(), home=place.home(), operator=place.who()) as floor:
            try:
                await floor.reach(min(REACH, place.timeout))
            except NoAnswerError as error:
                raise unreachable(place, floor, str(error), advice) from None

    asyncio.run(look())


def unreachable(place: Place, floor: Floor, trouble: str, advice: str = START) -> CliError:
    site = place.home().site
    trouble = trouble.replace(": what is shown may be old", "")  # nothing is shown
    address = "the bus" if place.connect else place.url().address
    if floor.status.bus != "up":
        reason = floor.status.bus_reason or "no connection in time"
        if REFUSED in reason:
            return CliError(Exit.NO_ANSWER, f"{reason}; {NOT_LET_IN}")
        at = "" if address in reason else f" at {address}"
        return CliError(Exit.NO_ANSWER, f"no broker{at}: {reason}; {advice}")
    if floor.status.misfit:
        return CliError(Exit.NO_ANSWER, floor.status.misfit)
    if floor.status.supervisor == "up":
        return CliError(
            Exit.NO_ANSWER,
            f"the supervisor of site {site} is up and has not shown the floor within {place.timeout:g} s ({trouble}); "
            "try again, with a longer --timeout",
        )
    advice = f"start one with: watchfloor up --site {site}"
    return CliError(
        Exit.NO_ANSWER, f"no supervisor answers for site {site} on {address} ({trouble}); {advice}"
    )

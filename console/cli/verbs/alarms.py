"""Verbs about alarms: `alarms`, `ack`, `reset`, `shelve`, `unshelve`, `out-of-service`, `in-service`."""

from __future__ import annotations

import re
from typing import Any, Final

import click

from bus.limits import SHELVE_DEFAULT, SHELVE_MOST
from bus.messages import Verb
from console.cli import printing, shapes
from console.cli.exits import Exit, bad
from console.cli.live import live
from console.cli.names import find_alarm
from console.cli.options import Place, common
from console.cli.verbs.facts import carry_out, check_signs, wait_option
from console.core.alarms import alarm_load
from console.core.alarms.alarm_groups import folded
from console.core.alarms.alarm_kinds import kind_of
from console.core.fleet.alarm_standing import began, hidden, stands
from console.core.fleet.alarm_state import Alarm
from console.core.fleet.state import Fleet
from console.link.floor import Floor, Wanted

_SPAN: Final = re.compile(r"(\d{1,5})(s|m|h)")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600}


def seconds_of(text: str) -> int:
    """A time as people write it, `90s`, `15m` or `2h`, in seconds.

    Raises:
        CliError: it is none, or longer than an alarm may be shelved.
    """
    found = _SPAN.fullmatch(text.strip())
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 0 < seconds <= SHELVE_MOST:
        raise bad(f"--for {text}: write 90s, 15m or 2h, at most {SHELVE_MOST // 3600}h")
    return seconds


def _alarm(place: Place, verb: Verb, alarm: str, wait: float, **fields: Any) -> int:
    check_signs(place, verb)

    async def work(floor: Floor) -> Exit:
        found = find_alarm(floor.fleet, alarm)
        wanted = Wanted(alarm=found.id, **fields)  # type: ignore[typeddict-item]  # fields are those of Wanted
        head = [f"{verb} {found.id}  P{found.priority} {found.text}"]
        return await carry_out(place, floor, verb, wanted, wait, head)

    return live(place, work)


_reason: Final = click.option("--reason", required=True, metavar="TEXT", help="Why; it is recorded.")


def _verb(name: str, verb: Verb, words: str, *, why: bool = False) -> click.Command:
    """A command about one alarm that takes nothing more, or `why`: a reason."""

    @click.argument("alarm")
    @wait_option
    @common
    def act(place: Place, alarm: str, *, wait: float, **given: str) -> int:
        return _alarm(place, verb, alarm, wait, **given)

    return click.command(name, help=words)(_reason(act) if why else act)


reset: Final = _verb("reset", "reset", "Reset ALARM, a latched one too.", why=True)
unshelve: Final = _verb("unshelve", "restore", "Show ALARM again before its shelf ends.")
out_of_service: Final = _verb(
    "out-of-service",
    "remove",
    "Hide ALARM until somebody puts it back. Not one that is latched or of priority 1.",
    why=True,
)
in_service: Final = _verb("in-service", "restore", "Put ALARM back into service.")


@click.command()
@click.argument("alarm")
@click.option("--group", is_flag=True, help="And all that follow from it, as far as you see them now.")
@wait_option
@common
def ack(place: Place, alarm: str, *, group: bool, wait: float) -> int:
    """Acknowledge ALARM: you have seen it. That is not an approval of anything."""
    return _alarm(place, "acknowledge", alarm, wait, group=group)


@click.command()
@click.argument("alarm")
@_reason
@click.option(
    "--for",
    "span",
    default=f"{SHELVE_DEFAULT // 60}m",
    show_default=True,
    metavar="TIME",
    help="How long: 90s, 15m, 2h; at most 8h.",
)
@wait_option
@common
def shelve(place: Place, alarm: str, *, reason: str, span: str, wait: float) -> int:
    """Hide ALARM for a time; it comes back by itself. Not one that is latched or of priority 1."""
    return _alarm(place, "shelve", alarm, wait, reason=reason, seconds=seconds_of(span))


async def _fleet(floor: Floor) -> Fleet:
    return floor.fleet


@click.command()
@click.option("--all", "-a", "everything", is_flag=True, help="Hidden ones too.")
@common
def alarms(place: Place, *, everything: bool) -> None:
    """Show alarms, the worst first, with what they mean and what to do; consequences under their cause."""
    fleet, now = live(place, _fleet), printing.now_ms()
    if place.json:
        printing.say_json(shape(fleet, now))
        return
    printing.say(lines(fleet, now, everything=everything))


# ---- how it is shown, pure -------------------------------------------------------------------------------------------


def lines(fleet: Fleet, now: int, *, everything: bool = False) -> list[str]:
    """The alarms as lines. What is hidden is counted, or shown with `everything`."""
    listed = list(fleet.alarms.values())
    shown = [one for one in listed if not hidden(one, now) and one.state != "normal"]
    away = [one for one in listed if hidden(one, now)]
    said = []
    if fleet.load.flood:
        said += [f"flood: {alarm_load.new_within(fleet.load, now)} new alarms in 10 minutes", ""]
    groups = sorted(folded(shown).values(), key=lambda group: min(map(_rank, group)))
    for first, *more in groups:
        said += _alarm_lines(first, now)
        said += [f"      follows  {one.id}  {_state(one)}" for one in more]
    if not shown:
        said.append("no alarms")
    elif counted := _counted(shown, now):
        said += ["", counted]
    if everything:
        said += [line for one in away for line in ["", *_alarm_lines(one, now)]]
    elif away:
        said += ["", f"{len(away)} hidden (--all)"]
    return [*said, "", _load(fleet, now)]


def _counted(shown: list[Alarm], now: int) -> str:
    """How many of those listed are active, open or over; empty where all are open. One that returned is no longer active."""
    returned = sum(one.state == "returned" for one in shown)
    active, opened = len(shown) - returned, sum(stands(one, now) for one in shown)
    if opened == len(shown):
        return ""
    return f"{active} active, {opened} open" + (f", {returned} returned" if returned else "")


def _rank(alarm: Alarm) -> tuple[bool, int, int, str]:
    return alarm.state != "unacknowledged", alarm.priority, began(alarm), alarm.id


def _state(alarm: Alarm) -> str:
    words = [alarm.state, "latched" * alarm.latched, "chattering" * alarm.chattering]
    if alarm.escalated_at is not None and alarm.state == "unacknowledged":
        words.append("escalated")
    return ", ".join(word for word in words if word)


def _alarm_lines(alarm: Alarm, now: int) -> list[str]:
    kind = kind_of(alarm.kind)
    again = f"  {alarm.count} times" if alarm.count > 1 else ""
    said = [
        f"P{alarm.priority}  {alarm.id}  {_state(alarm)}  {printing.age(began(alarm), now)}{again}",
        f"      {alarm.text}",
        f"      means  {kind.means}",
        f"      do     {kind.do}",
    ]
    if alarm.shown != "shown":
        left = f", {printing.span((alarm.shelved_until - now) / 1000)} left" if alarm.shelved_until else ""
        said.append(f"      {alarm.shown} by {alarm.hidden_by}{left}: {alarm.hidden_why}")
    return said


def _load(fleet: Fleet, now: int) -> str:
    rates = alarm_load.rates(fleet, now)
    in_time = f", {rates.in_time} of {rates.due} acknowledged in time" if rates.due else ""
    return f"{rates.an_hour:.0f} new alarms an hour for each operator{in_time}"


def shape(fleet: Fleet, now: int) -> dict[str, Any]:
    """The alarms as JSON, with what each kind means and how operators bear them."""
    rates = alarm_load.rates(fleet, now)
    return {
        "alarms": [
            {
                **shapes.alarm_shape(alarm),
                "hidden": hidden(alarm, now),
                "means": kind_of(alarm.kind).means,
                "do": kind_of(alarm.kind).do,
            }
            for alarm in fleet.alarms.values()
        ],
        "flood": bool(fleet.load.flood),
        "new_in_10_minutes": alarm_load.new_within(fleet.load, now),
        "an_hour": rates.an_hour,
        "in_time": rates.in_time,
        "due": rates.due,
        "suppressed": fleet.load.suppressed,
        "operators": {name: _approving(fleet, name, now) for name in fleet.load.decisions},
    }


def _approving(fleet: Fleet, name: str, now: int) -> dict[str, Any]:
    mine = alarm_load.approving(fleet.load, name, now)
    return {
        "approvals_an_hour": mine.an_hour,
        "approvals_in_10_minutes": mine.recent,
        "read_at_most": None if mine.read is None else mine.read / 1000,
        "accepted": mine.accepted,
        "of": mine.of,
        "warnings": mine.warnings,
    }

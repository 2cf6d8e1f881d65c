"""Verbs that only look: `ls`, `show`, `asks`."""

from __future__ import annotations

import click

from console.cli import card, printing, shapes
from console.cli.live import live
from console.cli.names import find_run
from console.cli.options import Place, common
from console.cli.printing import NOTHING
from console.core.fleet.care import in_hand
from console.core.fleet.holding import floor_told
from console.core.fleet.lifecycle import ENDED
from console.core.fleet.state import Fleet, Run
from console.core.text import plain
from console.link.floor import Floor
from console.link.status import LinkStatus


async def _look(floor: Floor) -> tuple[Fleet, LinkStatus]:
    return floor.fleet, floor.status


@click.command()
@click.option("--all", "-a", "everything", is_flag=True, help="Ended runs too.")
@common
def ls(place: Place, *, everything: bool) -> None:
    """Show agents and runs, and how they stand."""
    fleet, status = live(place, _look)
    if place.json:
        printing.say_json(
            {
                "site": fleet.site,
                "pos": fleet.pos,
                "epoch": fleet.epoch,
                "session": fleet.session,
                "supervisor": status.supervisor,
                "recording": status.recording,
                "conflict": status.conflict,
                "held": shapes.hold_shape(fleet),
                "agents": [shapes.agent_shape(life) for life in fleet.agents.values()],
                "runs": [shapes.run_shape(fleet, run) for run in fleet.runs.values()],
                "waiting": fleet.waiting,
                "alarms": [shapes.alarm_shape(alarm) for alarm in fleet.alarms.values()],
                "operators": fleet.operators,
            }
        )
        return
    now = printing.now_ms()
    printing.say(_header(fleet, status))
    printing.say(_agents(fleet, now))
    runs = [run for run in fleet.runs.values() if everything or run.state not in ENDED]
    if runs:
        printing.say(["", *printing.fitted(_runs(fleet, runs, now))])
    hidden = len(fleet.runs) - len(runs)
    if hidden:
        printing.say(["", f"{hidden} ended {'run' if hidden == 1 else 'runs'} not shown (--all)"])
    if fleet.alarms:
        printing.say(["", *card.alarm_table(list(fleet.alarms.values()), now)])


def _header(fleet: Fleet, status: LinkStatus) -> list[str]:
    alarms = "alarm" if len(fleet.alarms) == 1 else "alarms"
    notes = [f"site {fleet.site}", f"{len(fleet.waiting)} waiting", f"{len(fleet.alarms)} {alarms}"]
    if status.recording != "ok":
        notes.append("the recording fails: approvals are closed")
    if status.conflict:
        notes.append("two supervisors: approvals are closed")
    lines = ["  ".join(notes)]
    if fleet.held is not None:
        lines.append(
            f"{floor_told(fleet, printing.clock(fleet.held.at))}; watchfloor resume --all lets all go on"
        )
    return lines


def _agents(fleet: Fleet, now: int) -> list[str]:
    if not fleet.agents:
        return ["", "no agents yet"]
    rows = []
    for life in fleet.agents.values():
        runs = sum(1 for run in fleet.runs.values() if run.agent == life.agent and run.state not in ENDED)
        status = f"{life.status} ({life.why})" if life.why else life.status
        rows.append((life.agent, status, printing.age(life.since, now), life.control, str(runs), life.sdk))
    return ["", *printing.columns(("AGENT", "STATUS", "SINCE", "CONTROL", "RUNS", "SDK"), rows)]


def _runs(fleet: Fleet, runs: list[Run], now: int) -> list[str]:
    rows = []
    for run in runs:
        shape = shapes.run_shape(fleet, run)
        step = NOTHING if shape["step"] is None else str(shape["step"])
        rows.append(
            (
                printing.shown(run.key),
                card.state_words(run),
                f"{step}/{run.steps_of}" if run.steps_of else step,
                NOTHING if shape["confidence"] is None else f"{shape['confidence']:.2f}",
                run.control,
                str(len(shape["waiting"])),
                printing.age(run.last_at, now),
                plain(run.goal),
            )
        )
    return printing.columns(("RUN", "STATE", "STEP", "CLAIM", "CONTROL", "WAITS", "LAST", "GOAL"), rows)


@click.command()
@click.argument("run")
@click.option("--session", metavar="NAME|FILE", help="Out of a recorded session, as it stood at its end.")
@common
def show(place: Place, run: str, session: str | None) -> None:
    """Show one RUN: its id, agent/run, or an unambiguous beginning."""
    if session is None:
        fleet, _ = live(place, _look)
        found = find_run(fleet, run)
        now = printing.now_ms()
    else:
        from console.cli.records.recorded_run import run_in_session

        fleet, found = run_in_session(place.home(), session, run)
        now = fleet.at
    if place.json:
        printing.say_json(shapes.full_run_shape(fleet, found))
    else:
        printing.say(card.run_page(fleet, found, now))


@click.command()
@click.option("--full", is_flag=True, help="Each action in full, with its arguments, and the code of a hold.")
@common
def asks(place: Place, *, full: bool) -> None:
    """Show the actions that wait for a person, oldest first."""
    fleet, _ = live(place, _look)
    waiting = [action for key in fleet.waiting if (action := fleet.action(key)) is not None]
    now = printing.now_ms()
    if place.json:
        printing.say_json([shapes.action_shape(action, now) for action in waiting])
        return
    if not waiting:
        printing.say(["nothing waits"])
        return
    for action in waiting:
        if full:
            printing.say([*card.action_card(fleet, action, now), ""])
    if full:
        return
    rows = []
    for action in waiting:
        due = shapes.due_in(action, now)
        rows.append(
            (
                printing.shown(action.key),
                action.gate or NOTHING,
                card.severity(action).split(" ")[0],
                printing.age(action.asked_at, now),
                NOTHING if due is None else printing.span(due),
                action.digest[:8],
                action.tool,
                _hindered(fleet.run(action.agent, action.run)),
                in_hand(action.care, by_time=action.escalated_at is not None),
            )
        )
    table = printing.columns(
        ("ACTION", "GATE", "SEV", "AGE", "DUE", "DIGEST", "TOOL", "RUN", "IN HAND"), rows
    )
    said = [table[0]]
    for line, action in zip(table[1:], waiting, strict=True):
        said += [line, f"  {card.brief(action.args)}"]
    printing.say(printing.fitted(said))


def _hindered(run: Run | None) -> str:
    """What keeps a run from going on even once its action is decided; empty if nothing does."""
    if run is None:
        return ""
    if run.killing:
        return "killing"
    if run.state in ("lost", "paused", "pausing"):
        return run.state
    return "held" if run.held else ""

"""Things in full, as lines for a terminal: the action that waits, a run, an alarm. Pure; nothing of an agent is cut here."""

from __future__ import annotations

from typing import Any, Final

from bus.canonical import code
from bus.events import Confidence
from console.cli import printing, shapes
from console.cli.printing import NOTHING, Table
from console.core.blobs import BLOB, parts_here, references, said_bytes
from console.core.exact import document
from console.core.fleet.alarm_standing import began
from console.core.fleet.alarm_state import Alarm
from console.core.fleet.alike import Alike, alike_key, alike_words
from console.core.fleet.holding import is_holding
from console.core.fleet.lifecycle import ENDED
from console.core.fleet.state import Action, Command, Fleet, Run
from console.core.health.ending import unverified
from console.core.judging.grants import SECONDS, USES
from console.core.judging.origin_words import where
from console.core.judging.preview import Sides, shown, verdict
from console.core.text import plain

SEVERITY: Final = ("S0 observe", "S1 local", "S2 shared", "S3 costly", "S4 catastrophic")


def severity(action: Action) -> str:
    """The severity in words."""
    return NOTHING if action.severity is None else SEVERITY[action.severity]


def claim(confidence: Confidence | None) -> str:
    """A claim of being right, and where it comes from."""
    return "unknown" if confidence is None else f"{confidence.value:.2f} {confidence.kind}"


def exact(value: Any) -> list[str]:
    """A JSON value as indented lines in which no two different values look alike: see `console.core.exact`."""
    return document(value).split("\n")


def brief(args: dict[str, Any], limit: int = 80) -> str:
    """Arguments on one line, cut: enough to tell actions apart, not to decide by."""
    return plain(printing.safe_json(args), limit)


def action_card(fleet: Fleet, action: Action, now: int) -> list[str]:
    """An action as it is shown before it is decided: every argument whole, the code of a hold after them.

    Of a value that was sent apart there is the reference, and what there is to say of it.
    """
    run = fleet.run(action.agent, action.run)
    due = shapes.due_in(action, now)
    when = "" if due is None else f"  due in {printing.span(due)}" if due > 0 else "  due now"
    lines = [
        f"{action.gate or action.state}  {action.tool}  {severity(action)}{when}",
        f"  action   {action.key}  {_step(action)}{run.control if run else ''}".rstrip(),
        f"  state    {_state(action)}",
        f"  digest   {action.digest or 'not judged yet'}",
        f"  claim    {claim(action.confidence)}",
    ]
    if run is not None and run.goal:
        lines.append(f"  goal     {run.goal}")
    if action.tool_sent:
        lines += _arguments("tool", action.tool_sent)
    if action.reason:
        lines.append(f"  says     {action.reason}")
    lines += [f"  why      {plain(reason.text, 400)}" for reason in action.reasons]
    lines += _consequences(fleet, action)
    lines += _arguments("args", action.args, cut=action.args_cut)
    if action.offer is not None and action.state == "asked":
        lines.append(f"  scope    {covered(action.offer.destinations)}")
    lines += [
        f"  from     {origin.path}: {where(origin)}" for origin in action.origins if origin.kind != "plain"
    ]
    lines += parts(action, action.args, run)
    lines += _changes(action.preview)
    if action.edited is not None:
        lines += [*_arguments("edited", action.edited), *parts(action, action.edited, run)]
    if action.gate == "hold" and action.state == "asked":
        lines.append(f"  code     {code(action.digest)}")
    return lines


def _consequences(fleet: Fleet, action: Action) -> list[str]:
    """What it reaches, whether it can be undone, what became of like asks: before it is decided."""
    if action.state != "asked":
        return []
    alike = fleet.alike.get(alike_key(action.agent, action.tool)) or Alike()
    lines = [f"  reaches  {', '.join(action.reaches) or 'unknown'}"]
    lines += [f"  no undo  {action.no_undo}"] if action.no_undo else []
    return [*lines, f"  alike    {alike_words(alike)}"]


def _changes(found: Sides | None) -> list[str]:
    """The lines that differ between the present and the proposed state, as the agent says."""
    if found is None:
        return []
    of = f"{found.of}, " if found.of else ""
    signs = {" ": "  ", "…": "… "}
    return [
        f"  changes  {of}{verdict(found)}, by the agent's own word, not in the digest",
        *(f"           {signs.get(line.sign, line.sign + ' ')}{line.text}" for line in shown(found)),
    ]


def covered(destinations: list[str]) -> str:
    """What an approval for the rest of a run covers, and for how long."""
    kept = plain(", ".join(destinations), 200)
    return f"run: then calls like it pass in this run, with {kept}; at most {USES} and for {SECONDS // 60} minutes"


def _step(action: Action) -> str:
    return "" if action.step is None else f"step {action.step}  "


def _state(action: Action) -> str:
    if action.outcome is None:
        return action.state
    note = f": {action.note}" if action.note else ""
    at = printing.clock(action.decided_at)
    return f"{action.state}, {action.outcome} by {action.decided_by or '?'} at {at}{note}"


def _arguments(name: str, args: Any, *, cut: bool = False) -> list[str]:
    if cut:
        return [f"  {name:<8} no longer kept here; the recording has them"]
    first, *rest = exact(args)
    return [f"  {name:<8} {first}", *(f"           {line}" for line in rest)]


def parts(action: Action, args: dict[str, Any], run: Run | None) -> list[str]:
    """A line for each large value that was sent apart: how much of it has arrived, and the verb that shows it."""
    arrived = {} if run is None else run.blobs
    return [
        f"  apart    {plain(reference[BLOB], 64)}: {said_bytes(reference)} bytes, {parts_here(reference, arrived)};"
        f" to read: watchfloor blob {action.key}"
        for reference in references(args)
    ]


def run_page(fleet: Fleet, run: Run, now: int, table: Table = printing.columns) -> list[str]:
    """A run in full: header, steps, actions, commands, alarms; lists of them as `table` makes them."""
    began, last = printing.clock(run.started_at, day=True), printing.age(run.last_at, now)
    lines = [
        f"{run.key}  {state_words(run)}",
        f"  goal     {run.goal or NOTHING}",
        f"  control  {run.control}  agent {fleet.agents[run.agent].status if run.agent in fleet.agents else 'unknown'}",
        f"  version  {run.version or NOTHING}  model {run.model or NOTHING}",
        f"  began    {began}  last event {last} ago  events {run.seq}",
        f"  used     {_used(run)}  errors {run.errors}",
    ]
    if run.ended_at is not None:
        lines.append(f"  ended    {printing.clock(run.ended_at, day=True)}  {run.ended_text}".rstrip())
    if unseen := unverified(run):
        lines.append(f"  unseen   {unseen}")
    if run.progress_text or run.progress_done is not None:
        lines.append(f"  progress {_progress(run)}")
    for name, count in (("dropped", run.dropped), ("gaps", run.gaps), ("illegal", run.misdeeds)):
        if count:
            what = f"  {run.misdeed}" if name == "illegal" else ""
            lines.append(f"  {name:<8} {count} events{what}")
    lines += _steps(run, table)
    lines += _actions(run, table)
    lines += _commands(shapes.commands_of(fleet, run), table)
    lines += _alarms(shapes.alarms_of(fleet, run), now, table)
    for key in fleet.waiting:
        action = fleet.action(key)
        if action is not None and (action.agent, action.run) == (run.agent, run.run):
            lines += ["", *action_card(fleet, action, now)]
    return lines


def state_words(run: Run) -> str:
    """The state of a run, never more than is recorded: an end by its own account is unverified."""
    ends = {"": "completed (unverified)", "ok": "completed", "failed": "completed (refuted)"}
    words: list[str] = [ends[run.verified] if run.state == "completed" else run.state]
    if run.state not in ENDED:
        words += ["held"] if run.held else ["holding"] if is_holding(run) else []
        words += ["kill asked"] if run.killing else []
    return ", ".join(words)


def _used(run: Run) -> str:
    tokens = f"{run.tokens} tokens" if run.tokens else "tokens unknown"
    return f"{tokens}  {f'${run.cost_usd:.2f}' if run.cost_usd else 'cost unknown'}"


def _progress(run: Run) -> str:
    done = "" if run.progress_done is None else f"{run.progress_done:g}"
    of = "" if run.progress_of is None else f" of {run.progress_of:g}"
    return f"{done}{of}  {run.progress_text}".strip()


def _steps(run: Run, table: Table) -> list[str]:
    if not run.steps:
        return []
    hidden = run.steps_seen - len(run.steps)
    ok = {None: NOTHING, True: "ok", False: "failed"}
    rows = [
        (
            f"  {step.step}",
            printing.clock(step.started_at),
            ok[step.ok] if step.finished_at else "under way",
            NOTHING if step.confidence is None else f"{step.confidence.value:.2f}",
            step.name or NOTHING,
            step.text,
        )
        for step in run.steps
    ]
    before = [f"  ({hidden} earlier steps are in the recording)"] if hidden > 0 else []
    return ["", *before, *table(("  STEP", "AT", "RESULT", "CLAIM", "NAME", "TEXT"), rows)]


def _actions(run: Run, table: Table) -> list[str]:
    if not run.actions:
        return []
    rows = [
        (
            f"  {action.id}",
            action.tool,
            action.state,
            action.gate or NOTHING,
            severity(action).split(" ")[0],
            f"{action.outcome} by {action.decided_by}" if action.outcome else NOTHING,
            action.result or action.note,
        )
        for action in run.actions.values()
    ]
    return ["", *table(("  ACTION", "TOOL", "STATE", "GATE", "SEV", "DECISION", "RESULT"), rows)]


def _commands(commands: list[Command], table: Table) -> list[str]:
    if not commands:
        return []
    rows = [
        (
            f"  {command.kind}{' ' + command.action if command.action else ''}",
            command.by,
            *(
                printing.clock(at)
                for at in (
                    command.requested_at,
                    command.sent_at,
                    command.acknowledged_at,
                    command.effective_at,
                )
            ),
            command_end(command),
        )
        for command in commands
    ]
    head = ("  COMMAND", "BY", "REQUESTED", "SENT", "ACKNOWLEDGED", "EFFECTIVE", "")
    ways = [f"    {command.kind}: {way(command)}" for command in commands if command.rungs]
    return ["", *table(head, rows), *ways]


def way(command: Command) -> str:
    """How an enforced command went, rung by rung, each with the seconds since it arrived."""
    return ", ".join(
        f"{rung.rung} +{rung.after:.2f} s" + (f" ({rung.text})" if rung.text else "")
        for rung in command.rungs
    )


def command_end(command: Command) -> str:
    """How a command came to nothing, if it did."""
    if command.refused_at is not None:
        return f"refused at {printing.clock(command.refused_at)}: {command.problem}"
    if command.failed_at is not None and command.effective_at is None:
        return f"failed at {printing.clock(command.failed_at)}: {command.problem}"
    return ""


def _alarms(alarms: list[Alarm], now: int, table: Table) -> list[str]:
    return ["", *alarm_table(alarms, now, table)] if alarms else []


def alarm_table(alarms: list[Alarm], now: int, table: Table = printing.columns) -> list[str]:
    """Alarms, the gravest first."""
    rows = [
        (
            f"  P{alarm.priority}",
            alarm.id,
            f"{alarm.state}{', latched' * alarm.latched}{f', {alarm.shown}' * (alarm.shown != 'shown')}",
            printing.age(began(alarm), now),
            str(alarm.count),
            alarm.text,
        )
        for alarm in sorted(alarms, key=lambda alarm: (alarm.priority, began(alarm)))
    ]
    return table(("  ALARM", "ID", "STATE", "SINCE", "TIMES", "TEXT"), rows)

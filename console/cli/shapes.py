"""The JSON that verbs print: every field always there, null where it is unknown. `docs/cli.md` lists them. Pure.

Names and values are those of the contract and of `console.core.fleet.state`; times are milliseconds since 1970 UTC.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from console.core.fleet.agent_life import AgentLife
from console.core.fleet.alarm_state import Alarm
from console.core.fleet.lifecycle import ENDED
from console.core.fleet.state import Action, Command, Fleet, Run, Step

Shape = dict[str, Any]

_AGENT: Final = ("agent", "status", "incarnation", "connection", "sdk", "control", "since", "why")
_RUN: Final = (
    "agent", "run", "state", "seq", "goal", "control", "version", "model", "started_at", "last_at", "ended_at",
    "ended_text", "held", "holding", "killing", "steps_seen", "steps_of", "errors", "progress_done", "progress_of",
    "progress_text", "actions_seen", "dropped", "gaps", "misdeeds", "misdeed", "tokens", "cost_usd", "unknown_types",
    "verified",
)  # fmt: skip
_STEP: Final = ("step", "name", "started_at", "finished_at", "ok", "text", "confidence")
_MESSAGE: Final = ("at", "role", "name", "text", "error")
_ACTION: Final = (
    "id", "agent", "run", "state", "args", "args_cut", "edited", "digest", "claimed", "step", "call_id", "reason",
    "confidence", "hints", "supersedes", "passed", "decide_within", "proposed_at", "severity", "failure_bp", "gate",
    "reasons", "reaches", "no_undo", "preview",
    "asked_at", "escalated_at", "outcome", "decided_by", "decided_at", "decision", "decided_digest", "note", "answer",
    "started_at", "finished_at", "result", "verified",
)  # fmt: skip
_COMMAND: Final = (
    "id", "kind", "agent", "run", "by", "state", "action", "reason", "requested_at", "sent_at", "acknowledged_at",
    "effective_at", "refused_at", "failed_at", "problem",
)  # fmt: skip
_ALARM: Final = (
    "id", "kind", "priority", "text", "agent", "run", "latched", "state", "raised_at", "changed_at", "since", "count", "by",
    "shown", "shelved_until", "hidden_by", "hidden_why", "hidden_at", "first", "chattering", "escalated_at",
)  # fmt: skip


def agent_shape(life: AgentLife) -> Shape:
    """An agent process."""
    return _fields(life, _AGENT)


def hold_shape(fleet: Fleet) -> Shape | None:
    """Who holds the whole floor, and since when; nothing while nobody does."""
    held = fleet.held
    if held is None:
        return None
    living = (run for run in fleet.runs.values() if run.state not in ENDED)
    apart = [run.key for run in living if run.stop and not run.by_floor]
    return {"by": held.by, "at": held.at, "reason": held.reason, "stopped_apart": apart}


def run_shape(fleet: Fleet, run: Run) -> Shape:
    """A run in short: its own fields, and of its steps, claims and waiting actions what a list shows.

    Usage counts up from nothing, and nothing is what is known of a run that reports none.
    """
    prefix = run.key + "/"
    return {
        **_fields(run, _RUN),
        "key": run.key,
        "tokens": run.tokens or None,
        "cost_usd": run.cost_usd or None,
        "ended": run.state in ENDED,
        "step": run.steps[-1].step if run.steps else None,
        "confidence": run.claims[-1] if run.claims else None,
        "waiting": [key for key in fleet.waiting if key.startswith(prefix)],
    }


def full_run_shape(fleet: Fleet, run: Run) -> Shape:
    """A run as `show` prints it: with its last steps, actions, messages, its commands and alarms."""
    return {
        **run_shape(fleet, run),
        "claims": run.claims,
        "tools_used": run.tools_used,
        "steps": [step_shape(step) for step in run.steps],
        "actions": [action_shape(action) for action in run.actions.values()],
        "messages": [_fields(message, _MESSAGE) for message in run.messages],
        "commands": [command_shape(command) for command in commands_of(fleet, run)],
        "alarms": [alarm_shape(alarm) for alarm in alarms_of(fleet, run)],
    }


def step_shape(step: Step) -> Shape:
    """One step."""
    return _fields(step, _STEP)


def action_shape(action: Action, now: int | None = None) -> Shape:
    """An action with everything known of it. With `now`, `due_in` says in how many seconds an ask expires.

    The code that approves a hold is not in it: it is to be read where a person reads the arguments.
    """
    shape = {
        "key": action.key,
        "tool": action.exact_tool,
        **_fields(action, _ACTION),
        "claimed_by": action.care.claimed_by,
        "escalated_by": action.care.escalated_by,
        "escalated_why": action.care.why,
    }
    if now is not None:
        shape["due_in"] = due_in(action, now)
    return shape


def due_in(action: Action, now: int) -> float | None:
    """Seconds until an ask expires, by this machine's clock; None for what is not asked."""
    if action.asked_at is None or action.state != "asked":
        return None
    return round(action.decide_within - (now - action.asked_at) / 1000, 1)


def command_shape(command: Command) -> Shape:
    """A command and its facts."""
    return _fields(command, _COMMAND)


def alarm_shape(alarm: Alarm) -> Shape:
    """An alarm."""
    return _fields(alarm, _ALARM)


def commands_of(fleet: Fleet, run: Run) -> list[Command]:
    """The commands of a run, oldest first."""
    return [
        command for command in fleet.commands.values() if (command.agent, command.run) == (run.agent, run.run)
    ]


def alarms_of(fleet: Fleet, run: Run) -> list[Alarm]:
    """The alarms about a run, and those about its agent as a whole."""
    return [
        alarm for alarm in fleet.alarms.values() if alarm.agent == run.agent and alarm.run in ("", run.run)
    ]


def _fields(value: msgspec.Struct, names: tuple[str, ...]) -> Shape:
    # `to_builtins` of the whole leaves defaults out; a field that comes and goes is no use to a script.
    return {name: msgspec.to_builtins(getattr(value, name)) for name in names}

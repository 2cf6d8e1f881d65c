"""The rows of Policy: what is judged by, since when, each rule with how often it spoke, each tool, the limits. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final, Literal

from bus.limits import CONFIDENCE_LIMIT
from bus.policy_records import PolicyBudget, PolicyRule, PolicyTool
from console.core.alarms import alarm_load
from console.core.fleet.alarm_state import Alarm
from console.core.fleet.policy_state import InForce
from console.core.fleet.state import Fleet
from console.core.judging.gate_table import LIMITS
from console.tui.drawing import figures
from console.tui.drawing.paint import BLANK, Line, Row, cut_middle, cut_path, safe, wrap
from console.tui.floor.broken_files import broken_files
from console.tui.rows.frame_rows import View

Tab = Literal["rules", "tools", "limits"]

TABS: Final[tuple[Tab, ...]] = ("rules", "tools", "limits")

_AT: Final = 14
_RAISES, _TOOL, _WHEN, _FIRED, _ASKED = 25, 33, 49, 70, 78
_EFFECT, _SEVERITY, _FLAGS, _WHY = 31, 40, 44, 62

FLOORS: Final = (
    ("hold", "part of the arguments has not arrived; or an S4 value was made by the model"),
    ("ask", "the digest differs, the policy fails, a command is not understood, events are missing"),
    ("ask", "untrusted input read, sensitive data in reach, and the call can carry data out"),
    ("ask", "an address that nobody asked for and a text brought"),
    ("ask", "first use by this version from S2 up, and spot checks of what is trusted"),
    ("notify", "a tool of no catalogue that changes something, by its name"),
)
"""What no statistics lower, as `console.core.judging.risk` has it."""


def banner(alarms: Iterable[Alarm], view: View) -> list[Line]:
    """That a file could not be put in force, and why, whole; nothing while all are."""
    lines: list[Line] = []
    for one in broken_files(alarms):
        for number, piece in enumerate(wrap(safe(one.text), view.last - 3)):
            lines.append(Row().at(1, "" if number else "▲", "act").at(3, piece, "strong").line)
    return [*lines, BLANK] if lines else []


def top(known: InForce, tab: Tab, counts: Mapping[Tab, int], view: View) -> list[Line]:
    """Which files, their digest, since when; then the tabs."""
    if not known.digest:
        return [Row().at(3, "The log has told of no policy yet.").line, BLANK]
    since = f"{figures.digest(known.digest)}  since {figures.day(known.at, view.zone)}"
    policy, end = known.policy or "no rules of the site", view.last - len(since) - 1
    row = Row().at(3, "in force", "muted").at(_AT, policy, end=end, by=cut_path)
    lines = [row.right(view.last, (since, "text")).line]
    presets = "" if known.presets else ", without presets"
    text = f"{known.catalogue or 'no catalogue of the site'}{presets}"
    lines.append(Row().at(3, "tools", "muted").at(_AT, text, end=view.last + 1, by=cut_path).line)
    if known.parts < known.of or known.left_out:
        what = f"{known.left_out} entries more than are recorded; the files have them"
        lines.append(Row().at(3, "more", "muted").at(_AT, what).line)
    row = Row()
    for name in TABS:
        count = f" {counts[name]}" if name in counts else ""
        row.at(row.cells + 3, f"{name}{count}", "strong" if name == tab else "muted")
    return [*lines, BLANK, row.right(view.last, ("tab: next list", "muted")).line, BLANK]


# ---- rules -------------------------------------------------------------------------------------------------------------


def rules_head(view: View) -> Line:
    row = Row().at(3, "rule", "muted").at(_RAISES, "raises", "muted").at(_TOOL, "tool", "muted")
    row.at(_WHEN, "when", "muted")
    row.right(_FIRED + view.spare, ("fired", "muted"))
    return row.right(_ASKED + view.spare, ("asked", "muted")).line


def rule_row(rule: PolicyRule, known: InForce, view: View) -> Line:
    """One rule, and how often it spoke in this session."""
    row = Row().at(3, cut_middle(safe(rule.id), _RAISES - 4)).at(_RAISES, rule.raises)
    row.at(_TOOL, cut_middle(safe(rule.tool), _WHEN - _TOOL - 1), "muted")
    condition = rule.when or "  ".join(f"{path}: {text}" for path, text in rule.args.items())
    row.at(_WHEN, condition or figures.NOTHING, "muted", end=_FIRED + view.spare - 5)
    fired, asked = known.fired.get(rule.id, 0), known.asked.get(rule.id, 0)
    row.right(_FIRED + view.spare, (figures.grouped(fired), "text" if fired else "muted"))
    return row.right(_ASKED + view.spare, (figures.grouped(asked), "text" if asked else "muted")).line


def rule_whole(rule: PolicyRule, known: InForce, view: View) -> list[Line]:
    """All of a rule: what it matches, its condition, its examples, how often it spoke."""
    lines = [
        Row().at(3, rule.id, "strong", end=view.last + 1).line,
        *_field("why", rule.why, view),
        *_field("raises", f"to {rule.raises}", view),
        *_field("tool", rule.tool, view),
        *_field("agent", rule.agent, view),
    ]
    for number, (path, text) in enumerate(rule.args.items()):
        lines += _field("" if number else "args", f"{path} = {text}", view)
    lines += _field("when", rule.when, view) if rule.when else []
    since = f"since {figures.day(known.since, view.zone)}" if known.since else "in this session"
    fired, asked = known.fired.get(rule.id, 0), known.asked.get(rule.id, 0)
    lines += _field("fired", f"{fired} times {since}, {asked} of them asked a person", view)
    for name, examples in (("fires", rule.fires), ("silent", rule.silent)):
        for number, example in enumerate(examples):
            lines += _field("" if number else name, example, view)
    return [*lines, *(_field("more", "the rest of it stands in the file", view) if rule.cut else [])]


# ---- tools -------------------------------------------------------------------------------------------------------------


def tools_head(_view: View) -> Line:
    row = Row().at(3, "tool", "muted").at(_EFFECT, "effect", "muted").at(_SEVERITY, "S", "muted")
    return row.at(_FLAGS, "marked", "muted").at(_WHY, "why", "muted").line


def marks(tool: PolicyTool) -> str:
    """What else is said of a tool, in words."""
    found = (
        ("outside", tool.outside), ("untrusted", tool.untrusted), ("sensitive", tool.sensitive),
        ("pinned", tool.pinned), ("polls", tool.polls), ("command", bool(tool.command)),
    )  # fmt: skip
    return " ".join(name for name, so in found if so)


def tool_row(tool: PolicyTool, view: View, *, preset: bool) -> Line:
    """One tool; those of the shipped presets are grey."""
    row = Row().at(3, cut_middle(safe(tool.tool), _EFFECT - 4), "muted" if preset else "text")
    row.at(_EFFECT, tool.effect, "muted" if preset else "text").at(_SEVERITY, f"S{tool.severity}")
    row.at(_FLAGS, marks(tool) or figures.NOTHING, "muted", end=_WHY - 1)
    return row.at(_WHY, tool.why, "muted", end=view.last + 1).line


def tool_whole(tool: PolicyTool, view: View, *, preset: bool) -> list[Line]:
    """All that is said of a tool."""
    return [
        Row().at(3, tool.tool, "strong", end=view.last + 1).line,
        *_field("said by", "a shipped preset" if preset else "the site's own catalogue", view),
        *_field("effect", f"{tool.effect}, the worst that a call may do", view),
        *_field("severity", f"S{tool.severity}", view),
        *_field("marked", marks(tool) or "nothing else", view),
        *(
            _field("command", f"the argument {tool.command} is judged as a command", view)
            if tool.command
            else []
        ),
        *(_field("why", tool.why, view) if tool.why else []),
    ]


def presets_unknown(view: View) -> Line:
    text = "The presets in force are those of another version of Watchfloor; this one has not got them."
    return Row().at(3, text, "muted", end=view.last + 1).line


# ---- limits ------------------------------------------------------------------------------------------------------------


def limits(fleet: Fleet, view: View) -> list[Line]:
    """What holds whatever the rules say: the claim's limit, the gates' limits, floors, budgets, what is suppressed."""
    known = fleet.policy
    lines = _field("claims", f"below {CONFIDENCE_LIMIT:.2f} the gate is one rung stricter, from S1 up", view)
    words = [f"{gate} up to {limit / 100_000:g}" for gate, limit in LIMITS]
    lines += _field("gates", ", ".join([*words, "hold beyond it"]) + " of expected loss", view)
    for number, (gate, text) in enumerate(FLOORS):
        for part, piece in enumerate(wrap(text, view.last - _AT - 7)):
            row = Row().at(3, "" if number or part else "floors", "muted").at(_AT, "" if part else gate)
            lines.append(row.at(_AT + 8, piece, "muted").line)
    minutes = alarm_load.BUDGET_WITHIN // alarm_load.MINUTE
    text = f"at most {alarm_load.BUDGET_MOST} in {minutes} minutes each; read {alarm_load.READ_LEAST / 1000:g} s or more;"
    lines += [BLANK, *_field("approvals", f"{text} at most {alarm_load.ACCEPT_MOST:.0%} accepted", view)]
    lines += [BLANK, *_listed("budgets", [_budget(one) for one in known.budgets], "none of the site", view)]
    hidden = [f"{one.kind} of {one.agent}: {one.why}" for one in known.suppressed]
    return [*lines, BLANK, *_listed("suppressed", hidden, "no alarm by design", view)]


def _budget(budget: PolicyBudget) -> str:
    bounds = (
        ("steps", budget.steps), ("tokens", budget.tokens), ("dollars", budget.cost_usd),
        ("minutes", None if budget.seconds is None else budget.seconds / 60),
        ("writes", budget.writes), ("destinations", budget.destinations),
    )  # fmt: skip
    return f"{budget.agent}: " + ", ".join(
        f"{_number(most)} {name}" for name, most in bounds if most is not None
    )


def _number(value: float) -> str:
    return figures.grouped(int(value)) if math.isfinite(value) and value == int(value) else f"{value:g}"


def _listed(name: str, entries: list[str], none: str, view: View) -> list[Line]:
    lines: list[Line] = []
    for number, entry in enumerate(entries or [none]):
        lines += _field("" if number else name, entry, view)
    return lines


def _field(name: str, text: str, view: View) -> list[Line]:
    """A name and its words, whole."""
    return [
        Row().at(3, "" if number else name, "muted").at(_AT, piece).line
        for number, piece in enumerate(wrap(safe(text), view.last - _AT + 1))
    ]

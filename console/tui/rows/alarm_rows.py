"""The rows of Alarms: tabs, one row an alarm, those folded under it, and what is known of the chosen one. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from console.core.alarms import alarm_load
from console.core.alarms.alarm_kinds import kind_of
from console.core.fleet.alarm_standing import began, hidden
from console.core.fleet.alarm_state import Alarm
from console.core.fleet.state import Fleet
from console.tui.drawing import figures
from console.tui.drawing.paint import BLANK, Line, Row, cut, cut_middle, safe, wrap
from console.tui.drawing.theme import Ink
from console.tui.floor.attention import level_of_alarm, without_name
from console.tui.floor.broken_files import FILES, without_folder
from console.tui.keys.actions import key_for
from console.tui.rows.frame_rows import View

Tab = Literal["active", "shelved", "suppressed", "out of service"]

TABS: Final[tuple[Tab, ...]] = ("active", "shelved", "suppressed", "out of service")

TEXT_LINES: Final = 2
_NAME: Final = 16
_WIDE: Final = 8
"""Columns to spare from which names have more room."""
_NOTES: Final = 2
"""Most that is said at the right of a row beside its age; the rest is said below the list."""


def _columns(view: View) -> tuple[int, int]:
    """Where it stands whose an alarm is, and what it says."""
    return (36, 61) if view.spare >= _WIDE else (34, 51)


def tab_of(alarm: Alarm, now: int) -> Tab:
    """Where an alarm is listed. A shelf whose time is up hides nothing, whoever has said so yet."""
    if not hidden(alarm, now):
        return "active"
    return {"shelved": "shelved", "suppressed": "suppressed", "out-of-service": "out of service"}[alarm.shown]  # type: ignore[return-value]  # mypy keeps no literal through a dict


def tabs(counts: Mapping[Tab, int], open_: Tab, view: View, returned: int = 0) -> Line:
    """How many alarms each list has; `returned` of the first are so no longer, and are not active."""
    row = Row()
    for tab in TABS:
        ink: Ink = "strong" if tab == open_ else "muted"
        over = returned if tab == "active" else 0
        row.at(row.cells + 3, f"{tab} {counts.get(tab, 0) - over}", ink)
        row.then(f", {over} returned" if over else "", ink)
    hint = "tab: next list" if row.cells + 16 <= view.last else "tab"
    return row.right(view.last, (hint, "muted")).line


def head(view: View) -> Line:
    source, said = _columns(view)
    row = Row().at(4, "state", "muted").at(_NAME, "alarm", "muted").at(source, "source", "muted")
    return row.at(said, "what", "muted").right(view.last, ("age", "muted")).line


def flood(raised: int, operators: int) -> Line:
    """Calm words while more comes than people can answer."""
    each = "one operator" if operators == 1 else f"{operators} operators"
    words = f"flood: {raised} new alarms in 10 minutes for {each}; the worst stand first"
    return Row().at(3, words, "strong").line


def state_of(alarm: Alarm, now: int) -> tuple[str, str, Ink]:
    """Its state: the sign, the word, and the ink of both. Only what stands has a colour."""
    match tab_of(alarm, now):
        case "shelved":
            return "z", f"{figures.left((alarm.shelved_until or 0) - now)} left", "muted"
        case "suppressed":
            return "-", "by rule", "muted"
        case "out of service":
            return "x", "out", "muted"
    level = level_of_alarm(alarm)
    match alarm.state:
        case "unacknowledged":
            return "!!", "unacked", level
        case "returned":
            return "~", "returned", "muted"
    return ("#", "latched", level) if alarm.latched else ("!", "acked", "muted")


def alarm_row(alarm: Alarm, view: View, followers: int = 0, *, under: bool = False) -> Line:
    """One alarm: state as sign and word, priority, kind, whose, what, and how long. `under` another, it is set in."""
    sign, word, ink = state_of(alarm, view.now)
    words: Ink = "text" if ink != "muted" else "muted"
    row = Row().at(1, sign, ink).at(4, word, ink).at(13, f"P{alarm.priority}", words)
    name = _NAME + 2 * under
    whose_at, what_at = _columns(view)
    row.at(name, cut_middle(alarm.kind, whose_at - name - 1), words)
    source = (
        f"{cut_middle(alarm.agent, what_at - whose_at - 7)} {figures.shown(alarm.run)}".strip() or "the site"
    )
    row.at(whose_at, source, words, end=what_at - 1)
    right = figures.joined(marks(alarm, followers)[:_NOTES])
    end = view.last - 4 - (len(right) + 2 if right else 0)
    if end - what_at > 3:
        said = without_folder(alarm) if alarm.kind in FILES else without_name(alarm)
        row.at(what_at, said, words, end=end)
    tail = (f"{right} " if right else "", words), (f"{figures.age(view.now - began(alarm)):>4}", words)
    return row.right(view.last, *tail).line


def marks(alarm: Alarm, followers: int = 0) -> list[str]:
    """What else there is to say of it in a word each, the weightiest first."""
    said = []
    if alarm.escalated_at is not None and alarm.state == "unacknowledged":
        said.append("escalated")
    if followers:
        said.append(f"1st of {followers + 1}")
    if alarm.chattering:
        said.append("chatters")
    if alarm.count > 1:
        said.append(f"×{alarm.count}")
    return said


def more_row(followers: Sequence[Alarm], view: View) -> Line:
    """What is folded under an alarm, in one line: grey, but for how many nobody has seen."""
    kinds = ", ".join(dict.fromkeys(one.kind for one in followers))
    unseen = sum(one.state == "unacknowledged" for one in followers)
    row = Row().at(_NAME, f"and {len(followers)} more", "muted")
    row.then(f", {unseen} unacked" if unseen else "", "text")
    return row.then(f": {kinds}", "muted", end=view.last - 4).line


def alarm_tail(alarm: Alarm, view: View, followers: int = 0) -> list[Line]:
    """What a row has no room for: the whole text, what it means, what to do, and what was done about it."""
    words = wrap(safe(alarm.text or alarm.kind), view.last - 13)
    if len(words) > TEXT_LINES:
        words[TEXT_LINES - 1] = cut(words[TEXT_LINES - 1] + words[TEXT_LINES], view.last - 13)
    lines = [BLANK, Row().at(3, "alarm", "muted").at(14, words[0]).line]
    lines += [Row().at(14, piece).line for piece in words[1:TEXT_LINES]]
    kind = kind_of(alarm.kind)
    for name, sentence in (("means", kind.means), ("do", kind.do)):
        for number, piece in enumerate(wrap(sentence, view.last - 13)):
            lines.append(Row().at(3, "" if number else name, "muted").at(14, piece).line)
    row = Row().at(3, "about", "muted").at(14, alarm.kind)
    row.then(f"{alarm.agent} {figures.shown(alarm.run)}".strip(), gap=2)
    row.then(f"raised {alarm.count} times" if alarm.count > 1 else "", "muted", gap=2)
    row.then("latched: it stays until it is reset" if alarm.latched else "", "muted", gap=2)
    row.then("its cause went, unseen" if alarm.state == "returned" else "", "muted", gap=2)
    row.then("it comes and goes" if alarm.chattering else "", "muted", gap=2)
    more = f"{followers} followed from it: {key_for('fold')}"
    if followers and row.cells + 2 + len(more) <= view.last + 1:  # its row says it, too
        row.then(more, "muted", gap=2)
    lines.append(row.line)
    lines += _by(alarm, view)
    return lines


def _by(alarm: Alarm, view: View) -> list[Line]:
    if alarm.shown != "shown":
        how = {"shelved": "shelved", "suppressed": "suppressed", "out-of-service": "out of service"}
        words = f"{how[alarm.shown]} by {alarm.hidden_by}: {alarm.hidden_why or 'no reason given'}"
        row = Row().at(3, "hidden", "muted").at(14, words, end=view.last - 5)
        return [row.right(view.last, (figures.age(view.now - alarm.hidden_at), "muted")).line]
    return [Row().at(3, "by", "muted").at(14, alarm.by).line] if alarm.by else []


def load_rows(fleet: Fleet, view: View) -> list[Line]:
    """How much alarms and approvals ask of people, and how it is answered."""
    return [*_alarm_load(fleet, view), *approvals(fleet, view)]


def _alarm_load(fleet: Fleet, view: View) -> list[Line]:
    rates = alarm_load.rates(fleet, view.now)
    row = Row().at(3, "load", "muted")
    row.at(14, f"{alarm_load.new_within(fleet.load, view.now)} in 10 min").then("flood from", "muted", gap=2)
    row.then(f"{alarm_load.FLOOD_FROM * alarm_load.operators_of(fleet)}", gap=1)
    row.then(f"{rates.an_hour:.0f} an hour each", gap=2)
    if rates.due:
        row.then(f"{rates.in_time} of {rates.due} acked in time", gap=2)
    if fleet.load.suppressed:
        row.then(f"{fleet.load.suppressed} suppressed", "muted", gap=2, end=view.last + 1)
    lines = [row.line]
    noisy = alarm_load.noisiest(fleet.alarms.values())
    if noisy:
        row = Row().at(3, "noisiest", "muted")
        for number, (alarm, count) in enumerate(noisy):
            row.at(14 if not number else row.cells + 2, f"{alarm.agent} {alarm.kind} {count}".strip())
        lines.append(row.line)
    return lines


def approvals(fleet: Fleet, view: View, *, warned_only: bool = False) -> list[Line]:
    """What the operator approved in an hour, and whether that is too much; nothing if that is nothing, or no warning."""
    mine = alarm_load.approving(fleet.load, view.operator, view.now)
    if not mine.an_hour or (warned_only and not mine.warnings):
        return []
    row = Row().at(3, "approvals", "muted").at(14, f"{mine.an_hour} of yours in an hour")
    if mine.read is not None:
        row.then(f"read for {figures.took(mine.read)} at most", gap=2)
    warned = bool(mine.warnings)
    row.then(f"{mine.recent} of {alarm_load.BUDGET_MOST} in 10 min", "watch" if warned else "text", gap=2)
    return [row.line]

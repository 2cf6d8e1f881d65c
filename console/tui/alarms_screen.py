"""Alarms: each one in words, to be acknowledged or, where it is latched, reset."""

from __future__ import annotations

from collections.abc import Sequence

from console.core.state import Alarm
from console.tui import figures
from console.tui.acts import ActingScreen
from console.tui.attention import level_of_alarm, stands, wants_answer
from console.tui.frame_rows import View
from console.tui.paint import BLANK, Line, Row, safe, wrap
from console.tui.sheets import Wish, WordsSheet
from console.tui.theme import Ink


class AlarmsScreen(ActingScreen):
    """Every alarm that is not over: first those that stand and nobody acknowledged, the worst and then the oldest first."""

    place = "alarms"

    def __init__(self) -> None:
        super().__init__()
        self._shown: list[Alarm] = []

    def trail(self) -> Sequence[str]:
        return ["Alarms"]

    def names(self) -> Sequence[str]:
        return [alarm.id for alarm in self._alarms()] or [""]

    def line(self, row: int) -> Line:
        if not self._shown:
            return Row().at(3, "There are no alarms.", "muted").line
        return alarm_row(self._shown[row], self.view) if row < len(self._shown) else ()

    def above(self) -> list[Line]:
        row = Row().at(4, "state", "muted").at(18, "prio", "muted").at(23, "alarm", "muted")
        return [row.right(self.view.last, ("for", "muted")).line]

    def _load(self, names: Sequence[str]) -> bool:
        taken = super()._load(names)
        if taken:
            self._shown = self._alarms()
        return taken

    def under(self) -> list[Line]:
        alarm = self._chosen()
        return alarm_tail(alarm, self.view) if alarm else []

    def _alarms(self) -> list[Alarm]:
        now = self.view.now
        found = [alarm for alarm in self.floor.fleet.alarms.values() if alarm.state != "normal"]
        return sorted(
            found,
            key=lambda alarm: (
                not stands(alarm, now),
                not wants_answer(alarm, now),
                alarm.priority,
                alarm.raised_at,
                alarm.id,
            ),
        )

    def _chosen(self) -> Alarm | None:
        return self.floor.fleet.alarms.get(self.body.cursor)

    def impossible(self, name: str) -> str:
        alarm = self._chosen()
        if name not in ("acknowledge", "reset"):
            return super().impossible(name)
        if alarm is None or alarm.state == "normal":
            return "no alarm is chosen"
        if name == "acknowledge":
            by = f" by {alarm.by}" if alarm.by else ""
            return f"it is acknowledged already{by}" if alarm.state == "acknowledged" else ""
        return "" if alarm.latched else "it is not latched; it goes when its cause does"

    def act_acknowledge(self) -> None:
        alarm = self._chosen()
        if alarm is not None:
            wish = Wish(f"acknowledge {alarm.id}", "acknowledge", alarm.agent, alarm.run, alarm=alarm.id)
            self.floor.state(wish)

    def act_reset(self) -> None:
        alarm = self._chosen()
        if alarm is not None:
            wish = Wish(f"reset {alarm.id}", "reset", alarm.agent, alarm.run, alarm=alarm.id)
            self.sheet = WordsSheet(wish, f"Reset, because: {alarm.text or alarm.kind}")


def state_of(alarm: Alarm, now: int) -> tuple[str, str, Ink]:
    """Its state: the sign, the word, and the ink of both. Only what stands has a colour."""
    if (alarm.shelved_until or 0) > now:
        return "z", f"shelved {figures.age((alarm.shelved_until or 0) - now)}", "muted"
    level = level_of_alarm(alarm)
    match alarm.state:
        case "unacknowledged":
            return "!!", "unacknowledged", level
        case "returned":
            return "~", "returned", "muted"
    return ("#", "latched", level) if alarm.latched else ("!", alarm.state, "muted")


def alarm_row(alarm: Alarm, view: View) -> Line:
    """One alarm: its state as sign and word, its priority, its text and its age."""
    sign, word, ink = state_of(alarm, view.now)
    row = Row().at(1, sign, ink).at(4, word, ink).at(19, f"P{alarm.priority}")
    words: Ink = "text" if ink != "muted" else "muted"
    row.at(23, alarm.text or alarm.kind, words, end=view.last - 5)
    return row.right(view.last, (figures.age(view.now - alarm.raised_at), words)).line


def alarm_tail(alarm: Alarm, view: View) -> list[Line]:
    """What a row has no room for: the whole text, whose it is, how often, by whom."""
    words = wrap(safe(alarm.text or alarm.kind), view.last - 13)
    lines = [BLANK, Row().at(3, "alarm", "muted").at(14, words[0]).line]
    lines += [Row().at(14, piece).line for piece in words[1:4]]
    row = Row().at(3, "about", "muted").at(14, alarm.kind)
    row.then(f"{alarm.agent} {figures.shown(alarm.run)}".strip(), gap=2)
    row.then(f"raised {alarm.count} times" if alarm.count > 1 else "", "muted", gap=2)
    row.then("latched: it stays until it is reset" if alarm.latched else "", "muted", gap=2)
    row.then("its cause went; nobody has seen it yet" if alarm.state == "returned" else "", "muted", gap=2)
    lines.append(row.line)
    if alarm.by:
        lines.append(Row().at(3, "by", "muted").at(14, alarm.by).line)
    return lines

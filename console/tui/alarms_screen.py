"""Alarms: each one in words, to be acknowledged or, where it is latched, reset."""

from __future__ import annotations

from collections.abc import Sequence

from console.core.state import Alarm
from console.tui import figures
from console.tui.acts import ActingScreen
from console.tui.attention import MARKS, level_of_alarm, stands, wants_answer
from console.tui.frame_rows import View
from console.tui.paint import BLANK, Line, Row, safe, wrap
from console.tui.sheets import Wish, WordsSheet


class AlarmsScreen(ActingScreen):
    """Every alarm that is not over: first those that nobody acknowledged, the worst and then the oldest first."""

    place = "alarms"

    def __init__(self) -> None:
        super().__init__()
        self._shown: list[Alarm] = []

    def trail(self) -> Sequence[str]:
        return ["Fleet", "Alarms"]

    def names(self) -> Sequence[str]:
        return [alarm.id for alarm in self._alarms()] or [""]

    def line(self, row: int) -> Line:
        if not self._shown:
            return Row().at(3, "There are no alarms.", "muted").line
        return alarm_row(self._shown[row], self.view) if row < len(self._shown) else ()

    def above(self) -> list[Line]:
        row = Row().at(3, "state", "muted").at(18, "prio", "muted").at(23, "alarm", "muted")
        return [row.right(self.view.last, ("for", "muted")).line]

    def _load(self, names: Sequence[str]) -> None:
        super()._load(names)
        if list(self.body.names) == list(names):
            self._shown = self._alarms()

    def under(self) -> list[Line]:
        alarm = self._chosen()
        return alarm_tail(alarm, self.view) if alarm else []

    def _alarms(self) -> list[Alarm]:
        now = self.view.now
        found = [alarm for alarm in self.floor.fleet.alarms.values() if alarm.state != "normal"]
        return sorted(
            found,
            key=lambda alarm: (
                not wants_answer(alarm, now),
                not stands(alarm, now),
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


def alarm_row(alarm: Alarm, view: View) -> Line:
    """One alarm: how bad, its state word, its priority, its text and its age."""
    level = level_of_alarm(alarm)
    row = Row()
    if wants_answer(alarm, view.now):
        row.at(1, MARKS[level], level)
    shelved = (alarm.shelved_until or 0) > view.now
    row.at(3, "shelved" if shelved else alarm.state).at(19, f"P{alarm.priority}")
    row.at(23, alarm.text or alarm.kind, "muted" if shelved else "text", end=view.last - 5)
    return row.right(view.last, (figures.age(view.now - alarm.raised_at), "text")).line


def alarm_tail(alarm: Alarm, view: View) -> list[Line]:
    """What a row has no room for: the whole text, whose it is, how often, by whom."""
    words = wrap(safe(alarm.text or alarm.kind), view.last - 13)
    lines = [BLANK, Row().at(3, "alarm", "muted").at(14, words[0]).line]
    lines += [Row().at(14, piece).line for piece in words[1:4]]
    row = Row().at(3, "about", "muted").at(14, alarm.kind)
    row.then(f"{alarm.agent} {figures.shown(alarm.run)}".strip(), gap=2)
    row.then(f"raised {alarm.count} times" if alarm.count > 1 else "", "muted", gap=2)
    row.then("latched: it stays until it is reset" if alarm.latched else "", "muted", gap=2)
    lines.append(row.line)
    if alarm.by:
        lines.append(Row().at(3, "by", "muted").at(14, alarm.by).line)
    return lines

"""Alarms: what stands, the worst first and consequences folded under their cause, and what hides the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from bus.messages import Verb
from console.core.alarms.alarm_groups import folded
from console.core.alarms.alarm_load import new_within, operators_of
from console.core.fleet.alarm_standing import began
from console.core.fleet.alarm_state import Alarm
from console.core.reducing.apply_alarm import unhideable
from console.tui.drawing.paint import BLANK, Line, Row, safe
from console.tui.floor.attention import stands, wants_answer
from console.tui.keys.actions import KeyAction, key_for
from console.tui.rows import alarm_rows
from console.tui.rows.alarm_rows import TABS, Tab, tab_of
from console.tui.rows.frame_rows import Note
from console.tui.screens.acts import ActingScreen
from console.tui.screens.placed import PlacedScreen
from console.tui.sheets.confirm_sheets import Wish, WordsSheet
from console.tui.sheets.shelve_sheet import ShelveSheet
from console.tui.terminal.keeping import alarm_text

_LOAD_ROWS: Final = 4
"""Most rows that say how much alarms and approvals ask of people, with the blank one before them."""

_OWN = ("acknowledge", "reset", "shelve", "remove")


class Place(NamedTuple):
    """A row of the list: an alarm with how many follow from it, the line of those folded under it, or one unfolded."""

    alarm: Alarm | None = None
    followers: int = 0
    more: Sequence[Alarm] = ()
    under: bool = False


class AlarmsScreen(PlacedScreen[Place], ActingScreen):
    """Every alarm that is not over, in four tabs by what hides it."""

    place = "alarms"

    def __init__(self, at: str = "", tab: Tab = "active") -> None:
        super().__init__()
        self.body.cursor = at
        self._tab: Tab = tab
        self._unfolded: set[str] = set()

    def trail(self) -> Sequence[str]:
        return ["Alarms"]

    def names(self) -> Sequence[str]:
        self._places = self._listed()
        return [place.alarm.id if place.alarm else "" for place in self._places] or [""]

    def line(self, row: int) -> Line:
        if not self._shown:
            none = "There are no alarms." if self._tab == "active" else f"No alarm is {self._tab}."
            return Row().at(3, none, "muted").line
        if row >= len(self._shown):
            return BLANK
        alarm, followers, more, under = self._shown[row]
        if alarm is None:
            return alarm_rows.more_row(more, self.view)
        return alarm_rows.alarm_row(alarm, self.view, followers, under=under)

    def above(self) -> list[Line]:
        fleet, now = self.floor.fleet, self.view.now
        found = self._found()
        counts = Counter(tab_of(alarm, now) for alarm in found)
        returned = sum(alarm.state == "returned" and tab_of(alarm, now) == "active" for alarm in found)
        lines = [alarm_rows.tabs(counts, self._tab, self.view, returned)]
        if fleet.load.flood:
            lines.append(alarm_rows.flood(new_within(fleet.load, now), operators_of(fleet)))
        return [*lines, BLANK, alarm_rows.head(self.view)]

    def under(self) -> list[Line]:
        alarm = self._chosen()
        said = alarm_rows.alarm_tail(alarm, self.view, self._followers()) if alarm else []
        fleet = self.floor.fleet
        if fleet.load.flood and len(self._shown) + len(said) + _LOAD_ROWS > self.room - len(self.above()):
            load = alarm_rows.approvals(fleet, self.view, warned_only=True)  # how many came stands above
        else:
            load = alarm_rows.load_rows(fleet, self.view)
        return [*said, *([BLANK] if load else []), *load]

    def _found(self) -> list[Alarm]:
        """All that is to be listed: what is over is, too, while an operator hides it."""
        return [
            alarm
            for alarm in self.floor.fleet.alarms.values()
            if alarm.state != "normal" or tab_of(alarm, self.view.now) != "active"
        ]

    def _listed(self) -> list[Place]:
        now = self.view.now
        groups = folded(alarm for alarm in self._found() if tab_of(alarm, now) == self._tab)
        places = []
        for group in sorted(groups.values(), key=lambda group: min(map(self._rank, group))):
            first, *more = group
            places.append(Place(first, len(more)))
            if more and first.id in self._unfolded:
                places += [Place(one, under=True) for one in more]
            elif more:
                places.append(Place(more=more))
        return places

    def _rank(self, alarm: Alarm) -> tuple[bool, bool, bool, int, int, str]:
        """What stands first, then what is acknowledged and still so, then what is so no longer."""
        now = self.view.now
        return (
            not stands(alarm, now),
            alarm.state == "returned",
            not wants_answer(alarm, now),
            alarm.priority,
            began(alarm),
            alarm.id,
        )

    def _chosen(self) -> Alarm | None:
        return self.floor.fleet.alarms.get(self.body.cursor)

    def _followers(self) -> int:
        """How many follow from the chosen one."""
        return next(
            (place.followers for place in self._shown if place.alarm and place.alarm.id == self.body.cursor),
            0,
        )

    def taken_along(self) -> tuple[str, str]:
        alarm = self._chosen()
        return ("the alarm", alarm_text(alarm)) if alarm else ("", "")

    # ---- keys --------------------------------------------------------------------------------------------------------

    def impossible(self, name: str) -> str:
        alarm = self._chosen()
        if name not in _OWN:
            return super().impossible(name)
        if alarm is None:
            return "no alarm is chosen"
        match name:
            case "acknowledge":
                if alarm.state == "normal":
                    return "it is not so at present"
                by = f" by {alarm.by}" if alarm.by else ""
                done = alarm.state == "acknowledged" and not self._waiting_followers(alarm)
                return f"it is acknowledged already{by}" if done else ""
            case "reset":
                if alarm.latched or alarm.state == "acknowledged":
                    return ""
                return "it is not latched: it goes when its cause does; acknowledge it first"
        return self._unhidable(alarm, name)

    @staticmethod
    def _unhidable(alarm: Alarm, name: str) -> str:
        """Why an alarm can neither be hidden nor be brought back by a key."""
        if alarm.shown == "suppressed":
            return "a rule of the site hides it: alarms.toml"
        if alarm.shown == "out-of-service" and name == "shelve":
            return f"it is out of service, by {alarm.hidden_by}; O puts it back"
        return "" if alarm.shown != "shown" else unhideable(alarm)

    def _waiting_followers(self, alarm: Alarm) -> bool:
        now = self.view.now
        return any(
            one.first == alarm.id and wants_answer(one, now) for one in self.floor.fleet.alarms.values()
        )

    def label(self, key: KeyAction) -> str:
        alarm = self._chosen()
        if key.id == "back" and self.sheet is not None:
            if self.sheet.wish.verb != "reset":
                return "leave it in sight"
            return "leave it latched" if alarm is not None and alarm.latched else "leave it as it is"
        if key.id == "shelve" and alarm is not None and alarm.shown == "shelved":
            return "unshelve"
        if key.id == "remove" and alarm is not None and alarm.shown == "out-of-service":
            return "put back"
        return super().label(key)

    def _wish(self, alarm: Alarm, verb: Verb) -> Wish:
        return Wish(f"{verb} {alarm.id}", verb, alarm.agent, alarm.run, alarm=alarm.id)

    def act_acknowledge(self) -> None:
        alarm = self._chosen()
        if alarm is not None:
            wish = self._wish(alarm, "acknowledge")
            group = self._followers() > 0 and alarm.id not in self._unfolded
            self.floor.state(wish._replace(group=group))

    def act_reset(self) -> None:
        alarm = self._chosen()
        if alarm is not None:
            self.sheet = WordsSheet(self._wish(alarm, "reset"), f"Reset, because: {alarm.text or alarm.kind}")

    def act_shelve(self) -> None:
        alarm = self._chosen()
        if alarm is None:
            return
        if alarm.shown == "shelved":
            self.floor.state(self._wish(alarm, "restore"))
        else:
            self.sheet = ShelveSheet(
                self._wish(alarm, "shelve"), f"Shelve, because: {alarm.text or alarm.kind}"
            )

    def act_remove(self) -> None:
        alarm = self._chosen()
        if alarm is None:
            return
        if alarm.shown == "out-of-service":
            self.floor.state(self._wish(alarm, "restore"))
        else:
            what = f"Out of service until somebody puts it back, because: {alarm.text or alarm.kind}"
            self.sheet = WordsSheet(self._wish(alarm, "remove"), what)

    def act_tab(self) -> None:
        self._tab = TABS[(TABS.index(self._tab) + 1) % len(TABS)]
        self.floor.pace.settle()  # rows may move at once: that is what was asked for

    def act_fold(self) -> None:
        if not self._followers():
            self.floor.tell(Note("nothing follows from this one", brief=True))
        self._unfolded ^= {self.body.cursor}
        self.floor.pace.settle()

    def act_next(self) -> None:
        now = self.view.now
        names = [place.alarm.id for place in self._shown if place.alarm and wants_answer(place.alarm, now)]
        if not names:
            self.floor.tell(Note("no alarm waits to be acknowledged here", brief=True))
            return
        after = names.index(self.body.cursor) + 1 if self.body.cursor in names else 0
        self.body.choose(names[after % len(names)])

    def act_open(self) -> None:
        alarm = self._chosen()
        key = f"{alarm.agent}/{alarm.run}" if alarm is not None else ""
        if key in self.floor.fleet.runs:
            from console.tui.screens.run_screen import RunScreen

            self.app.push_screen(RunScreen(key))
        else:
            words = "no run that is still known"
            runs = self.floor.fleet.runs.values()
            if alarm is not None and not alarm.run and any(run.agent == alarm.agent for run in runs):
                words = f"all of {safe(alarm.agent)}: {key_for('fleet')} shows its runs"
            self.floor.tell(Note(f"it is about {words}", brief=True))

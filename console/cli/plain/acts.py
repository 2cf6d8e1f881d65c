"""What acting words do: why they cannot now, or the question to ask first, or the wish to state. Pure.

The gates are those of the console: `console.tui.floor.sending` says what cannot be sent, `decide_rows` what closes an
approval.
"""

from __future__ import annotations

from typing import Final

from bus.messages import Verb
from console.cli import card
from console.cli.plain.questions import Arguments, Confirm, Id, Reply, Words, confirming
from console.cli.verbs.command import held_by_all, resumed_by_all
from console.core.fleet.alarm_state import Alarm
from console.core.fleet.binding import unbound
from console.core.fleet.lifecycle import ENDED
from console.core.fleet.state import Action, Fleet, Run
from console.core.fleet.turns import resumable
from console.core.reducing.apply_alarm import unhideable
from console.tui.drawing import figures
from console.tui.floor.sending import unsendable
from console.tui.rows.decide_rows import ALL_READ, closed_because
from console.tui.rows.frame_rows import View
from console.tui.rows.grant_rows import grants_of
from console.tui.sheets.confirm_sheets import WORDS_CHARS, Wish, wish_about
from console.tui.sheets.shelve_sheet import shelf_time

VERBS: Final[dict[str, Verb]] = {
    "approve": "approve", "edit": "edit", "reject": "reject", "reject-because": "reject", "respond": "respond",
    "escalate": "escalate", "claim": "claim", "revoke": "revoke",
    "pause": "pause", "resume": "resume", "hold": "hold", "hold-all": "hold", "resume-all": "resume", "kill": "kill",
    "ack": "acknowledge", "reset": "reset", "shelve": "shelve", "remove": "remove", "restore": "restore",
}  # fmt: skip
"""The verb of the intent that each acting word leads to."""


class Acts:
    """Acting words over one view of the floor. Nothing is sent here."""

    def __init__(self, fleet: Fleet, view: View) -> None:
        self._fleet = fleet
        self._view = view

    def closed(self, word: str) -> str:
        """Why an intent of this word cannot be stated now, or nothing."""
        return unsendable(VERBS[word], self._view.standing, signed=self._view.signed)

    def about_action(self, word: str, action: Action, said: str, *, read: str = "") -> Reply:
        """Decide an action; `said` is what stood behind its number, `read` the digest of what was printed last."""
        if action.state != "asked":
            return _no(f"it does not wait, it is {action.outcome or action.state}")
        wish = wish_about(action, VERBS[word])
        match word:
            case "reject" | "respond" | "escalate" if said or word == "reject":
                if len(said) > WORDS_CHARS:
                    return _no(f"{len(said)} characters; at most {WORDS_CHARS} can be sent")
                return Reply(wish._replace(reason=said))
            case "claim":
                return Reply(wish)
            case "escalate":
                return Reply(then=Words(wish, f"escalate {action.tool} to the others"))
            case "reject-because":
                return Reply(then=Words(wish, f"reject {action.tool}, because"))
            case "respond":
                return Reply(then=Words(wish, f"answer instead of {action.tool}"))
        return self._let_run(word, action, wish, read)

    def _let_run(self, word: str, action: Action, wish: Wish, read: str) -> Reply:
        run = self._fleet.run(action.agent, action.run)
        if run is None:
            return _no("its run has left the floor")
        # All of it is printed now if it was not the last thing printed, so nothing of it is unread.
        if why := closed_because(run, action, self._view, ALL_READ, VERBS[word]) or unbound(action):
            more = f"; see: watchfloor approve {action.key}" if "sent apart" in why else ""
            return _no(f"{word} is closed: {why}{more}")
        shown = () if read == action.digest else tuple(card.action_card(self._fleet, action, self._view.now))
        if word == "edit":
            return Reply(words=shown, then=Arguments(wish, action))
        return Reply(words=shown, then=confirming(action, wish))

    def about_run(self, word: str, run: Run, said: str) -> Reply:
        """Command a run."""
        if run.state in ENDED:
            return _no(f"the run is over ({run.state})")
        if run.control == "observed":
            return _no("an observed run cannot be stopped from here")
        verb = VERBS[word]
        if word == "revoke" and not grants_of(self._fleet, run):
            return _no("it has no grants")
        wish = Wish(f"{verb} {run.agent} {figures.shown(run.run)}", verb, run.agent, run.run)
        if word != "kill":
            return Reply(wish._replace(reason=said[:WORDS_CHARS]))
        if run.control == "contained":
            how = "enforced, its process is ended"
        else:
            how = "cooperative, the agent is told to stop and must obey"
        waiting = [action.tool for action in run.actions.values() if action.state == "asked"]
        lost = f"{', '.join(waiting)} is not run" if waiting else "what it was about to do is lost"
        lines = (f"kill run {run.run} of {run.agent}: {how}", f"  goal     {run.goal}", f"  lost     {lost}")
        return Reply(words=lines, then=Id(wish, f"kill {run.agent} {figures.shown(run.run)}"))

    def about_all(self, word: str) -> Reply:
        """Hold every run at its next gate, or let those go on that this stopped."""
        site = self._view.site
        if word == "hold-all":
            words = tuple(held_by_all(self._fleet))
            return Reply(words=words, then=Confirm(Wish("hold all", "hold"), f"hold all runs of {site}"))
        if not resumable(self._fleet):
            return _no("the floor is not held; resume N lets one run go on")
        words = tuple(resumed_by_all(self._fleet))
        return Reply(
            words=words, then=Confirm(Wish("resume all", "resume"), f"resume all held runs of {site}")
        )

    def about_alarm(self, word: str, alarm: Alarm, said: str) -> Reply:
        """Acknowledge an alarm, reset it, hide it, or bring it back."""
        verb = VERBS[word]
        wish = Wish(f"{verb} {alarm.id}", verb, alarm.agent, alarm.run, alarm=alarm.id)
        if why := self._no_alarm(word, alarm):
            return _no(why)
        if word in ("ack", "restore"):
            return Reply(wish)
        seconds, reason = shelf_time(said[:WORDS_CHARS]) if word == "shelve" else (0, said[:WORDS_CHARS])
        wish = wish._replace(seconds=seconds)
        if reason:
            return Reply(wish._replace(reason=reason))
        return Reply(then=Words(wish, f"{word} {alarm.text or alarm.kind}, because"))

    def _no_alarm(self, word: str, alarm: Alarm) -> str:
        """Why a word does not fit an alarm as it stands, or nothing."""
        by = f" by {alarm.by}" if alarm.by else ""
        match word:
            case "ack" if alarm.state == "normal":
                return "it is not so at present"
            case "ack":
                return f"it is acknowledged already{by}" if alarm.state == "acknowledged" else ""
            case "reset":
                seen = alarm.latched or alarm.state == "acknowledged"
                return "" if seen else "it is not latched: it goes when its cause does; acknowledge it first"
        if alarm.shown == "suppressed":
            return "a rule of the site hides it: alarms.toml"
        if word == "restore":
            return "it is in sight" if alarm.shown == "shown" else ""
        return f"it is {alarm.shown} already" if alarm.shown != "shown" else unhideable(alarm)


def _no(why: str) -> Reply:
    return Reply(words=(f"not offered: {why}",), wrong=True)


def choices(thing: Action | Run | Alarm, *, read_only: bool) -> list[str]:
    """The words that fit a thing as it stands, in the order in which a menu numbers them: at most nine."""
    if read_only:
        return []
    match thing:
        case Action():
            return (
                [
                    "approve",
                    "edit",
                    "reject",
                    "reject-because",
                    "respond",
                    "escalate",
                    "claim",
                    "pause",
                    "kill",
                ]
                if thing.state == "asked"
                else []
            )
        case Run():
            if thing.state in ENDED or thing.control == "observed":
                return []
            stopped = thing.state in ("paused", "pausing") or thing.held
            return ["resume" if stopped else "pause", "hold", "kill"]
        case Alarm():
            if thing.shown in ("shelved", "out-of-service"):
                return ["restore"]
            seen = ["ack"] if thing.state in ("unacknowledged", "returned") else []
            reset = ["reset"] if thing.latched or thing.state == "acknowledged" else []
            return [*seen, *reset, *([] if unhideable(thing) else ["shelve", "remove"])]

"""What keys do to a run or an action, the same on every screen that has one under its cursor."""

from __future__ import annotations

from typing import Final

from console.core.fleet.lifecycle import ENDED
from console.core.fleet.state import Run
from console.core.fleet.turns import resumable
from console.tui.drawing import figures
from console.tui.keys.actions import KeyAction, key_for
from console.tui.rows.command_words import KILLED
from console.tui.rows.frame_rows import Note
from console.tui.rows.grant_rows import grants_of
from console.tui.screens.floor_screen import FloorScreen
from console.tui.sheets.confirm_sheets import (
    ApproveSheet,
    HoldSheet,
    ResumeAllSheet,
    Wish,
    WordsSheet,
    title,
    wish_about,
)
from console.tui.sheets.kill_sheet import KillSheet
from console.tui.terminal.keeping import action_text

_DECIDING: Final = ("reject", "reject_why", "approve", "edit", "respond", "escalate", "claim")


class ActingScreen(FloorScreen):
    """A screen with something to act on. Every act takes the subject once, when its key is pressed."""

    def impossible(self, name: str) -> str:
        run, action, missing = self.subject()
        if name in _DECIDING:
            if action is None:
                return missing if run is None else "no action waits here"
            if action.state != "asked":
                return f"it does not wait, it is {action.outcome or action.state}"
            return KILLED if name == "respond" and run is not None and run.killing else ""
        if name == "revoke":
            return missing if run is None else "" if grants_of(self.floor.fleet, run) else "it has no grants"
        if name == "resume_all":
            return "" if resumable(self.floor.fleet) else "the floor is not held"
        if name in ("pause", "kill"):
            return missing if run is None else self._unstoppable(run, name)
        return ""

    def _unstoppable(self, run: Run, name: str) -> str:
        """Why a run cannot be paused, resumed or killed, or nothing."""
        if run.state in ENDED:
            return f"the run is over ({run.state})"
        if name == "pause" and run.control == "observed":
            return "an observed run cannot be stopped from here"
        if name == "pause" and self._resumes():
            return KILLED if run.killing else self.unsendable("resume")
        return ""

    def label(self, key: KeyAction) -> str:
        if isinstance(self.sheet, ResumeAllSheet) and key.id in ("yes", "back"):
            return "yes, resume all" if key.id == "yes" else "leave it held"
        if key.id == "resume_all" and self.floor.fleet.held is None:
            return ""
        run, action, _ = self.subject()
        if isinstance(self.sheet, KillSheet):
            if self.sheet.over:
                return "" if key.typed else "leave"
            return key.label
        if key.id == "yes_run" and not (isinstance(self.sheet, ApproveSheet) and self.sheet.offered):
            return ""
        if key.id == "revoke" and (run is None or not grants_of(self.floor.fleet, run)):
            return ""
        if key.id in _DECIDING and action is not None and action.state != "asked":
            return ""
        if key.id in ("pause", "kill") and run is not None and run.state in ENDED:
            return ""
        if key.id == "pause" and self._resumes():
            return "" if run is not None and run.killing else "resume"
        return key.label

    def act_reject(self) -> None:
        action = self.subject().action
        self.sheet = None
        if action is not None:
            self.floor.state(wish_about(action, "reject"))

    def act_reject_why(self) -> None:
        action = self.subject().action
        if action is not None:
            self.sheet = WordsSheet(wish_about(action, "reject"), title("Reject, because", action))

    def _resumes(self) -> bool:
        run = self.subject().run
        return run is not None and (run.state in ("paused", "pausing") or run.held)

    def act_pause(self) -> None:
        run = self.subject().run
        if run is not None:
            verb = "resume" if self._resumes() else "pause"
            label = f"{verb} {run.agent} {figures.shown(run.run)}"
            self.floor.state(Wish(label, "resume" if verb == "resume" else "pause", run.agent, run.run))

    def act_kill(self) -> None:
        run = self.subject().run
        if run is not None:
            wish = Wish(f"kill {run.agent} {figures.shown(run.run)}", "kill", run.agent, run.run)
            self.sheet = KillSheet(wish, run, lambda: self.floor.fleet, self.floor.index.commands)

    def act_hold_all(self) -> None:
        self.sheet = HoldSheet(Wish("hold all", "hold"), lambda: self.floor.fleet)

    def act_resume_all(self) -> None:
        self.sheet = ResumeAllSheet(Wish("resume all", "resume"), lambda: self.floor.fleet)

    def act_respond(self) -> None:
        action = self.subject().action
        if action is not None:
            self.sheet = WordsSheet(wish_about(action, "respond"), title("Answer instead of", action))

    def act_escalate(self) -> None:
        action = self.subject().action
        if action is not None:
            self.sheet = WordsSheet(wish_about(action, "escalate"), title("Escalate to the others", action))

    def act_claim(self) -> None:
        action = self.subject().action
        if action is not None:
            self.floor.state(wish_about(action, "claim"))

    def act_yes(self) -> None:
        if isinstance(self.sheet, ApproveSheet | HoldSheet | ResumeAllSheet):
            self.fire(self.sheet.wish)

    def act_yes_run(self) -> None:
        if isinstance(self.sheet, ApproveSheet) and self.sheet.offered:
            self.fire(self.sheet.wish._replace(scope="run"))
        else:
            self.floor.tell(Note("also like it: no pass is offered for this one", brief=True))

    def act_revoke(self) -> None:
        run = self.subject().run
        if run is not None:
            label = f"revoke grants of {run.agent} {figures.shown(run.run)}"
            self.floor.state(Wish(label, "revoke", run.agent, run.run))

    def act_send(self) -> None:
        if isinstance(self.sheet, WordsSheet):
            wish = self.sheet.complete()
            if wish is None:
                self.floor.tell(Note("send: nothing is typed yet", brief=True))
            else:
                self.fire(wish)

    # ---- moving about ------------------------------------------------------------------------------------------------

    def act_back(self) -> None:
        if self.sheet is not None:
            self.sheet = None
        elif len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    def act_fleet(self) -> None:
        self.floor.show("fleet")

    def act_queue(self) -> None:
        self.floor.show("queue", "" if self.body.at_first else self.body.cursor)

    def act_alarms(self) -> None:
        self.floor.show("alarms")

    def act_reliability(self) -> None:
        self.floor.show("reliability")

    def act_bus(self) -> None:
        self.floor.show("bus")

    def act_recorder(self) -> None:
        self.floor.show("recorder")

    def act_sessions(self) -> None:
        self.floor.show("sessions")

    def act_audit(self) -> None:
        self.floor.show("audit")

    def act_policy(self) -> None:
        self.floor.show("policy")

    def act_commands(self) -> None:
        self.floor.show_commands()

    def act_quit(self) -> None:
        self.app.exit(0)

    def act_how_to_quit(self) -> None:
        what = "the demo's floor ends with it" if self.floor.staged else "nothing on the floor changes by it"
        self.floor.tell(Note(f"{key_for('quit')} leaves; {what}", brief=True))

    def act_copy(self) -> None:
        what, text = self.taken_along()
        if text:
            self.floor.copy(what, text)
        else:
            self.floor.tell(Note(f"copy: {self.subject().missing}", brief=True))

    def taken_along(self) -> tuple[str, str]:
        """What `copy` copies: its name for people, and the text; an action, else a run, by the rule of the subject."""
        run, action, _ = self.subject()
        if action is not None:
            return f"action {figures.shown(action.run)} {action.id}", action_text(action)
        return ("the run's id", run.key) if run is not None else ("", "")

    def act_keep_screen(self) -> None:
        self.floor.keep_screen()

    def act_help(self) -> None:
        self.floor.show_help(self.place)

    def act_up(self) -> None:
        self.body.move(-1)

    def act_down(self) -> None:
        self.body.move(1)

    def act_page_up(self) -> None:
        self.body.page(-1)

    def act_page_down(self) -> None:
        self.body.page(1)

    def act_top(self) -> None:
        self.body.move_to(-1)

    def act_bottom(self) -> None:
        self.body.move_to(1)

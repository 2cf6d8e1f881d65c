"""The sheet that kills a run: what is lost, what stays, the id to type, and then the four facts. Pure."""

from __future__ import annotations

from collections.abc import Callable

from console.core.fleet.lifecycle import ENDED
from console.core.fleet.state import Command, Fleet, Run
from console.core.health.ending import changes
from console.tui.drawing import figures
from console.tui.drawing.paint import BLANK, Line, Row
from console.tui.drawing.theme import Ink
from console.tui.floor.attention import CONTROL
from console.tui.keys.actions import Mode, key_for
from console.tui.rows.frame_rows import View
from console.tui.rows.run_rows import four_facts
from console.tui.sheets.confirm_sheets import Sheet, Wish


class KillSheet(Sheet):
    """One run: its short id, character by character; the last one kills. Afterwards it shows the four facts."""

    mode: Mode = "kill"

    def __init__(
        self, wish: Wish, run: Run, fleet: Callable[[], Fleet], commands: Callable[[Run], list[Command]]
    ) -> None:
        super().__init__(wish)
        self._run = run.key
        self._fleet = fleet
        self._id = figures.short(run.run)
        if set(self._id) == {"K"}:  # the key that opened the sheet, held down, must not kill
            self._id = f"{run.agent}/{self._id}"
        self._have = ""
        self._wrong = False
        self._commands = commands
        self._known = {command.id for command in commands(run)}
        self.fired = False
        self.possible = run.control != "observed"

    @property
    def over(self) -> bool:
        """Whether there is nothing left to kill, or nothing that could be."""
        run = self._fleet().runs.get(self._run)
        return self.fired or not self.possible or run is None or run.state in ENDED

    @property
    def typed(self) -> str:
        return self._id

    def take(self, character: str) -> Wish | None:
        if self.over or not character.isprintable():
            return None
        self._have += character
        self._wrong = not self._id.startswith(self._have)
        if self._wrong:
            self._have = ""
        if self._have != self._id:
            return None
        self.fired = True
        return self.wish

    def erase(self) -> None:
        if not self.fired:
            self._have = self._have[:-1]

    def too_soon(self) -> None:
        self.fired = False
        self.erase()

    def rows(self, view: View) -> list[Line]:
        run = self._fleet().runs.get(self._run)
        if run is None:
            return [Row().at(3, "The run is gone.", "strong").line]
        row = Row().at(3, f"Kill run {run.run} of {run.agent}", "strong", end=view.last - 14)
        lines = [row.right(view.last, (f"{CONTROL[run.control]} {run.control}", "text")).line, BLANK]
        how = {
            "observed": ("it cannot be stopped from here: it only reports", "stop it where it runs"),
            "gated": (
                "cooperative: the agent is told to stop and must obey",
                "if it does not within 10 s, an alarm says so",
            ),
            "contained": ("enforced: its process is ended", "if it is not within 10 s, an alarm says so"),
        }[run.control]
        if run.state == "lost" and self.possible:
            how = ("nobody hears from it: it is told to end when it is back", "until then it may run on")
        lines += [Row().at(3, "how", "muted").at(14, how[0]).line, Row().at(14, how[1], "muted").line]
        if self.possible:
            new = [
                command
                for command in self._commands(run)
                if command.kind == "kill" and command.id not in self._known
            ]
            kill = new[-1] if new else None
            lines += [*self._loss(run, view), BLANK, self._entry(run, kill), BLANK]
            lines.append(four_facts(kill, view))
        return lines

    def _loss(self, run: Run, view: View) -> list[Line]:
        waiting = [action.tool for action in run.actions.values() if action.state == "asked"]
        lost = f"{', '.join(waiting)} is not run" if waiting else "what it was about to do"
        lines = [Row().at(3, "lost", "muted").at(14, lost, end=view.last + 1).line]
        for number, (words, ink) in enumerate(_stays(run)):
            row = Row().at(3, "stays" if number == 0 else "", "muted")
            lines.append(row.at(14, words, ink, end=view.last + 1).line)
        if not self.fired:
            words = f"esc, then {key_for('pause')}: a pause keeps the run and can be taken back"
            out = (
                [command for command in self._commands(run) if command.kind == "kill"] if run.killing else []
            )
            label = "already" if out else "instead"
            if out:
                when = figures.clock(out[-1].requested_at, view.zone)
                words = f"told to end at {when} by {out[-1].by}; this tells it again"
            elif run.state == "lost":
                words = "esc: nobody hears from it; should it come back, it goes on"
                if run.held or run.lost_from in ("paused", "pausing"):
                    words = "esc: its agent is lost; if it returns, it waits for a resume"
            elif run.state in ("paused", "pausing") or run.held:
                stopped = "held" if run.held else run.state
                words = f"esc: it is {stopped}, and waits until it is resumed"
            lines.append(Row().at(3, label, "muted").at(14, words, end=view.last + 1).line)
        return lines

    def _entry(self, run: Run, kill: Command | None) -> Line:
        if kill is None and run.state in ENDED:  # a kill that came after that was refused
            return Row().at(3, f"the run is over ({run.state}): nothing to kill; esc leaves", "strong").line
        if self.fired:
            done = kill is not None and kill.effective_at is not None
            words = "killed; esc leaves" if done else "kill requested; esc leaves, the kill goes on"
            return Row().at(3, words, "strong").line
        row = Row().at(3, "type its id", "muted").then(self._have.ljust(len(self._id), "_"), "strong", gap=2)
        if self._wrong:
            return row.then("not the id; it starts over", "act", gap=4).line
        return row.then("the last character kills; Enter does nothing", "muted", gap=4).line


def _stays(run: Run) -> list[tuple[str, Ink]]:
    """What a kill does not undo: what was changed, and what was begun without a decision; each tool once, the last ones."""
    ran = [action.tool for action in run.actions.values() if action.ungated or action.state == "ungated"]
    done = [
        action.tool
        for action in run.actions.values()
        if action.state in ("done", "started") and not action.ungated and changes(action)
    ]
    words: list[tuple[str, Ink]] = []
    if ran:
        words.append((f"{', '.join(_last(ran))} ran without a decision", "stop"))
    if done:
        words.append((f"{', '.join(_last(done))}: what was done stays done", "text"))
    return words or [("nothing that changes anything was done", "text")]


def _last(tools: list[str]) -> list[str]:
    """The last three tools of a list, each once."""
    return list(dict.fromkeys(reversed(tools)))[:3][::-1]

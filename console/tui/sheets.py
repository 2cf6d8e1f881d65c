"""Confirm sheets: what an operator must do after the first key. Each takes characters and says when it fires. Pure.

A sheet holds what was on screen when it opened, digest and all; what changed since makes it close instead of fire.
Enter means nothing in any of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from bus.canonical import code
from bus.messages import Verb
from console.core.lifecycle import ENDED
from console.core.state import Action, Command, Fleet, Run
from console.core.text import ELLIPSIS
from console.tui import figures
from console.tui.actions import Mode
from console.tui.arguments import leaves, telling
from console.tui.attention import CONTROL
from console.tui.frame_rows import View
from console.tui.paint import BLANK, Line, Row, cut
from console.tui.run_rows import four_facts

WORDS_CHARS: Final = 400


class Wish(NamedTuple):
    """One intent about to be stated, and what the note line calls it."""

    label: str
    verb: Verb
    agent: str = ""
    run: str = ""
    action: str = ""
    digest: str = ""
    args: dict[str, Any] | None = None
    reason: str = ""
    code: str = ""
    alarm: str = ""

    @property
    def key(self) -> str:
        """The action this is about, as the fleet names it."""
        return f"{self.agent}/{self.run}/{self.action}"


class Sheet:
    """Base: rows to show, characters to take, and a wish to state once it is confirmed."""

    mode: Mode = "approve"

    def __init__(self, wish: Wish) -> None:
        self.wish = wish

    @property
    def typed(self) -> str:
        """What the key line names as the thing to type."""
        return ""

    def take(self, _character: str) -> Wish | None:
        """Take one typed character. Returns the wish when that completes it."""
        return None

    def erase(self) -> None:
        """Take back the last character."""

    def outdated(self, fleet: Fleet) -> str:
        """Why what was on screen is no longer so, or nothing."""
        if not self.wish.action:
            return ""
        action = fleet.action(self.wish.key)
        if action is None or action.state != "asked":
            by = f" by {action.decided_by}" if action and action.decided_by else ""
            return f"it no longer waits: {(action.outcome or action.state) if action else 'gone'}{by}"
        return "its arguments changed" if action.digest != self.wish.digest else ""

    def rows(self, view: View) -> list[Line]:
        """The sheet below its rule."""
        raise NotImplementedError


def rule(view: View) -> Line:
    return Row().at(0, "─" * view.width, "rule").line


class ApproveSheet(Sheet):
    """An ask: `y` approves exactly what is shown."""

    mode: Mode = "approve"

    def __init__(self, wish: Wish, what: str, edits: list[Edit]) -> None:
        super().__init__(wish)
        self._what = what
        self._edits = edits

    def rows(self, view: View) -> list[Line]:
        lines = [Row().at(3, self._what, "strong", end=view.last + 1).line]
        lines += _edited(self._edits, view)
        bound = f"exactly these arguments, digest {figures.digest(self.wish.digest)}"
        return [
            *lines,
            Row().at(3, bound if not self._edits else "the changed arguments, nothing else", "muted").line,
        ]


class CodeSheet(Sheet):
    """A hold: the four digits made of the digest approve it, the last of them at once."""

    mode: Mode = "code"

    def __init__(self, wish: Wish, what: str, edits: list[Edit]) -> None:
        super().__init__(wish)
        self._what = what
        self._edits = edits
        self._code = code(wish.digest)
        self._have = ""
        self._wrong = False

    def take(self, character: str) -> Wish | None:
        if not character.isdecimal() or not character.isascii():
            return None
        self._have += character
        self._wrong = not self._code.startswith(self._have)
        if self._wrong:
            self._have = ""
        return self.wish._replace(code=self._code) if self._have == self._code else None

    def erase(self) -> None:
        self._have = self._have[:-1]

    def rows(self, view: View) -> list[Line]:
        lines = [Row().at(3, self._what, "strong", end=view.last + 1).line, *_edited(self._edits, view)]
        bound = f"exactly these arguments, digest {figures.digest(self.wish.digest)}"
        lines.append(
            Row().at(3, bound if not self._edits else "the changed arguments, nothing else", "muted").line
        )
        row = Row().at(3, "type the code").then(self._code, "strong", gap=2)
        row.then(self._have.ljust(4, "_"), "strong", gap=4)
        if self._wrong:
            return [*lines, row.then("not the code; it starts over", "act", gap=4).line]
        row.then("the last digit approves; Enter does nothing", "muted", gap=4)
        return [*lines, row.line]


class Edit(NamedTuple):
    """One changed argument: its path, and its value before and after as the screen shows them."""

    path: str
    before: str
    after: str


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[Edit]:
    """What an edit changed, one entry a leaf."""
    old, new = ({leaf.path: leaf.value for leaf in leaves(args)} for args in (before, after))
    return [
        Edit(path, old.get(path, "absent"), new.get(path, "absent"))
        for path in dict.fromkeys([*old, *new])
        if old.get(path) != new.get(path)
    ]


def _difference(edit: Edit, cells: int) -> str:
    """An edit in at most `cells` characters if it can be: of long values the part where they begin to differ."""
    whole = f"{edit.path}: {edit.before} → {edit.after}"
    if len(whole) <= cells:
        return whole
    room = max(12, (cells - len(edit.path) - 5) // 2)
    same = 0
    for one, other in zip(edit.before, edit.after, strict=False):
        if one != other:
            break
        same += 1
    start = max(0, same - room // 3)
    return f"{edit.path}: {_window(edit.before, start, room)} → {_window(edit.after, start, room)}"


def _window(value: str, start: int, room: int) -> str:
    start = 0 if len(value) <= room else start
    head = ELLIPSIS if start else ""
    return head + cut(value[start:], room - len(head))


def _edited(edits: list[Edit], view: View) -> list[Line]:
    lines = [Row().at(3, _difference(edit, view.last - 2), end=view.last + 1).line for edit in edits[:3]]
    more = len(edits) - len(lines)
    return [*lines, Row().at(3, f"and {more} more changes", "muted").line] if more > 0 else lines


class HoldSheet(Sheet):
    """All runs: `y` holds each at its next gate."""

    mode: Mode = "hold"

    def __init__(self, wish: Wish, fleet: Callable[[], Fleet]) -> None:
        super().__init__(wish)
        self._fleet = fleet
        self.filtered = False

    def rows(self, view: View) -> list[Line]:
        runs = [run for run in self._fleet().runs.values() if run.ended_at is None]
        bound = sum(run.control != "observed" for run in runs)
        away = f"; {len(runs) - bound} observed ones cannot be held" if len(runs) > bound else ""
        of = ", those not shown too" if self.filtered else ""
        return [
            Row().at(3, f"Hold all {bound} runs of {view.site} at their next gate{of}", "strong").line,
            Row().at(3, f"they run on until then, and p resumes each{away}", "muted").line,
        ]


class WordsSheet(Sheet):
    """Words to the agent: a reason for a rejection, or an answer instead of the tool."""

    mode: Mode = "words"

    def __init__(self, wish: Wish, what: str) -> None:
        super().__init__(wish)
        self._what = what
        self._words = ""

    def take(self, character: str) -> Wish | None:
        if character.isprintable() and len(self._words) < WORDS_CHARS:
            self._words += character
        return None

    def erase(self) -> None:
        self._words = self._words[:-1]

    def complete(self) -> Wish | None:
        """The wish with what was typed; nothing while nothing was."""
        return self.wish._replace(reason=self._words.strip()) if self._words.strip() else None

    def rows(self, view: View) -> list[Line]:
        shown = self._words[-(view.last - 4) :]
        row = Row().at(3, shown).then("_", "strong")
        return [Row().at(3, self._what, "strong", end=view.last + 1).line, row.line]


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
        self._have = ""
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
        if not self._id.startswith(self._have):
            self._have = ""
        if self._have != self._id:
            return None
        self.fired = True
        return self.wish

    def erase(self) -> None:
        if not self.fired:
            self._have = self._have[:-1]

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
        lines += [Row().at(3, "how", "muted").at(14, how[0]).line, Row().at(14, how[1]).line]
        if self.possible:
            lines += [*self._loss(run, view), BLANK, self._entry(), BLANK]
            new = [
                command
                for command in self._commands(run)
                if command.kind == "kill" and command.id not in self._known
            ]
            lines.append(four_facts(new[-1] if new else None, view))
        return lines

    def _loss(self, run: Run, view: View) -> list[Line]:
        waiting = [action.tool for action in run.actions.values() if action.state == "asked"]
        done = [action.tool for action in run.actions.values() if action.state in ("done", "started")]
        lost = f"{', '.join(waiting)} is not run" if waiting else "what it was about to do"
        stays = f"{', '.join(done[-3:])}: what was done stays done" if done else "nothing gated was done"
        return [
            Row().at(3, "lost", "muted").at(14, lost, end=view.last + 1).line,
            Row().at(3, "stays", "muted").at(14, stays, end=view.last + 1).line,
            Row()
            .at(3, "instead", "muted")
            .at(14, "esc, then p: a pause keeps the run and can be taken back")
            .line,
        ]

    def _entry(self) -> Line:
        if self.fired:
            return Row().at(3, "kill requested; esc leaves, the kill goes on", "strong").line
        row = Row().at(3, "type its id").then(self._have.ljust(len(self._id), "_"), "strong", gap=2)
        return row.then("the last character kills; Enter does nothing", "muted", gap=4).line


def title(verb: str, action: Action) -> str:
    """An action in a few words, for a sheet's first line."""
    return f"{verb}: {action.tool} {telling(action.args)}".rstrip()

"""Confirm sheets: what an operator must do after the first key. Each takes characters and says when it fires. Pure.

A sheet holds what was on screen when it opened, digest and all; what changed since makes it close instead of fire.
Enter means nothing in any of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple

from bus.canonical import code
from bus.limits import DECISION_VALID
from bus.messages import Verb
from console.core.fleet.holding import goes_on, until_a_gate
from console.core.fleet.state import Action, Fleet, Run
from console.core.fleet.turns import resumable
from console.core.judging.grants import SECONDS, USES
from console.tui.drawing import figures
from console.tui.drawing.paint import Line, Row
from console.tui.keys.actions import Mode, key_for
from console.tui.rows.arguments import telling
from console.tui.rows.edits import Edit, edited
from console.tui.rows.fleet_rows import hindrance
from console.tui.rows.frame_rows import View

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
    seconds: int = 0
    group: bool = False
    scope: Literal["once", "run"] = "once"

    @property
    def key(self) -> str:
        """The action this is about, as the fleet names it."""
        return f"{self.agent}/{self.run}/{self.action}"


def wish_about(action: Action, verb: Verb) -> Wish:
    """A wish about one action, bound to its arguments as they are on screen."""
    label = f"{verb} {action.tool} {figures.shown(action.run)}"
    return Wish(label, verb, action.agent, action.run, action.id, action.digest)


class Sheet:
    """Base: rows to show, characters to take, and a wish to state once it is confirmed."""

    mode: Mode = "approve"

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self.seen_at = float("inf")
        """Since when it has stood on the terminal, by the clock that keys are stamped with."""

    @property
    def typed(self) -> str:
        """What the key line names as the thing to type."""
        return ""

    def take(self, _character: str) -> Wish | None:
        """Take one typed character. Returns the wish when that completes it."""
        return None

    def erase(self) -> None:
        """Take back the last character."""

    def too_soon(self) -> None:
        """Take back the key that confirmed: it was typed before this could be read."""

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


class _Approval(Sheet):
    """What is approved, as it stands on the sheet. `run` tells whether the agent could act on it now."""

    def __init__(
        self, wish: Wish, what: str, edits: list[Edit], run: Callable[[], Run | None] = lambda: None
    ) -> None:
        super().__init__(wish)
        self._what = what
        self._edits = edits
        self._of = run

    def rows(self, view: View) -> list[Line]:
        lines = [Row().at(3, self._what, "strong", end=view.last + 1).line, *edited(self._edits, view)]
        bound = f"exactly these arguments, digest {figures.digest(self.wish.digest)}"
        lines.append(
            Row().at(3, bound if not self._edits else "the changed arguments, nothing else", "muted").line
        )
        run = self._of()
        action = run.actions.get(self.wish.action) if run is not None else None
        if action is not None and action.care.claimed_by not in ("", view.operator):
            words = f"{action.care.claimed_by} is looking into it: ask first, or answer all the same"
            lines.append(Row().at(3, words, "act").line)
        if run is not None and (word := hindrance(run)) in ("held", "paused", "pausing"):
            words = f"{word}: resume within {DECISION_VALID:.0f} s or it is refused"
            lines.append(Row().at(3, words, "act").line)
        return lines


class ApproveSheet(_Approval):
    """An ask: `y` approves exactly what is shown; where it is offered, `t` calls like it in this run as well."""

    mode: Mode = "approve"
    offered: tuple[str, ...] = ()
    """What stays as it is in the calls that an approval for the run would cover; none: there is no such approval."""
    alike = 0

    def rows(self, view: View) -> list[Line]:
        lines = super().rows(view)
        if not self.offered:
            return lines
        before = f"; {self.alike} so far" if self.alike else ""
        kept = (
            Row()
            .at(3, "t: also those like it in this run, with")
            .then(", ".join(self.offered), "strong", gap=1, end=view.last + 1)
        )
        most = f"   {USES} at most, for {SECONDS // 60} min, each judged afresh{before}"
        return [*lines, kept.line, Row().at(3, most, "muted").line]


class CodeSheet(_Approval):
    """A hold: the four digits made of the digest approve it, the last of them at once."""

    mode: Mode = "code"

    def __init__(
        self, wish: Wish, what: str, edits: list[Edit], run: Callable[[], Run | None] = lambda: None
    ) -> None:
        super().__init__(wish, what, edits, run)
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

    def too_soon(self) -> None:
        self.erase()

    def rows(self, view: View) -> list[Line]:
        lines = super().rows(view)
        row = Row().at(3, "type the code").then(self._code, "strong", gap=2)
        row.then(self._have.ljust(4, "_"), "strong", gap=4)
        if self._wrong:
            return [*lines, row.then("not the code; it starts over", "act", gap=4).line]
        row.then("the last digit approves; Enter does nothing", "muted", gap=4)
        return [*lines, row.line]


class HoldSheet(Sheet):
    """All runs: `y` holds each at its next gate."""

    mode: Mode = "hold"

    def __init__(self, wish: Wish, fleet: Callable[[], Fleet]) -> None:
        super().__init__(wish)
        self._fleet = fleet
        self.filtered = False

    def rows(self, view: View) -> list[Line]:
        runs = [run for run in self._fleet().runs.values() if run.ended_at is None]
        stoppable = [run for run in runs if run.control != "observed"]
        bound = [run for run in stoppable if run.state != "lost"]
        seen = len(runs) - len(stoppable)
        away = f"; {seen} observed {'one' if seen == 1 else 'ones'} cannot be" if seen else ""
        of = ", those not shown too" if self.filtered else ""
        what = f"Hold {_all(len(bound))} of {view.site}"
        later = f"runs begun later too; {key_for('resume_all')} resumes all"
        if self._fleet().held is None:
            what += f" at {'its' if len(bound) == 1 else 'their'} next gate{of}"
        else:
            what += f" once more; {_going_on(sum(not run.stop for run in bound))}"
            later = "the floor is held already, runs begun later too"
        lines = [Row().at(3, what, "strong").line, Row().at(3, later + away, "muted").line]
        if on := until_a_gate(run for run in bound if goes_on(run)):
            lines.append(Row().at(3, on, "act").line)
        return lines + _lost(len(stoppable) - len(bound), "; until then it may run on")


def _all(count: int, held: str = "") -> str:
    """All runs that are meant, counted."""
    return f"the only {held}run" if count == 1 else f"all {count} {held}runs"


def _lost(count: int, then: str = "") -> list[Line]:
    """How many runs nobody hears from: they hear of it when they are back."""
    one = count == 1
    words = "1 lost one is told when it is back" if one else f"{count} lost ones are told when they are back"
    words += then if one else then.replace("it may", "they may")
    return [Row().at(3, words, "muted").line] if count else []


def _going_on(count: int) -> str:
    """How many runs of a floor that is held nothing stops now: they were let go on, or are new."""
    return (
        "none of them goes on"
        if not count
        else "1 of them goes on"
        if count == 1
        else f"{count} of them go on"
    )


class ResumeAllSheet(Sheet):
    """All that a hold of all stopped: `y` lets it go on."""

    mode: Mode = "hold"

    def __init__(self, wish: Wish, fleet: Callable[[], Fleet]) -> None:
        super().__init__(wish)
        self._fleet = fleet

    def rows(self, view: View) -> list[Line]:
        bound = [run for run in self._fleet().runs.values() if run.ended_at is None and run.stop]
        held = [run for run in bound if run.by_floor]
        on = sum(run.state != "lost" for run in held)
        others = len(bound) - len(held)
        own = "its own command stays" if others == 1 else "their own commands stay"
        stay = f"; {others} stopped by {own} so" if others else ""
        return [
            Row()
            .at(
                3,
                f"Let {_all(on, 'held ')} of {view.site} go on"
                if on
                else f"No held run of {view.site} is here",
                "strong",
            )
            .line,
            Row().at(3, f"runs begun later are held no longer{stay}", "muted").line,
            *_lost(len(held) - on),
        ]

    def outdated(self, fleet: Fleet) -> str:
        return "" if resumable(fleet) else "the floor is held no longer"


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
        row = Row().at(3, shown)
        row.at(max(3, row.cells), "_", "strong")
        return [Row().at(3, self._what, "strong", end=view.last + 1).line, row.line]


def title(verb: str, action: Action) -> str:
    """An action in a few words, for a sheet's first line."""
    return f"{verb}: {action.tool} {telling(action.args)}".rstrip()

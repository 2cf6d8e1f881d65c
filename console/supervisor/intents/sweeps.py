"""Commands for all runs of a floor, a slice at a time, so that no floor is so large that one intent stops everything else.

Between two slices other messages are taken. What they find is as if all had been asked for at once: before anything else
is done about a run that a sweep has yet to reach, the sweep reaches it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Literal

from bus.messages import Intent
from console.core.deeds import UNSIGNED
from console.core.fleet.lifecycle import ENDED
from console.core.fleet.state import Fleet, Run
from console.core.text import plain
from console.supervisor.alarming.alarms import Alarms, is_so
from console.supervisor.alarming.guard import guarded
from console.supervisor.ledger import Ledger
from console.supervisor.log import Log

SLICE: Final = 100
"""Runs of one slice: about a hundredth of a second on a slow machine."""

STRANGERS: Final = 256
"""Unsigned wishes for the same that wait for one answer; beyond that all runs are being held already."""

UNFINISHED: Final = "hold-unfinished"
UNFINISHED_ON: Final = "resume-unfinished"

WANTS: Final = " wants all runs held"
WANTS_ON: Final = " wants all runs to go on"
"""Stands behind the name in the alarm, by which the next supervisor knows whether it was an operator's."""

_VERBS: Final[tuple[tuple[Literal["hold", "resume"], str, str], ...]] = (
    ("hold", UNFINISHED, WANTS),
    ("resume", UNFINISHED_ON, WANTS_ON),
)

GOES_ON: Final = "supervisor"
"""By whom a word to all runs is that goes on by itself."""

Done = Callable[["Sweep", float], object]
"""Is told of a sweep that is over, and when."""


@dataclass(slots=True)
class Sweep:
    """What is wanted of many runs, by whom, who is told in the end, which of them are `left`, in order, what was `sent`.

    `left` says for each run whose word it is that asks it: one word asks a run once. `failed` are the runs that could not
    be asked. `cut` says why it ended before it had asked all, if it did.
    """

    intent: Intent
    by: str
    signed: bool
    left: dict[str, tuple[Intent, str]]
    done: list[Done]
    sent: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    cut: str = ""


class Sweeps:
    """Asks the ledger for the same command for many runs. Signed sweeps go first, of these the oldest.

    There is one at a time for each enrolled operator, and one for all others: who wants the same again while it is under
    way joins it. So nobody who may is ever refused, and strangers make no work that grows with their number.
    """

    def __init__(self, log: Log, ledger: Ledger, alarms: Alarms) -> None:
        self.ledger = ledger
        self._log = log
        self._alarms = alarms
        self._under_way: list[Sweep] = []
        self.slice = SLICE
        """Runs that `step` reaches."""
        self.closed = ""
        """Why approvals are closed, if they are: what lets runs go on waits meanwhile."""

    @property
    def under_way(self) -> bool:
        """Whether `step` has anything to do."""
        return any(map(self._may_go, self._under_way))

    def _may_go(self, sweep: Sweep) -> bool:
        return not self.closed or sweep.intent.verb == "hold"

    def begin(
        self,
        intent: Intent,
        by: str,
        done: Done,
        now: float,
        *,
        signed: bool,
    ) -> bool:
        """Ask for what an intent wants of every run that a command can reach. `done` is told of the end.

        What wants the opposite and is under way ends: the newest word counts. The first slice is done now, unless another
        sweep goes first. Returns whether `done` will be told.
        """
        self._cut(intent, by)
        sweep = self._like(intent, by, signed=signed)
        wanted = self._runs(intent)
        if sweep is None:
            keys = dict.fromkeys((run.key for run in wanted), (intent, by))
            sweep = Sweep(intent, by, signed, keys, [done])
            place = sum(one.signed for one in self._under_way) if signed else len(self._under_way)
            self._under_way.insert(place, sweep)
        elif signed or len(sweep.done) < STRANGERS:
            sweep.done.append(done)
            # Of what it reached before, it asks again what was let go since.
            let_go = [run for run in wanted if intent.verb == "resume" or not run.stop]
            again = dict.fromkeys((run.key for run in let_go), (intent, by))
            sweep.left = again | sweep.left
        else:
            return False
        if self._under_way[0] is sweep and len(sweep.done) == 1:
            self.step(now)
        self._tell()
        return True

    def _cut(self, intent: Intent, by: str) -> None:
        """End what wants the opposite for the runs that it has not reached."""
        for sweep in self._under_way:
            if sweep.intent.verb != intent.verb:
                sweep.cut = f"for {by}{WANTS if intent.verb == 'hold' else WANTS_ON}"
                sweep.left.clear()

    def go_on(self, name: str, closed: str, now: float) -> None:
        """Ask, under the intent id `name`, for what an earlier supervisor was cut short in: a word to all runs.

        It cannot know whom a hold had reached and whom an operator let go since, so it asks those that nothing stops; to go
        on, those that only the hold of all stops. What strangers wanted stays theirs: operators' wishes go before it.
        `closed` says why approvals are, if they are: what lets runs go on waits for an operator to say it again.
        """
        for verb, kind, wants in _VERBS:
            alarm = self._log.fleet.alarms.get(kind)
            if alarm is None or not is_so(alarm) or (closed and verb == "resume"):
                continue
            reason = f"an earlier supervisor did not finish: {alarm.text}"
            intent = Intent(verb=verb, id=name, operator=GOES_ON, console=GOES_ON, reason=reason)
            signed = not alarm.text.partition(wants)[0].endswith(UNSIGNED)
            by = GOES_ON if signed else GOES_ON + UNSIGNED
            wanted = [run for run in self._runs(intent) if verb == "resume" or not run.stop]
            keys = dict.fromkeys((run.key for run in wanted), (intent, by))
            self._under_way.append(Sweep(intent, by, signed, left=keys, done=[]))
        self.step(now)

    def _tell(self) -> None:
        """Put on record who is left to be asked, before it is: if this process dies, the next one's consoles show it.

        Of two that are under way it is told by whom the first is, which is an operator if one wants it.
        """
        for verb, kind, wants in _VERBS:
            first = next((one for one in self._under_way if one.left and one.intent.verb == verb), None)
            if first is None:
                self._alarms.clear(kind)
                continue
            text = f"{first.by}{wants}; {len(first.left)} of them were not asked yet"
            known = self._log.fleet.alarms.get(kind)
            other = known is not None and known.text.partition(wants)[0] != first.by
            self._alarms.raise_(kind, text, news=other)

    def _like(self, intent: Intent, by: str, *, signed: bool) -> Sweep | None:
        """The sweep under way that does what is wanted."""
        for sweep in self._under_way:
            if (sweep.intent.verb, sweep.signed) == (intent.verb, signed) and (not signed or sweep.by == by):
                return sweep
        return None

    def _runs(self, intent: Intent) -> list[Run]:
        """The runs that what is wanted is about: those that a command can reach; to go on, those that only this stops."""
        found = [run for run in self._log.fleet.runs.values() if _stoppable(run)]
        return found if intent.verb == "hold" else [run for run in found if run.by_floor]

    def step(self, now: float) -> bool:
        """Do one slice of the oldest sweep that may go. Returns whether anything is left to do."""
        sweep = next(filter(self._may_go, self._under_way), None)
        if sweep is not None:
            self._reach(sweep, list(islice(sweep.left, self.slice)), now)
            if not sweep.left:
                self._under_way.remove(sweep)
                if sweep.failed:
                    # Of its own: as unfinished, each supervisor to come would hold anew what was let go since.
                    wants = WANTS if sweep.intent.verb == "hold" else WANTS_ON
                    text = (
                        f"{sweep.by}{wants}; a fault kept these from being asked: {', '.join(sweep.failed)}"
                    )
                    about = "not-held" if sweep.intent.verb == "hold" else "not-resumed"
                    self._alarms.raise_("internal-error", plain(text, 400), about=about)
                self._tell()
                for done in sweep.done:
                    done(sweep, now)
        return self.under_way

    def finish(self, now: float) -> None:
        """Do all that is left: the end of this process is near, and what stops things must go out before."""
        while self.step(now):
            pass

    def tick(self, now: float) -> None:
        """Go on where nobody else sees to it."""
        self.step(now)

    def first(self, key: str, now: float) -> None:
        """Reach a run at once that is still to be reached, because something else is about to be done about it."""
        for sweep in self._under_way:
            if key in sweep.left and self._may_go(sweep):
                self._reach(sweep, [key], now)

    def _reach(self, sweep: Sweep, keys: list[str], now: float) -> None:
        """Ask for each of these runs. One that goes wrong is an alarm and one that was not asked; the others are."""
        fleet: Fleet = self._log.fleet
        for key in keys:
            intent, by = sweep.left.pop(key)
            run = fleet.runs.get(key)
            if run is not None and _stoppable(run):
                asked = len(sweep.sent)
                what = f"{intent.verb} of all runs"
                guarded(self._alarms, what, self._ask, sweep, intent, by, run, now)
                if len(sweep.sent) == asked:
                    sweep.failed.append(key)

    def _ask(self, sweep: Sweep, intent: Intent, by: str, run: Run, now: float) -> None:
        name = self.ledger.request_in_turn(intent.verb, run, by, intent.reason, intent.id, now, floor=True)
        sweep.sent.append(name)


def _stoppable(run: Run) -> bool:
    return run.state not in ENDED and run.control != "observed"

"""A recorded session judged anew: what another policy would have asked about, and what it would have let pass.

Each proposal is judged by the supervisor's own assessor over the fleet as it stood then, from what came before it. The
decisions stay as they were: what a run would have done after another one, nobody knows.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from bus import codec
from bus.codec import DecodeError, Record
from bus.events import ActionProposed, BlobPart, Gate
from bus.records import ActionAssessed, ActionDecided, Reason
from console.core.fleet.lifecycle import ENDED, IllegalTransitionError
from console.core.fleet.state import Fleet, KeyframeError, Run, decode
from console.core.health.finding import KINDS
from console.core.judging.gate_table import GATES, join
from console.core.judging.risk import Assessment
from console.core.reducing.reduce import HoleInLogError, reduce
from console.core.reliability.bounds import Earned, earned
from console.core.reliability.standing import standing_of, version_of
from console.policy.judge import Judge
from console.recording.history import sessions
from console.recording.reader import Reader
from console.recording.schema import RecordingError
from console.supervisor.alarming.alarms import is_so
from console.supervisor.blobs import Blobs
from console.supervisor.judging.assessor import Assessor
from console.supervisor.process.recalling import events_of

STOPS: Final[tuple[Gate, ...]] = ("ask", "hold", "deny")
"""Gates at which an action does not run by itself."""


class Difference(Struct, frozen=True, kw_only=True):
    """A proposal that is judged otherwise. `pos` is where it was assessed; `why` what decides now.

    `outcome` and `by` are the decision of then, empty if there is none.
    """

    pos: int
    agent: str
    run: str
    action: str
    tool: str
    control: str
    then: Gate
    now: Gate
    why: list[Reason]
    outcome: str = ""
    by: str = ""

    @property
    def kind(self) -> str:
        """`asked` (now and not then), `missed` (then and not now), or neither: `tighter` or `looser`."""
        stops = (self.then in STOPS, self.now in STOPS)
        if stops[0] != stops[1]:
            return "asked" if stops[1] else "missed"
        return "tighter" if GATES.index(self.now) > GATES.index(self.then) else "looser"


class Anew(Struct, kw_only=True):
    """A session judged anew: how many proposals, how many by the gate of then and of now, and every difference.

    `unjudged` were proposed and never assessed; `without` are runs whose beginning is not recorded here, so that less is
    known of the origins of their values than the supervisor may have known.
    """

    judged: int = 0
    unjudged: int = 0
    gates: Counter[tuple[Gate, Gate]] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    without: list[str] = field(default_factory=list)

    def count(self, kind: str) -> int:
        """How many differences are of a kind."""
        return sum(one.kind == kind for one in self.differences)


class Again:
    """Lives a log again over a fleet, and judges each proposal by another judge."""

    def __init__(self, fleet: Fleet, judge: Judge) -> None:
        self.found = Anew()
        self.fleet = fleet
        self.assessor = Assessor(fleet, judge)
        self.blobs = Blobs(self.assessor.named)
        self.assessor.blob_ok = self.blobs.whole
        self.assessor.earned = self._earned
        self._open: dict[str, tuple[str, Assessment]] = {}
        self._places: dict[str, int] = {}

    def recall(self, record: Record) -> None:
        """Take up an event of before."""
        key = f"{record.agent}/{record.run}"
        if isinstance(record.data, BlobPart):
            self.blobs.part(key, record.data)
        self.assessor.recall(key, record.data)

    def take(self, record: Record) -> None:
        """Take the next record of the log.

        Raises:
            HoleInLogError, IllegalTransitionError: the log contradicts itself.
        """
        reduce(self.fleet, record)
        run = self.fleet.run(record.agent, record.run)
        if run is None:
            return
        if record.from_agent:
            self._follow(run, record)
        elif isinstance(record.data, ActionAssessed):
            self._assessed(run, record.pos, record.data)
        elif isinstance(record.data, ActionDecided):
            self._decided(run, record.data)

    def end(self) -> Anew:
        """What was found."""
        self.found.unjudged += len(self._open)
        return self.found

    def _follow(self, run: Run, record: Record) -> None:
        self.assessor.trails.follow(run.key, record.data)
        match record.data:
            case ActionProposed() as data:
                action = run.actions.get(data.action)
                if action is not None and action.state == "proposed":
                    weighed = self.assessor.weigh(run, action, data)
                    self._open[action.key] = (data.tool, weighed.assessment)
            case BlobPart() as data:
                self.blobs.part(run.key, data)
            case _:
                return

    def _assessed(self, run: Run, pos: int, then: ActionAssessed) -> None:
        key = f"{run.key}/{then.action}"
        tool, assessment = self._open.pop(key, ("", None))
        if assessment is None:  # proposed before the session began, and nobody has its arguments here
            self.found.unjudged += 1
            return
        now = assessment.gate
        if any(reason.code == "spot-check" for reason in then.reasons):
            now = join(now, "ask")  # by chance then; the same chance counts for both
        self.found.judged += 1
        self.found.gates[then.gate, now] += 1
        if now != then.gate:
            self._places[key] = len(self.found.differences)
            self.found.differences.append(
                Difference(
                    pos=pos, agent=run.agent, run=run.run, action=then.action, tool=tool, control=run.control,
                    then=then.gate, now=now, why=assessment.reasons,
                )
            )  # fmt: skip

    def _decided(self, run: Run, data: ActionDecided) -> None:
        self.assessor.trails.follow(run.key, data)
        place = self._places.pop(f"{run.key}/{data.action}", None)
        if place is not None:
            before = self.found.differences[place]
            self.found.differences[place] = replace(before, outcome=data.outcome, by=data.by)

    def _earned(self, run: Run, tool: str, schema: str | None) -> Earned:
        """What the call's stratum had earned, by the log. Whether this call is a spot check, the log alone knows."""
        effect = self.assessor.effect(tool, schema)
        version = version_of(run.version, run.model)
        standing = standing_of(self.fleet.reliability, run.agent, version, tool, effect) if effect else None
        return earned(self.fleet.reliability, standing, doubt=self._doubt(run))

    def _doubt(self, run: Run) -> str:
        """What stood against the run, as the alarms of then say."""
        alarms = self.fleet.alarms.values()
        return next(
            (
                alarm.text
                for alarm in alarms
                if (alarm.agent, alarm.run) == (run.agent, run.run) and alarm.kind in KINDS and is_so(alarm)
            ),
            "",
        )


async def judge_anew(path: Path, judge: Judge) -> Anew:
    """Judge a recorded session under another judge. What its runs were told before is read from the sessions beside it.

    Raises:
        RecordingError: the file cannot be read, or contradicts itself.
    """
    async with await Reader.open(path) as reader:
        keyframe = await reader.first_keyframe()
        try:
            again = Again(decode(keyframe.body), judge)
            await _recall(again, path, keyframe.pos)
            async for row in reader.rows(keyframe.pos):
                again.take(codec.record(row.pos, row.at, codec.decode_envelope(row.event)))
        except (DecodeError, HoleInLogError, IllegalTransitionError, KeyframeError) as error:
            raise RecordingError(f"{path}: {error}; check it with: watchfloor doctor") from None
    return again.end()


async def _recall(again: Again, path: Path, upto: int) -> None:
    """Give the runs that were under way what they had been told; those that cannot be told, by name in `without`."""
    living = [run for run in again.fleet.runs.values() if run.state not in ENDED]
    known = await sessions(path.parent) if living else []
    earlier = [info for info in known if info.first_pos <= upto]
    for run in living:
        try:
            async for record in events_of(path.parent, earlier, run, upto):
                again.recall(record)
        except RecordingError:
            again.assessor.trails.ended(run.key)
        if again.assessor.trails.of(run.key) is None:
            again.found.without.append(run.key)

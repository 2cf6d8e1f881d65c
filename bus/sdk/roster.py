"""The runs of one agent process, and what dead processes left behind: who they are, what of them is stored, when they go."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, Literal, NamedTuple

from msgspec.structs import replace

from bus.codec import encode
from bus.events import RunOutcome, RunStarted
from bus.identity import Identity
from bus.limits import EVENT_BYTES, LABEL_CHARS
from bus.messages import DecisionCommand, RunStanding
from bus.sdk.brake import StopCommand
from bus.sdk.contained import ContainedRun
from bus.sdk.courier import Courier, EventBox
from bus.sdk.lease import Lease
from bus.sdk.run_core import RunCore
from bus.sdk.spool.store import Bounds, Spool, SpoolError
from bus.sdk.values import clip
from bus.sdk.writer import EventWriter
from bus.topics import check_id


class Notice(NamedTuple):
    """Something that the driver of an `AgentCore` should know.

    `ready`: whoever waits at the action or checkpoint `token` asks again. `gone`: a finished run, or the spool of a dead
    one, is stored whole and forgotten. `refused`: the run is accepted nowhere; `token` says why. `rival`:
    another process (incarnation `token`) uses this agent's name. `trouble`: a spool fails; `token` says how. `past`: the
    supervisor is ignored for its era, and nothing will change that by itself; `token` says why.
    """

    kind: Literal["ready", "gone", "refused", "rival", "trouble", "past"]
    run: str
    token: str = ""

    @property
    def words(self) -> str:
        """What people are told of it, empty if nothing."""
        match self.kind:
            case "refused":
                return f"run {self.run} is refused: {self.token}"
            case "rival":
                return f"another process uses this name (incarnation {self.token})"
            case "trouble":
                return f"spool of run {self.run}: {self.token}"
            case "past":
                return (
                    f"the supervisor is ignored, so no gate will open: {self.token}; "
                    "see `era-ahead` in docs/operating.md"
                )
            case "ready" | "gone":
                return ""


RUNS_A_BIRTH: Final = 200
"""Runs in one birth, and open gates of one run in it, so that it fits a payload however long the names are."""

BIRTH_BYTES: Final = 32_768
"""Bytes of standings in one birth, unless a single one takes more."""


def births(standings: Sequence[RunStanding]) -> list[list[RunStanding]]:
    """Cut what a birth has to say into births that fit. A run with more open gates than one can hold comes in several."""
    parts: list[list[RunStanding]] = [[]]
    size = 0
    for whole in standings:
        for start in range(0, max(1, len(whole.open)), RUNS_A_BIRTH):
            standing = replace(whole, open=whole.open[start : start + RUNS_A_BIRTH])
            length = len(encode(standing))
            if parts[-1] and (len(parts[-1]) == RUNS_A_BIRTH or size + length > BIRTH_BYTES):
                parts.append([])
                size = 0
            parts[-1].append(standing)
            size += length
    return parts


class Roster:
    """All runs that this process lives (`runs`), over one courier that also carries what dead ones left."""

    def __init__(
        self,
        identity: Identity,
        *,
        courier: Courier,
        lease: Lease,
        bounds: Bounds,
        wall: Callable[[], str],
        new_id: Callable[[], str],
        notify: Callable[[Notice], object],
    ) -> None:
        self.runs: dict[str, RunCore] = {}
        self._identity = identity
        self._topics = identity.topics
        self._courier = courier
        self._lease = lease
        self._bounds = bounds
        self._wall = wall
        self._new_id = new_id
        self._notify = notify

    @property
    def deadline(self) -> float:
        """When `tick` is needed next; infinite if never."""
        return min((run.deadline for run in self.runs.values()), default=math.inf)

    @property
    def unstored(self) -> int:
        """Events made and not stored, over everything."""
        return sum(box.spool.last - box.stored for box in self._courier.boxes.values())

    def start(
        self,
        run: str,
        spool: Spool,
        *,
        goal: str,
        model: str,
        parent: str,
        labels: dict[str, str],
        now: float,
        proof: str = "",
    ) -> None:
        """See `AgentCore.start_run`."""
        check_id(run, "run")
        if run in self._courier.boxes or run in self.runs:
            raise ValueError(f"agent {self._identity.agent} has a run {run!r} already")
        words, cut = clip(goal)
        started = RunStarted(
            goal=words,
            truncated=cut,
            control=self._identity.control,
            agent_version=clip(self._identity.version, LABEL_CHARS)[0],
            model=clip(model, LABEL_CHARS)[0],
            parent=clip(parent, LABEL_CHARS)[0],
            labels={clip(name)[0]: clip(value)[0] for name, value in labels.items()},
            continues=spool.last or None,
            proof=proof,
        )
        if len(encode(started)) > EVENT_BYTES // 2:
            raise ValueError(f"goal and labels of run {run!r} are too large together")
        box = EventBox(run, self._topics.events(self._identity.agent, run), spool)
        writer = EventWriter(
            agent=self._identity.agent,
            incarnation=self._identity.incarnation,
            box=box,
            courier=self._courier,
            wall=self._wall,
            bounds=self._bounds,
        )
        core = ContainedRun if self._identity.control == "contained" else RunCore
        self.runs[run] = core(
            control=self._identity.control,
            writer=writer,
            lease=self._lease,
            new_id=self._new_id,
            ready=lambda token: self._notify(Notice("ready", run, token)),
        )
        self._courier.add(box, now)
        writer.now = now
        writer.certain(started)

    def send_rest(self, spool: Spool, now: float) -> None:
        """See `AgentCore.send_rest`."""
        run = check_id(spool.owner.run, "run")
        self._courier.add(EventBox(run, self._topics.events(self._identity.agent, run), spool), now)
        self._forget_stored(run, now)

    def release_rest(self, run: str, now: float) -> Spool | None:
        """See `AgentCore.release_rest`."""
        box = self._courier.boxes.get(run)
        if box is None or run in self.runs:
            return None
        self._courier.drop(run, now)
        return box.spool

    def finish(self, run: str, outcome: RunOutcome, text: str, now: float) -> None:
        """See `AgentCore.finish_run`."""
        core = self.runs[run]
        core.finish(outcome, text, now)
        if core.refused:
            del self.runs[run]
            core.writer.box.spool.close()

    def stored(self, run: str, seq: int, now: float) -> None:
        """Note a watermark; forget the run if that was the last of it."""
        if run not in self._courier.boxes:
            return
        try:
            news = self._courier.stored(run, seq, now)
        except SpoolError as error:
            news = True
            self._notify(Notice("trouble", run, str(error)))
        if news:
            if run in self.runs:
                self.runs[run].room(now)
            self._forget_stored(run, now)

    def decide(self, command: DecisionCommand, now: float) -> bool:
        """Hand a decision to its run. Return whether there is one."""
        run = self.runs.get(command.run)
        if run is not None:
            run.decide(command, now)
        return run is not None

    def refuse_stale(self, command: DecisionCommand, now: float) -> None:
        """Let the run of a decision of another supervisor epoch answer it."""
        if command.run in self.runs:
            self.runs[command.run].refuse_stale(command, now)

    def stop(self, command: StopCommand, now: float) -> bool:
        """Hand a pause, hold, kill or resume to its run, or to all. Return whether there is any."""
        meant = [run for name, run in self.runs.items() if command.run in {"", name}]
        for run in meant:
            run.stop(command, now)
        return bool(meant)

    def refuse(self, run: str, reason: str, now: float) -> None:
        """Note that the supervisor will never accept a run, or never get it."""
        box = self._courier.boxes.get(run)
        if box is None:
            return
        self._courier.drop(run, now)
        core = self.runs.get(run)
        if core is not None:
            core.refuse(reason)
        if core is None or core.finished:
            self.runs.pop(run, None)
            box.spool.close()
        self._notify(Notice("refused", run, reason))

    def unsendable(self, topic: str, why: str, now: float) -> None:
        """See `AgentCore.unsendable`."""
        address = self._topics.parse(topic)
        if address is not None and address.kind == "events":
            self.refuse(address.run, f"its events cannot be sent: {why}", now)

    def tick(self, now: float) -> None:
        """Let time-outs of gates happen, and try again what a spool had no room for."""
        if self._courier.trouble:
            self._notify(Notice("trouble", "", self._courier.trouble))
            self._courier.trouble = ""
        for name, run in self.runs.items():
            was = run.writer.trouble
            run.tick(now)
            if run.writer.trouble not in {was, ""}:
                self._notify(Notice("trouble", name, run.writer.trouble))

    def close(self) -> None:
        """Let go of all spools."""
        for box in self._courier.boxes.values():
            box.spool.close()

    def standings(self, rest: str = "") -> list[list[RunStanding]]:
        """Where the runs stand, for at least one birth; `rest` is a run of a dead process that has to be there."""
        standings = [run.standing() for run in self.runs.values() if not run.refused]
        box = self._courier.boxes.get(rest)
        if box is not None and rest not in self.runs:
            standings.append(RunStanding(run=rest, seq=box.spool.last, first=box.stored + 1))
        return births(standings)

    def _forget_stored(self, run: str, now: float) -> None:
        box = self._courier.boxes[run]
        core = self.runs.get(run)
        if not box.empty or (core is not None and not core.over):
            return
        self.runs.pop(run, None)
        self._courier.drop(run, now)
        try:
            if box.spool.finished or core is not None:
                box.spool.remove()
            else:
                box.spool.close()
        except SpoolError as error:
            self._notify(Notice("trouble", run, str(error)))
        self._notify(Notice("gone", run))

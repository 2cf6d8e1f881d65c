"""The arbiter: operators' intents, the first answer wins, everybody else is told.

An intent is answered once. What is refused changes nothing, is recorded as `intent.refused`, and says why.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final

from msgspec.structs import replace

from bus import codec
from bus.codec import DecodeError
from bus.events import Outcome
from bus.limits import INTENT_DUPLICATE_WITHIN
from bus.messages import Answer, Intent
from bus.operator_records import OperatorSigned
from bus.topics import Address
from console.core.deeds import UNSIGNED
from console.core.fleet.lifecycle import ENDED
from console.core.fleet.state import Fleet, Run
from console.supervisor.alarming.alarms import Alarms
from console.supervisor.alarming.shelf import Shelf
from console.supervisor.intents import whole_floor
from console.supervisor.intents.bound import RefusedError, check_bound, check_scope, edited, waiting
from console.supervisor.intents.handing import settle
from console.supervisor.intents.once import Once, digest_of
from console.supervisor.intents.operators import Operators
from console.supervisor.intents.refusals import Refusals
from console.supervisor.intents.sweeps import Sweep, Sweeps
from console.supervisor.judging.gates import Gates
from console.supervisor.log import Log
from console.supervisor.outbox import Outbox

UNSIGNED_MAY: Final = frozenset({"pause", "reject", "hold"})
"""What anybody who reaches the broker may do: stop things."""

NEEDS_COMMIT: Final = frozenset({"approve", "edit", "respond", "resume", "verify", "shelve", "remove"})
"""What is closed while the recording fails or two supervisors meet."""

TOO_LARGE: Final = "the arguments were too large to keep, so nobody has seen them"

_LONG_AGO: Final = "this intent was answered long ago"

_KILLED: Final = "the run is being killed"

ANSWERS_KEPT: Final = 4_096


@dataclass(slots=True)
class Answered:
    """An answer given, to what (a digest of its bytes), when, and of which late repeats it was recorded that they came.

    True stands for copies, False for other bytes under the same id.
    """

    answer: Answer
    said: bytes
    at: float
    recorded: set[bool] = field(default_factory=set)


class Arbiter:
    """Checks who wants what under which view of the world, and lets the gates or the ledger do it."""

    def __init__(
        self,
        log: Log,
        outbox: Outbox,
        gates: Gates,
        sweeps: Sweeps,
        alarms: Alarms,
        operators: Operators,
    ) -> None:
        self._log = log
        self._fleet = log.fleet
        self._outbox = outbox
        self._gates = gates
        self._sweeps = sweeps
        self.operators = operators
        self._answered: OrderedDict[str, Answered] = OrderedDict()
        # Apart from the answers, so that no flood of others makes a signed one usable again.
        self._used = Once()
        self._under_way: set[str] = set()  # intents that are being carried out, and answered when they are
        self._refusals = Refusals(log, alarms)
        self.closed = ""
        self.failing = False  # the recording: then what stops goes out without it
        self.shelf = Shelf(log, alarms)

    def intent(self, address: Address, payload: bytes, now: float) -> Intent | None:
        """Take one intent message. Returns it if it only asks or tells who watches: that the caller serves."""
        try:
            intent = codec.decode(payload, Intent)
        except DecodeError as error:
            self._refusals.bad(address.name, f"not an intent: {error}", self.operators)
            return None
        if problem := self._misplaced(intent, address):
            self._refusals.bad(address.name, problem, self.operators)
            return None
        if intent.verb in ("keyframe", "watch", "leave", "health", "history"):
            return intent
        if intent.id in self._under_way:
            return None
        before = self._answered.get(intent.id)
        if before is not None:
            self._repeat(intent, payload, before, now)
            return None
        try:
            if intent.id in self._used:
                raise RefusedError("replayed", _LONG_AGO)
            answer = self._carry_out(intent, payload, now)
        except RefusedError as refused:
            copy = self._used.said(intent.id) == digest_of(payload)
            answer = self._refuse(intent, payload, refused, now, copy=copy)
        if answer is not None:
            self._close(intent, payload, answer, now)
        return None

    def _misplaced(self, intent: Intent, address: Address) -> str:
        """What is wrong with an intent whoever sent it; empty if nothing is."""
        if intent.operator != address.name:
            return f"operator {intent.operator} on the topic of another"
        taken = intent.id in self._under_way or intent.id in self._answered or intent.id in self._used
        if intent.verb in ("health", "history") and taken:
            # Answered truly, and signed, it would pass for the answer to that one.
            return f"a {intent.verb} under the id of what somebody wanted done"
        return ""

    def _close(self, intent: Intent, payload: bytes, answer: Answer, now: float) -> None:
        self._answered[intent.id] = Answered(answer, digest_of(payload), now)
        while len(self._answered) > ANSWERS_KEPT:
            self._answered.popitem(last=False)
        self._answer(intent, answer)

    def enrolled(self, intent: Intent, payload: bytes) -> bool:
        """Whether the key of an enrolled operator signed an intent."""
        return self.operators.standing(intent, payload) == "signed"

    def _carry_out(self, intent: Intent, payload: bytes, now: float) -> Answer | None:
        """Do what is wanted, or raise. None: it is under way, and answered later."""
        standing = self.operators.standing(intent, payload)
        if standing == "signed":
            self._use(intent, payload)
        if standing != "signed" and intent.verb not in UNSIGNED_MAY:
            text = {
                "unsigned": "an unsigned intent may only pause, hold or reject",
                "unknown-key": f"no enrolled key of {intent.operator} made this signature",
            }
            raise RefusedError(standing, text[standing])
        if intent.epoch != self._log.epoch:
            raise RefusedError("stale", "made under another supervisor; look again")
        if self.closed and intent.verb in NEEDS_COMMIT:
            raise RefusedError("closed", self.closed)
        by = intent.operator if standing == "signed" else f"{intent.operator}{UNSIGNED}"
        match intent.verb:
            case "approve" | "edit" | "reject" | "respond":
                return self._decide(intent, by, now)
            case (
                "acknowledge"
                | "reset"
                | "shelve"
                | "remove"
                | "restore"
                | "verify"
                | "revoke"
                | "escalate"
                | "claim"
            ):
                if refusal := settle(self._log, self._gates, self.shelf, intent, by):
                    raise RefusedError(*refusal)
                return self._made(intent, "accepted")
            case _:
                return self._command(intent, payload, by, now)

    def _use(self, intent: Intent, payload: bytes) -> None:
        """Use up a signed intent. Its position is part of what was signed and tells how old it is."""
        current = self._used.floor <= intent.pos <= self._fleet.pos
        checked = intent.epoch == self._log.epoch and intent.verb not in UNSIGNED_MAY
        if checked and not current:
            raise RefusedError("stale", "made at a position that is too old, or still to come; look again")
        self._used.use(intent.id, intent.pos, digest_of(payload))
        if self._fleet.audit.keys.get(intent.operator) != intent.key:
            self._log.write(OperatorSigned(operator=intent.operator, key=intent.key))

    def _decide(self, intent: Intent, by: str, now: float) -> Answer:
        self._sweeps.first(f"{intent.agent}/{intent.run}", now)
        run, action = waiting(self._fleet, intent)
        if run.killing and intent.verb != "reject":
            raise RefusedError("conflict", _KILLED)
        check_scope(intent)
        outcome: Outcome = "rejected"
        fields: dict[str, Any] = {}
        if intent.verb == "approve":
            check_bound(intent, action)
            if action.args_cut:
                raise RefusedError("closed", f"{TOO_LARGE}: reject it, or edit it whole")
            if not self._gates.complete(run, action.args):
                raise RefusedError("closed", "a large value of this action has not arrived whole")
            if intent.scope == "run" and (refusal := self._gates.granting.make(run, action, by, intent.id)):
                raise RefusedError(*refusal)
            outcome, fields = "approved", {"digest": action.digest}
        elif intent.verb == "edit":
            check_bound(intent, action)
            outcome, fields = "edited", edited(self._gates, intent, run, action)
        elif intent.verb == "respond":
            outcome = "responded"
        self._gates.decide(action, outcome, by, now, reason=intent.reason, intent=intent.id, **fields)
        return self._made(intent, outcome, command=action.decision)

    def _command(self, intent: Intent, payload: bytes, by: str, now: float) -> Answer | None:
        if not intent.run:
            self._sweep(intent, payload, by, now)
            return None
        run = _run(self._fleet, intent)
        if run.killing and intent.verb == "resume":
            raise RefusedError("conflict", _KILLED)
        sent = self._sweeps.ledger.request(intent.verb, run, by, intent.reason, intent.id, now)
        return self._made(intent, "accepted", command=sent)

    def _sweep(self, intent: Intent, payload: bytes, by: str, now: float) -> None:
        whole_floor.begin(self._log, intent, by)

        def done(sweep: Sweep, now: float) -> None:
            self._under_way.discard(intent.id)
            self._close(intent, payload, self._swept(intent, sweep), now)

        self._under_way.add(intent.id)
        if not self._sweeps.begin(intent, by, done, now, signed=by == intent.operator):
            self._under_way.discard(intent.id)
            raise RefusedError("closed", "all runs are being held for others already; look again")

    def _swept(self, intent: Intent, sweep: Sweep) -> Answer:
        sent, failed = len(sweep.sent), sweep.failed
        if failed:
            names = ", ".join(failed[:3]) + (" ..." if len(failed) > 3 else "")
            text = (
                f"only {sent} of {sent + len(failed)} runs; a fault kept {names} from being asked: look again"
            )
            return self._made(intent, "closed", accepted=False, text=text)
        text, command = ("", sweep.sent[0]) if sent == 1 else (f"{sent} runs", "")
        text += f"; not the others, {sweep.cut}" if sweep.cut else ""
        return self._made(intent, "accepted", text=text, command=command)

    def _repeat(self, intent: Intent, payload: bytes, before: Answered, now: float) -> None:
        """The same intent again: its first answer while a console may still be asking, a refusal later. Never an effect."""
        copy = before.said == digest_of(payload)
        if now - before.at > INTENT_DUPLICATE_WITHIN and copy not in before.recorded:
            before.recorded.add(copy)
            before.answer = self._refuse(intent, payload, RefusedError("replayed", _LONG_AGO), now, copy=copy)
        self._answer(intent, before.answer)

    def _refuse(
        self, intent: Intent, payload: bytes, refused: RefusedError, now: float, *, copy: bool
    ) -> Answer:
        """Tell of a refusal, and make its answer. `copy`: these bytes were answered before."""
        self._refusals.tell(intent, payload, refused, self.operators, now, copy=copy)
        return self._made(intent, refused.outcome, accepted=False, text=str(refused))

    def _made(
        self, intent: Intent, outcome: str, *, accepted: bool = True, text: str = "", command: str = ""
    ) -> Answer:
        return Answer(
            intent=intent.id,
            epoch=self._log.epoch,
            outcome=outcome,
            accepted=accepted,
            text=text,
            command=command,
            pos=self._fleet.pos,
        )

    def _answer(self, intent: Intent, answer: Answer) -> None:
        # While nothing can be committed, what stops goes out all the same, and a refusal changes nothing.
        stops = intent.verb in ("reject", "pause", "hold", "kill")
        at_once = self.failing and (stops or not answer.accepted)
        if at_once and answer.accepted:
            answer = replace(answer, unrecorded=True)
        self._outbox.answer(intent.console, answer, at_once=at_once)


def _run(fleet: Fleet, intent: Intent) -> Run:
    run = fleet.run(intent.agent, intent.run)
    if run is None:
        raise RefusedError("conflict", f"no run {intent.agent}/{intent.run}")
    if run.state in ENDED:
        raise RefusedError("conflict", f"the run is over ({run.state})")
    if run.control == "observed":
        raise RefusedError("illegal", "an observed run cannot be stopped from here")
    return run

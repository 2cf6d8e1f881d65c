"""What every adapter does alike: turns of the model, gates around tool calls, words for the model."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self, TypedDict, TypeVar

from bus.adapters.claims import from_logprobs, usage_of
from bus.adapters.fitting import Fit, by_schema
from bus.events import Confidence, Hints, Preview
from bus.limits import DECIDE_WITHIN
from bus.sdk.decision import Action, Decision
from bus.sdk.job import Run, SyncRun
from bus.sdk.reports import StepReport
from bus.sdk.voices import HANDED, voices_of

T = TypeVar("T")
CLAIMS_KEPT: Final = 256
"""Tool calls that a model asked for and that were not made yet, whose turn is remembered."""

MARK: Final = "_watchfloor_run"
"""Where an agent that was changed holds the id of its run."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that a model asks for. `schema` is the JSON schema of the arguments, `call_id` the model's id of the call."""

    tool: str
    args: Mapping[str, Any]
    call_id: str = ""
    schema: Mapping[str, Any] | None = None
    hints: Hints | None = None


class Asked:
    """The calls of a model's last answer, for frameworks that do not tell a hook which of them it stands before."""

    def __init__(self) -> None:
        self._calls: list[tuple[str, str, Any]] = []

    def note(self, calls: Iterable[tuple[str, str, Any]]) -> None:
        """Take in an answer: id, tool and arguments of each call."""
        self._calls = list(calls)

    def id_of(self, tool: str, args: Any) -> str:
        """Return the id of the first call that is the same and was not looked for before; empty if there is none."""
        for at, (call_id, name, given) in enumerate(self._calls):
            if name == tool and given == args:
                del self._calls[at]
                return call_id
        return ""


Stated = Callable[[ToolCall], float | Confidence | None]
"""What the agent says of a call's confidence, 0 to 1, or None if it says nothing."""

Previewed = Callable[[ToolCall], Preview | None]
"""What a call would change, or None if nothing is known of it. It changes nothing itself; if it raises, nothing runs."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the model is told instead of a result. `error` unless an operator answered in the tool's place."""

    text: str
    error: bool


class About(TypedDict, total=False):
    """What an agent's author may say about its calls, in any adapter.

    `stated` is the agent's own word on its confidence, where the model's log-probabilities say nothing. `hints` are MCP
    annotations by tool. `preview` shows operators what a call would change. `decide_within` is in seconds.
    """

    stated: Stated | None
    preview: Previewed | None
    hints: Mapping[str, Hints]
    decide_within: float


class Supervised:
    """One run, as an adapter uses it."""

    def __init__(self, run: Run | SyncRun, about: About) -> None:
        self.run = run
        self._stated = about.get("stated")
        self._preview = about.get("preview")
        self._hints = about.get("hints", {})
        self._decide_within = about.get("decide_within", DECIDE_WITHIN)
        self._turns: OrderedDict[str, tuple[int, Confidence | None]] = OrderedDict()
        self._voices = voices_of(run)

    def asked(self, prompt: object, *, handed: bool = False) -> None:
        """Report a prompt: what is the user's as his, what one agent gave another (`handed`: all of it) as a model's.

        A prompt that comes while a tool of the run is at work was made inside that tool, in whatever thread. What the model
        wrote or a tool returned before is no word of the user's when it comes back in a prompt.
        """
        text = prompt if isinstance(prompt, str) else str(prompt or "")
        inside = handed or self._voices.in_tool
        own, theirs = ("", text) if inside else self._voices.parted(text)
        if theirs.strip():
            self.run.message("assistant", theirs, name=HANDED)
        if own.strip():
            self.run.message("user", own)

    def at_work(self) -> AbstractContextManager[None]:
        """A context for the work of a tool, where a framework has no place for `call`. See `asked`."""
        return self._voices.tool()

    # ---- turns of the model ------------------------------------------------------------------------------------------

    async def turn(self, name: str = "model") -> Turn:
        """Wait while the run is paused, then begin a step: one request to the model.

        Raises:
            RunKilled, RunRefusedError: the run is not to go on.
        """
        await self.of_loop.checkpoint()
        return Turn(self, name)

    def turn_sync(self, name: str = "model") -> Turn:
        """Begin a turn in code without asyncio. See `turn`."""
        self.run.checkpoint_sync()
        return Turn(self, name)

    @property
    def of_loop(self) -> Run:
        """The run, for asyncio.

        Raises:
            TypeError: it is one of `run_sync`, which would block the loop.
        """
        if not isinstance(self.run, Run):
            raise TypeError("an asyncio agent needs a run of `bus.run` or `Agent.run`, not of `run_sync`")
        return self.run

    # ---- calls of tools ----------------------------------------------------------------------------------------------

    async def call(
        self, call: ToolCall, proceed: Callable[[Any, Decision], Awaitable[T]], fit: Fit | None = None
    ) -> T | Told:
        """Run a tool as it is decided. `proceed` gets the arguments that may be used, and may report by the decision.

        Only an edit passes through `fit`; other arguments are the proposed ones, in a copy that nobody else holds.

        Raises:
            RunKilled: an operator ended the run. No `Exception`.
            RunRefusedError, BusStoppedError: no gate of this run opens any more.
        """
        told, args, decision = await self.decide(call, fit)
        if told is not None:
            return told
        with self.at_work():
            async with decision:
                result = await proceed(args, decision)
                decision.result(result)
        return result

    def call_sync(
        self, call: ToolCall, proceed: Callable[[Any, Decision], T], fit: Fit | None = None
    ) -> T | Told:
        """Run a tool as it is decided, and block until then. See `call`."""
        fitted = Fitted(fit or by_schema(call.schema))
        decision = self.run.gate_sync(self._action(call, fitted))
        told, args = settled(decision, fitted)
        if told is not None:
            return told
        with self.at_work(), decision:
            result = proceed(args, decision)
            decision.result(result)
        return result

    async def decide(self, call: ToolCall, fit: Fit | None = None) -> tuple[Told | None, Any, Decision]:
        """Wait for the decision on a call, where a framework has no place around a tool. See `call`.

        If the first is None, the tool must be run at once, with the arguments that come second, and reported by the third.
        """
        fitted = Fitted(fit or by_schema(call.schema))
        decision = await self.of_loop.gate(self._action(call, fitted))
        return (*settled(decision, fitted), decision)

    def remember(self, call_ids: Iterable[str], step: int, confidence: Confidence | None) -> None:
        """Note which turn asked for calls."""
        self._turns.update((call_id, (step, confidence)) for call_id in call_ids if call_id)
        while len(self._turns) > CLAIMS_KEPT:
            self._turns.popitem(last=False)

    def _action(self, call: ToolCall, fitted: Fitted) -> Action:
        step, confidence = self._turns.get(call.call_id, (None, None))
        if confidence is None and self._stated is not None:
            stated = self._stated(call)
            confidence = Confidence(value=stated) if isinstance(stated, int | float) else stated
        return Action(
            call.tool,
            call.args,
            call_id=call.call_id,
            step=step,
            confidence=confidence,
            hints=self._hints.get(call.tool, call.hints),
            decide_within=self._decide_within,
            preview=self._preview(call) if self._preview else None,
            check=fitted,
        )


def once(run: Run | SyncRun, *agents: Any) -> None:
    """Mark agents that an adapter is about to change: a gate around a gate would ask twice, and the first run may be over.

    Raises:
        TypeError: an adapter changed one before. None is marked then.
    """
    for agent in agents:
        if before := vars(agent).get(MARK):
            raise TypeError(
                f"this agent is under run {before} already: supervise each agent once, and make another for another run"
            )
    for agent in agents:
        vars(agent)[MARK] = run.id


class Turn(StepReport):
    """One request to the model while it lasts: `says` what came of it, then `end`. A context ends itself."""

    def __init__(self, supervised: Supervised, name: str) -> None:
        super().__init__(supervised.run, name, None, None)
        self._supervised = supervised
        self._begin()

    def says(
        self,
        text: str,
        *,
        calls: Iterable[str] = (),
        input_tokens: object = None,
        output_tokens: object = None,
        cost_usd: object = None,
        logprobs: object = None,
    ) -> None:
        """Report the model's answer: its text, the ids of the calls that it asks for, what it consumed."""
        confidence = from_logprobs(logprobs)
        usage = usage_of(input_tokens, output_tokens, cost_usd)
        self.result(text=text, usage=usage, confidence=confidence)
        self._supervised.remember(calls, self.number, confidence)
        if text:
            self._supervised.run.message("assistant", text)

    def end(self, error: BaseException | None = None) -> None:
        """End the step; with an exception, it failed."""
        self._finish(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end(error)


class Fitted:
    """Holds an edit against the tool before that begins, and keeps it as the tool wants it."""

    def __init__(self, fit: Fit) -> None:
        self._fit = fit
        self.args: Any = None

    def __call__(self, args: dict[str, Any]) -> None:
        self.args = self._fit(args)


def settled(decision: Decision, fitted: Fitted) -> tuple[Told | None, Any]:
    """Return what the model is told, if the tool does not run; else the arguments that it runs with."""
    if not decision.approved:
        return told(decision), None
    return None, fitted.args if decision.outcome == "edited" else decision.args


def told(decision: Decision) -> Told:
    """Return what the model is told of a call that may not run."""
    tool, text = decision.tool, decision.text
    match decision.outcome:
        case "responded":
            return Told(text, error=False)
        case "rejected":
            why = f": {text}" if text else ", without a reason"
            return Told(f"{tool} was not run: the operator rejected it{why}", error=True)
        case outcome:
            return Told(f"{tool} was not run: {text or outcome}", error=True)

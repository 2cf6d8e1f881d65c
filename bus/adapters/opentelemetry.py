"""Whatever writes OpenTelemetry spans, watched only: `with supervise(job) as watch: provider.add_span_processor(watch)`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from bus.adapters.spans import Watched
from bus.adapters.supervised import Supervised, Turn
from bus.adapters.versions import Framework
from bus.sdk.decision import Action, Decision
from bus.sdk.job import Run, SyncRun

FRAMEWORK: Final = Framework("opentelemetry", "opentelemetry-sdk", "1.40", "2")
_MODEL: Final = frozenset({"chat", "text_completion", "generate_content", "LLM"})
_TOOL: Final = frozenset({"execute_tool", "TOOL"})


def supervise(run: Run | SyncRun) -> Any:
    """Return a span processor that reports model requests and tool calls, whether it is entered or only added to a provider.

    Leave it, or shut the provider down, before the run ends: then all is reported.

    It understands the GenAI conventions and those of OpenInference, whose spans name their kind only at their end.
    Nothing is gated, paused or killed.

    Raises:
        FrameworkError: the SDK is missing, or of a version that is not known.
        ValueError: the run is not one of an agent with `control="observed"`, and would seem to be gated.
    """
    FRAMEWORK.require()
    from opentelemetry.sdk.trace import SpanProcessor

    if run.control != "observed":
        raise ValueError('spans only tell what happens: say control="observed" to `bus.run` or `Agent`')

    class Watch(Watched, SpanProcessor):
        """What the SDK takes for one of its own."""

    return Watch(run, GenAiSpans(run))


class GenAiSpans:
    """Tells a run what spans say. `open` are the spans under way whose kind is known."""

    def __init__(self, run: Run | SyncRun) -> None:
        self.supervised = Supervised(run, {})
        self.open: dict[int, Turn | Decision] = {}

    def take(self, ended: bool, span: int, said: Mapping[str, Any], problem: str) -> None:  # noqa: FBT001 - as queued
        kind = said.get("gen_ai.operation.name") or said.get("openinference.span.kind")
        if span not in self.open and kind in _MODEL:
            self.open[span] = Turn(self.supervised, str(said.get("gen_ai.request.model") or "model"))
        elif span not in self.open and kind in _TOOL:
            self.open[span] = self.supervised.run.gate_sync(_action(said))
        if ended and span in self.open:
            self.end(self.open.pop(span), said, problem)

    def fail(self, span: int, why: str) -> None:
        """End what a span stands for, if it is open: how it went is not known here."""
        if span in self.open:
            self.end(self.open.pop(span), {}, why)

    def end(self, what: Turn | Decision, said: Mapping[str, Any], problem: str) -> None:
        result = said.get("gen_ai.tool.call.result", said.get("output.value", ""))
        if isinstance(what, Decision):
            what.failed(problem) if problem else what.done(result)
            return
        what.says(
            str(result),
            input_tokens=said.get("gen_ai.usage.input_tokens", said.get("llm.token_count.prompt")),
            output_tokens=said.get("gen_ai.usage.output_tokens", said.get("llm.token_count.completion")),
        )
        what.end(RuntimeError(problem) if problem else None)


def _action(said: Mapping[str, Any]) -> Action:
    raw = said.get("gen_ai.tool.call.arguments", said.get("input.value", "{}"))
    try:
        args = json.loads(raw)
    except (TypeError, ValueError):
        args = raw
    tool = str(said.get("gen_ai.tool.name") or said.get("tool.name") or "tool")
    call_id = str(said.get("gen_ai.tool.call.id", ""))
    return Action(tool, args if isinstance(args, dict) else {"input": args}, call_id=call_id)

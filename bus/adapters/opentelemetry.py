"""Whatever writes OpenTelemetry spans, watched only: `with supervise(job) as watch: provider.add_span_processor(watch)`."""

from __future__ import annotations

import json
import logging
import queue
import threading
from collections.abc import Mapping
from typing import Any, Final

from bus.adapters.supervised import Supervised, Turn
from bus.adapters.versions import Framework
from bus.sdk.decision import Action, Decision
from bus.sdk.job import Run, SyncRun

log = logging.getLogger("watchfloor")

FRAMEWORK: Final = Framework("opentelemetry", "opentelemetry-sdk", "1.40", "2")
WAITING: Final = 10_000
"""Spans that may wait to be reported; further ones are counted and dropped. Whoever is watched never waits for us."""

_MODEL: Final = frozenset({"chat", "text_completion", "generate_content", "LLM"})
_TOOL: Final = frozenset({"execute_tool", "TOOL"})
_END: Final = None


def supervise(run: Run | SyncRun) -> Any:
    """Return a span processor that reports model requests and tool calls. Leave it before the run: then all is reported.

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
    reporter = _Reporter(run)
    waiting: queue.Queue[tuple[bool, int, dict[str, Any], str] | None] = queue.Queue(WAITING)
    dropped = [0]

    def note(span: Any, *, ended: bool) -> None:
        # Whatever is wrong with a span is no reason to end the agent that is watched.
        try:
            problem = str(span.status.description or "error") if ended and not span.status.is_ok else ""
            waiting.put_nowait((ended, span.context.span_id, dict(span.attributes or {}), problem))
        except queue.Full:
            dropped[0] += 1
        except Exception:
            log.exception("a span cannot be read")

    def live() -> None:
        while (one := waiting.get()) is not _END:
            try:
                reporter.take(*one)
            except Exception:
                log.exception("a span cannot be reported")
        if dropped[0]:
            run.progress(text=f"{dropped[0]} spans were dropped, because more than {WAITING} waited")

    class Watch(SpanProcessor):
        thread = threading.Thread(target=live, name="watchfloor spans", daemon=True)

        def __enter__(self) -> Any:
            self.thread.start()
            return self

        def __exit__(self, *_: object) -> None:
            self.shutdown()

        def on_start(self, span: Any, parent_context: Any = None) -> None:
            note(span, ended=False)

        def on_end(self, span: Any) -> None:
            note(span, ended=True)

        def shutdown(self) -> None:
            if self.thread.is_alive():
                waiting.put(_END)
                self.thread.join()

    return Watch()


class _Reporter:
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

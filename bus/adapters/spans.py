"""Spans on their way from whoever is watched to the run that tells of them: taken from any thread, told from one."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, Self

from bus.sdk.job import Run, SyncRun

log = logging.getLogger("watchfloor")

WAITING: Final = 10_000
"""Spans that may wait to be reported; further ones are counted and dropped. Whoever is watched never waits for us."""

LOOK: Final = 0.01
"""Seconds between two looks whether a full queue has room for a flush."""

_END: Final = None
_Note = tuple[bool, int, dict[str, Any], str]


class Reporter(Protocol):
    """Tells a run what spans say. `open` are the spans under way."""

    open: dict[int, Any]

    def take(self, ended: bool, span: int, said: Mapping[str, Any], problem: str) -> None:  # noqa: FBT001 - as queued
        """A span began or ended."""

    def fail(self, span: int, why: str) -> None:
        """End what a span stands for, if it is open: how it went is not known here."""


class Watched:
    """Takes spans from any thread and reports them in one of its own, which begins with the first of them."""

    def __init__(self, run: Run | SyncRun, reporter: Reporter) -> None:
        self._run = run
        self._reporter = reporter
        self._waiting: queue.Queue[_Note | threading.Event | None] = queue.Queue(WAITING)
        self._dropped = 0
        self._lost: list[int] = []  # spans whose end was dropped: their calls must not seem to run for ever
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._over = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        """Take in that a span begins."""
        self._note(span, ended=False)

    def on_end(self, span: Any) -> None:
        """Take in that a span is over."""
        self._note(span, ended=True)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Wait until all that was told so far is reported. Return whether it is, after so many milliseconds at most."""
        until = time.monotonic() + timeout_millis / 1000
        reached = threading.Event()
        while True:
            with self._lock:  # what is put here comes before the end
                thread, over = self._thread, self._over
                if thread is None:
                    return True
                if not over and not self._waiting.full():
                    self._waiting.put_nowait(reached)
                    break
            left = until - time.monotonic()
            if left <= 0:
                return False
            if over:
                thread.join(left)
                return not thread.is_alive()
            time.sleep(min(left, LOOK))
        return reached.wait(max(0.0, until - time.monotonic()))

    def shutdown(self) -> None:
        """Report what waits, then end: spans that come later are not taken, and what is open has failed."""
        with self._lock:
            thread, first, self._over = self._thread, not self._over, True
        if thread is not None and first:
            self._waiting.put(_END)
        if thread is not None:
            thread.join()

    def _note(self, span: Any, *, ended: bool) -> None:
        # Whatever is wrong with a span is no reason to end the agent that is watched.
        try:
            problem = str(span.status.description or "error") if ended and not span.status.is_ok else ""
            name = span.context.span_id
            noted = (ended, name, dict(span.attributes or {}), problem)
            with self._lock:  # also that nothing comes after the end
                if self._over:
                    return
                if self._thread is None:
                    self._thread = threading.Thread(target=self._live, name="watchfloor spans", daemon=True)
                    self._thread.start()
                try:
                    self._waiting.put_nowait(noted)
                except queue.Full:
                    self._dropped += 1
                    if ended:
                        self._lost.append(name)
        except Exception:
            log.exception("a span cannot be read")

    def _live(self) -> None:
        while (one := self._waiting.get()) is not _END:
            if isinstance(one, threading.Event):
                one.set()
                continue
            self._safely(self._reporter.take, *one)
            if self._waiting.empty():
                self._fail_lost()
        self._fail_lost()
        for span in list(self._reporter.open):
            self._safely(self._reporter.fail, span, "the watch ended before it did")
        if self._dropped:
            self._run.progress(text=f"{self._dropped} spans were dropped, because more than {WAITING} waited")

    def _fail_lost(self) -> None:
        """Fail what is open and whose end was dropped. What began before that was taken: nothing waits."""
        with self._lock:
            lost, self._lost = self._lost, []
        for span in lost:
            self._safely(
                self._reporter.fail, span, "its end was dropped: more spans waited than could be reported"
            )

    def _safely(self, work: Callable[..., object], *given: object) -> None:
        try:
            work(*given)
        except Exception:
            log.exception("a span cannot be reported")

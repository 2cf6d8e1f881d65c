"""The gate in an MCP proxy: what a client sends goes on to the server, but calls of tools wait for a decision.

No transport is in it: whoever has one feeds messages of both sides in and sends what comes out. Everything that is no call
passes in both directions: resources, prompts, progress, elicitation, sampling, and what is yet to come. To the server goes
only a message made anew of the members that were understood (`words.anew`).
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final

from bus.adapters.mcp import words
from bus.adapters.mcp.own_requests import OwnRequests
from bus.adapters.mcp.tasks import Tasks
from bus.adapters.mcp.tools import Tools, fits
from bus.adapters.mcp.trials import TRIAL_WITHIN, Trials, previewed, trial
from bus.adapters.mcp.words import Id, Message
from bus.events import Preview
from bus.sdk.decision import Action, Decision, RunKilled, RunRefusedError
from bus.sdk.job import Run
from bus.sdk.shell import BusStoppedError

log = logging.getLogger("watchfloor")

LIST_WITHIN: Final = 10.0
"""Seconds that a server may take to list its tools before a call of an unlisted one is proposed without a schema."""

TELL_EVERY: Final = 5.0
"""Seconds between two words to a client whose call is held, if it asked for progress."""

TELL_WITHIN: Final = 1.0
"""Seconds in which held calls of a run that was ended are answered."""

PAGES: Final = 100
"""Pages of a tool list that are followed."""

Send = Callable[[Message], Awaitable[None]]


class McpGate:
    """One client's session with one server. `decide_within` is in seconds, `trials` names tools as `trials.trials` does.

    `tasks` are those of several gates, which whoever made them ends; without it, the gate has its own.
    `killed` holds why, once an operator ended the run: then whoever has the transports must close them.
    """

    def __init__(
        self,
        run: Run,
        to_server: Send,
        to_client: Send,
        *,
        decide_within: float,
        trials: Trials | None = None,
        tasks: Tasks | None = None,
    ) -> None:
        self.run = run
        self.killed: asyncio.Future[RunKilled] = asyncio.get_running_loop().create_future()
        self._to_server = to_server
        self._to_client = to_client
        self._decide_within = decide_within
        self._trials = Trials() if trials is None else trials
        self._held: dict[Id, asyncio.Task[None]] = {}
        self._begun: dict[Id, Decision] = {}
        self._reads: dict[Id, str] = {}
        self._tasks = Tasks() if tasks is None else tasks
        self._lists: set[Id] = set()
        self._others: set[Id] = set()
        self._tools = Tools(self._trials)
        self._ours = OwnRequests(to_server)

    async def from_client(self, message: Message) -> None:
        """Take what the client sent.

        Raises:
            NotMcpError: it may be read in two ways, and has no id by which that could be said.
        """
        request = words.request_id(message)
        try:
            message = words.anew(message)
        except words.NotMcpError as error:
            if request is None:
                raise
            await self._to_client(words.failure(request, str(error)))
            return
        method = message.get("method")
        if request is not None:
            self._ours.like(request)
        if request is not None and (
            request in self._held or request in self._begun or self._ours.knows(request)
        ):
            await self._to_client(words.failure(request, f"a call with the id {request!r} is running"))
        elif request is not None and method not in words.HARMLESS:
            self._held[request] = asyncio.create_task(self._call(message, request), name=f"mcp {request}")
        elif request is None and not words.needs_no_id(message):
            log.warning("a client's message was dropped: only a notification needs no id")
        elif method == words.CANCELLED:
            await self._cancel(message)
        else:
            if request is not None and method == words.LIST:
                self._lists.add(request)
            elif request is not None and method in words.READS:
                what = words.params(message).get(words.READS[str(method)], "")
                self._reads[request] = f"{method} {what}"
            elif request is not None:
                self._others.add(request)
            await self._to_server(message)

    async def from_server(self, message: Message) -> bool:
        """Take what the server sent. Return whether it is for the client, who is to get it and nothing else."""
        answered = words.answered_id(message)
        if answered is None:
            if message.get("method") == words.LIST_CHANGED:
                self._tools.stale()
            self._tasks.heard(message)
            return True
        if self._ours.answered(answered, message):
            self._tools.learn(message)
            return False
        decision = self._begun.pop(answered, None)
        if decision is not None:
            self._tasks.answered(message, decision)
        elif answered in self._held:
            log.warning("the server answered a call that it was not given; that goes nowhere")
            return False
        elif answered in self._reads:
            well, text = words.outcome(message)
            self.run.tool_result(read := self._reads.pop(answered), text, error=not well)
            self._tasks.read(read, well=well, text=text)
        elif answered in self._lists:
            self._lists.discard(answered)
            self._tools.learn(message)
        elif answered in self._others:
            self._others.discard(answered)
            self._tasks.heard(message)
        else:
            log.warning("the server answered what nobody waits for; that goes nowhere")
            return False
        return True

    @property
    def unanswered(self) -> int:
        """Calls of the client that are held, or run."""
        return len(self._held.keys() | self._begun.keys())

    async def close(self, why: str) -> None:
        """Nobody is there any more: withdraw what is held, and say of what runs that its end is not known."""
        if self._held and self.killed.done():  # each of them is about to be told
            await asyncio.wait(self._held.values(), timeout=TELL_WITHIN)
        for task in self._held.values():
            task.cancel()
        if self._held:
            await asyncio.wait(self._held.values())
        for decision in self._begun.values():
            decision.failed(f"{why}; how far it got is not known")
        self._begun.clear()
        self._tasks.closed(why)

    def lost(self, request: Id, why: str) -> None:
        """No answer to that request will come."""
        decision = self._begun.pop(request, None)
        if decision is not None:
            decision.failed(f"{why}; how far it got is not known")
        self._reads.pop(request, None)
        self._lists.discard(request)
        self._others.discard(request)

    # ---- calls ---------------------------------------------------------------------------------------------------------

    async def _call(self, message: Message, request: Id) -> None:
        try:
            answer = await self._decided(message, request)
        except RunKilled as error:
            answer = words.refusal(
                message, f"not run: an operator ended this run{f': {error}' if str(error) else ''}"
            )
            if not self.killed.done():
                self.killed.set_result(error)
        except (RunRefusedError, BusStoppedError, ValueError) as error:
            answer = words.refusal(message, f"not run: {error}")
        except Exception as error:  # whatever it is, the tool was not run, and somebody must read why
            log.exception("a call failed at the gate")
            answer = words.refusal(message, f"not run: {type(error).__name__}: {error}")
        except asyncio.CancelledError:
            self._held.pop(request, None)
            raise
        try:
            if answer is not None:
                await self._to_client(answer)
        finally:
            self._held.pop(request, None)

    async def _decided(self, message: Message, request: Id) -> Message | None:
        """Wait for the decision; forward the call if it allows it, else return the answer."""
        given, method = words.params(message), str(message.get("method"))
        called = method == words.CALL
        name = given.get("name") if called else method
        args = given.get("arguments", {}) if called else given
        if not isinstance(name, str) or not 0 < len(name) <= words.NAME_CHARS:
            raise ValueError(f"a tool's name has 1 to {words.NAME_CHARS} characters")
        if not isinstance(args, dict | None):
            raise words.NotMcpError("arguments are an object")
        tool = await self._tool(name, given) if called else None
        if called and args:
            words.unlike(args, words.properties(tool), "arguments")
        action = Action(
            name,
            args or {},
            hints=words.hints(tool, self._tools.digest(name)),
            call_id=str(request),
            decide_within=self._decide_within,
            preview=await self._tried(name, tool, given) if called and name in self._trials else None,
            check=partial(fits, tool) if called else None,
        )
        decision = await self._gate(action, given)
        if not decision.approved:
            # A tool that promises structured results cannot be answered for in words: to its client that is an error.
            plain = decision.outcome == "responded" and not (tool and "outputSchema" in tool)
            return words.refusal(message, words.words(decision), error=not plain)
        if decision.outcome == "edited":
            given = given | {"arguments": decision.args} if called else decision.args
        # Nothing is awaited between decision and sending: a cancellation comes before both or after both.
        self._begun[request] = decision
        await self._to_server(message | {"params": given})
        return None

    async def _gate(self, action: Action, given: dict[str, Any]) -> Decision:
        token = meta.get("progressToken") if isinstance(meta := given.get("_meta"), dict) else None
        if token is None:
            return await self.run.gate(action)
        telling = asyncio.create_task(self._tell(token))
        try:
            return await self.run.gate(action)
        finally:
            telling.cancel()

    async def _tell(self, token: object) -> None:
        for count in itertools.count(1):
            await asyncio.sleep(TELL_EVERY)
            await self._to_client(words.waiting(token, count))

    async def _cancel(self, message: Message) -> None:
        """The client gave up on something. What is held is withdrawn, and never reaches the server."""
        request = words.params(message).get("requestId")
        if not isinstance(request, int | str):
            return
        held = self._held.get(request)
        if held is not None and request not in self._begun:
            held.cancel()
            await asyncio.wait({held})
            return
        decision = self._begun.pop(request, None)
        if decision is not None:
            decision.failed("the client gave it up; how far it got is not known")
        await self._to_server(message)

    # ---- tools ---------------------------------------------------------------------------------------------------------

    async def _tool(self, name: str, given: dict[str, Any]) -> dict[str, Any] | None:
        """What the server lists of a tool; asked for if the client did not."""
        if self._tools.get(name) is None:
            with suppress(TimeoutError):
                async with asyncio.timeout(LIST_WITHIN):
                    await self._list(given.get("_meta"))
        return self._tools.get(name)

    async def _list(self, meta: object) -> None:
        cursor: object = None
        for _ in range(PAGES):
            message = await self._ours.ask(words.LIST, {} if cursor is None else {"cursor": cursor}, meta)
            result = message.get("result")
            cursor = result.get("nextCursor") if isinstance(result, dict) else None
            if cursor is None:
                return

    async def _tried(self, name: str, tool: dict[str, Any] | None, given: dict[str, Any]) -> Preview | None:
        """What a call would change, by a trial of it. A run that is paused or was ended tries nothing."""
        args = trial(tool, given.get("arguments") or {}, self._trials[name])
        if args is None:
            return None
        await self.run.checkpoint()
        with suppress(TimeoutError):
            async with asyncio.timeout(TRIAL_WITHIN):
                return previewed(
                    name,
                    await self._ours.ask(words.CALL, {"name": name, "arguments": args}, given.get("_meta")),
                )
        return None

"""All requests of one bridge: what the five operations of the protocol do, without HTTP."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable
from typing import Final

import msgspec

from bus.aap.conversations import Conversation, Conversations
from bus.aap.request import Request
from bus.aap.wire import BadRequest, Report, Wanted
from bus.sdk.agent import Agent
from bus.sdk.decision import Action, Decision, RunKilled, RunRefusedError
from bus.sdk.held import Held
from bus.sdk.shell import BusStoppedError

log = logging.getLogger("watchfloor")

REQUESTS: Final = 10_000
"""Requests that are remembered; the oldest that are over are forgotten first."""

LATE: Final = 2.0
"""Seconds beyond its deadline after which a request is over whatever its run does (it may be paused, and not shown yet)."""

LOOK: Final = 30.0
"""Seconds between two looks for conversations that are over."""


class Requests:
    """The requests of one agent. They live as long as this object: who asks for one of an earlier process is told 404."""

    def __init__(
        self,
        agent: Agent,
        *,
        wall: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._conversations = Conversations(agent, clock)
        self._wall = wall
        self._all: dict[str, Request] = {}
        self._keys: dict[str, str] = {}
        self._beginning: dict[str, asyncio.Task[Request]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def create(self, key: str, wanted: Wanted) -> tuple[Request, bool]:
        """Ask for a call, or find what was asked under this key before. Returns the request and whether it is new.

        Raises:
            BadRequest: the key was used for another submission, there are too many requests, or the call is impossible.
        """
        known = self._keys.get(key)
        if known is None:
            # Entered before anything is awaited: the same key a moment later finds it.
            request = Request(str(uuid.uuid4()), key, wanted, self._wall())
            self._make_room()
            self._all[request.id], self._keys[key] = request, request.id
            self._beginning[request.id] = asyncio.create_task(self._begin(request))
        request = self._all[self._keys[key]]
        if request.wanted.canonical != wanted.canonical:
            raise BadRequest(
                409, "idempotency_conflict", "this Idempotency-Key was used for another submission"
            )
        beginning = self._beginning.get(request.id)
        if beginning is not None:
            await asyncio.shield(beginning)
        return request, known is None

    def get(self, name: str) -> Request:
        """A request by its id.

        Raises:
            BadRequest: there is none.
        """
        request = self._all.get(name)
        if request is None:
            raise BadRequest(
                404, "not_found", "no such request here: it is unknown, or the bridge was started anew"
            )
        return request

    async def wait(self, name: str, seconds: float) -> Request:
        """A request, when it is decided or after so many seconds.

        Raises:
            BadRequest: there is none.
        """
        request = self.get(name)
        try:
            async with asyncio.timeout(seconds):
                await request.settled.wait()
        except TimeoutError:
            pass
        return request

    def cancel(self, name: str) -> Request:
        """Take a request back.

        Raises:
            BadRequest: there is none, or it was decided.
        """
        request = self.get(name)
        if request.status not in ("pending", "cancelled"):
            raise BadRequest(409, "already_terminal", f"it is {request.status} already")
        request.decide("cancelled", "", self._wall())
        if request.held is not None:
            request.held.withdraw("its caller took it back")
        return request

    def consume(self, name: str, key: str) -> Request:
        """Begin an approved call: once, and only while the approval is valid and no stop is in force.

        Raises:
            BadRequest: that is not so.
        """
        request = self.get(name)
        if request.consumed_key == key:
            return request
        if request.consumed_key:
            raise BadRequest(409, "already_consumed", "the call was begun before")
        if request.status != "approved" or request.held is None:
            raise BadRequest(409, "not_approved", f"it is {request.status}")
        try:
            decision = request.held.begin()
        except RunKilled as killed:
            if request.conversation is not None:
                request.conversation.end(killed)
            raise BadRequest(409, "not_approved", _ended(killed)) from None
        except RunRefusedError as refused:
            raise BadRequest(409, "not_approved", str(refused)) from None
        except KeyError:
            raise BadRequest(409, "approval_expired", "the approval is not valid any more") from None
        if decision is None:
            raise BadRequest(503, "paused", "the run is paused or held; try again")
        if not decision.approved:
            raise BadRequest(409, "approval_expired", decision.text or "the approval is not valid any more")
        request.consumed(key, decision, self._wall())
        return request

    def report(self, name: str, found: Report) -> Request:
        """Note how a call went.

        Raises:
            BadRequest: there is none, it did not begin, or something else was reported.
        """
        request = self.get(name)
        request.report(found, self._wall())
        return request

    async def tend(self) -> None:
        """End conversations that are over, for ever."""
        while True:
            await asyncio.sleep(LOOK)
            self.end_idle()

    def end_idle(self) -> None:
        """End the conversations that have been silent for long."""
        self._conversations.end_idle()

    def release(self) -> None:
        """Answer every poll now: nothing will be decided here any more."""
        for request in self._all.values():
            request.settled.set()

    async def close(self) -> None:
        """Withdraw what is open, end all runs, and let whoever waits go."""
        for request in self._all.values():
            if request.status == "pending":
                request.decide("denied", "the bridge is closing", self._wall())
        await self._conversations.close()
        for task in [*self._tasks, *self._beginning.values()]:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._beginning.values(), return_exceptions=True)

    async def _begin(self, request: Request) -> Request:
        """Propose the call, and watch what becomes of it."""
        wanted = request.wanted
        action = Action(
            wanted.tool,
            wanted.arguments,
            reason=wanted.submission.agent_reasoning or "",
            call_id=wanted.call_id,
            decide_within=wanted.seconds,
        )
        try:
            conversation, job = await self._conversations.of(wanted)
            if request.status != "pending":  # taken back while the run began: nobody is asked
                conversation.open -= 1
                return request
            try:
                if action.reason:
                    job.message("assistant", action.reason)
                held = job.hold(action)
            except BaseException as error:
                conversation.open -= 1
                if isinstance(error, RunKilled):
                    conversation.end(error)
                raise
        except RunKilled as killed:
            request.decide("denied", _ended(killed), self._wall())
        except (RunRefusedError, BusStoppedError) as error:
            request.decide("denied", str(error), self._wall())
        except (BadRequest, ValueError) as error:
            self._forget(request)
            raise (
                error if isinstance(error, BadRequest) else BadRequest(400, "invalid_request", str(error))
            ) from None
        else:
            request.held, request.conversation = held, conversation
            task = asyncio.create_task(self._watch(request, held, conversation), name=f"request {request.id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            # What policy decides at once is said at once: the caller need not ask again.
            await asyncio.sleep(0)
        finally:
            self._beginning.pop(request.id, None)
        return request

    async def _watch(self, request: Request, held: Held, conversation: Conversation) -> None:
        """Wait for the decision of one request."""
        try:
            async with asyncio.timeout(request.wanted.seconds + LATE):
                decision = await held.decided()
            self._take(request, held, decision)
        except TimeoutError:
            request.decide("expired", "", self._wall())
            held.withdraw("its deadline passed")
        except RunKilled as killed:
            request.decide("denied", _ended(killed), self._wall())
            conversation.end(killed)
        except (RunRefusedError, BusStoppedError, KeyError) as error:
            request.decide("denied", str(error) or "the run is over", self._wall())
        except Exception:
            log.exception("request %s", request.id)
            request.decide("denied", "the bridge failed", self._wall())
        finally:
            conversation.open -= 1

    def _take(self, request: Request, held: Held, decision: Decision) -> None:
        """Say a decision in the protocol's words. It knows no edit, so an edited call is denied, with what was wanted."""
        now = self._wall()
        match decision.outcome:
            case "approved":
                request.decide("approved", decision.text, now)
                return
            case "edited":
                wanted = msgspec.json.encode(decision.args).decode()
                note = f"An operator wants other arguments; call it again with these: {wanted}"
                request.decide("denied", note, now)
                held.withdraw("edited, which this protocol cannot carry; its caller was told to ask anew")
                return
            case "expired":
                request.decide("expired", "", now)
            case "canceled":
                request.decide("cancelled", "", now)
            case _:
                request.decide("denied", decision.text, now)
        held.begin()  # it is over: nobody will ask for it again

    def _make_room(self) -> None:
        if len(self._all) < REQUESTS:
            return
        for request in self._all.values():
            if request.over or (request.status == "approved" and request.expires_at < self._wall()):
                self._forget(request)
                return
        raise BadRequest(429, "too_many_requests", f"{REQUESTS} requests are open")

    def _forget(self, request: Request) -> None:
        del self._all[request.id], self._keys[request.key]
        if request.held is not None:
            request.held.withdraw("it was not begun")


def _ended(killed: RunKilled) -> str:
    return f"an operator ended this run: {killed}".removesuffix(": ")

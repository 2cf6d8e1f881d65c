"""The wrapper as an agent on the bus: one run, written down as everybody's is, over the wrapper's own link."""

from __future__ import annotations

import asyncio
import secrets
import time
from concurrent.futures import Future
from typing import Final, Literal, TypeVar, cast

from bus.events import CommandRung, Data, MessageSeen, RunOutcome
from bus.home import Home
from bus.identity import Identity
from bus.messages import Containment
from bus.sdk.agent import MakeTransport, connect_with, mqtt, wall_time
from bus.sdk.agent_core import AgentCore
from bus.sdk.brake import Stop
from bus.sdk.contained import STOPS, ContainedRun, Wanted
from bus.sdk.era import EraFile
from bus.sdk.runs import adopt_rests
from bus.sdk.shell import BusStoppedError, Shell
from bus.sdk.spool.on_disk import SqliteSpool, spool_path
from bus.sdk.spool.store import Owner
from bus.sdk.values import clip
from bus.signing import PrivateKey
from bus.trust import PinnedTrust, pinned

T = TypeVar("T")
SPEAKER: Final = "watchfloor"
"""Name of the speaker of what the wrapper itself reports."""

SDK: Final = "watchfloor-run"


class Voice:
    """What the wrapper says and hears. Everything may be called from any thread."""

    def __init__(
        self,
        home: Home,
        agent: str,
        run: str,
        *,
        broker: str | None = None,
        version: str = "",
        transport: MakeTransport | None = None,
    ) -> None:
        """Prepare; nothing is opened.

        Raises:
            BadIdError, KeyFileError, BadBrokerUrlError: see `bus.sdk.agent.Agent`.
        """
        self.run = run
        self.home = home
        self.rungs: dict[str, list[str]] = {}
        """What was written of each command on its way, a line a rung."""
        self.identity = Identity(home.site, agent, secrets.token_hex(8), "contained", SDK, version)
        core = AgentCore(
            self.identity,
            trust=PinnedTrust(pinned(home)),
            wall=wall_time,
            new_id=lambda: secrets.token_hex(6),
            era=EraFile(home.spool / agent),
        )
        self.shell = Shell(core, connect_with(core, transport or mqtt(home.broker(broker))))

    def open(self, goal: str, labels: dict[str, str], proof: str) -> None:
        """Begin the run: its spool, then the link in a thread of its own.

        Raises:
            SpoolError: the spool cannot be made.
            FileExistsError: there is a run of that id.
        """
        self.shell.move_here()  # made above the keeper's fork, used below it
        agent, run = self.identity.agent, self.run
        owner = Owner(self.identity.site, agent, run, self.identity.incarnation)
        spool = SqliteSpool.create(spool_path(self.home.spool, agent, run), owner)
        self.shell.call(
            lambda core, now: core.start_run(run, spool, now=now, goal=goal, labels=labels, proof=proof)
        )
        adopt_rests(self.shell, self.home, agent)
        self.shell.start_thread()

    async def close(self, within: float) -> None:
        """Say goodbye when everything is stored, or `within` seconds have passed; the rest stays in the spool."""
        await asyncio.wrap_future(self.shell.close(within))
        self.shell.call(lambda core, _: core.close())

    @property
    def unstored(self) -> int:
        """Events that are not known to be recorded."""
        return self.shell.call(lambda core, _: core.unstored)

    async def stops(self) -> list[Wanted]:
        """Wait for stops to be carried out.

        Raises:
            BusStoppedError: the link's thread has ended.
        """
        while isinstance(answer := self.shell.ask(self.run, STOPS, self._stops), Future):
            await asyncio.wrap_future(answer)
        return answer

    def _stops(self, core: AgentCore, _now: float) -> list[Wanted] | None:
        try:
            return self.of(core).take_stops() or None
        except KeyError:
            raise BusStoppedError("the run is over") from None

    def of(self, core: AgentCore) -> ContainedRun:
        """The run itself."""
        return cast("ContainedRun", core.run(self.run))

    @property
    def in_force(self) -> Stop | None:
        """What stop is in force."""
        return self.shell.call(lambda core, _: self.of(core).stopped)

    def write(self, data: Data) -> None:
        """Write what may not be lost."""
        self.shell.call(lambda core, now: self.of(core).fact(data, now))

    def tell(self, data: Data) -> None:
        """Write what may be dropped when the spool is full."""
        self.shell.call(lambda core, now: self.of(core).emit(data, now))

    def say(self, text: str, *, error: bool | None = None) -> None:
        """Say something about the process, as the wrapper. No origin of any argument: it holds words of the process."""
        self.tell(MessageSeen(role="assistant", name=SPEAKER, text=clip(text)[0], error=error))

    def output(self, stream: str, text: str) -> None:
        """Report what the process wrote: its own words, and nobody else's."""
        short, cut = clip(text)
        self.tell(MessageSeen(role="assistant", name=stream, text=short, truncated=cut))

    def confirm(self, stop: Stop) -> None:
        """Say that the stops of a kind have taken effect."""
        self.shell.call(lambda core, now: self.of(core).confirm(stop, now))

    def direct(self, kind: Literal["pause", "kill"], by: str, reason: str) -> str:
        """Take in what somebody on this machine wants. Return the id of the command."""
        name = f"direct-{secrets.token_hex(6)}"
        self.shell.call(lambda core, now: self.of(core).direct(kind, name, by, reason, now))
        return name

    def settled(self, command: str) -> bool:
        """Whether a command has taken effect, or never will."""
        try:
            return not self.shell.call(lambda core, _: self.of(core).waits_for(command))
        except KeyError:
            return True

    def finish(self, outcome: RunOutcome, text: str) -> None:
        """End the run."""
        self.shell.call(lambda core, now: core.finish_run(self.run, outcome, text, now))


class Rungs:
    """Writes how far a command has come, with the time since it arrived. Several commands may be on one way."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._begun: dict[str, float] = {}

    @property
    def any(self) -> bool:
        """Whether there is a command to write about."""
        return bool(self._begun)

    def begin(self, command: str) -> None:
        """A command has arrived."""
        self._begun.setdefault(command, time.monotonic())

    def forget(self) -> None:
        """The way is at its end."""
        self._begun.clear()

    def step(
        self,
        rung: Literal["cooperative", "terminate", "kill", "survivors", "dead", "frozen", "thawed"],
        processes: int | None = None,
        text: str = "",
    ) -> None:
        """Write one rung."""
        for command, begun in self._begun.items():
            after = round(time.monotonic() - begun, 4)
            counted = "" if processes is None else f", {processes} processes"
            self._voice.rungs.setdefault(command, []).append(
                f"{rung} after {after:.2f} s{counted} {text}".rstrip()
            )
            self._voice.write(
                CommandRung(command=command, rung=rung, after=after, processes=processes, text=clip(text)[0])
            )


def vouch(key: PrivateKey, identity: Identity, run: str) -> str:
    """Return the signed word that this process holds that run."""
    word = Containment(agent=identity.agent, run=run, incarnation=identity.incarnation)
    return key.sign(word).decode("utf-8")

"""The follower: looks at the floor once a second and sends what is due. Nothing waits for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from console.core.text import plain
from console.link.floor import Floor
from console.notify.plan import Plan, load_plan
from console.notify.rounds import Message, Occasion, Rounds, harmless, occasions
from console.notify.sending import BadTargetError, Courier, Deliveries, NoAppriseError, Send, by_apprise
from console.policy.files import PolicyFileError
from console.tui.floor.moment import Moment

LOOK: Final = 1.0
Tell = Callable[[str], None]
Prepare = Callable[[Plan], Send]


def wall_ms() -> int:
    """Return this machine's clock in ms: deliveries are dated and quiet hours kept by it."""
    return int(time.time() * 1000)


class Follower:
    """Tells people of one floor by one plan. `tell` gets a line for each delivery, `wall` is a clock in ms."""

    def __init__(
        self,
        floor: Floor,
        plan: Plan,
        send: Send,
        log: Deliveries,
        tell: Tell,
        wall: Callable[[], int] = wall_ms,
    ) -> None:
        self._floor, self._plan, self._log, self._tell = floor, plan, log, tell
        self._courier = Courier(send)
        self._wall = wall
        self._rounds = Rounds(plan, floor.topics.site)
        self._moment = Moment(time.monotonic)
        self._under_way: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._lost_since: int | None = None
        self._known: dict[str, Occasion] = {}

    @property
    def busy(self) -> bool:
        """Whether a message is on its way, `WITHIN` at the longest."""
        return bool(self._under_way)

    def follow(self, plan: Plan, send: Send) -> None:
        """Go on by another plan while no message is on its way; what is known and who was told stay."""
        self._plan = plan
        self._courier = Courier(send)
        self._rounds.follow(plan)

    def look(self) -> None:
        """Begin to send what is due; a target that is still being spoken to has its turn later."""
        wall = self._wall()
        local = datetime.fromtimestamp(wall / 1000).astimezone()
        there = self._there(wall)
        for message in self._rounds.due(there, wall, local.hour * 60 + local.minute):
            if message.target not in self._under_way:
                self._under_way.add(message.target)
                task = asyncio.create_task(self._deliver(message), name=f"notify {message.target}")
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def _there(self, wall: int) -> dict[str, Occasion]:
        """What wants a person; how long, by this machine's clock, for the two clocks are never compared."""
        floor = self._floor
        live = floor.status.joined and floor.status.supervisor == "up"
        self._moment.follow(floor.fleet.at, live=live)
        self._lost_since = None if live else self._lost_since or wall
        if live:
            now = self._moment.now
            found = occasions(floor.fleet, self._plan, now)
            self._known = {
                key: self._known.get(key) or one._replace(since=wall - max(0, now - one.since))
                for key, one in found.items()
            }
        there = dict(self._known)  # while nobody knows better, what wanted a person still does
        if self._lost_since is not None and wall - self._lost_since >= self._plan.link_after * 1000:
            text = harmless(f"the floor cannot be followed: {floor.trouble}")
            there["link"] = Occasion("link", self._lost_since, text, grave=True)
        return there

    async def _deliver(self, message: Message) -> None:
        target = self._plan.targets[message.target]
        problem = await self._courier.deliver(message.target, message.title, message.body)
        now = self._wall()
        self._rounds.delivered(message, now, ok=not problem)
        self._under_way.discard(message.target)
        unwritten = self._log.note(
            at=now, to=target.name, keys=list(message.keys), ok=not problem, problem=problem
        )
        self._tell(f"{target.name}: {message.title}: {problem or 'delivered'}")
        if unwritten:
            self._tell(f"this delivery is not on record: {unwritten}")


async def serve(
    path: Path,
    floor: Floor,
    log: Deliveries,
    tell: Tell,
    prepare: Prepare = lambda plan: by_apprise(plan.targets),
) -> None:
    """Follow until cancelled. The plan is taken up anew when its file changes; a broken edit leaves the last good one."""
    follower: Follower | None = None
    seen: tuple[int, int] | None = None
    while True:
        stamp = _stamp(path)
        changed = stamp != seen
        if changed and not (follower and follower.busy):
            seen, changed = stamp, False
            try:
                plan = load_plan(path)
                send = prepare(plan)
                if follower is None:
                    follower = Follower(floor, plan, send, log, tell)
                else:
                    follower.follow(plan, send)
                tell(f"telling {', '.join(plain(target.name, 64) for target in plan.targets)} by {path}")
            except (PolicyFileError, BadTargetError, NoAppriseError) as error:
                kept = (
                    "; the plan before it stays in force"
                    if follower
                    else "; nobody is told until it is mended"
                )
                tell(f"{error}{kept}")
        if follower is not None and not changed:
            follower.look()
        await asyncio.sleep(LOOK)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_mode)

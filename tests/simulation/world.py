"""One schedule: the clock, and everybody who lives by it."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from typing import Final

from bus.limits import LEASE_RENEW
from console.core.fleet.state import Fleet
from console.core.reducing.reduce import reduce
from console.supervisor.log import Entry
from tests.simulation.audit import Audit
from tests.simulation.bus import SITE, Bus
from tests.simulation.checks import Checks
from tests.simulation.faults import Faults
from tests.simulation.judges import JUDGES
from tests.simulation.keys import OPERATORS, Keys
from tests.simulation.office import Office
from tests.simulation.people import Forger, Operator
from tests.simulation.tape import Tape, record_of
from tests.simulation.worker import Worker

CALM: Final = 15.0
"""Seconds of the fake clock after which nothing breaks any more."""

AFTER: Final = 6.0
"""Seconds of calm in which everything must have come right by itself."""

END: Final = 200.0
TICK: Final = 0.5


class World:
    """One schedule, given by its seed. `view` is the recording reduced, record by record, as it is committed.

    `expected` are kinds of alarms that some fault of this schedule must or may bring about. `told` are the epoch
    and the era of every state that the site's key signed.
    """

    def __init__(self, seed: int, workers: int = 2, actions: int = 3) -> None:
        self.chance = random.Random(seed)
        self.now = 0.0
        self.offset = 0
        self.settled = False
        self.problems: list[str] = []
        self.expected: set[str] = set()
        self.handed: set[str] = set()
        self.told: dict[bytes, tuple[str, int]] = {}
        self._queue: list[tuple[float, int, Callable[[], object]]] = []
        self._count = 0
        self.keys = Keys.drawn(seed)
        self.judge = self.chance.choice(JUDGES)
        self.view = Fleet(site=SITE)
        self.tape = Tape(SITE)
        self.bus = Bus(self.chance, self.at)
        self.bus.rough = self.chance.choice([0.0, 0.02, 0.1, 0.3])
        self.checks = Checks(self)
        self.audit = Audit(self)
        self.operators = [Operator(self, name) for name in OPERATORS]
        self.forger = Forger(self)
        self.office = Office(self)
        self.office.start()
        self.workers = [Worker(self, f"w{number}", actions) for number in range(workers)]
        Faults(self, CALM)

    def new_id(self) -> str:
        """An id that nobody has used."""
        self._count += 1
        return f"id{self._count}"

    def wall(self) -> int:
        """The supervisor's time of day, in milliseconds, as somebody has set it."""
        return 10**10 + self.offset + int(self.now * 1000)

    def at(self, delay: float, what: Callable[[], object]) -> None:
        """Let something happen later."""
        self._count += 1
        heapq.heappush(self._queue, (self.now + delay, self._count, what))

    def problem(self, text: str) -> None:
        """Note that a promise is broken."""
        self.problems.append(f"{self.now:.3f}: {text}")

    def commit(self, entries: list[Entry]) -> None:
        """The recording takes entries."""
        self.tape.entries.extend(entries)
        for entry in entries:
            record = record_of(entry)
            reduce(self.view, record)
            self.audit.committed(record)

    def deceive(self) -> None:
        """Somebody else speaks as a supervisor: approvals may close."""
        self.expected.add("second-supervisor")

    # ---- running -----------------------------------------------------------------------------------------------------

    def _clock(self) -> None:
        if self.now >= CALM:
            self.bus.rough = 0.0
        self.office.tick()
        for worker in self.workers:
            worker.tick()
            self.checks.stopped(worker)
        self.at(TICK, self._clock)

    def _lease(self) -> None:
        self.office.renew()
        self.at(LEASE_RENEW, self._lease)

    def _tend(self) -> None:
        if self.now > CALM:
            for operator in self.operators:
                operator.tend()
        self.at(2.0, self._tend)

    def agrees(self, worker: Worker) -> bool:
        """Whether an agent follows the present supervisor, and passes just what that allows."""
        desk, lease = self.office.desk, worker.core.lease
        if desk is None or lease.epoch != desk.identity.epoch or not lease.up:
            return False
        return lease.tools == set(desk.gates.pass_list(worker.name))

    def _quiet(self) -> bool:
        if self.now < CALM + AFTER or not self.office.quiet:
            return False
        return all(worker.quiet and self.agrees(worker) for worker in self.workers)

    def run(self) -> list[str]:
        """Live until all is done, then check. Returns what is wrong."""
        self.at(TICK, self._clock)
        self.at(LEASE_RENEW, self._lease)
        self.at(2.0, self._tend)
        while self._queue and not self.settled:
            self.now, _, what = heapq.heappop(self._queue)
            if self.now > END:
                self.problem(f"not done after {END:.0f} s")
                break
            what()
            self.settled = self._quiet()
        self.checks.final()
        return self.problems

"""A proposed action of which the decision and the beginning are two things."""

from __future__ import annotations

from concurrent.futures import Future

from bus.sdk.decision import Action, Decision
from bus.sdk.reports import Reports
from bus.sdk.waiting import told


class Held:
    """A proposed action. `id` is its id. What is allowed and not begun in time expires, as it does at any gate.

    An operator's edit that does not fit the action's `check` ends it: who asks is told so, and it never begins.

    Not for programs under `watchfloor run`, whose wrapper knows no such thing.
    """

    def __init__(self, run: Reports, token: str, action: Action) -> None:
        self.id = token
        self._action = action
        self._run = run

    async def decided(self) -> Decision:
        """Wait until it is allowed or over, and return what was decided. It has not begun by that: see `begin`.

        Raises:
            RunKilled: an operator ended the run.
            RunRefusedError: the supervisor does not accept this run.
            BusStoppedError: the agent is closed.
        """
        run = self._run
        while isinstance(answer := run._shell.ask(run.id, self.id, run._looker(self.id)), Future):  # noqa: SLF001 - its part
            await told(answer)
        ended = run._checked(self.id, self._action, answer)  # noqa: SLF001
        return answer if ended is None else ended

    def begin(self) -> Decision | None:
        """Begin it, if it is allowed still; the decision returned says whether. Its `done` or `failed` ends it.

        None: a stop is in force, or the fact cannot be kept; it may be tried again.

        Raises:
            RunKilled: an operator ended the run.
            RunRefusedError: the supervisor does not accept this run.
            KeyError: it has begun, or is over and was told so, before.
        """
        return self._run._begin(self.id, self._action)  # noqa: SLF001

    def withdraw(self, why: str) -> None:
        """Say that nobody wants it any more. What has begun, or is over, stays as it is."""
        self._run._withdraw(self.id, why)  # noqa: SLF001

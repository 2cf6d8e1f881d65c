"""A floor that can also be asked how its supervisor does, and for pages of the log."""

from __future__ import annotations

from typing import Any

from bus import codec
from bus.codec import DecodeError
from bus.inquiry import HealthReport, HistoryPage
from bus.url import BrokerUrl
from console.core.replay.past_run import NoHistoryError, Page
from console.core.text import plain
from console.link.floor import Floor, NoAnswerError
from console.link.status import Heard

WITHIN = 5.0
"""Seconds that a console waits for a page or a report: it is looked at, and asked for again."""


class ReportingFloor(Floor):
    """A site, live; see `Floor`. What is asked for here changes nothing and is recorded nowhere."""

    def __init__(self, where: BrokerUrl, **options: Any) -> None:
        super().__init__(where, **options)
        self.where = where.address
        """The broker, as it may be shown: nothing secret in it."""

    async def health(self) -> Heard | None:
        """How the supervisor does by its own account, and how many seconds it took to say so; None if it did not."""
        began = self._clock()
        try:
            report = await self.ask("health", timeout=WITHIN)
        except NoAnswerError:
            return None
        return Heard(report, self._clock() - began) if isinstance(report, HealthReport) else None

    async def history(self, agent: str, run: str, before: int) -> Page:
        """A page of the records of a run that end before a position, the newest of these.

        Raises:
            NoHistoryError: the supervisor does not answer, or cannot read it.
        """
        try:
            page = await self.ask("history", timeout=WITHIN, agent=agent, run=run, before=before)
        except NoAnswerError as error:
            raise NoHistoryError(str(error)) from None
        if not isinstance(page, HistoryPage) or page.seal is None:
            raise NoHistoryError("the supervisor gives no pages of the log")
        if page.seal.problem:
            raise NoHistoryError(plain(page.seal.problem))
        try:
            records = [
                codec.record(entry.pos, entry.at, codec.decode_envelope(bytes(entry.event)))
                for entry in page.records
                if entry.pos < before
            ]
        except DecodeError as error:
            raise NoHistoryError(f"a page of the log cannot be read: {error}") from None
        if any((record.agent, record.run) != (agent, run) for record in records):
            raise NoHistoryError("the page that came is of another run")
        return Page(records, page.seal.more)

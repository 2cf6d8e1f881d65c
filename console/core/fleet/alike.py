"""What became of like asks: of the same agent and tool, counted as the log tells it. Pure.

An ask ends once. Whether an approved one went well is counted by the word of somebody other than the agent, or not at all.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from bus.events import Outcome

ALIKE_KEPT: Final = 2_000
"""Pairs of agent and tool that are counted; those asked longest ago leave first."""


class Alike(Struct, kw_only=True, omit_defaults=True):
    """Ended asks of one agent and tool. `approved` counts edited ones too; of these `right` and `wrong` were verified.

    `other` are those that nobody decided and no clock ended: withdrawn, superseded, late.
    """

    approved: int = 0
    rejected: int = 0
    responded: int = 0
    expired: int = 0
    other: int = 0
    right: int = 0
    wrong: int = 0

    @property
    def n(self) -> int:
        """Ended asks."""
        return self.approved + self.rejected + self.responded + self.expired + self.other


Counts = dict[str, Alike]
"""By `alike_key`."""


def alike_key(agent: str, tool: str) -> str:
    """Name of a pair of agent and tool; an agent's name has no slash."""
    return f"{agent}/{tool}"


def note_end(counts: Counts, key: str, outcome: Outcome | None) -> None:
    """Count an ask that has just ended, by its outcome; None: its agent did not wait for one."""
    found = counts.pop(key, None) or Alike()
    counts[key] = found
    match outcome:
        case "approved" | "edited":
            found.approved += 1
        case "rejected":
            found.rejected += 1
        case "responded":
            found.responded += 1
        case "expired":
            found.expired += 1
        case _:
            found.other += 1
    while len(counts) > ALIKE_KEPT:
        del counts[next(iter(counts))]


def note_verdict(counts: Counts, key: str, before: str, after: str) -> None:
    """Count how an approved ask really ended, `ok` or `failed`; `before` is what was said of it until now, if anything."""
    found = counts.get(key)
    if found is None or after == before:
        return
    found.right = max(0, found.right - (before == "ok")) + (after == "ok")
    found.wrong = max(0, found.wrong - (before == "failed")) + (after == "failed")


def alike_words(found: Alike) -> str:
    """The counts in words, each with its number; `none before` where nothing ended."""
    if not found.n:
        return "none before"
    verified = [
        f"{found.right} verified ok" if found.right else "",
        f"{found.wrong} failed" if found.wrong else "",
    ]
    said = ", ".join(filter(None, verified)) or "none verified"
    words = [
        f"{found.approved} approved ({said})" if found.approved else "",
        f"{found.rejected} rejected" if found.rejected else "",
        f"{found.responded} answered in words" if found.responded else "",
        f"{found.expired} expired" if found.expired else "",
        f"{found.other} withdrawn" if found.other else "",
    ]
    return ", ".join(filter(None, words))

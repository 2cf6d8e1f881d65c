"""Every kind of alarm: how urgent it is, whether it stays until it is reset, what it means and what to do about it.

One table. What is raised nowhere does not stand here, and what is raised anywhere does.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Kind(NamedTuple):
    """One kind. `priority` 1 is the highest; a `latched` one stays until an operator resets it with a reason."""

    priority: int
    latched: bool
    means: str
    do: str


_LOOK: Final = "Look at the run; pause it if it should not go on."
_MEND: Final = "Mend the file; the alarm returns by itself."

KINDS: Final[dict[str, Kind]] = {
    "ungated-action": Kind(
        1,
        True,
        "A tool ran that nothing had allowed.",
        "Hold or kill the run, find out what it changed, then reset.",
    ),
    "kill-unconfirmed": Kind(
        1,
        True,
        "A run was told to end and nothing says that it did.",
        "End the process yourself, then reset; what it changed since is unknown.",
    ),
    "recording-failing": Kind(
        1,
        False,
        "Records do not reach the disk; approvals are closed, stops still go out.",
        "Make room on the disk; it goes on by itself.",
    ),
    "second-supervisor": Kind(
        1, True, "Two supervisors serve this site; approvals are closed.", "Stop one of them, then reset."
    ),
    "recorded-late": Kind(
        1,
        True,
        "A stop went out while nothing could be recorded; it stands in the log only now.",
        "Check that the run obeyed it, then reset.",
    ),
    "records-lost": Kind(
        1,
        True,
        "Records that were stored are gone: the supervisor was killed, and the WAL beside its session is missing.",
        "Look at what runs have done since, restore what you can from a copy, then reset.",
    ),
    "internal-error": Kind(
        1,
        True,
        "The supervisor met a fault of its own and set one thing aside.",
        "Report it with the service's log, then reset.",
    ),
    "hold-unfinished": Kind(
        1,
        False,
        "All runs are to be held, and some were not asked yet; it goes when all were.",
        "A supervisor that takes over goes on by itself, and names what it cannot reach; hold that again.",
    ),
    "keyframe-failing": Kind(
        1,
        False,
        "No keyframe or session file can be written; records are safe, a start takes longer.",
        "Free some space; it is tried again by itself.",
    ),
    "resume-unfinished": Kind(
        2,
        False,
        "All that a hold of all stopped is to go on, and some was not asked yet; it goes when all was.",
        "A supervisor that takes over goes on by itself unless approvals are closed; else resume all again.",
    ),
    "agent-lost": Kind(
        2,
        False,
        "An agent went without a goodbye; its runs may still be going.",
        "Look whether its process lives; start it again, or end it and take the alarm out of service.",
    ),
    "duplicate-agent": Kind(2, True, "Two processes use one agent id.", "Stop one or rename it, then reset."),
    "era-ahead": Kind(
        2,
        False,
        "An agent has followed a supervisor of a far later era; it obeys nothing, and its gates expire.",
        "See docs/operating.md, the clock or the recording went back: remove the agent's era file and start it again.",
    ),
    "forged-intent": Kind(
        2,
        False,
        "Somebody said an operator's word without their signature, or other words under an old id; nothing came of it.",
        "If that operator has a new key, enrol it; else find out who may write intents at the broker, then reset.",
    ),
    "bulk-link": Kind(
        2,
        False,
        "The link that events come in by is down; runs are not heard.",
        "See to the broker; it clears by itself.",
    ),
    "blobs-unread": Kind(
        2,
        False,
        "A damaged session keeps large values from being read; such actions cannot be approved.",
        "Restore the session from a copy, or reject them.",
    ),
    "gap": Kind(
        2,
        True,
        "Events of a run are lost for ever.",
        "Read what the run did around them, find out why its spool was lost, then reset.",
    ),
    "events-dropped": Kind(
        2,
        True,
        "An agent had no room left and dropped telemetry.",
        "Give its spool more room or mend its link, then reset.",
    ),
    "command-failed": Kind(
        2,
        False,
        "A command was not acknowledged or did not take effect in time.",
        "Look at the run and say it again.",
    ),
    "passed": Kind(
        2,
        False,
        "A pass list let a call run that would have been asked about.",
        "Look at what it did; the tool is off the list.",
    ),
    "tool-changed": Kind(
        2,
        True,
        "A server says something else of a tool than what it is pinned to; its calls wait.",
        "Read what it says of it now; pin that, or drop the entry, then reset.",
    ),
    "catalogue-file": Kind(
        2,
        False,
        "An edit of the tool catalogue cannot be put in force; the last good one stays, if there was one.",
        _MEND,
    ),
    "policy-file": Kind(
        2,
        False,
        "An edit of the policy cannot be put in force; the last good one stays, if there was one.",
        _MEND,
    ),
    "operators-file": Kind(
        2,
        False,
        "An edit of the operators cannot be put in force; the last good one stays, if there was one.",
        _MEND,
    ),
    "wrappers-file": Kind(
        2,
        False,
        "An edit of the wrappers cannot be put in force; the last good one stays, if there was one.",
        _MEND,
    ),
    "budgets-file": Kind(
        2,
        False,
        "An edit of the budgets cannot be put in force; the last good one stays, if there was one.",
        _MEND,
    ),
    "alarms-file": Kind(
        2,
        False,
        "An edit of what is suppressed cannot be put in force; the last good one stays, if there was one.",
        _MEND,
    ),
    "clock": Kind(
        2,
        False,
        "This machine's clock was set or jumped, and differs from the log's time, which goes on by itself.",
        "Set the clock right if it is wrong; they meet again by themselves.",
    ),
    "confident-failure": Kind(
        2,
        False,
        "A run says that it completed, and its last change failed or was never allowed.",
        "Look at what it changed; verify says what you found.",
    ),
    "effect-unknown": Kind(
        2,
        False,
        "An agent was lost in the middle of a change.",
        "Look whether it happened; verify says what you found.",
    ),
    "budget": Kind(
        2,
        False,
        "A run has used up most of a budget; at all of it, it is paused.",
        "Resume it if it may go on, or end it.",
    ),
    "loop": Kind(2, False, "A run does the same again and again.", _LOOK),
    "drift": Kind(
        2,
        False,
        "Verified failures have become more frequent; what was earned is lost.",
        "Find out what changed: the tool, the task or the model.",
    ),
    "error-streak": Kind(3, False, "Most of a run's last calls failed.", _LOOK),
    "no-progress": Kind(3, False, "A run's last calls brought nothing that it had not seen.", _LOOK),
    "ended-with-asks": Kind(
        3, False, "A run ended while people were asked about its actions.", "Look at what it left undone."
    ),
    "stalled": Kind(
        3,
        False,
        "A run that should be working has been silent for too long.",
        "Look whether its process lives; pause or end it if it hangs.",
    ),
    "run-refused": Kind(
        3,
        False,
        "A run id was used by a process that may not have it.",
        "Let the agent choose a fresh run id, or resume.",
    ),
    "misdeed": Kind(
        3,
        False,
        "An agent sent events that are not legal where its run stands.",
        "Mend the agent; what it sent changed nothing.",
    ),
    "bad-input": Kind(
        3,
        False,
        "Somebody sends what the contract does not allow.",
        "See in the log who and what, and mend the sender.",
    ),
    "intent-flood": Kind(
        3, False, "More wishes are refused a minute than people make.", "See in the log who sends them."
    ),
    "rubber-stamping": Kind(
        3,
        False,
        "An operator approves faster or more often than anybody can read.",
        "Slow down, hold the runs, or let a rule decide what needs no person.",
    ),
}
"""Every kind there is."""

PRIORITY: Final[dict[str, int]] = {name: kind.priority for name, kind in KINDS.items()}
LATCHED: Final = frozenset(name for name, kind in KINDS.items() if kind.latched)

REST: Final = "~rest"
"""Stands in the id of the alarm for all the rest of a kind. No id of anybody has such a letter in it."""

NEVER_HIDDEN: Final = frozenset({"bulk-link"} | {name for name in KINDS if name.endswith("-file")})
"""Kinds below priority 1 by which one sees whether anything else is seen as the site wants it."""

OF_SITE: Final = frozenset({"recording-failing", "keyframe-failing", "bulk-link", "clock"})
OF_RUN: Final = frozenset({"stalled", "loop", "error-streak", "no-progress", "budget"})
"""Kinds whose cause the supervisor itself sees come and go, and says once when it comes: of the site, of a living run.

A reset would hide a cause that is still there. `agent-lost` cannot be reset either while its agent is lost: who knows that
it will not come back takes the alarm out of service.
"""

RESPONSE: Final[dict[int, int]] = {1: 5 * 60_000, 2: 15 * 60_000, 3: 60 * 60_000}
"""Time (ms) in which an alarm of a priority should be acknowledged. Ours; the standards leave it to the site."""

UNKNOWN: Final = Kind(2, False, "A kind of alarm that this console does not know.", "Read its text.")


def kind_of(name: str) -> Kind:
    """What is to be said of a kind; one that a later version raised is shown as unknown."""
    return KINDS.get(name, UNKNOWN)

"""What a supervisor tells one console that asks: how it does itself, and pages of the log. Neither is recorded.

Both are shown, and nothing is decided by them. All times are milliseconds, sizes bytes.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from bus.events import Count, Digest, Id, MaybeId
from bus.messages import Answer, JournalRecord, KeyframePart, Signed


class SenderHealth(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a supervisor counted of an agent since it began.

    `heard` is how long ago the agent said anything, absent if it has not. `resent` is how often events were asked for
    again, `repeated` how many came that were recorded already, `bad` how many messages were not understood.
    """

    agent: Id
    heard: Count | None = None
    resent: Count = 0
    repeated: Count = 0
    bad: Count = 0


class RecorderHealth(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the recording does. What could not be learned in time is absent.

    `size` is the session file's, `wal` what stands beside it, `due` the size at which a new file begins, `free` and `disk`
    the file system's. `records` were committed in `commits` transactions since the supervisor began; `p50` and `p99` are the
    microseconds that the newest of these took. `logged` is what came since the keyframe at `keyframe`, which has
    `keyframe_size`. `sessions` are the files of the site with `sessions_size` together, `known` is the size of the
    reliability database, `emergency` that of the emergency log.
    """

    session: str = ""
    path: Annotated[str, Meta(max_length=4_096)] = ""
    size: Count | None = None
    wal: Count | None = None
    due: Count = 0
    free: Count | None = None
    disk: Count | None = None
    pos: Count = 0
    records: Count = 0
    commits: Count = 0
    p50: Count | None = None
    p99: Count | None = None
    keyframe: Count | None = None
    keyframe_size: Count = 0
    logged: Count = 0
    sessions: Count | None = None
    sessions_size: Count | None = None
    known: Count | None = None
    emergency: Count | None = None


class HealthReport(Signed, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="health"):
    """How the supervisor does, for the console that asked by `intent`.

    `up` is how long it runs, `control` and `bulk` how long each of its links stands, absent while one does not. `staged`
    records are accepted and not committed, `waiting` consoles wait for a keyframe, `holes` runs for events that are missing.
    `senders` are agents, those of whom something was counted first, and at most as many as fit; `more` are left out.
    """

    intent: Id
    epoch: MaybeId = ""
    up: Count = 0
    control: Count | None = None
    bulk: Count | None = None
    window: Count = 0
    staged: Count = 0
    waiting: Count = 0
    holes: Count = 0
    senders: list[SenderHealth] = field(default_factory=list)
    more: Count = 0
    recorder: RecorderHealth | None = None


class PageSeal(Signed, frozen=True, kw_only=True, omit_defaults=True):
    """The supervisor's word for a page. `page` is the intent; `sha256` is that of the bytes of `records` as sent.

    `more`: earlier records of the run may stand before them. `problem` says why there is no page; empty if there is one.
    """

    page: Id
    epoch: Id
    more: bool = False
    problem: Annotated[str, Meta(max_length=400)] = ""
    sha256: Digest


class HistoryPage(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="page"):
    """Records of one run in the order of the log: the newest before a position."""

    intent: Id
    epoch: Id
    records: list[JournalRecord]
    seal: PageSeal | None = None


AnyReply = Answer | KeyframePart | HealthReport | HistoryPage

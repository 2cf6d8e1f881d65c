"""What is known of a call when it is judged, beside its own words: what its run has done, read and proven."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from console.core.fleet.circumstances import Circumstances
from console.core.provenance.suspicion import Suspicion
from console.core.reliability.bounds import Earned

NOTHING_TOLD: Final = Circumstances()
"""Of a run of which nothing is known that a rule could look at."""


class CallFacts(Struct, frozen=True, kw_only=True):
    """Beside a proposal, all that `Judge.judge` goes by. The names are those of `risk.Evidence`, which has more of them.

    What could make the judgement graver has no default, so that whoever asks for one cannot forget it. `earned` and
    `suspicion` None: nothing is known of what the stratum has proven, or of where the values came from.
    """

    agent: str
    digest_ok: bool | None
    tainted: bool
    sensitive: bool
    first_use: bool
    gap: bool
    incomplete: bool
    earned: Earned | None = None
    suspicion: Suspicion | None = None
    circumstances: Circumstances = NOTHING_TOLD

"""How a run stands when a call of it is judged: what the operator's rules look at, and where it works."""

from __future__ import annotations

from msgspec import Struct

from bus.events import ActionProposed
from console.core.fleet.state import Run


class Circumstances(Struct, frozen=True, kw_only=True):
    """A run at one of its proposals. `steps` and `calls` count from its beginning, this call included.

    `seconds` is the recorded time since it began; `tokens` and `cost_usd` are 0 where its agent reports none. `used` are
    the tools it has used before. `folder`: where it says that it works, which no rule sees and which only makes a shell
    command graver.
    """

    run: str = ""
    version: str = ""
    model: str = ""
    control: str = ""
    step: int | None = None
    steps: int = 0
    calls: int = 0
    errors: int = 0
    seconds: float = 0.0
    tokens: int = 0
    cost_usd: float = 0.0
    used: tuple[str, ...] = ()
    folder: str = ""


def circumstances(run: Run, proposal: ActionProposed, folder: str = "") -> Circumstances:
    """Return how a run stands whose last accepted event is a proposal."""
    return Circumstances(
        run=run.run,
        version=run.version,
        model=run.model,
        control=run.control,
        step=proposal.step,
        steps=run.steps_seen,
        calls=run.actions_seen,
        errors=run.errors,
        seconds=max(0, run.last_at - run.started_at) / 1_000,
        tokens=run.tokens,
        cost_usd=run.cost_usd,
        used=tuple(run.tools_used),
        folder=folder,
    )

"""The exporter: writes orders into a file and puts it on a share, which takes small files only.

Trouble: it always says that it is done. In its first run the share refuses the file, and it says so all the same: that is
seen at once. In its second it has read only the first page of a list: every call succeeds, and only a look into the file
finds out. Then two runs are well, and so on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from bus.sdk.decision import Action, Decision
from bus.sdk.job import Run
from console.demo.pages import put
from console.demo.sandbox import ORDERS, PAGE
from console.demo.script import Script
from console.demo.stage import Stage

Kind = Literal["too much", "first page", "well"]

ORDER_OF_KINDS: Final[tuple[Kind, ...]] = ("too much", "first page", "well", "well")


@dataclass(frozen=True, slots=True)
class Case:
    """Orders to export, by number, and how the run goes."""

    name: str
    first: int
    count: int
    kind: Kind
    claim: float

    @property
    def goal(self) -> str:
        """What the user wants."""
        last = self.first + self.count - 1
        return f"Put orders A-{self.first} to A-{last} on the share as {self.name}, one line each."


def plan(script: Script) -> Case:
    """What the scripted model makes of a run."""
    kind = ORDER_OF_KINDS[(script.turn - 1) % len(ORDER_OF_KINDS)]
    count = ORDERS if kind == "too much" else script.whole(PAGE + 3, 2 * PAGE)
    first = 2001 if kind == "too much" else 2001 + script.whole(0, ORDERS - count)
    return Case(f"orders-{script.number}.csv", first, count, kind, script.claim(0.93, 0.97))


async def live(stage: Stage, job: Run, script: Script, case: Case) -> None:
    """Export one range of orders."""
    sandbox = stage.sandbox
    last = case.first + case.count - 1

    def list_orders(decision: Decision) -> object:
        return sandbox.orders(decision.args["first"], decision.args["last"], decision.args["page"])

    def write_export(decision: Decision) -> object:
        path = sandbox.inside(decision.args["file"], sandbox.output)
        path.write_text("\n".join(decision.args["lines"]) + "\n", encoding="utf-8")
        return f"{len(decision.args['lines'])} lines, {path.stat().st_size} bytes"

    def upload_export(decision: Decision) -> object:
        path = sandbox.inside(decision.args["file"], sandbox.output)
        return put(f"{stage.pages}/share/{path.name}", path.read_bytes())

    rows: list[dict[str, Any]] = []
    pages = 1 if case.kind == "first page" else -(-case.count // PAGE)
    async with job.step("read the orders", confidence=0.95, of=3):
        for page in range(1, pages + 1):
            await stage.pause(script.about(0.8))
            arguments = {"first": f"A-{case.first}", "last": f"A-{last}", "page": page}
            found = await stage.call(job, Action("list_orders", arguments), list_orders)
            rows += found.value if found.ran else []
    async with job.step("write the file", confidence=case.claim, of=3):
        await stage.pause(script.about(2.0))
        lines = [f"{row['id']};{row['customer']};{row['item']};{row['total']:.2f}" for row in rows]
        action = Action("write_export", {"file": case.name, "lines": lines}, confidence=case.claim)
        await stage.call(job, action, write_export)
    async with job.step("put it on the share", confidence=case.claim, of=3):
        await stage.pause(script.about(2.0))
        action = Action("upload_export", {"file": case.name}, confidence=case.claim)
        await stage.call(job, action, upload_export)
    job.message("assistant", f"Done: {case.name} is on the share, with all {case.count} orders.")


async def main(stage: Stage) -> None:
    """Be the agent."""
    await stage.keep(plan, live, rest=14.0)

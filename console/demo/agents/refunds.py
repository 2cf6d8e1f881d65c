"""The refunds agent: reads tickets and orders, and pays money back. Every payment waits for a person.

Trouble: it is unsure now and then, and it slips a digit once in a while, as sure as ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from bus.events import Preview
from bus.sdk.decision import Action, Decision
from bus.sdk.job import Run
from console.demo.sandbox import ORDERS
from console.demo.script import Script
from console.demo.stage import DECIDE_WITHIN, Called, Stage

Kind = Literal["credit", "refund", "slip"]

ORDER_OF_KINDS: Final[tuple[Kind, ...]] = ("credit", "refund", "slip", "credit")
_THOUGHTS: Final = (
    "the customer is right, the parcel is documented as lost",
    "within 30 days, nothing speaks against it",
    "second complaint of this customer this year",
)


@dataclass(frozen=True, slots=True)
class Case:
    """One ticket to be settled. `share` of what was paid goes back; a `slip` moves the decimal point."""

    ticket: str
    kind: Kind
    share: float
    claim: float
    thought: str

    @property
    def goal(self) -> str:
        """What the user wants."""
        return f"Settle ticket {self.ticket}. Pay back what was paid for the goods, not more."


def plan(script: Script) -> Case:
    """What the scripted model makes of a run."""
    kind = ORDER_OF_KINDS[(script.turn - 1) % len(ORDER_OF_KINDS)]
    unsure = kind == "credit" and script.turn > 1 and script.happens(0.5)
    return Case(
        ticket=f"T-{(script.number * 7) % ORDERS + 1}",
        kind=kind,
        share=script.pick((1.0, 1.0, 0.5)),
        claim=script.claim(0.52, 0.66) if unsure else script.claim(0.84, 0.97),
        thought=script.pick(_THOUGHTS),
    )


async def live(stage: Stage, job: Run, script: Script, case: Case) -> None:
    """Settle one ticket."""
    sandbox = stage.sandbox

    def read_ticket(decision: Decision) -> object:
        return sandbox.ticket(decision.args["ticket"])

    def get_order(decision: Decision) -> object:
        return sandbox.order(decision.args["order"])

    def note_on_ticket(decision: Decision) -> object:
        return sandbox.annotate(decision.args["ticket"], "note", decision.args["text"])

    await stage.pause(script.about(1.5))
    async with job.step("read the ticket", of=4):
        ticket = await stage.call(job, Action("read_ticket", {"ticket": case.ticket}), read_ticket)
        await stage.pause(script.about(1.0))
    if not ticket.ran:
        return
    async with job.step("look at the order", of=4):
        order = await stage.call(job, Action("get_order", {"order": ticket.value["order_id"]}), get_order)
        await stage.pause(script.about(1.5))
    async with job.step("decide what to pay", confidence=case.claim, of=4) as step:
        amount = round(order.value["total"] * (10 if case.kind == "slip" else case.share), 2)
        job.message("assistant", f"{case.thought}: I will pay {amount:.2f} EUR back.")
        await stage.pause(script.about(2.0))
        paid = await stage.call(job, _payment(case, order.value, amount), lambda it: _pay(stage, it))
        step.result(ok=paid.ran, text=paid.value if paid.ran else paid.refusal)
    async with job.step("tell the customer", confidence=0.9, of=4):
        text = _letter(paid)
        await stage.call(job, Action("note_on_ticket", {"ticket": case.ticket, "text": text}), note_on_ticket)
        await stage.pause(script.about(1.0))


def _payment(case: Case, order: dict[str, Any], amount: float) -> Action:
    tool = "issue_credit" if case.kind == "credit" else "issue_refund"
    return Action(
        tool,
        {"order": order["id"], "amount": amount, "currency": "EUR", "card": order["card"]},
        confidence=case.claim,
        reason=case.thought,
        decide_within=DECIDE_WITHIN,
        preview=_entry(order, tool.removeprefix("issue_"), amount),
    )


def _entry(order: dict[str, Any], kind: str, amount: float) -> Preview:
    """The order as it stands at the desk, and as the payment would leave it."""
    same = f"customer {order['customer']}\npaid {order['total']:.2f} EUR\n"
    return Preview(
        of=f"order {order['id']}",
        present=f"{same}state {order['state']}",
        proposed=f"{same}state {kind}\n{kind} {amount:.2f} EUR",
    )


def _pay(stage: Stage, decision: Decision) -> str:
    kind = decision.tool.removeprefix("issue_")
    return stage.sandbox.pay(decision.action, kind, decision.args["order"], float(decision.args["amount"]))


def _letter(paid: Called) -> str:
    if paid.ran:
        return f"We have paid {paid.decision.args['amount']:.2f} EUR back."
    return f"A colleague will look at it ({paid.refusal})."


async def main(stage: Stage) -> None:
    """Be the agent."""
    await stage.keep(plan, live, rest=26.0)

"""A floor with a policy in force, on which people did things: what Policy and Audit show."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from bus.alarm_records import AlarmAcknowledged, AlarmShelved
from bus.events import ActionProposed, Gate
from bus.operator_records import OperatorJoined, OperatorSigned
from bus.policy_records import PolicyAdopted
from bus.records import ActionAsked, ActionAssessed, IntentRefused, OutcomeVerified, Reason
from console.policy.budgets import load_budgets
from console.policy.load import Rulebook
from console.policy.suppressions import load_suppressions
from console.policy.telling import adopted
from tests.fixtures.floor import Script, busy

POLICY = """
[[rule]]
id = "payout-limit"
raise = "hold"
tool = "issue_refund"
when = "double(args.amount) > 400.0"
why = "a refund above EUR 400 needs a second look"
fires = [{ tool = "issue_refund", args = { amount = 480.0 } }]
silent = [{ tool = "issue_refund", args = { amount = 20.0 } }]

[[rule]]
id = "no-exports"
raise = "deny"
tool = "delete_files"
agent = "janitor"
args = { path = "/srv/exports/keep*" }
why = "the auditors need these exports"
"""

CATALOGUE = """
[tool."issue_refund"]
severity = "S3"
effect = "write"
outside = true
why = "pays out of the till"

[tool."read_shelf"]
severity = 0
effect = "read"
pinned = true
"""

BUDGETS = """
[[budget]]
agent = "refund*"
steps = 200
cost_usd = 5
minutes = 30
"""

SUPPRESSED = """
[[suppress]]
kind = "loop"
agent = "crawler"
why = "it polls by nature"
"""


def in_force(policy: str = POLICY) -> list[PolicyAdopted]:
    """The records of the site's files."""
    with TemporaryDirectory() as folder:
        return _in_force(Path(folder), policy)


def _in_force(folder: Path, policy: str) -> list[PolicyAdopted]:
    for name, text in (
        ("policy.toml", policy), ("catalogue.toml", CATALOGUE), ("budgets.toml", BUDGETS), ("alarms.toml", SUPPRESSED)
    ):  # fmt: skip
        (folder / name).write_text(text, "utf-8")
    book = Rulebook(folder / "catalogue.toml", folder / "policy.toml")
    return adopted(
        book.judge,
        book.digest,
        policy=Path("/etc/watchfloor/policy.toml"),
        catalogue=Path("/etc/watchfloor/catalogue.toml"),
        budgets=load_budgets(folder / "budgets.toml"),
        suppressions=load_suppressions(folder / "alarms.toml"),
    )


def ruled() -> Script:
    """The busy floor under a policy, of which one rule has spoken twice."""
    script = busy()
    for part in in_force():
        script.supervisor(part)
    gates: tuple[Gate, ...] = ("hold", "notify")
    for number, gate in enumerate(gates):
        action = f"p{number}"
        script.agent(
            "refunds", "7q4f", ActionProposed(action=action, tool="issue_refund", args={"amount": 480})
        )
        why = [Reason(code="rule:payout-limit", text="Rule payout-limit: a second look")]
        judged = ActionAssessed(
            action=action,
            digest="a" * 64,
            severity=3,
            failure_bp=2_000,
            gate=gate,
            reasons=why,
        )
        script.supervisor(judged, "refunds", "7q4f")
        if gate == "hold":
            script.supervisor(ActionAsked(action=action, gate="hold", decide_within=600.0), "refunds", "7q4f")
    return script


def acted() -> Script:
    """The busy floor, on which two people said things, and the clock and a stranger had a say as well."""
    script = busy()
    script.supervisor(OperatorJoined(operator="op-1", console="c77"))
    script.tick(5).supervisor(OperatorSigned(operator="op-1", key="SHA256:Zm9vYmFyYmF6cXV4"))
    script.obey("refunds", "7q51", script.decide("refunds", "7q51", "a2"))
    script.tick(5).decide("janitor", "c0xe", "a3", "expired", "clock")
    script.tick(5).supervisor(AlarmAcknowledged(alarm="bad-input", by="op-1"))
    script.tick(1).supervisor(AlarmShelved(alarm="bad-input", by="op-2", seconds=1_800.0, reason="known"))
    script.tick(5).command("researcher", "p81a", "pause", "op-2 (unsigned)")
    refused = IntentRefused(
        intent="i9",
        operator="op-2",
        verb="approve",
        outcome="conflict",
        reason="approved by op-1 before",
        action="a2",
        standing="signed",
    )
    script.tick(5).supervisor(refused, "refunds", "7q51")
    script.tick(5).supervisor(OutcomeVerified(action="a2", ok=True, by="op-1"), "refunds", "7q51")
    script.tick(20)
    return script

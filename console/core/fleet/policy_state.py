"""What a site judges by, as the log tells it, and how often each rule spoke in this session."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec import Struct, field

from bus.policy_records import PolicyAdopted, PolicyBudget, PolicyRule, PolicySuppression, PolicyTool
from bus.records import Reason

_BY_RULES: Final = ("rule", "policy-error", "policy-truncated")
"""What stands before a rule's id in the code of a reason."""


class InForce(Struct, kw_only=True, omit_defaults=True):
    """The policy in force since `at`; `digest` is empty while the log has told of none.

    `fired` counts judgements that name a rule among their reasons, of which there are three at most, since this session
    began; `asked` those of them that a person was asked for. `parts` are those of `of` that have come.
    """

    digest: str = ""
    content: str = ""
    at: int = 0
    policy: str = ""
    catalogue: str = ""
    presets: str = ""
    rules: list[PolicyRule] = field(default_factory=list)
    tools: list[PolicyTool] = field(default_factory=list)
    budgets: list[PolicyBudget] = field(default_factory=list)
    suppressed: list[PolicySuppression] = field(default_factory=list)
    left_out: int = 0
    parts: int = 0
    of: int = 0
    since: int = 0
    fired: dict[str, int] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)


def adopt(known: InForce, data: PolicyAdopted, at: int) -> None:
    """Take one part into the state. The first replaces everything but the counts of rules that are still there."""
    if data.part == 1:
        known.digest, known.content, known.at = data.digest, data.content, at
        known.policy, known.catalogue, known.presets = data.policy, data.catalogue, data.presets
        known.rules, known.tools, known.budgets, known.suppressed = [], [], [], []
        known.left_out = known.parts = 0
    elif data.content != known.content or data.part != known.parts + 1:
        return
    known.rules = [*known.rules, *data.rules]
    known.tools = [*known.tools, *data.tools]
    known.budgets = [*known.budgets, *data.budgets]
    known.suppressed = [*known.suppressed, *data.suppressed]
    known.left_out += data.left_out
    known.parts, known.of = data.part, data.of
    if known.parts == known.of:
        there = {rule.id for rule in known.rules}
        for counts in (known.fired, known.asked):
            for name in [name for name in counts if name not in there]:
                del counts[name]


def begin_session(known: InForce, at: int) -> None:
    """A session began: count anew."""
    known.since = at
    known.fired.clear()
    known.asked.clear()


def named(reasons: Iterable[Reason]) -> list[str]:
    """The rules that reasons name, each once."""
    found = (reason.code.partition(":") for reason in reasons)
    return list(dict.fromkeys(rule for kind, _, rule in found if rule and kind in _BY_RULES))


def count(known: InForce, reasons: Iterable[Reason], counts: dict[str, int]) -> None:
    """Count the rules in force that reasons name, in `fired` or `asked`."""
    names = named(reasons)
    if names:
        there = {rule.id for rule in known.rules}
        for name in names:
            if name in there:
                counts[name] = counts.get(name, 0) + 1

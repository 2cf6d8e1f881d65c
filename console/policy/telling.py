"""What is in force, as the records that tell the log of it. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from bus.policy_records import PolicyAdopted, PolicyBudget, PolicyRule, PolicySuppression, PolicyTool
from console.core.judging.tool_facts import ToolFacts
from console.core.text import plain
from console.policy.budgets import Budgets
from console.policy.judge import Judge
from console.policy.known import Known
from console.policy.rules import Rule
from console.policy.suppressions import Suppressions

T = TypeVar("T", bound=msgspec.Struct)

PART_BYTES: Final = 40_000
"""Bytes of rules or tools in one record: with its envelope it stays below what an event may have."""

ALL_BYTES: Final = 200_000
"""Bytes of rules, and of tools, that are recorded: they stand in every keyframe. Beyond it they are counted."""

ENTRY_BYTES: Final = 8_000
"""Bytes of one rule; of a larger one neither examples nor patterns of arguments are recorded."""

EXAMPLES: Final = 6
TEXT_CHARS: Final = 1_000


def adopted(
    judge: Judge,
    digest: str,
    *,
    policy: Path | None = None,
    catalogue: Path | None = None,
    budgets: Budgets | None = None,
    suppressions: Suppressions | None = None,
) -> list[PolicyAdopted]:
    """The records of what a judge judges by, in order. `digest` is that of catalogue and rules; the paths name the files.

    The same content gives the same `content` digest, so that the log need not be told twice.
    """
    rules, rules_out = _within(_rule(rule) for rule in judge.policy.rules)
    tools, tools_out = _within(tool_of(name, facts) for name, facts in judge.catalogue.site.items())
    first = PolicyAdopted(
        digest=digest,
        content=digest,
        policy=_name(policy),
        catalogue=_name(catalogue),
        presets=judge.catalogue.presets,
        left_out=rules_out + tools_out,
    )
    bounds = _budgets(budgets or Budgets())
    hidden = [
        PolicySuppression(kind=kind, agent=agent, why=plain(why, TEXT_CHARS))
        for kind, agent, why in (suppressions or Suppressions()).written
    ]
    whole = msgspec.structs.replace(first, budgets=bounds, suppressed=hidden, rules=rules, tools=tools)
    parts = (
        [whole]
        if len(msgspec.json.encode(whole)) <= PART_BYTES
        else [
            first,
            *(msgspec.structs.replace(_bare(first), budgets=some) for some in _batches(bounds)),
            *(msgspec.structs.replace(_bare(first), suppressed=some) for some in _batches(hidden)),
            *(msgspec.structs.replace(_bare(first), rules=some) for some in _batches(rules)),
            *(msgspec.structs.replace(_bare(first), tools=some) for some in _batches(tools)),
        ]
    )
    content = hashlib.sha256(msgspec.json.encode(parts)).hexdigest()
    return [
        msgspec.structs.replace(part, content=content, part=number, of=len(parts))
        for number, part in enumerate(parts, 1)
    ]


def _bare(first: PolicyAdopted) -> PolicyAdopted:
    return PolicyAdopted(digest=first.digest, content=first.content)


def _name(path: Path | None) -> str:
    return plain(str(path), TEXT_CHARS) if path is not None else ""


def _within(entries: Iterable[T]) -> tuple[list[T], int]:
    """The first entries that may be recorded, and how many more there are."""
    kept: list[T] = []
    size = left_out = 0
    for entry in entries:
        size += len(msgspec.json.encode(entry))
        if size <= ALL_BYTES:
            kept.append(entry)
        else:
            left_out += 1
    return kept, left_out


def _batches(entries: list[T]) -> Iterator[list[T]]:
    batch: list[T] = []
    size = 0
    for entry in entries:
        own = len(msgspec.json.encode(entry))
        if batch and size + own > PART_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += own
    if batch:
        yield batch


def _rule(rule: Rule) -> PolicyRule:
    said = rule.said
    fires, silent = ([_example(one) for one in some[:EXAMPLES]] for some in rule.examples)
    found = PolicyRule(
        id=rule.id,
        raises=said.raise_,
        why=plain(said.why, TEXT_CHARS),
        tool=said.tool,
        agent=said.agent,
        args=said.args,
        when=said.when,
        fires=fires,
        silent=silent,
        cut=any(len(some) > EXAMPLES for some in rule.examples),
    )
    if len(msgspec.json.encode(found)) > ENTRY_BYTES:
        return msgspec.structs.replace(found, args={}, fires=[], silent=[], cut=True)
    return found


_UNSAID: Final = msgspec.to_builtins(Known())


def _example(one: Known) -> str:
    """An example as JSON, without what it leaves unsaid."""
    said = {name: value for name, value in msgspec.to_builtins(one).items() if value != _UNSAID[name]}
    return msgspec.json.format(msgspec.json.encode(said), indent=0).decode()


def tool_of(name: str, facts: ToolFacts) -> PolicyTool:
    """What a catalogue says of a tool, as records tell it."""
    return PolicyTool(
        tool=name,
        effect=facts.effect,
        severity=facts.severity,
        outside=facts.outside,
        untrusted=facts.reads_untrusted,
        sensitive=facts.reads_sensitive,
        pinned=facts.pinned,
        polls=facts.polls,
        command=facts.command,
        why=plain(facts.why, TEXT_CHARS),
    )


def _budgets(budgets: Budgets) -> list[PolicyBudget]:
    return [
        PolicyBudget(agent=agent, **{name: getattr(budget, name) for name in budget.__struct_fields__})
        for agent, budget in budgets.written
    ]

"""The record of what a site judges by: written when it comes into force, so that a replay shows the policy of its time."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct, field

from bus.events import Count, Data, Digest, Id, Seq


class PolicyRule(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One rule of `policy.toml`. `raises` is the gate or severity it raises to, `when` its condition as written.

    `fires` and `silent` are its examples, each as JSON. `cut`: patterns of arguments or examples were too long to record.
    """

    id: Id
    raises: str
    why: str = ""
    tool: str = "*"
    agent: str = "*"
    args: dict[str, str] = field(default_factory=dict)
    when: str = ""
    fires: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    cut: bool = False


class PolicyTool(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the site's own catalogue says of a tool, or of all whose names fit a pattern."""

    tool: str
    effect: Literal["read", "write", "send", "execute"]
    severity: Annotated[int, Meta(ge=0, le=4)]
    outside: bool = False
    untrusted: bool = False
    sensitive: bool = False
    pinned: bool = False
    polls: bool = False
    command: str = ""
    why: str = ""


class PolicyBudget(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a run of some agents may use up; `seconds` and the counts are absent where nothing bounds them."""

    agent: str = "*"
    steps: float | None = None
    tokens: float | None = None
    cost_usd: float | None = None
    seconds: float | None = None
    writes: float | None = None
    destinations: float | None = None


class PolicySuppression(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A kind of alarm that the site keeps from people for some agents, and why."""

    kind: str
    agent: str = "*"
    why: str = ""


class PolicyAdopted(Data, frozen=True, kw_only=True, omit_defaults=True):
    """What is judged by from here on: rules, the site's own catalogue, budgets, what is suppressed by design.

    `digest` is that of rules and catalogue together, `content` that of all that the parts carry; `policy` and `catalogue`
    name the files, empty for none. `presets` is the digest of the shipped presets, empty where the site does without.
    Part 1 of `of` takes the place of what was in force, the others, which follow at once, add to it. `left_out` counts rules
    and tools that were too many to record.
    """

    TYPE: ClassVar[str] = "policy.adopted"
    digest: Digest
    content: Digest
    part: Seq = 1
    of: Seq = 1
    policy: str = ""
    catalogue: str = ""
    presets: str = ""
    rules: list[PolicyRule] = field(default_factory=list)
    tools: list[PolicyTool] = field(default_factory=list)
    budgets: list[PolicyBudget] = field(default_factory=list)
    suppressed: list[PolicySuppression] = field(default_factory=list)
    left_out: Count = 0

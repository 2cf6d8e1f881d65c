"""The operator's rules (`policy.toml`): what they match, they raise. No rule can lower anything.

Because matching can only raise, rules ignore case, a `*` in a path crosses dots, and whatever cannot be checked asks: an
exception, a value cut for its length, more values than are looked at, a blob that is not there.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct, field

from bus.events import Gate, Id
from console.core.tool_facts import RuleHit, Severity
from console.policy.files import convert, read_toml, refuse, table
from console.policy.glob import Glob
from console.policy.leaves import Leaves, leaves

RULES: Final = 500
"""Most rules of one file: each is looked at for each action."""

RAISES: Final[dict[str, Gate | Severity]] = {
    "ask": "ask",
    "hold": "hold",
    "deny": "deny",
    **{f"S{level}": level for level in range(5)},
}
"""What a rule may raise to: a gate, or a severity."""


class Example(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A made-up action that a rule must, or must not, fire on."""

    tool: str = ""
    agent: str = ""
    args: dict[str, Any] = field(default_factory=dict)


class _Written(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `[[rule]]` as it stands in the file."""

    id: Id
    raise_: str = field(name="raise")
    why: str
    tool: str = "*"
    agent: str = "*"
    args: dict[str, str] = field(default_factory=dict)
    fires: list[Example] = field(default_factory=list)
    silent: list[Example] = field(default_factory=list)


class Rule:
    """One rule, compiled. All of its patterns must match."""

    __slots__ = ("_agent", "_args", "_hit", "_tool", "id", "said")

    def __init__(self, written: _Written) -> None:
        """Compile a rule.

        Raises:
            ValueError: a pattern is empty or too long.
        """
        to = RAISES[written.raise_]
        self.id = written.id
        self.said = msgspec.structs.replace(written, fires=[], silent=[])
        tool, who = Glob(written.tool, fold=True), Glob(written.agent, fold=True)
        self._tool, self._agent = (None if glob.any else glob.matches for glob in (tool, who))
        self._args = [
            (Glob(path, fold=True).matches, Glob(text, fold=True).matches)
            for path, text in written.args.items()
        ]
        self._hit = RuleHit(
            rule=written.id,
            raise_gate=to if isinstance(to, str) else None,
            raise_severity=to if isinstance(to, int) else None,
            why=written.why,
        )

    def concerns(self, agent: str, tool: str) -> bool:
        """Whether the rule could match some call of this tool by this agent. Both are already case-folded."""
        fits, theirs = self._tool, self._agent
        return (fits is None or fits(tool)) and (theirs is None or theirs(agent))

    @property
    def reads_args(self) -> bool:
        """Whether the rule looks at arguments at all."""
        return bool(self._args)

    def check(self, args: Leaves) -> RuleHit | None:
        """Return the hit on an action that the rule concerns, or None."""
        for path, text in self._args:
            for where, value in args.found:
                if path(where) and text(value):
                    break
            else:
                return None if args.whole else self.unsure("policy-truncated", _TOO_MUCH)
        return self._hit

    def unsure(self, kind: Literal["policy-error", "policy-truncated"], why: str) -> RuleHit:
        """Return the hit of a rule that could not be checked: ask."""
        return RuleHit(rule=self.id, raise_gate="ask", why=why, kind=kind)


class Policy:
    """The rules in force. Made by `load_policy`; does not change."""

    def __init__(self, rules: tuple[Rule, ...] = ()) -> None:
        self.rules: Final = rules
        self.digest: Final = hashlib.sha256(msgspec.json.encode([rule.said for rule in rules])).hexdigest()
        """SHA-256 over all rules in force, for the record."""

    def hits(self, agent: str, tool: str, args: dict[str, Any]) -> list[RuleHit]:
        """Return what the rules say about an action. Never raises: a rule that fails asks."""
        found: list[RuleHit] = []
        flat: Leaves | None = None
        who, name = agent.casefold(), tool.casefold()
        for rule in self.rules:
            try:
                if not rule.concerns(who, name):
                    continue
                if rule.reads_args and flat is None:
                    flat = leaves(args)
                hit = rule.check(flat or _NOTHING)
            except Exception as error:  # noqa: BLE001  (whatever goes wrong in a rule: silence would mean yes)
                hit = rule.unsure("policy-error", f"{type(error).__name__} while looking at the arguments")
            if hit is not None:
                found.append(hit)
        return found

    def concerns(self, agent: str, tool: str) -> bool:
        """Whether any rule could match some call of this tool by this agent: then no call of it may go unseen."""
        who, name = agent.casefold(), tool.casefold()
        return any(rule.concerns(who, name) for rule in self.rules)


_NOTHING: Final = Leaves([], whole=True)
_TOO_MUCH: Final = "the arguments are too large, or part of them has not arrived"


def load_policy(path: Path | None) -> Policy:
    """Read a policy and try its examples; with None, no rules.

    Raises:
        PolicyFileError: the file cannot be put in force, or an example of a rule does not come out as written.
    """
    if path is None:
        return Policy()
    content = read_toml(path)
    table(path, content, ("rule",))
    tables = content.get("rule", [])
    if not isinstance(tables, list):
        raise refuse(path, "rule", "write each rule as its own [[rule]], with two brackets")
    if len(tables) > RULES:
        raise refuse(path, "rule", f"{len(tables)} rules, more than {RULES}: join some by patterns")
    rules: dict[str, Rule] = {}
    for number, item in enumerate(tables, 1):
        rule = _rule(path, number, item)
        if rule.id in rules:
            raise refuse(path, f"rule {rule.id!r}", "this id is taken by a rule above: give it another")
        rules[rule.id] = rule
    return Policy(tuple(rules.values()))


def _rule(path: Path, number: int, item: object) -> Rule:
    name = item.get("id") if isinstance(item, dict) else None
    where = f"rule {name!r}" if isinstance(name, str) else f"rule number {number}"
    written = convert(path, where, item, _Written)
    if written.raise_ not in RAISES:
        raise refuse(
            path, where, f"raise = {written.raise_!r}: a rule can only raise, to {', '.join(RAISES)}"
        )
    if not written.why.strip():
        raise refuse(path, where, "`why` is empty: say in one sentence what the operator is to look at")
    try:
        rule = Rule(written)
    except ValueError as error:
        raise refuse(path, where, str(error)) from None
    _try(path, where, rule, written)
    return rule


def _try(path: Path, where: str, rule: Rule, written: _Written) -> None:
    """Run a rule's examples.

    Raises:
        PolicyFileError: one of them does not come out as written.
    """
    alone = Policy((rule,))
    for kind, examples in (("fires", written.fires), ("silent", written.silent)):
        for number, example in enumerate(examples, 1):
            hits = alone.hits(example.agent, example.tool, example.args)
            if hits and hits[0].kind != "rule":
                raise refuse(path, where, f"example {number} of `{kind}` cannot be checked: {hits[0].why}")
            if bool(hits) is not (kind == "fires"):
                does = "fires" if hits else "does not fire"
                raise refuse(
                    path, where, f"example {number} of `{kind}` {does}: change the rule or the example"
                )

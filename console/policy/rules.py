"""The operator's rules (`policy.toml`): what they match, they raise. No rule can lower anything.

Because matching can only raise, rules ignore case, a `*` in a path crosses dots, and whatever cannot be checked asks: an
exception, a value cut for its length, more values than are looked at, a blob that is not there. A condition (`when`) is
looked at where all patterns match.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import msgspec
from msgspec import Struct, field

from bus.events import Gate, Id
from console.core.judging.tool_facts import RuleHit, Severity
from console.core.paths import PATH_CHARS
from console.core.provenance.leaves import leaf_values
from console.policy.condition_source import ConditionError
from console.policy.conditions import Condition, Context
from console.policy.files import convert, read_toml, refuse, table
from console.policy.glob import Glob
from console.policy.known import Known
from console.policy.leaves import Leaves, leaves

BUDGET_SECONDS: Final = 0.25
"""Processor time that the rules may take at one call; those that were not reached by then ask. The supervisor that asks them
renews a lease of 10 s meanwhile."""

CALLS_REMEMBERED: Final = 1_024
"""Pairs of agent and tool of which it is remembered which rules concern them."""

RULES: Final = 500
"""Most rules of one file: each is looked at for each action."""

RAISES: Final[dict[str, Gate | Severity]] = {
    "ask": "ask",
    "hold": "hold",
    "deny": "deny",
    **{f"S{level}": level for level in range(5)},
}
"""What a rule may raise to: a gate, or a severity."""


class _Written(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `[[rule]]` as it stands in the file."""

    id: Id
    raise_: str = field(name="raise")
    why: str
    tool: str = "*"
    agent: str = "*"
    args: dict[str, str] = field(default_factory=dict)
    when: str = ""
    fires: list[Known] = field(default_factory=list)
    silent: list[Known] = field(default_factory=list)


class Seen:
    """One call as the rules see it: what more than one of them needs is made once, and only if one needs it.

    `known` gives what conditions see, `names` is what they read of it.
    """

    __slots__ = ("_by_path", "_context", "_failed", "_known", "_leaves", "_names", "args")

    def __init__(self, args: dict[str, Any], known: Callable[[], Known], names: Iterable[str]) -> None:
        self.args = args
        self._known = known
        self._names = names
        self._leaves: Leaves | None = None
        self._by_path: dict[str, list[str]] | None = None
        self._context: Context | None = None
        self._failed: Exception | None = None

    @property
    def leaves(self) -> Leaves:
        """The arguments, flat. Raises what `leaves` raises."""
        if self._leaves is None:
            self._leaves = leaves(self.args)
        return self._leaves

    def named(self, path: str) -> list[str]:
        """The values at a path, which is case-folded. Raises what `leaves` raises."""
        if self._by_path is None:
            found: dict[str, list[str]] = {}
            for where, value in self.leaves.found:
                found.setdefault(where, []).append(value)
            self._by_path = found
        return self._by_path.get(path, [])

    @property
    def context(self) -> Context:
        """What conditions see. Raises whatever goes wrong in the making, which is not tried twice."""
        if self._failed is not None:
            raise self._failed
        if self._context is None:
            try:
                self._context = Context(self._known(), self._names)
            except Exception as error:
                self._failed = error
                raise
        return self._context


def _exact(pattern: str) -> str:
    """A pattern for paths that fits one path alone, case-folded; empty if it may fit more."""
    return "" if "*" in pattern or "?" in pattern else pattern.casefold()


class Rule:
    """One rule, compiled. All of its patterns must match, and its condition must hold."""

    __slots__ = ("_agent", "_args", "_hit", "_tool", "examples", "id", "said", "when")

    def __init__(self, written: _Written) -> None:
        """Compile a rule.

        Raises:
            ValueError: a pattern is empty or too long, or a condition (then `ConditionError`) cannot be used.
        """
        to = RAISES[written.raise_]
        self.id = written.id
        self.said = msgspec.structs.replace(written, fires=[], silent=[])
        self.examples = (written.fires, written.silent)
        tool, who = Glob(written.tool, fold=True), Glob(written.agent, fold=True)
        self._tool, self._agent = (None if glob.any else glob.matches for glob in (tool, who))
        self._args = [
            (_exact(path), Glob(path, fold=True).matches, Glob(text, fold=True).matches)
            for path, text in written.args.items()
        ]
        self.when = Condition(written.when) if written.when else None
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

    def check(self, call: Seen) -> RuleHit | None:
        """Return the hit on an action that the rule concerns, or None. Raises what goes wrong on the way."""
        for name, path, text in self._args:
            all_values = call.leaves
            if name and all_values.whole:
                values = call.named(name)
            else:
                values = [value for where, value in all_values.found if path(where)]
            for value in values:
                if text(value):
                    break
            else:
                return None if all_values.whole else self.unsure("policy-truncated", _TOO_MUCH)
        if self.when is None:
            return self._hit
        context = call.context
        try:
            if self.when.holds(context):
                return self._hit
        except ConditionError:
            if not self.when.misses(context):
                raise
            return self.unsure("policy-truncated", _TOO_MUCH)
        return self.unsure("policy-truncated", _TOO_MUCH) if self.when.misses(context) else None

    def unsure(self, kind: Literal["policy-error", "policy-truncated"], why: str) -> RuleHit:
        """Return the hit of a rule that could not be checked: ask."""
        return RuleHit(rule=self.id, raise_gate="ask", why=why, kind=kind)


class Policy:
    """The rules in force. Made by `load_policy`; does not change.

    `clock` tells the processor time in seconds, and `wall` the time that passes, which is never less and is told ten times
    as fast.
    """

    def __init__(
        self,
        rules: tuple[Rule, ...] = (),
        clock: Callable[[], float] = time.thread_time,
        wall: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.rules: Final = rules
        self._clock = clock
        self._wall = wall
        self._by_call: dict[tuple[str, str], list[Rule]] = {}
        self.digest: Final = hashlib.sha256(msgspec.json.encode([rule.said for rule in rules])).hexdigest()
        """SHA-256 over all rules in force, for the record."""
        self._names = frozenset[str]().union(*(rule.when.names for rule in rules if rule.when is not None))

    @property
    def conditions(self) -> int:
        """How many rules have a condition."""
        return sum(bool(rule.said.when) for rule in self.rules)

    def hits(
        self, agent: str, tool: str, args: dict[str, Any], known: Callable[[], Known] | None = None
    ) -> list[RuleHit]:
        """Return what the rules say about an action. Never raises: a rule that fails asks.

        `known` gives what conditions see, and is called once at most; without it that is the three others alone.
        """
        if not self.rules:
            return []
        found: list[RuleHit] = []
        call = Seen(args, known or (lambda: Known(tool=tool, agent=agent, args=args)), self._names)
        wall = self._wall
        until, spent = wall() + BUDGET_SECONDS, self._clock() + BUDGET_SECONDS
        late = False
        for rule in self._concerned(agent.casefold(), tool.casefold()):
            late = late or (wall() > until and self._clock() > spent)
            if late:
                found.append(rule.unsure("policy-truncated", _TOO_LONG))
                continue
            try:
                hit = rule.check(call)
            except ConditionError as error:
                hit = rule.unsure("policy-error", str(error))
            except Exception as error:  # noqa: BLE001  (whatever goes wrong in a rule: silence would mean yes)
                hit = rule.unsure("policy-error", f"{type(error).__name__} while looking at the arguments")
            if hit is not None:
                found.append(hit)
        return found

    def _concerned(self, agent: str, tool: str) -> list[Rule]:
        """The rules that could match a call of this tool by this agent; remembered, for the same calls come again."""
        found = self._by_call.get((agent, tool))
        if found is None:
            if len(self._by_call) >= CALLS_REMEMBERED:
                self._by_call.clear()
            found = self._by_call[agent, tool] = [rule for rule in self.rules if rule.concerns(agent, tool)]
        return found

    def concerns(self, agent: str, tool: str) -> bool:
        """Whether any rule could match some call of this tool by this agent: then no call of it may go unseen."""
        who, name = agent.casefold(), tool.casefold()
        return any(rule.concerns(who, name) for rule in self.rules)


_TOO_MUCH: Final = "there is more than is looked at, or part of it has not arrived"
_TOO_LONG: Final = "the rules before it took too long at this call"


_SHOWN: Final = 60
_INDEX: Final = re.compile(r"\[\d*\]")


class Tried(NamedTuple):
    """An example of a rule and what came of it. `problem` is empty where it came out as written."""

    rule: str
    kind: Literal["fires", "silent"]
    number: int
    example: Known
    problem: str


def load_policy(path: Path | None, attempts: list[Tried] | None = None) -> Policy:
    """Read a policy and try its examples; with None, no rules. With a list for the `attempts`, no example refuses the file.

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
        where, rule, written = _rule(path, number, item)
        if rule.id in rules:
            raise refuse(path, where, "this id is taken by a rule above: give it another")
        rules[rule.id] = rule
        for tried in try_examples(rule, written):
            if attempts is not None:
                attempts.append(tried)
            elif tried.problem:
                raise refuse(path, where, tried.problem)
    return Policy(tuple(rules.values()))


def _rule(path: Path, number: int, item: object) -> tuple[str, Rule, _Written]:
    name = item.get("id") if isinstance(item, dict) else None
    where = f"rule {name!r}" if isinstance(name, str) else f"rule number {number}"
    written = convert(path, where, item, _Written)
    if written.raise_ not in RAISES:
        raise refuse(
            path, where, f"raise = {written.raise_!r}: a rule can only raise, to {', '.join(RAISES)}"
        )
    if not written.why.strip():
        raise refuse(path, where, "`why` is empty: say in one sentence what the operator is to look at")
    if written.when and not (written.fires and written.silent):
        raise refuse(
            path,
            where,
            "a rule with `when` needs an example in `fires` and one in `silent`: no type is checked before",
        )
    try:
        return where, Rule(written), written
    except ConditionError as error:
        raise refuse(path, where, f"when: {error}") from None
    except ValueError as error:
        raise refuse(path, where, str(error)) from None


def _no_path(example: Known) -> str:
    """Why an example's `origins` have a path that no call would have; empty if they have none. Such a rule never fires."""
    there = {path for path, _value in leaf_values(example.args, names=True)}
    for path in example.origins:
        if len(path) > PATH_CHARS or (path not in there and _INDEX.search(path)):
            return f"no value has the path {path[:_SHOWN]!r} in `origins`: write it as patterns do, like to.0"
    return ""


def try_examples(rule: Rule, written: _Written) -> Iterator[Tried]:
    """Run a rule's examples."""
    alone = Policy((rule,))
    kinds: tuple[tuple[Literal["fires", "silent"], list[Known]], ...] = (
        ("fires", written.fires),
        ("silent", written.silent),
    )
    for kind, examples in kinds:
        for number, example in enumerate(examples, 1):
            hits = alone.hits(example.agent, example.tool, example.args, lambda example=example: example)  # type: ignore[misc]
            problem = ""
            if strange := _no_path(example):
                problem = f"example {number} of `{kind}`: {strange}"
            elif hits and hits[0].kind != "rule":
                problem = f"example {number} of `{kind}` cannot be checked: {hits[0].why}"
            elif bool(hits) is not (kind == "fires"):
                does = "fires" if hits else "does not fire"
                problem = f"example {number} of `{kind}` {does}: change the rule or the example"
            yield Tried(written.id, kind, number, example, problem)

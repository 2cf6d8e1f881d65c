"""The one call that judges: a proposed action under a catalogue and a policy."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from bus.events import ActionProposed
from console.core.blobs import blob_names
from console.core.call_facts import CallFacts
from console.core.judging.effects import command_argument, facts_by_name, facts_of_command
from console.core.judging.reach import UNTOLD, Consequences, consequences
from console.core.judging.risk import Assessment, Evidence, assess
from console.core.judging.tool_facts import RuleHit, ToolFacts, schema_of
from console.core.provenance.leaves import LONG, leaf_values
from console.core.provenance.suspicion import Suspicion, grave_command, unasked_removal
from console.core.provenance.trail import Trail
from console.core.shell.folder import stated
from console.core.shell.grade import grade
from console.policy.catalogue import Catalogue
from console.policy.known import known
from console.policy.rules import Policy

DELETES: Final = frozenset({"delete"})
"""The family of what a shell command does that removes something."""


class Judge:
    """A catalogue and a policy, together. Keeps nothing between calls."""

    def __init__(self, catalogue: Catalogue, policy: Policy) -> None:
        self.catalogue: Final = catalogue
        self.policy: Final = policy

    def suspect(
        self,
        trail: Trail,
        tool: str,
        args: dict[str, Any],
        *,
        schema: str | None = None,
        without: frozenset[str] = frozenset(),
    ) -> Suspicion | None:
        """Tell where the values of a call came from; None if this could not be told. Never raises.

        `schema`: the digest of the tool's definition, None where nobody says it.

        Of a shell command only what says where to is looked at: a path in it is as good as the command.
        """
        try:
            name = command_argument(self.catalogue.lookup_defined(tool, schema)[0], tool, args)
            if not name:
                named = leaf_values(args, names=True)
                return trail.call(tool, named, whole=not blob_names(args), without=without)
            graded = grade(args[name], *stated(args, trail.folder))
            grave = graded.severity >= 3
            gone = [("removes", target[-LONG:]) for target in graded.removes] if grave else []
            if not grave:
                gone = [
                    ("removes", target[-LONG:])
                    for target in graded.removes
                    if trail.forbids(target[-LONG:], DELETES)
                ]
            does = DELETES if graded.removes else frozenset()
            leaves, verbs = [*graded.leaves, *gone], frozenset(graded.verbs)
            suspicion = trail.call("", leaves, without=without, does=does, verbs=verbs)
            if grave:
                suspicion = grave_command(suspicion)
            if graded.removes and not trail.asks("remove"):
                suspicion = unasked_removal(suspicion)
            return suspicion
        except Exception:  # noqa: BLE001  (an action without a judgement would wait for nobody)
            return None

    def judge(self, proposal: ActionProposed, call: CallFacts) -> Assessment:
        """Judge a proposed action. Never raises.

        A tool of no catalogue is taken by its name where the origin of its values is known too, and for the worst
        otherwise: a name is a claim, and a claim is good only beside something to check.
        """
        return assess(self.evidence(proposal, call))

    def evidence(self, proposal: ActionProposed, call: CallFacts) -> Evidence:
        """Put together what is known of a call and what catalogue and rules say of it. Never raises."""
        facts: ToolFacts | None = None
        policy_error = unparsed = unpinned = ""
        try:
            facts, unpinned = self.catalogue.lookup_defined(proposal.tool, schema_of(proposal.hints))
            if facts is None and call.suspicion is not None:
                facts = facts_by_name(proposal.tool, leaf_values(proposal.args))
            command = command_argument(facts, proposal.tool, proposal.args)
            if facts is not None and command and call.suspicion is not None:
                graded = grade(proposal.args[command], *stated(proposal.args, call.circumstances.folder))
                facts, unparsed = facts_of_command(facts, graded), graded.problem
        except Exception as error:  # noqa: BLE001  (an action without a judgement would wait for nobody)
            policy_error = type(error).__name__
        bare = Evidence(
            tool=proposal.tool,
            facts=facts,
            hints=proposal.hints,
            confidence=proposal.confidence,
            tainted=call.tainted,
            sensitive=call.sensitive,
            first_use=call.first_use,
            gap=call.gap,
            incomplete=call.incomplete,
            digest_ok=call.digest_ok,
            policy_error=policy_error,
            unpinned=unpinned,
            unparsed=unparsed,
            suspicion=call.suspicion,
            earned=call.earned,
        )
        rules: list[RuleHit] = []
        try:
            rules = self.policy.hits(
                call.agent, proposal.tool, proposal.args, lambda: known(proposal, call, bare)
            )
        except Exception as error:  # noqa: BLE001  (as above)
            bare = replace(bare, policy_error=type(error).__name__)
        return replace(bare, rules=rules) if rules else bare

    def consequences(self, proposal: ActionProposed) -> Consequences:
        """Tell what a call reaches and whether it can be taken back, for people. Never raises; nothing is judged by it."""
        try:
            facts, unpinned = self.catalogue.lookup_defined(proposal.tool, schema_of(proposal.hints))
            command = command_argument(facts, proposal.tool, proposal.args)
            graded = grade(proposal.args[command]) if command else None
            return consequences(proposal.tool, proposal.args, facts, proposal.hints, graded, unpinned)
        except Exception:  # noqa: BLE001  (as above)
            return UNTOLD

    def pass_list(self, agent: str) -> list[str]:
        """Return the tools this agent need not wait for, sorted.

        A tool that any rule could concern is not among them: a call that nobody sees first cannot be raised.
        """
        return [tool for tool in self.catalogue.pass_list() if not self.policy.concerns(agent, tool)]

    def pass_schemas(self, agent: str) -> dict[str, str]:
        """Return the further tools that it need not wait for as long as their definition has this digest, sorted."""
        found = self.catalogue.pass_schemas().items()
        return {tool: schema for tool, schema in found if not self.policy.concerns(agent, tool)}

    def changed(self, proposal: ActionProposed) -> bool:
        """Whether a call is of a tool of which its server says something else than what it is pinned to."""
        schema = schema_of(proposal.hints)
        return schema is not None and bool(self.catalogue.lookup_defined(proposal.tool, schema)[1])

    def reads(self, tool: str, schema: str | None, *, by_name: bool = False) -> tuple[bool, bool]:
        """Whether a call's result may be untrusted, and whether it may be sensitive. An unknown tool's may be both.

        `schema`: the digest of the definition that was called, None where nobody says it.
        `by_name`: an undescribed tool is taken by its name, as in `judge` with a suspicion.
        """
        facts, _ = self.catalogue.lookup_defined(tool, schema)
        if facts is None and by_name:
            facts = facts_by_name(tool)
        return (True, True) if facts is None else (facts.reads_untrusted, facts.reads_sensitive)

    def polls(self, tool: str, schema: str | None) -> bool:
        """Whether the catalogue says that a tool, of this definition, is called again and again by nature."""
        facts, _ = self.catalogue.lookup_defined(tool, schema)
        return facts is not None and facts.polls

    def effect(self, tool: str, schema: str | None) -> str:
        """The worst that a call of a tool may do, by the catalogue; empty for a tool that it does not know.

        That names the stratum of a tool. One of another definition than it is pinned to is one that nobody knows, so that
        what it does says nothing of the tool that was pinned, and it earns nothing.
        """
        facts, unpinned = self.catalogue.lookup_defined(tool, schema)
        return "" if facts is None or unpinned else facts.effect

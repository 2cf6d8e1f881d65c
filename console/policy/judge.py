"""The one call that judges: a proposed action under a catalogue and a policy."""

from __future__ import annotations

from typing import Final

from bus.events import ActionProposed
from console.core.reliability.bounds import Earned
from console.core.risk import Assessment, Evidence, RuleHit, ToolFacts, assess
from console.policy.catalogue import Catalogue
from console.policy.rules import Policy


class Judge:
    """A catalogue and a policy, together. Keeps nothing between calls."""

    def __init__(self, catalogue: Catalogue, policy: Policy) -> None:
        self.catalogue: Final = catalogue
        self.policy: Final = policy

    def judge(  # noqa: PLR0913  (the facts of a call)
        self,
        proposal: ActionProposed,
        *,
        agent: str,
        digest_ok: bool | None,
        tainted: bool,
        sensitive: bool,
        first_use: bool,
        gap: bool,
        incomplete: bool,
        earned: Earned | None = None,
    ) -> Assessment:
        """Judge a proposed action; the facts about the run are those of `risk.Evidence`. Never raises."""
        facts: ToolFacts | None = None
        rules: list[RuleHit] = []
        policy_error = ""
        try:
            facts = self.catalogue.lookup(proposal.tool)
            rules = self.policy.hits(agent, proposal.tool, proposal.args)
        except Exception as error:  # noqa: BLE001  (an action without a judgement would wait for nobody)
            policy_error = type(error).__name__
        return assess(
            Evidence(
                tool=proposal.tool,
                facts=facts,
                hints=proposal.hints,
                confidence=proposal.confidence,
                tainted=tainted,
                sensitive=sensitive,
                first_use=first_use,
                gap=gap,
                incomplete=incomplete,
                digest_ok=digest_ok,
                rules=rules,
                policy_error=policy_error,
                earned=earned,
            )
        )

    def pass_list(self, agent: str) -> list[str]:
        """Return the tools this agent need not wait for, sorted.

        A tool that any rule could concern is not among them: a call that nobody sees first cannot be raised.
        """
        return [tool for tool in self.catalogue.pass_list() if not self.policy.concerns(agent, tool)]

    def reads(self, tool: str) -> tuple[bool, bool]:
        """Whether a call's result may be untrusted, and whether it may be sensitive. An unknown tool's may be both."""
        facts = self.catalogue.lookup(tool)
        return (True, True) if facts is None else (facts.reads_untrusted, facts.reads_sensitive)

    def polls(self, tool: str) -> bool:
        """Whether the catalogue says that a tool is called again and again by nature."""
        facts = self.catalogue.lookup(tool)
        return facts is not None and facts.polls

    def effect(self, tool: str) -> str:
        """The worst that a call of a tool may do, by the catalogue; empty for a tool that it does not know."""
        facts = self.catalogue.lookup(tool)
        return "" if facts is None else facts.effect

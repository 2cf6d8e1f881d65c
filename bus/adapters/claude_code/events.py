"""What Claude Code's hook events mean for a run. The same words come by command hooks and by the Agent SDK's callbacks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from bus.adapters.claude_code.changes import changed
from bus.sdk.decision import Action, Decision, RunKilled, RunRefusedError
from bus.sdk.job import Run
from bus.sdk.shell import BusStoppedError
from bus.sdk.values import result_text

BEGUN_KEPT: Final = 512
"""Tool calls that were allowed and not reported yet, whose decisions are remembered."""

SEEN_KEPT: Final = 4_096
"""Tool calls that came before a gate, which are remembered to know one that never did."""

Output = dict[str, Any]


class Conversation:
    """One session as its hooks tell it. `decide_within` is in seconds.

    `earlier` are calls that were allowed in a process before this one, `keep` is told which are allowed and not over.
    """

    def __init__(
        self,
        run: Run,
        *,
        decide_within: float,
        earlier: Collection[str] = (),
        keep: Callable[[Collection[str]], object] | None = None,
    ) -> None:
        self.run = run
        self._decide_within = decide_within
        self._begun: OrderedDict[str, Decision] = OrderedDict()
        self._seen: OrderedDict[str, bool] = OrderedDict()  # whether it may have run
        self._earlier = dict.fromkeys(earlier)
        self._keep = keep or (lambda _: None)

    async def take(self, event: Mapping[str, Any], *, within: float | None = None) -> Output:
        """Report an event, wait if it is one that waits, and return what Claude Code is told.

        `within` is how long this hook may wait for a decision, in seconds.

        Raises:
            RunKilled: an operator ended the run. No `Exception`. `killed` says what Claude Code must be told then.
        """
        match event.get("hook_event_name"):
            case "PreToolUse":
                return await self._gate(event, within or self._decide_within)
            case "PostToolUse" | "PostToolUseFailure" as kind:
                self._ended(event, failed=kind == "PostToolUseFailure")
                await self.run.checkpoint()
            case "UserPromptSubmit":
                self.run.message("user", event.get("prompt", ""))
                await self.run.checkpoint()
                self.run.state("working")
            case "Stop":
                if event.get("last_assistant_message"):
                    self.run.message("assistant", event["last_assistant_message"])
                self.run.state("input-required")
            case "SubagentStart":
                self.run.message(
                    "system", f"subagent {event.get('agent_type', '')} starts", name="Claude Code"
                )
            case "SubagentStop" if event.get("last_assistant_message"):
                self.run.message(
                    "assistant", event["last_assistant_message"], name=str(event.get("agent_type", ""))
                )
            case _:
                pass
        return {}

    async def _gate(self, event: Mapping[str, Any], within: float) -> Output:
        given = event.get("tool_input")
        if not isinstance(given, dict) or not event.get("tool_name"):
            return denied("the event names no tool and no input; nothing was asked")
        about = given.get("description", "")
        action = Action(
            str(event["tool_name"]),
            given,
            reason=about if isinstance(about, str) else "",
            call_id=str(event.get("tool_use_id", "")),
            decide_within=within,
            preview=changed(str(event["tool_name"]), given, event.get("cwd")),
        )
        self._note(action.call_id, ran=False)
        try:
            decision = await self.run.gate(action)
        except (RunRefusedError, BusStoppedError, ValueError) as error:
            return denied(f"{action.tool} was not run: {error}")
        if not decision.approved:
            return denied(words(decision))
        self._begun[action.call_id] = decision
        while len(self._begun) > BEGUN_KEPT:
            self._note(self._begun.popitem(last=False)[0], ran=True)
        self._keep([*self._earlier, *self._begun])
        if decision.outcome == "edited":
            why = "an operator approved this call with changed input"
            return _edited(decision.args, why)
        return _permission("allow", "approved")

    def _ended(self, event: Mapping[str, Any], *, failed: bool) -> None:
        call = str(event.get("tool_use_id", ""))
        text = str(event.get("error", "")) if failed else response_text(event.get("tool_response"))
        decision = self._begun.pop(call, None)
        if decision is not None:
            (decision.failed if failed else decision.done)(text)
        elif call in self._earlier or self._seen.get(call, False) or (failed and call in self._seen):
            # Allowed in an earlier process, told twice, or the failure of a call that was denied.
            self._earlier.pop(call, None)
            self.run.tool_result(str(event.get("tool_name", "")), text, error=failed, call_id=call)
        else:
            given = event.get("tool_input")
            tool = str(event.get("tool_name", ""))
            args = given if isinstance(given, dict) else {}
            self.run.ran(Action(tool, args, call_id=call), text, failed=failed)
        self._note(call, ran=True)
        self._keep([*self._earlier, *self._begun])

    def _note(self, call: str, *, ran: bool) -> None:
        self._seen[call] = ran
        while len(self._seen) > SEEN_KEPT:
            self._seen.popitem(last=False)


def words(decision: Decision) -> str:
    """Return what the model is told of a call that may not run."""
    tool, text = decision.tool, decision.text
    match decision.outcome:
        case "responded":
            return f"{tool} was not run; an operator answers in its place: {text}"
        case "rejected":
            return (
                f"{tool} was not run: an operator rejected it{f': {text}' if text else ', without a reason'}"
            )
        case outcome:
            return f"{tool} was not run: {text or outcome}"


def denied(why: str) -> Output:
    """The answer to a gate that stays shut."""
    return _permission("deny", why)


def killed(event: Mapping[str, Any], error: RunKilled) -> Output:
    """The answer to any event of a run that an operator ended: this call does not run, and nothing after it."""
    why = f"an operator ended this run: {error}" if str(error) else "an operator ended this run"
    kind = event.get("hook_event_name")
    answer = denied(why) if kind == "PreToolUse" else {}
    if kind == "UserPromptSubmit":
        answer = {"decision": "block", "reason": why}
    return answer | {"continue": False, "stopReason": why}


def response_text(response: object) -> str:
    """Return a tool's result as text: what a shell wrote, the texts of content blocks, else JSON."""
    match response:
        case str():
            return response
        case {"stdout": str(out), **rest}:
            err = rest.get("stderr")
            return f"{out}\n{err}" if isinstance(err, str) and err else out
        case {"content": list(parts)} | list(parts) if parts and all(_is_text(part) for part in parts):
            return "\n".join(str(part["text"]) for part in parts)
        case None:
            return ""
        case _:
            return result_text(response)


def _is_text(part: object) -> bool:
    return isinstance(part, dict) and isinstance(part.get("text"), str)


def _permission(what: str, why: str) -> Output:
    return {
        "hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "permissionDecision": what,
            "permissionDecisionReason": why,
        }
    }


def _edited(args: dict[str, Any], why: str) -> Output:
    answer = _permission("allow", why)
    answer["hookSpecificOutput"]["updatedInput"] = args
    return answer

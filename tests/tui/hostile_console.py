"""The console on a floor in which every text that anybody sends means harm: `python -m tests.tui.hostile_console`."""

import asyncio
import os
import sys
from datetime import UTC

from bus.alarm_records import AlarmRaised
from bus.events import (
    CommandRefused,
    Confidence,
    ControlLevel,
    Gate,
    MessageSeen,
    Preview,
    Progress,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
)
from bus.policy_records import PolicyAdopted, PolicyRule, PolicySuppression, PolicyTool
from bus.records import ActionDecided
from console.tui.app import prepare
from console.tui.apps.calling_app import CallingApp
from console.tui.settings import Asked, settled
from console.tui.terminal.calling import WAYS, Caller
from console.tui.terminal.terminals import terminal_of
from tests.fixtures.floor import FakeSource, Script

MARK = "HARM"
"""In each piece of hostile text behind what means harm: it is on screen, and what was before it did nothing."""

PIECES = (
    "\x1b]52;c;SEFSTQ==\x07",  # writes the clipboard
    "\x1b]0;HARM-title\x1b\\",
    "\x1b]9;HARM-note\x07",
    "\x1bPtmux;\x1b\x1b]52;c;SEFSTQ==\x07\x1b\\",
    "\x1b[2J\x1b[31m",
    "\x1b[6n",  # asks for an answer that would be typed
    "\x1b[?1049l",
    "\x9b31m\x9d0;HARM\x9c",  # C1
    "\x07\x08\x7f\x0c\x0e\x0f\x00\r\n\v",
    "\u202eevil\u2066\u200b\u2028",
    "[/x][@click=app.quit]HARM[/]",
    "[bold red]",
)
HARM = "".join(PIECES) + MARK
TOOL = HARM[:120] + MARK
"""A tool's name has at most 128 characters."""


def hostile() -> Script:
    """Runs, asks, alarms, judgements and refusals, with harm wherever a text may stand."""
    script = Script()
    controls: tuple[ControlLevel, ...] = ("observed", "gated", "contained")
    gates: tuple[Gate, ...] = ("ask", "hold")
    for number, control in enumerate(controls):
        run = f"h{number}"
        script.agent(
            "evil",
            run,
            RunStarted(goal=HARM, control=control, agent_version=HARM, model=HARM, labels={HARM: HARM}),
        )
        script.agent("evil", run, MessageSeen(role="user", text=HARM, name=HARM))
        script.agent("evil", run, StepStarted(step=1, name=HARM, confidence=Confidence(value=0.2)))
        script.agent("evil", run, StepFinished(step=1, ok=False, text=HARM))
        script.agent("evil", run, Progress(done=1, of=3, text=HARM))
    for number, gate in enumerate(gates, 1):
        args = {"to": HARM, HARM: [HARM, {HARM: HARM}]}
        preview = Preview(of=HARM, present=f"{HARM}\nsame", proposed=f"same\n{HARM}")
        script.ask(
            "evil", f"h{number}", "a1", TOOL, args, gate=gate, reason=HARM, reasons=(HARM, HARM), preview=preview
        )  # fmt: skip
    script.agent("evil", "h3", RunStarted(goal=HARM, control="gated"))
    script.agent("evil", "h3", RunFinished(outcome="failed", text=HARM))
    script.command("evil", "h1", "pause", by=HARM)
    script.agent("evil", "h1", CommandRefused(command="c1", reason=HARM))
    script.ask("evil", "h1", "a2", TOOL, {"to": HARM})
    script.supervisor(
        ActionDecided(action="a2", outcome="rejected", command="d9", by=HARM, reason=HARM), "evil", "h1"
    )
    rule = PolicyRule(
        id="r", raises="hold", why=HARM, tool=HARM, agent=HARM, when=HARM, args={HARM: HARM}, fires=[HARM]
    )
    tool = PolicyTool(tool=HARM, effect="send", severity=3, command=HARM, why=HARM)
    hidden = PolicySuppression(kind="gap", agent=HARM, why=HARM)
    script.supervisor(
        PolicyAdopted(
            digest="0" * 64,
            content="0" * 64,
            policy=HARM,
            catalogue=HARM,
            rules=[rule],
            tools=[tool],
            suppressed=[hidden],
        )
    )
    script.supervisor(AlarmRaised(alarm="x/evil/h1", kind="bad-input", priority=1, text=HARM), "evil", "h1")
    script.supervisor(AlarmRaised(alarm="y/evil", kind="gap", priority=2, text=HARM, latched=True), "evil")
    return script


async def main() -> None:
    settings = settled(Asked(), Asked(), os.environ)
    prepare(settings)
    source = FakeSource(hostile())
    caller = Caller(terminal_of(os.environ), frozenset(WAYS), "harbour")
    app = CallingApp(source.open, site="harbour", operator="op-1", zone=UTC, caller=caller, settings=settings)
    await app.run_async(mouse=settings.mouse)
    await app.left()
    if app.failure is not None:
        sys.exit(str(app.failure))


if __name__ == "__main__":
    asyncio.run(main())

"""`watchfloor`: the console, and a verb a line. Nothing but click is loaded until a verb needs it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from console.cli.lazy import Entry, LazyGroup
from console.cli.looks import looks, settings_for
from console.cli.options import Place, common, version
from console.cli.outlet import stand_in
from console.cli.roomy import roomy
from console.tui.apps import collecting

if TYPE_CHECKING:
    from console.tui.settings import Asked

TABLE: Final[dict[str, Entry]] = {
    "up": Entry("console.cli.verbs.up:up", "bring a site up: broker, supervisor, recording"),
    "ls": Entry("console.cli.verbs.look:ls", "agents and runs, and how they stand"),
    "show": Entry("console.cli.verbs.look:show", "one run: steps, actions, commands, alarms"),
    "asks": Entry("console.cli.verbs.look:asks", "what waits for a person"),
    "blob": Entry("console.cli.verbs.blob:blob", "a large value of an action, which was sent apart"),
    "approve": Entry("console.cli.verbs.decide:approve", "let a waiting action run"),
    "edit": Entry("console.cli.verbs.decide:edit", "let a waiting action run with other arguments"),
    "reject": Entry("console.cli.verbs.decide:reject", "refuse a waiting action, with a reason"),
    "respond": Entry("console.cli.verbs.decide:respond", "answer a waiting action with a text instead"),
    "escalate": Entry("console.cli.verbs.decide:escalate", "others should look at a waiting action"),
    "claim": Entry("console.cli.verbs.decide:claim", "tell others that you look into a waiting action"),
    "grants": Entry(
        "console.cli.verbs.grants:grants", "what may run without asking again, and by whose word"
    ),
    "revoke": Entry("console.cli.verbs.grants:revoke", "end a grant, or all of a run"),
    "pause": Entry("console.cli.verbs.command:pause", "stop a run at its next checkpoint or gate"),
    "resume": Entry("console.cli.verbs.command:resume", "let a paused or held run go on"),
    "hold": Entry("console.cli.verbs.command:hold", "stop a run, or all, at the next gate"),
    "kill": Entry("console.cli.verbs.command:kill", "end a run"),
    "verify": Entry("console.cli.verbs.verify:verify", "say how a run or an action really ended"),
    "reliability": Entry("console.cli.verbs.reliability:reliability", "what agents have proven"),
    "alarms": Entry("console.cli.verbs.alarms:alarms", "alarms, what they mean, what to do, what is hidden"),
    "ack": Entry("console.cli.verbs.alarms:ack", "acknowledge an alarm"),
    "reset": Entry("console.cli.verbs.alarms:reset", "reset a latched alarm, with a reason"),
    "shelve": Entry("console.cli.verbs.alarms:shelve", "hide an alarm for a time, with a reason"),
    "unshelve": Entry("console.cli.verbs.alarms:unshelve", "show a shelved alarm again"),
    "out-of-service": Entry("console.cli.verbs.alarms:out_of_service", "hide an alarm until it is put back"),
    "in-service": Entry("console.cli.verbs.alarms:in_service", "put an alarm back into service"),
    "tail": Entry("console.cli.records.tail:tail", "the log, a line a record, live with --follow"),
    "oncall": Entry("console.cli.oncall.verb:oncall", "who did what, as a shift report in Markdown"),
    "sessions": Entry("console.cli.records.export:sessions", "the recording's files"),
    "export": Entry("console.cli.records.export:export", "the recording as JSON lines"),
    "import": Entry("console.cli.records.importing:import_", "a session file out of an export"),
    "demo": Entry("console.cli.agents.demo:demo", "a live floor of small agents to try everything on"),
    "replay": Entry("console.cli.replay:replay", "a recorded session in the console's screens"),
    "rerun": Entry("console.cli.agents.rerun:rerun", "live recorded runs again over the bus"),
    "evaluate": Entry(
        "console.cli.verbs.evaluate:evaluate", "the judge over recorded runs, and what its flags are worth"
    ),
    "policy": Entry(
        "console.cli.verbs.policy:policy", "check, try and explain the rules; judge a session anew"
    ),
    "aap": Entry(
        "console.cli.agents.aap:aap", "approvals for agents that ask by the Agent Approval Protocol"
    ),
    "run": Entry("console.cli.agents.run:run", "run a command contained: frozen and ended for sure"),
    "hook": Entry(
        "console.cli.agents.hook:hook", "Claude Code's tool calls wait: its hook, and hook install"
    ),
    "mcp": Entry("console.cli.agents.mcp:mcp", "an MCP server whose tools wait: a proxy before it"),
    "keys": Entry("console.cli.verbs.keys:keys", "make, list, enrol and show keys"),
    "spool": Entry("console.cli.agents.spool:spool", "what agents could not send yet"),
    "notify": Entry("console.cli.verbs.notify:notify", "messages to people of what wants one; notify test"),
    "doctor": Entry("console.cli.checks.doctor:doctor", "check broker, clock, folders, keys, recording"),
}


@click.group(
    cls=LazyGroup,
    table=TABLE,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@common
@looks
@click.option("--read-only", is_flag=True, help="Open the console without any way to act.")
@click.option(
    "--plain", is_flag=True, help="Line by line: for screen readers, dumb terminals, logs and scripts."
)
@click.option("--colour", is_flag=True, help="With --plain: colour the lines that want a person.")
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=version, help="Print the version."
)
@click.pass_context
def cli(ctx: click.Context, place: Place, look: Asked, *, read_only: bool, plain: bool, colour: bool) -> int:
    """Supervise live AI agents: watch, approve, edit, reject, pause, kill.

    Without a command it opens the console.
    """
    ctx.obj = place
    if ctx.invoked_subcommand is None and not plain:
        from console.cli.screens.screen import open_console

        return open_console(place, look, read_only=read_only)
    collecting.resume()
    if ctx.invoked_subcommand is not None:
        return 0
    from console.cli.plain.opening import open_plain

    only = settings_for(place, look).ascii_only
    return open_plain(place, read_only=read_only, coloured=colour, ascii_only=only)


def main() -> None:
    """Run the command line. What a terminal cannot show is escaped, not an error."""
    collecting.put_off()  # until the verb is loaded, or the console stands
    stand_in()
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    roomy(lambda: cli(prog_name="watchfloor"))


if __name__ == "__main__":
    main()

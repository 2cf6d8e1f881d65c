"""The real Claude Code on a real floor: its own HOME, a model by script, our hooks installed by our own verb."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from console.core.fleet.state import Action, Run
from tests.adapters.claude_api import ClaudeApi
from tests.adapters.kept import environment
from tests.containment.floor import SOON, ContainFloor
from tests.fixtures.answering import about
from tests.fixtures.site_processes import until

SDK = "claude-agent-sdk>=0.2.180,<0.3"
CATALOGUE = '[tool."Bash"]\nseverity = "S2"\neffect = "write"\n'
POLICY = """
[[rule]]
id = "every-command"
tool = "Bash"
raise = "ask"
why = "a person reads every command"

[[rule]]
id = "every-file"
tool = "Write"
raise = "ask"
why = "a person reads every file"
"""


def claude() -> Path:
    """The program itself, out of the SDK's wheel."""
    found = environment("claude", SDK).parent.glob(
        "lib/python*/site-packages/claude_agent_sdk/_bundled/claude"
    )
    return next(found)


class ClaudeFloor:
    """One session of Claude Code. `allowed`: its own settings let Bash run, so that a hook that does nothing lets it run."""

    def __init__(self, world: ContainFloor, root: Path, api: ClaudeApi) -> None:
        self.world = world
        self.api = api
        self.work = root / "work"
        self.said = root / "claude.log"
        self.settings = root / "claude-home" / ".claude" / "settings.json"
        self.work.mkdir()
        self.settings.parent.mkdir(parents=True)
        self.settings.write_text(json.dumps({"permissions": {"allow": ["Bash"]}}))
        self.process: subprocess.Popen[bytes] | None = None
        self.environment = world.site.environment | {
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "HOME": str(root / "claude-home"),
            "CLAUDE_CONFIG_DIR": str(self.settings.parent),
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "ANTHROPIC_BASE_URL": api.url,
            "ANTHROPIC_API_KEY": "none",
        }

    def verb(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `watchfloor hook` ... as the user of this session."""
        return subprocess.run(
            [sys.executable, "-m", "console.cli.main", "hook", *arguments],
            env=self.environment,
            cwd=self.work,
            capture_output=True,
            text=True,
            check=False,
        )

    def install(self, wait: float = 60.0) -> None:
        """Put the hooks in."""
        done = self.verb("install", "--broker", str(self.world.site.url), "--wait", str(wait))
        assert done.returncode == 0, done

    def change(self, event: str, change: Callable[[dict[str, Any]], None]) -> None:
        """Change the hook of an event in the settings, as somebody who breaks it would."""
        content = json.loads(self.settings.read_text())
        change(content["hooks"][event][-1]["hooks"][0])
        self.settings.write_text(json.dumps(content))

    def start(self, *, contained: bool = False) -> None:
        """Let it work; `contained`, under `watchfloor run`."""
        place = ["--broker", str(self.world.site.url), "--agent", "claude-code", "--grace", "1"]
        wrapper: list[str] = [sys.executable, "-m", "console.cli.main", "run", *place, "--"]
        with self.said.open("wb") as output:
            self.process = subprocess.Popen(
                [*(wrapper if contained else []), claude(), "-p", "do the work"],
                cwd=self.work,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    async def ends(self, within: float = 240.0) -> int:
        """Wait until it has ended."""
        process = self.process
        assert process is not None
        await until(lambda: process.poll() is not None, within, f"Claude Code ends; it said: {self.log()}")
        return process.returncode

    def end(self) -> None:
        """End it, whatever it does."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def log(self) -> str:
        """What it printed, and the keeper's own log."""
        logs = [self.said, *(self.world.site.home.data / "claude-code").glob("*.log")]
        return "\n".join(path.read_text("utf-8", "replace") for path in logs if path.exists())

    def files(self) -> dict[str, str]:
        """What its tools did."""
        return {path.name: path.read_text() for path in sorted(self.work.iterdir())}

    @property
    def run(self) -> Run:
        """Its run."""
        return next(run for run in self.world.floor.fleet.runs.values() if run.agent == "claude-code")

    async def asked(self, count: int = 1) -> Action:
        """Wait for the call of that number, and that a person is asked about it."""

        def there() -> bool:
            runs = [run for run in self.world.floor.fleet.runs.values() if run.agent == "claude-code"]
            actions = [action for run in runs for action in run.actions.values()]
            return len(actions) >= count and actions[count - 1].state == "asked"

        await until(there, SOON, f"call {count} is asked about: {self.log()}")
        return list(self.run.actions.values())[count - 1]

    async def say(self, verb: str, action: Action | None = None, **more: Any) -> None:
        """Say something as the operator."""
        named = about(action) if action else {"agent": "claude-code", "run": self.run.run}
        answer = await self.world.floor.say(verb, **named, **more)  # type: ignore[arg-type]
        assert answer.accepted, answer

    async def becomes(self, state: str) -> None:
        """Wait until its run is in a state."""
        await until(lambda: self.run.state == state, SOON, f"the run is {state}: {self.log()}")

"""Claude Code's settings file: our hooks put in, taken out, looked at; everything else in it stays as it is."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bus.adapters.claude_code.hook import GATE, OPENING
from bus.home import Home
from bus.limits import DECIDE_WITHIN
from bus.topics import check_id

MARK: Final = "bus.adapters.claude_code.hook"
"""By this a command in the file is known as ours."""

WAITING: Final = (GATE, "PostToolUse", "PostToolUseFailure", "UserPromptSubmit")
"""Events whose hooks may wait: for a decision, or while the run is paused."""

EVENTS: Final = (*WAITING, "Stop", "SubagentStart", "SubagentStop", "SessionStart", "SessionEnd")

OVER: Final = 60
"""Seconds that Claude Code waits longer for a hook than the hook for a decision, so that the refusal has words."""

SHORT: Final = 30
"""Seconds that a hook which does not wait may take."""

SINCE: Final = (2, 1, 295)
"""First version of Claude Code that knows `onFailure`: in an earlier one a hook that fails lets the tool run."""

AGENT: Final = "claude-code"


class SettingsError(Exception):
    """The file cannot be used. The text names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be installed. `wait` is how long a call waits for a decision, in seconds."""

    home: Home
    agent: str = AGENT
    wait: float = DECIDE_WITHIN
    broker: str | None = None
    python: str = sys.executable

    @property
    def arguments(self) -> list[str]:
        """Arguments of the hook, but for the event: folder, agent, wait, then those of the keeper."""
        rest = ["--site", self.home.site]
        root = os.environ.get("WATCHFLOOR_HOME")
        if root:
            rest += ["--home", str(Path(root).expanduser().absolute())]
        if self.broker:
            rest += ["--broker", self.broker]
        return [str(folder(self.home)), check_id(self.agent, "agent"), f"{self.wait:g}", *rest]

    def command(self, event: str) -> str:
        """The command line of an event's hook. That of a gate lets nothing out but a whole answer of ours."""
        where, agent, wait, *rest = self.arguments
        run = shlex.join([self.python, "-P", "-m", MARK, where, agent, event, wait, *rest])
        if event != GATE:
            return run
        return (
            f"o=$({run}) || exit 2; case \"$o\" in '{OPENING}'*'}}') printf '%s\\n' \"$o\";; "
            "*) echo 'watchfloor: the hook printed something else than an answer' >&2; exit 2;; esac"
        )

    def entry(self, event: str) -> dict[str, Any]:
        """The entry of an event."""
        timeout = int(self.wait) + OVER if event in WAITING else SHORT
        hook: dict[str, Any] = {"type": "command", "command": self.command(event), "timeout": timeout}
        if event == GATE:
            hook["onFailure"] = "block"
        matched = {"matcher": "*"} if "ToolUse" in event else {}
        return matched | {"hooks": [hook]}


def folder(home: Home) -> Path:
    """Where keepers have their sockets, logs and locks."""
    return home.data.absolute() / "claude-code"


def place(scope: str, cwd: Path) -> Path:
    """The settings file of a scope: `user`, `project`, or `local` (the project's, for yourself)."""
    if scope == "user":
        return Path(os.environ.get("CLAUDE_CONFIG_DIR") or Path.home() / ".claude") / "settings.json"
    return cwd / ".claude" / ("settings.json" if scope == "project" else "settings.local.json")


def read(path: Path) -> dict[str, Any]:
    """Read a settings file; one that is not there is empty.

    Raises:
        SettingsError: it is not what Claude Code would read. Claude Code then runs without any hook.
    """
    try:
        content = json.loads(path.read_text("utf-8") or "{}")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: cannot be read, so Claude Code runs without hooks: {error}") from None
    hooks = content.get("hooks", {}) if isinstance(content, dict) else None
    if not isinstance(hooks, dict) or not all(isinstance(groups, list) for groups in hooks.values()):
        raise SettingsError(f"{path}: hooks: must be an object of lists, one an event: mend it first")
    return dict(content)


def with_ours(content: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
    """Return the content with our hooks, as wanted, and no older ones of ours."""
    clean = without_ours(content)
    hooks = dict(clean.get("hooks", {}))
    for event in EVENTS:
        hooks[event] = [*hooks.get(event, []), wanted.entry(event)]
    return clean | {"hooks": hooks}


def without_ours(content: dict[str, Any]) -> dict[str, Any]:
    """Return the content without our hooks; a list that held nothing else goes with them."""
    hooks: dict[str, Any] = {}
    for event, groups in content.get("hooks", {}).items():
        left = [rest for group in groups if (rest := _rest(group)) is not None]
        if left or not groups:
            hooks[event] = left
    rest = {name: value for name, value in content.items() if name != "hooks"}
    return content | {"hooks": hooks} if hooks or content.get("hooks") == {} else rest


def _rest(group: Any) -> Any:
    """A group without our hooks, or None if it held nothing else."""
    if not isinstance(group, dict) or not any(map(_ours, group.get("hooks") or [])):
        return group
    left = [hook for hook in group["hooks"] if not _ours(hook)]
    return group | {"hooks": left} if left else None


def _ours(hook: Any) -> bool:
    return isinstance(hook, dict) and MARK in str(hook.get("command", ""))


def write(path: Path, content: dict[str, Any]) -> None:
    """Write a settings file: whole or not at all, with the mode that it had.

    Raises:
        SettingsError: it cannot be written.
    """
    real = path.resolve()
    part = real.with_name(f".{real.name}.{secrets.token_hex(4)}.part")
    try:
        real.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = real.stat().st_mode & 0o777 if real.exists() else 0o600
        with os.fdopen(
            os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8"
        ) as file:
            os.fchmod(file.fileno(), mode)
            file.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(real)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)


def problems(content: dict[str, Any], wanted: Wanted) -> list[str]:
    """Say what is wrong with our hooks in a file, a line each; nothing if every gate holds."""
    found = []
    if content.get("disableAllHooks"):
        found.append("disableAllHooks is set: no hook runs, and nothing is gated")
    for event in EVENTS:
        groups = content.get("hooks", {}).get(event, [])
        ours = [
            group for group in groups if isinstance(group, dict) and any(map(_ours, group.get("hooks") or []))
        ]
        if not ours:
            found.append(f"{event}: not installed")
        elif ours != [wanted.entry(event)]:
            found.append(f"{event}: installed in another form than this version writes")
    return found

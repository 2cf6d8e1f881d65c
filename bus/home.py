"""Where Watchfloor keeps things on this machine, and how a process finds its site and broker.

Environment: `WATCHFLOOR_HOME` puts everything under one folder, `WATCHFLOOR_SITE` names the site (default `local`),
`WATCHFLOOR_BROKER` names the broker. Without the last, the broker is the one that `watchfloor up` wrote into the site's
folder, else `mqtt://127.0.0.1:1883`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs

from bus.topics import BadIdError, check_id

DEFAULT_BROKER: Final = "mqtt://127.0.0.1:1883"
DEFAULT_SITE: Final = "local"


def site_name(given: str | None = None) -> str:
    """The site's name: as given, or from the environment, or `local`.

    Raises:
        BadIdError: not a legal id.
    """
    name = check_id(given or os.environ.get("WATCHFLOOR_SITE") or DEFAULT_SITE, "site")
    if name in (".", ".."):  # legal in a topic, not as the name of a folder
        msg = f"site {name!r} cannot be the name of a folder"
        raise BadIdError(msg)
    return name


@dataclass(frozen=True, slots=True)
class Home:
    """The folders of one site for one user. Nothing is created by looking."""

    site: str
    data: Path
    """Recordings, spools, the supervisor's lock: what must survive."""
    config: Path
    """Keys, the operators file, `policy.toml`, `catalogue.toml`: what people edit."""

    @staticmethod
    def of(site: str | None = None) -> Home:
        """The folders of a site.

        Raises:
            BadIdError: the site's name is not a legal id.
        """
        name = site_name(site)
        root = os.environ.get("WATCHFLOOR_HOME")
        if root:
            base = Path(root).expanduser()
            return Home(site=name, data=base / "data" / name, config=base / "config" / name)
        data = Path(platformdirs.user_data_dir("watchfloor", appauthor=False))
        config = Path(platformdirs.user_config_dir("watchfloor", appauthor=False))
        return Home(site=name, data=data / name, config=config / name)

    @property
    def sessions(self) -> Path:
        """Session files of the recording."""
        return self.data / "sessions"

    @property
    def kept(self) -> Path:
        """What an operator copied or kept of the console as files."""
        return self.data / "kept"

    @property
    def spool(self) -> Path:
        """Spools of agents, one folder an agent, one file a run."""
        return self.data / "spool"

    @property
    def broker_file(self) -> Path:
        """The URL of the broker that `watchfloor up` uses; no password in it."""
        return self.data / "broker"

    @property
    def lock(self) -> Path:
        """Held by the one supervisor of the site on this machine."""
        return self.data / "supervisor.lock"

    @property
    def emergency_log(self) -> Path:
        """JSON lines of what was commanded while the recording failed; recorded late, then removed."""
        return self.data / "emergency.jsonl"

    @property
    def in_force(self) -> Path:
        """The last good version of each file that people edit: what is in force while the file itself cannot be used."""
        return self.data / "in-force"

    @property
    def reliability(self) -> Path:
        """What agents have proven: every verdict, for longer than sessions are kept."""
        return self.data / "reliability.sqlite"

    @property
    def supervisor_key(self) -> Path:
        """The supervisor's private key; its public half lies beside it as `.pub` for agents to pin."""
        return self.config / "supervisor_ed25519"

    @property
    def supervisor_public_key(self) -> Path:
        """The public half of the supervisor's key, for agents and consoles to pin."""
        return self.supervisor_key.with_name(self.supervisor_key.name + ".pub")

    @property
    def operators(self) -> Path:
        """Who may decide: lines `NAME ssh-ed25519 AAAA...`."""
        return self.config / "operators"

    @property
    def wrapper_key(self) -> Path:
        """The private key by which `watchfloor run` on this machine proves that it holds a run's process."""
        return self.config / "wrapper.key"

    @property
    def wrappers(self) -> Path:
        """Whose word that a run is contained counts: lines `NAME ssh-ed25519 AAAA...`."""
        return self.config / "wrappers"

    @property
    def contained(self) -> Path:
        """Where contained runs of this machine can be reached directly, one file a run."""
        return self.data / "contained"

    @property
    def policy(self) -> Path:
        """Rules that may only raise a gate."""
        return self.config / "policy.toml"

    @property
    def alarms(self) -> Path:
        """What alarms are suppressed by design."""
        return self.config / "alarms.toml"

    @property
    def budgets(self) -> Path:
        """What runs may use up."""
        return self.config / "budgets.toml"

    @property
    def catalogue(self) -> Path:
        """The site's own tool catalogue, on top of the presets."""
        return self.config / "catalogue.toml"

    @property
    def console(self) -> Path:
        """How the console looks and moves here."""
        return self.config / "console.toml"

    @property
    def notify(self) -> Path:
        """Whom to tell of what wants a person; it holds secrets."""
        return self.config / "notify.toml"

    @property
    def deliveries(self) -> Path:
        """JSON lines of the messages that were sent to people."""
        return self.data / "notify.jsonl"

    def operator_key(self, operator: str) -> Path:
        """The private key of an operator of this machine."""
        return self.config / f"{check_id(operator, 'operator')}_ed25519"

    def broker(self, given: str | None = None) -> str:
        """The broker's URL: as given, from the environment, from the running `watchfloor up`, or the default."""
        found = given or os.environ.get("WATCHFLOOR_BROKER")
        if not found and self.broker_file.is_file():
            found = self.broker_file.read_text(encoding="utf-8").strip()
        return found or DEFAULT_BROKER

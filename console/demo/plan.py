"""What a demo is to be, and where: its folders, its site, the environment of its processes."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bus.home import Home
from console.demo.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class Plan:
    """What a demo is to be: where, from which seed, how fast, on which broker (None: its own)."""

    root: Path
    site: str = "demo"
    seed: int = 1
    speed: float = 1.0
    broker: str | None = None
    answer: Literal["approve", "reject", "none"] = "none"
    operator: str = "operator"
    keep: bool = False
    detectors: bool = False
    """Whether those agents come, too, who are there only to show every detector."""
    llm: bool = False
    """Whether an agent with a real language model comes, too."""

    @property
    def home(self) -> Home:
        """The folders of the demo's site."""
        return Home(
            site=self.site,
            data=self.root / "home" / "data" / self.site,
            config=self.root / "home" / "config" / self.site,
        )

    @property
    def sandbox(self) -> Sandbox:
        """Where the agents work."""
        return Sandbox(self.root / "sandbox")

    @property
    def logs(self) -> Path:
        """What the processes say."""
        return self.root / "logs"

    @property
    def environment(self) -> dict[str, str]:
        """What every process of the demo gets."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WATCHFLOOR_")}
        here = str(Path(__file__).resolve().parents[2])
        return kept | {
            "WATCHFLOOR_HOME": str(self.root / "home"),
            "WATCHFLOOR_SITE": self.site,
            "LOGNAME": self.operator,  # the site's first operator is the user of this name
            "PYTHONPATH": os.pathsep.join(filter(None, (here, kept.get("PYTHONPATH")))),
            "PYTHONUNBUFFERED": "1",
            "TMPDIR": str(self.root / "tmp"),
        }

    def last_words(self, name: str) -> str:
        """The last line that a process said; `up` for the site's."""
        path = self.logs / f"{name}.log"
        lines = path.read_text("utf-8", "replace").strip().splitlines() if path.exists() else []
        return lines[-1] if lines else ""

    def make(self) -> None:
        """Make the folders, the catalogue and the rules."""
        for folder in (self.logs, self.root / "tmp", self.home.config, self.home.data):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.sandbox.make(self.seed)
        for path in (self.home.catalogue, self.home.policy):
            shutil.copyfile(Path(__file__).with_name(path.name), path)

    @property
    def command(self) -> list[str]:
        """The command line of the process that carries this plan out."""
        words = [sys.executable, "-m", "console.demo.crew", str(self.root), "--site", self.site]
        words += ["--seed", str(self.seed), "--speed", str(self.speed), "--operator", self.operator]
        words += ["--answer", self.answer, *(["--broker", self.broker] if self.broker else [])]
        wanted = {"--keep": self.keep, "--detectors": self.detectors, "--llm": self.llm}
        return [*words, *(word for word, is_so in wanted.items() if is_so)]

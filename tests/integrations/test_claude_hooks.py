"""Hooks of Claude Code without Claude Code: its settings file, the process it starts, and the keeper behind that."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.adapters.claude_code import settings
from bus.adapters.claude_code.events import response_text
from bus.adapters.claude_code.hook import GATE, OPENING
from bus.adapters.claude_code.sessions import run_id
from bus.home import Home
from bus.topics import check_id
from tests import ROOT
from tests.cli.site import Run as Verb
from tests.cli.site import home, line, now, run, site

__all__ = ["home", "now", "run", "site"]  # fixtures

BUDGET = {
    "asyncio",
    "cryptography",
    "dataclasses",
    "json",
    "logging",
    "msgspec",
    "pathlib",
    "platformdirs",
    "subprocess",
}
"""Modules that a hook must not load on its way, because every tool call would pay for them."""

OTHERS = st.dictionaries(
    st.sampled_from(["PreToolUse", "Stop", "Unheard"]),
    st.lists(
        st.one_of(
            st.just("nonsense"),
            st.fixed_dictionaries(
                {
                    "matcher": st.text(max_size=3),
                    "hooks": st.lists(st.just({"type": "command", "command": "mine"})),
                }
            ),
        ),
        max_size=2,
    ),
)
CONTENTS = st.one_of(
    st.just({}),
    st.builds(lambda hooks: {"model": "m", "hooks": hooks, "env": {"A": "1"}}, OTHERS),
)


def wanted(agent: str = "claude-code", wait: float = 600.0) -> settings.Wanted:
    place = Home(site="local", data=Path("/nowhere/data"), config=Path("/nowhere/config"))
    return settings.Wanted(home=place, agent=agent, wait=wait)


# ---- the settings file ----


@given(CONTENTS)
def test_what_was_there_stays_and_comes_back(content: dict[str, Any]) -> None:
    ours = settings.with_ours(content, wanted())
    assert settings.with_ours(ours, wanted()) == ours
    assert settings.with_ours(settings.with_ours(content, wanted(wait=5.0)), wanted()) == ours
    assert settings.problems(ours, wanted()) == []
    assert [name for name in content if name != "hooks" and ours[name] != content[name]] == []
    before = {event: groups for event, groups in content.get("hooks", {}).items() if groups}
    after = settings.without_ours(ours).get("hooks", {})
    assert {event: groups for event, groups in after.items() if groups} == before


def test_a_gate_blocks_when_it_fails_and_may_wait_longer_than_a_decision() -> None:
    (hook,) = wanted(wait=90.0).entry(GATE)["hooks"]
    assert hook["onFailure"] == "block"
    assert hook["timeout"] > 90


@pytest.mark.parametrize(
    "content, problem",
    [
        ({"disableAllHooks": True}, "disableAllHooks"),
        ({"hooks": {}}, f"{GATE}: not installed"),
    ],
)
def test_what_is_wrong_is_said(content: dict[str, Any], problem: str) -> None:
    assert any(problem in text for text in settings.problems(content, wanted()))


def test_a_gate_that_somebody_made_fail_open_is_said() -> None:
    content = settings.with_ours({}, wanted())
    del content["hooks"][GATE][0]["hooks"][0]["onFailure"]
    assert settings.problems(content, wanted()) == [
        f"{GATE}: installed in another form than this version writes"
    ]


@pytest.mark.parametrize("text", ["{", "[]", '{"hooks": []}', '{"hooks": {"Stop": 1}}'])
def test_a_broken_file_is_one_line_and_not_touched(tmp_path: Path, run: Verb, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text)
    for verb in ("install", "uninstall", "status"):
        result = run("hook", verb, "--file", str(path))
        assert result.exit_code == 2
        assert str(path) in line(result)
    assert path.read_text() == text


@pytest.mark.parametrize("verb", ["install", "uninstall", "status"])
def test_two_settings_files_are_one_too_many(tmp_path: Path, run: Verb, verb: str) -> None:
    file = tmp_path / "settings.json"
    result = run("hook", verb, "--file", str(file), "--scope", "project")
    assert result.exit_code == 2
    assert "name two files: leave one of them out" in line(result)
    assert not file.exists()


def test_install_and_uninstall_keep_file_mode_and_link(tmp_path: Path, run: Verb) -> None:
    real, path = tmp_path / "real.json", tmp_path / "settings.json"
    real.write_text('{"model": "m"}')
    real.chmod(0o640)
    path.symlink_to(real)
    assert run("hook", "install", "--file", str(path)).exit_code == 0
    assert path.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert "nothing to change" in run("hook", "install", "--file", str(path)).stdout
    assert set(json.loads(real.read_text())["hooks"]) == set(settings.EVENTS)
    assert run("hook", "uninstall", "--file", str(path)).exit_code == 0
    assert json.loads(real.read_text()) == {"model": "m"}
    assert [file.name for file in tmp_path.glob(".*")] == []


@pytest.mark.parametrize("version, code", [("2.1.330", 0), ("2.1.294", 1), ("rubbish", 1)])
def test_status_asks_claude_code_for_its_version(tmp_path: Path, run: Verb, version: str, code: int) -> None:
    claude = tmp_path / "claude"
    claude.write_text(f"#!/bin/sh\necho '{version} (Claude Code)'\n")
    claude.chmod(0o755)
    path = tmp_path / "settings.json"
    run("hook", "install", "--file", str(path))
    assert run("hook", "status", "--file", str(path), "--claude", str(claude)).exit_code == code


# ---- the process ----


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "1", '{"a": 1}', '{"hook_event_name": 1}', "\udcff"])
def test_rubbish_on_standard_input_runs_no_tool_and_is_said_in_words(tmp_path: Path, text: str) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "bus.adapters.claude_code.hook", str(tmp_path), "a", "-", "1"],
        cwd=ROOT,
        input=text.encode("utf-8", "surrogateescape"),
        capture_output=True,
        check=False,
    )
    assert (told.returncode, told.stdout) == (2, b"")
    said = "watchfloor: the tool was not run: standard input is no event of Claude Code (a JSON object with hook_event_name)"
    assert told.stderr.decode().startswith(said)
    assert told.stderr.count(b"\n") == 1


def test_a_hook_loads_next_to_nothing() -> None:
    program = "import sys, bus.adapters.claude_code.hook; print(*sys.modules)"
    told = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {program}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(told.stdout.split()) & BUDGET == set()


@pytest.mark.parametrize(
    "out, code", [("", 2), ("warning\n" + OPENING + "}", 2), ("[]", 2), (OPENING + 'allow"}}', 0)]
)
def test_the_guard_lets_out_a_whole_answer_and_nothing_else(tmp_path: Path, out: str, code: int) -> None:
    fake = tmp_path / "python"
    (tmp_path / "out").write_text(out)
    fake.write_text(f"#!/bin/sh\ncat {tmp_path}/out\n")
    fake.chmod(0o755)
    place = Home(site="local", data=tmp_path, config=tmp_path)
    command = settings.Wanted(home=place, python=str(fake)).command(GATE)
    told = subprocess.run(["/bin/sh", "-c", command], input="{}", capture_output=True, text=True, check=False)
    assert told.returncode == code
    assert told.stdout == (out + "\n" if code == 0 else "")


@given(st.text(max_size=90), st.integers(1, 9_999))
def test_every_session_has_a_legal_run(session: str, life: int) -> None:
    assert check_id(run_id(session, life), "run")
    assert run_id(session, 1) != run_id(session, 2)


@pytest.mark.parametrize(
    "response, text",
    [
        ("plain", "plain"),
        ({"stdout": "a", "stderr": ""}, "a"),
        ({"stdout": "a", "stderr": "b"}, "a\nb"),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "a\nb"),
        ({"content": [{"text": "a"}]}, "a"),
        ({"other": 1}, '{"other":1}'),
        (None, ""),
    ],
)
def test_a_result_is_text(response: object, text: str) -> None:
    assert response_text(response) == text

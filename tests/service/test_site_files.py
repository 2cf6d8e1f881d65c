"""Edits of the site's files come into force while the supervisor runs; broken ones do not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bus.home import Home
from bus.signing import PrivateKey
from console.cli.checks.local_checks import key_files, rules
from console.cli.options import Place
from console.policy.site_file import NONE_YET, STAYS
from console.supervisor.intents.operators import OperatorsFileError
from console.supervisor.process.files import SiteFiles
from console.supervisor.process.up import prepare
from tests.fixtures.desk import Bench


def edited(path: Path, text: str) -> None:
    """Write a file so that its time differs from the last."""
    path.write_text(text, encoding="utf-8")
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home."""
    return Home("site", data=tmp_path, config=tmp_path)


def test_a_new_operator_may_decide_at_once(home: Home) -> None:
    """And a broken line takes nobody's right away."""
    files = SiteFiles(home)
    bench = Bench()
    key = PrivateKey.generate()
    edited(home.operators, f"alice {key.public.line}\n")
    files.tick(bench.desk, 1.0)
    assert set(bench.desk.arbiter.operators.keys) == {"alice"}
    edited(home.operators, f"alice {key.public.line}\nbob nonsense\n")
    files.tick(bench.desk, 3.0)
    assert set(bench.desk.arbiter.operators.keys) == {"alice"}
    [alarm] = bench.desk.fleet.alarms.values()
    assert alarm.kind == "operators-file"
    assert ":2:" in alarm.text
    edited(home.operators, f"bob {key.public.line}\n")
    files.tick(bench.desk, 5.0)
    assert set(bench.desk.arbiter.operators.keys) == {"bob"}
    assert alarm.state == "returned"


def test_a_new_rule_is_in_force_at_once(home: Home) -> None:
    """The desk judges by it, and a broken one raises an alarm."""
    files = SiteFiles(home)
    bench = Bench()
    before = bench.desk.gates.judge
    edited(home.policy, '[[rule]]\nid = "r"\ntool = "*"\nraise = "hold"\nwhy = "all of it"\n')
    files.tick(bench.desk, 1.0)
    assert bench.desk.gates.judge is not before
    edited(home.policy, "[[rule]]\nid = 7\n")
    files.tick(bench.desk, 3.0)
    assert bench.alarms() == {"policy-file"}


def test_a_broken_edit_is_said_once_where_the_supervisor_runs(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    files = SiteFiles(home)
    bench = Bench()
    edited(home.policy, '[[rule]]\nid = "r"\ntool = "*"\nraise = "hold"\nwhy = "all of it"\n')
    files.tick(bench.desk, 1.0)
    judge = bench.desk.gates.judge
    edited(home.policy, '[[rule]]\nid = "r"\ntool = "*"\nraises = "hold"\nwhy = "all"\n')
    files.tick(bench.desk, 3.0)
    files.tick(bench.desk, 5.0)
    [said] = [record.getMessage() for record in caplog.records]
    for words in ("policy.toml:1: ", "rule 'r'", "`raises`", "the last good version stays in force"):
        assert words in said
    assert "\n" not in said
    assert bench.desk.gates.judge is judge
    edited(home.policy, "")
    for now in (7.0, 9.0):
        files.tick(bench.desk, now)
    [_, mended] = [record.getMessage() for record in caplog.records]
    assert mended == "the policy file is mended, and in force as it is written"


@pytest.mark.parametrize("before", ["", None])
def test_the_alarm_of_a_long_mistake_still_says_what_holds_instead(home: Home, before: str | None) -> None:
    if before is not None:
        edited(home.policy, before)
    files, bench = SiteFiles(home), Bench()
    names = "".join(f"{'n' * 40}{number} = 1\n" for number in range(20))
    edited(home.policy, f'[[rule]]\nid = "{"r" * 400}"\n{names}')
    files.tick(bench.desk, 1.0)
    text = bench.desk.fleet.alarms["policy-file"].text
    assert text.endswith(STAYS if before is not None else NONE_YET)


def test_catalogue_and_policy_have_an_alarm_each(home: Home) -> None:
    """Mending one of them says nothing about the other."""
    files = SiteFiles(home)
    bench = Bench()
    edited(home.policy, "nonsense")
    edited(home.catalogue, "nonsense")
    files.tick(bench.desk, 1.0)
    alarms = bench.desk.fleet.alarms
    assert set(alarms) == {"catalogue-file", "policy-file"}
    assert (
        "catalogue.toml" in alarms["catalogue-file"].text,
        "policy.toml" in alarms["policy-file"].text,
    ) == (
        True,
        True,
    )
    edited(home.catalogue, "")
    files.tick(bench.desk, 3.0)
    assert (alarms["catalogue-file"].state, alarms["policy-file"].state) == ("returned", "unacknowledged")


def test_files_are_looked_at_once_a_second(home: Home) -> None:
    """Not at every tick."""
    files = SiteFiles(home)
    bench = Bench()
    files.tick(bench.desk, 1.0)
    edited(home.operators, f"alice {PrivateKey.generate().public.line}\n")
    files.tick(bench.desk, 1.5)
    assert "alice" not in bench.desk.arbiter.operators.keys


def test_an_operators_file_that_others_may_write_is_refused(home: Home) -> None:
    """Anybody could enrol himself."""
    edited(home.operators, f"alice {PrivateKey.generate().public.line}\n")
    home.operators.chmod(0o666)
    with pytest.raises(OperatorsFileError, match="chmod 644"):
        SiteFiles(home)


def test_an_alarm_about_a_file_stands_as_long_as_the_trouble(home: Home) -> None:
    """A reset does not hide it, a restart with a mended file clears it."""
    files = SiteFiles(home)
    bench = Bench()
    edited(home.policy, "nonsense")
    files.tick(bench.desk, 1.0)
    bench.intent("reset", alarm="policy-file", reason="go away")
    assert not bench.alarms()
    files.tick(bench.desk, 3.0)
    assert bench.alarms() == {"policy-file"}
    edited(home.policy, "")
    SiteFiles(home).tick(bench.desk, 5.0)
    assert bench.desk.fleet.alarms["policy-file"].state == "returned"


def test_every_new_mistake_in_a_file_is_named(home: Home) -> None:
    files = SiteFiles(home)
    bench = Bench()
    for number in range(1, 8):
        edited(home.policy, f"mistake{number} =\n")
        os.utime(home.policy, ns=(number * 10**9, number * 10**9))
        files.tick(bench.desk, float(2 * number))
        problem = files.rulebook.policy.problem
        [alarm] = bench.desk.fleet.alarms.values()
        assert (alarm.state, alarm.text) == ("unacknowledged", problem), number


BUDGET = "[[budget]]\nsteps = 5\n"


def test_every_file_that_goes_is_missed_and_stays_in_force(home: Home) -> None:
    """While the supervisor runs, and while it is down."""
    line = PrivateKey.generate().public.line
    home.policy.write_text('[[rule]]\nid = "r"\nraise = "deny"\nwhy = "x"\n')
    home.catalogue.write_text('[tool.t]\nseverity = 1\neffect = "write"\n')
    home.operators.write_text(f"alice {line}\n")
    home.wrappers.write_text(f"host {line}\n")
    home.budgets.write_text(BUDGET)
    home.alarms.write_text('[[suppress]]\nkind = "no-progress"\nwhy = "x"\n')
    files = SiteFiles(home)
    files.keep()
    bench = Bench()
    files.tick(bench.desk, 1.0)
    assert not bench.alarms()
    for path in (home.policy, home.catalogue, home.operators, home.wrappers, home.budgets, home.alarms):
        path.unlink()
    kinds = {f"{name}-file" for name in ("policy", "catalogue", "operators", "wrappers", "budgets", "alarms")}
    for found in (files, SiteFiles(home)):
        bench = Bench()
        found.tick(bench.desk, 3.0)
        assert bench.alarms() == kinds
        assert [rule.id for rule in found.rulebook.judge.policy.rules] == ["r"]
        assert (set(found.operators.value.keys), set(bench.desk.follow.wrappers.keys)) == (
            {"alice"},
            {"host"},
        )
        assert found.budgets.value.of("x").steps == 5
        assert found.suppressions.value.why("no-progress", "a") == "x"
    assert prepare(home) == ["made the supervisor's key " + str(home.supervisor_key)]
    assert not home.operators.exists()
    failed = {one.check for one in (*rules(home), *key_files(Place(), home)) if one.verdict == "FAIL"}
    assert failed == {"policy", "tool catalogue", "budgets.toml", "alarms.toml", "wrappers", "operators file"}


def test_a_budget_that_goes_and_comes_is_in_force_throughout(home: Home) -> None:
    home.budgets.write_text(BUDGET)
    files, bench = SiteFiles(home), Bench()
    files.tick(bench.desk, 1.0)
    home.budgets.unlink()
    files.tick(bench.desk, 3.0)
    assert bench.desk.health.budget("a").steps == 5
    edited(home.budgets, "[[budget]]\nsteps = 6\n")
    files.tick(bench.desk, 5.0)
    assert bench.desk.health.budget("a").steps == 6
    assert bench.desk.fleet.alarms["budgets-file"].state == "returned"

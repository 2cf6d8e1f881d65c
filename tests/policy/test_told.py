"""The policy in force stands in the log: whole, within bounds, once, and as it was at the time."""

from __future__ import annotations

from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from bus.home import Home
from bus.limits import EVENT_BYTES
from bus.policy_records import PolicyAdopted, PolicyRule
from bus.records import RecordingStarted
from console.core.fleet.policy_state import InForce, adopt
from console.policy.load import Rulebook
from console.policy.shipped import shipped_tools
from console.policy.telling import ALL_BYTES, adopted
from console.supervisor.process.files import SiteFiles
from tests.fixtures.desk import Bench
from tests.policy.floor import POLICY, in_force, ruled
from tests.service.test_site_files import edited


def taken(parts: list[PolicyAdopted]) -> InForce:
    known = InForce()
    for part in parts:
        adopt(known, part, 7)
    return known


def test_everything_that_is_judged_by_is_told() -> None:
    [part] = in_force()
    known = taken([part])
    assert [rule.id for rule in known.rules] == ["payout-limit", "no-exports"]
    assert known.rules[0].when == "double(args.amount) > 400.0"
    assert known.rules[0].fires == ['{"tool": "issue_refund", "args": {"amount": 480.0}}']
    assert [(tool.tool, tool.effect, tool.severity) for tool in known.tools] == [
        ("issue_refund", "write", 3),
        ("read_shelf", "read", 0),
    ]
    assert known.budgets[0].cost_usd == 5
    assert known.suppressed[0].why == "it polls by nature"
    assert (known.parts, known.left_out) == (known.of, 0)


def test_presets_are_told_by_their_digest_and_shown_by_who_has_them() -> None:
    known = taken(in_force())
    assert shipped_tools(known.presets)["delete_file"].severity == 3
    assert shipped_tools("0" * 64) == {}


def many(folder: Path, rules: int) -> list[PolicyAdopted]:
    text = "".join(
        f'[[rule]]\nid = "r{number}"\ntool = "t{number}"\nraise = "ask"\nwhy = "{"long " * 180}"\n'
        for number in range(rules)
    )
    (folder / "policy.toml").write_text(text, "utf-8")
    book = Rulebook(None, folder / "policy.toml")
    return adopted(book.judge, book.digest)


def test_a_large_policy_comes_in_parts_that_fit_and_what_is_left_out_is_counted(tmp_path: Path) -> None:
    parts = many(tmp_path, 400)
    assert all(len(msgspec.json.encode(part)) < EVENT_BYTES for part in parts)
    assert len(parts) > 2
    assert {part.content for part in parts} == {parts[0].content}
    known = taken(parts)
    assert len(known.rules) + known.left_out == 400
    assert known.left_out > 0
    assert len(msgspec.json.encode(known.rules)) <= ALL_BYTES + 1_000


@given(st.permutations(range(4)))
def test_parts_out_of_turn_change_nothing(order: list[int]) -> None:
    rules = [[PolicyRule(id=f"r{number}", raises="ask")] for number in range(4)]
    parts = [
        PolicyAdopted(digest="a" * 64, content="c" * 64, part=number, of=4, rules=some)
        for number, some in enumerate(rules, 1)
    ]
    known = taken([parts[number] for number in order])
    assert [rule.id for rule in known.rules] == [f"r{number}" for number in range(known.parts)]


def test_it_is_told_once_and_again_when_an_edit_comes_into_force(tmp_path: Path) -> None:
    home = Home("site", data=tmp_path, config=tmp_path)
    files, bench = SiteFiles(home), Bench()
    files.tell(bench.desk)
    files.tick(bench.desk, 1.0)
    bench.commit()
    assert bench.types().count("policy.adopted") == 1
    first = bench.desk.fleet.policy.content
    SiteFiles(home).tell(bench.desk)  # a restart
    bench.commit()
    assert bench.types().count("policy.adopted") == 1
    edited(home.policy, POLICY)
    files.tick(bench.desk, 3.0)
    known = bench.desk.fleet.policy
    assert known.content != first
    assert known.digest == files.rulebook.digest
    assert [rule.id for rule in known.rules] == ["payout-limit", "no-exports"]
    bench.commit()
    count = bench.types().count("policy.adopted")
    edited(home.policy, "nonsense")
    files.tick(bench.desk, 5.0)
    bench.commit()
    assert bench.types().count("policy.adopted") == count
    assert len(bench.desk.fleet.policy.rules) == 2
    edited(home.budgets, "[[budget]]\nsteps = 9\n")
    files.tick(bench.desk, 7.0)
    assert bench.desk.fleet.policy.budgets[0].steps == 9


def test_how_often_a_rule_spoke_is_counted_for_a_session() -> None:
    script = ruled()
    known = script.fleet.policy
    assert (known.fired, known.asked) == ({"payout-limit": 2}, {"payout-limit": 1})
    script.supervisor(RecordingStarted(session="next"))
    assert (known.fired, known.asked) == ({}, {})
    assert known.since == script.fleet.at


def test_a_rule_that_is_gone_is_counted_no_more() -> None:
    script = ruled()
    for part in in_force("".join(POLICY.partition('[[rule]]\nid = "no-exports"')[1:])):
        script.supervisor(part)
    assert script.fleet.policy.fired == {}

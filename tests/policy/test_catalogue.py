"""The tool catalogue: what is looked up, what may pass, and what is refused with one clear line."""

import re
from pathlib import Path

import pytest

from console.core.judging.tool_facts import ToolFacts
from console.policy.catalogue import PRESETS, TOOLS_REMEMBERED, Catalogue, load_catalogue, load_presets
from console.policy.files import FILE_BYTES, PolicyFileError
from console.policy.glob import is_glob


def site(tmp_path: Path, text: str) -> Catalogue:
    path = tmp_path / "catalogue.toml"
    path.write_text(text)
    return load_catalogue(path)


def entry(name: str, severity: str = "0", effect: str = "read", more: str = "") -> str:
    return f'[tool."{name}"]\nseverity = {severity}\neffect = "{effect}"\n{more}\n'


def facts(catalogue: Catalogue, tool: str) -> ToolFacts:
    found = catalogue.lookup(tool)
    assert found is not None
    return found


def test_presets_grade_exact_names_of_every_family_and_pin_nothing() -> None:
    presets = load_presets()
    families = {"cloud", "database", "file", "git", "http", "identity", "mail", "payments", "shell"}
    assert {path.stem for path in PRESETS.glob("*.toml")} == families
    assert [name for name in presets if is_glob(name)] == []
    assert [name for name, known in presets.items() if known.pinned] == []
    assert load_catalogue(None).pass_list() == []


def test_a_preset_that_only_reads_is_the_only_one_at_s0_and_what_acts_outside_says_why() -> None:
    for name, known in load_presets().items():
        assert known.effect == "read" or known.severity > 0, name
        assert known.why or known.severity < 2 or known.effect == "write", name


def test_what_is_remembered_of_a_tool_is_of_one_definition_and_outlasts_many_others(tmp_path: Path) -> None:
    """Each call asks again, so that answers are kept; one must not be given for another."""
    good, evil = "a" * 64, "b" * 64
    catalogue = site(tmp_path, entry("note", '"S1"', "write", f'schema = "{good}"'))
    asked = [(tool, schema) for tool in ("note", "bash", "nobody_knows") for schema in (good, evil, None)]
    first = [catalogue.lookup_defined(*one) for one in asked]
    assert first[0][0] is not None
    assert first[1][0] is None
    assert first[1][1] != first[2][1] != ""
    for number in range(TOOLS_REMEMBERED + 1):
        catalogue.lookup_defined(f"other{number}", None)
        assert catalogue.lookup_defined("note", good) == first[0]
    assert [catalogue.lookup_defined(*one) for one in reversed(asked)] == first[::-1]


@pytest.mark.parametrize("tool", ["READ_FILE", "read_file ", "get_anything", "list_and_delete", "", "*"])
def test_only_the_exact_name_of_a_preset_counts(tool: str) -> None:
    assert load_catalogue(None).lookup(tool) is None


def test_an_exact_entry_of_the_operator_overrides_a_preset(tmp_path: Path) -> None:
    catalogue = site(tmp_path, entry("bash", '"S1"', "execute", 'why = "in a sandbox"'))
    assert facts(catalogue, "bash").severity == 1
    assert facts(catalogue, "bash").origin == "catalogue.toml: bash"
    assert facts(catalogue, "shell").severity == 3


def test_a_pattern_grades_the_unknown_and_only_raises_a_preset(tmp_path: Path) -> None:
    catalogue = site(tmp_path, entry("*", "1", "write", "sensitive = true") + entry("git_*", "4"))
    assert facts(catalogue, "anything").severity == 1
    bash = facts(catalogue, "bash")
    assert (bash.severity, bash.effect, bash.reads_sensitive) == (3, "execute", True)
    push = facts(catalogue, "git_push")
    assert (push.severity, push.effect, push.outside, push.origin) == (
        4,
        "send",
        True,
        "catalogue.toml: git_*",
    )


def test_of_several_patterns_each_property_is_the_worst(tmp_path: Path) -> None:
    flags = entry("x*", more="sensitive = true") + entry(
        "*x", "1", "read", "untrusted = true\noutside = true"
    )
    known = facts(site(tmp_path, flags), "xx")
    assert (known.severity, known.effect, known.outside) == (1, "read", True)
    assert (known.reads_untrusted, known.reads_sensitive) == (True, True)


def test_an_exact_entry_stands_against_patterns(tmp_path: Path) -> None:
    catalogue = site(tmp_path, entry("get_*", "4") + entry("get_time"))
    assert facts(catalogue, "get_time").severity == 0
    assert facts(catalogue, "get_all").severity == 4


def test_presets_can_be_switched_off(tmp_path: Path) -> None:
    assert site(tmp_path, "presets = false\n").lookup("read_file") is None


def test_send_reaches_outside_unless_said(tmp_path: Path) -> None:
    catalogue = site(
        tmp_path, entry("a", "1", "send") + entry("b", "1", "write") + entry("c", "1", "read", "outside=true")
    )
    assert [facts(catalogue, tool).outside for tool in "abc"] == [True, False, True]


def test_the_pass_list_holds_pinned_reads_only(tmp_path: Path) -> None:
    catalogue = site(
        tmp_path, entry("b", more="pinned = true") + entry("a", more="pinned = true") + entry("c")
    )
    assert catalogue.pass_list() == ["a", "b"]
    wrong = {
        "w": ToolFacts(severity=2, effect="write", pinned=True),
        "r": ToolFacts(severity=0, effect="read", pinned=True),
    }
    assert Catalogue(wrong, {}).pass_list() == ["r"]


def test_the_digest_is_of_what_is_in_force(tmp_path: Path) -> None:
    one = site(tmp_path, entry("a") + entry("b"))
    assert one.digest == site(tmp_path, "# a remark\n" + entry("b") + entry("a")).digest
    assert one.digest != site(tmp_path, entry("a") + entry("b", "1")).digest
    assert one.digest != site(tmp_path, "presets = false\n" + entry("a") + entry("b")).digest
    assert len(one.digest) == 64


@pytest.mark.parametrize(
    "text, said",
    [
        ("[tool.x", "not valid TOML"),
        ("a = " + "[" * 5_000, "not valid TOML"),
        ("a = " + "1" * 5_000, "not valid TOML"),
        (entry("x") + entry("x"), 'catalogue.toml:5: [tool."x"]: stands a second time: keep one'),
        (
            entry("x", more='schema = "sha256:00"'),
            '[tool."x"]: schema is no digest of 64 hexadecimal characters',
        ),
        (entry("x*", more=f'schema = "{"0" * 64}"'), '[tool."x*"]: only an exact name may have a schema'),
        ("tools = 1", "unknown key 'tools' at the top: only `presets`, `tool`"),
        ("tool = 1", "tool: write one table per tool"),
        ("presets = 1", "presets: write `presets = true`"),
        ("[tool]\nx = 1", '[tool."x"]'),
        (entry("x", more="pined = true"), '[tool."x"]: the table contains unknown field `pined`'),
        ("[tool.x]\nseverity = 1", '[tool."x"]: the table missing required field `effect`; the keys are'),
        (entry("x", "5"), '[tool."x"]: severity 5 is none of 0 to 4'),
        (entry("x", "-1"), "severity -1 is none"),
        (entry("x", str(2**62)), "is none of 0 to 4"),
        (entry("x", "true"), "Expected `int | str`, got `bool`"),
        (entry("x", "1.0"), "Expected `int | str`, got `float`"),
        (entry("x", '"high"'), "severity 'high' is none of 0 to 4 or S0 (observe) to S4 (catastrophic)"),
        (entry("x", "1", "delete"), "Invalid enum value 'delete'"),
        (entry("x", "1", "write", 'pinned = "yes"'), "Expected `bool`, got `str`"),
        (entry("x", "0", "write"), "S0 only observes"),
        (entry("x", "1", "send", "outside = false"), "effect send reaches outside"),
        (entry("x", "1", "read", "pinned = true"), "pinned needs severity 0, effect read"),
        (entry("x", "0", "read", "pinned = true\nuntrusted = true"), "drop pinned"),
        (entry("x", "0", "read", "pinned = true\noutside = true"), "drop pinned"),
        (entry("get_*", "0", "read", "pinned = true"), "only an exact name may be pinned"),
        (entry("", "0"), '[tool.""]: a name has 1 to 200'),
        (entry("x" * 201, "0"), "a name has 1 to 200"),
        ("#" * (FILE_BYTES + 1), "larger than 1,000,000 bytes"),
    ],
)
def test_a_bad_catalogue_gets_one_clear_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(PolicyFileError) as caught:
        site(tmp_path, text)
    message = str(caught.value)
    assert re.match(re.escape(str(tmp_path / "catalogue.toml")) + r"(:\d+)?: ", message)
    assert said in message
    assert message.isprintable()


def test_what_is_no_text_file_gets_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(PolicyFileError, match="not UTF-8 text"):
        load_catalogue(path)
    with pytest.raises(PolicyFileError, match="cannot be read: Is a directory"):
        load_catalogue(tmp_path)


@pytest.mark.parametrize(
    "text", [entry("get_*"), entry("a", more="pinned = true"), entry("a").join(["", ""]) + entry("bash")]
)
def test_a_preset_may_not_hold_patterns_pins_or_repetitions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (tmp_path / "shell.toml").write_text(entry("bash", "3", "execute"))
    (tmp_path / "x.toml").write_text(text)
    monkeypatch.setattr("console.policy.catalogue.PRESETS", tmp_path)
    with pytest.raises(PolicyFileError, match="a preset grades exact names, once, and pins nothing"):
        load_presets.__wrapped__()


@pytest.mark.parametrize("name", ["x", '"x"', "'x'"])
def test_a_bad_entry_is_named_by_its_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(PolicyFileError, match=r'catalogue\.toml:6: \[tool\."x"\]: '):
        site(tmp_path, f'presets = true\n{entry("xx")}[tool.{name}]\nseverity = "S9"\neffect = "read"\n')
    with pytest.raises(PolicyFileError, match=r"catalogue\.toml:2: presets: "):
        site(tmp_path, "\npresets = 1\n")

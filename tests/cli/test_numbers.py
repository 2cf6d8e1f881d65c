"""A number that an option does not take is refused in words, and help gives its range in words."""

import pytest
from click.testing import CliRunner

from console.cli.main import TABLE, cli


@pytest.mark.parametrize(
    "words, said",
    [
        (("demo", "--seed", "-1"), "'--seed': -1 is out of range; it takes 0 or more"),
        (("demo", "--seed", "1.5"), "'--seed': '1.5' is no whole number; it takes 0 or more"),
        (("demo", "--speed", "0"), "'--speed': 0 is out of range; it takes 0.1 to 50"),
        (("demo", "--speed", "nan"), "'--speed': 'nan' is no number; it takes 0.1 to 50"),
        (("up", "--port", "70000"), "'--port': 70000 is out of range; it takes 1 to 65,535"),
        (("rerun", "--parallel", "0", "x"), "'--parallel': 0 is out of range; it takes 1 to 512"),
        (("--timeout", "soon", "ls"), "'--timeout': 'soon' is no number; it takes 0 or more"),
    ],
)
def test_what_is_out_of_range_is_said_in_words(words: tuple[str, ...], said: str) -> None:
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("verb", sorted(TABLE))
def test_no_help_has_a_formula(verb: str) -> None:
    text = CliRunner().invoke(cli, (verb, "--help")).stdout
    assert not any(sign in text for sign in ("x>", "x<", "<x", "<=x"))

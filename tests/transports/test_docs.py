"""docs/brokers.md names every broker and configuration that tests run, and shows configurations as they are run."""

import re

import pytest

from tests import ROOT
from tests.fixtures.broker_kinds import EXAMPLES, KINDS

PAGE = (ROOT / "docs" / "brokers.md").read_text("utf-8")
BLOCKS = re.findall(r"^```\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_every_configuration_is_named() -> None:
    named = set(re.findall(r"\(\.\./examples/brokers/([\w.-]+)\)", PAGE))
    assert named == {path.name for path in EXAMPLES.iterdir()}


@pytest.mark.parametrize("name", ["mosquitto.conf", "mosquitto.acl", "nats.conf", "rabbitmq.conf"])
def test_what_is_shown_is_what_is_run(name: str) -> None:
    lines = (EXAMPLES / name).read_text("utf-8").splitlines(keepends=True)
    assert lines[0].startswith("# "), "a line that says what it is"
    assert "".join(lines[1:]) in BLOCKS


def test_every_kind_that_tests_take_is_named() -> None:
    (told,) = re.findall(r"^`--broker` takes (.*?);", PAGE, re.MULTILINE)
    assert re.findall(r"`([\w-]+)`", told) == list(KINDS)

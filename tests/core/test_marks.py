"""What is worth stopping at: every ask ends, however it does, and only once."""

import pytest

from bus.events import ActionFinished
from bus.records import ActionDecided
from console.core.replay.marks import TYPES, MarkFinder
from tests.fixtures.floor import Script


def asking() -> Script:
    script = Script()
    script.start("mailer", "m1", "Mail")
    script.ask("mailer", "m1", "a1", "send_all", {"to": "x"})
    return script


def found(script: Script) -> list[tuple[str, str]]:
    from bus import codec

    finder = MarkFinder()
    marks: list[tuple[str, str]] = []
    for row in script.rows:
        envelope = codec.decode_envelope(row.event)
        if envelope.type in TYPES:
            mark = finder.find(codec.record(row.pos, row.at, envelope))
            marks += [(mark.kind, mark.text)] if mark else []
    return marks


@pytest.mark.parametrize("outcome", ["expired", "withdrawn", "done"])
def test_an_ask_that_its_agent_ended_is_over(outcome: str) -> None:
    script = asking()
    script.agent("mailer", "m1", ActionFinished(action="a1", outcome=outcome))  # type: ignore[arg-type]
    assert found(script) == [
        ("ask", "ask: mailer/m1/a1"), ("decided", f"{outcome} by its agent: mailer/m1/a1"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "outcome, by", [("expired", "clock"), ("superseded", "agent"), ("canceled", "supervisor")]
)
def test_what_the_supervisor_ended_is_told_once(outcome: str, by: str) -> None:
    script = asking()
    script.supervisor(ActionDecided(action="a1", outcome=outcome, command="", by=by), "mailer", "m1")  # type: ignore[arg-type]
    script.agent("mailer", "m1", ActionFinished(action="a1", outcome="expired"))
    assert found(script)[1:] == [("decided", f"{outcome} by {by}: mailer/m1/a1")]


def test_the_end_of_what_was_not_asked_is_no_mark() -> None:
    script = asking()
    script.decide("mailer", "m1", "a1")
    script.do("mailer", "m1", "a1")
    assert [kind for kind, _ in found(script)] == ["ask", "decided"]

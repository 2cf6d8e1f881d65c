"""Gated functions, values made fit to travel, and whom an agent believes."""

import asyncio
import base64
import dataclasses
import datetime as dt
import enum
import functools
import hashlib
import inspect
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.canonical import NotCanonicalError
from bus.events import Confidence, Hints, Preview
from bus.home import Home
from bus.limits import EVENT_BYTES, PREVIEW_BYTES
from bus.messages import KillCommand, SupervisorState
from bus.sdk.decision import Action, ActionRejected, Decision, DecisionOutcome, tool_here
from bus.sdk.tools import Wrapped, gated_async, gated_sync
from bus.sdk.values import ARGS_BYTES, PREVIEW_AROUND, arguments, claim, clip, plain, previewed, result_text
from bus.signing import KeyFileError, PrivateKey
from bus.trust import KEY_VARIABLE, SAID_EVERY, PinnedTrust, pinned

# ---- tools -------------------------------------------------------------------------------------------------------------


class Gatekeeper:
    """Answers every action with `outcome`, and keeps what was asked and reported."""

    def __init__(self, outcome: DecisionOutcome = "approved", **edit: Any) -> None:
        self.outcome: DecisionOutcome = outcome
        self.edit = edit
        self.asked: list[Action] = []
        self.reports: list[tuple[bool, str]] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def __call__(self, action: Action) -> Decision:
        self.asked.append(action)
        args = arguments(action.args).full | self.edit
        decision = Decision(action="a1", tool=action.tool, outcome=self.outcome, args=args, text="why")
        decision.reports_to(lambda done, text: self.reports.append((done, text)))
        self.meanwhile()
        if self.outcome == "edited" and action.check is not None:
            try:
                action.check(args)
            except ValueError as error:
                return Decision(action="a1", tool=action.tool, outcome="refused", args=args, text=str(error))
        return decision

    async def wait(self, action: Action) -> Decision:
        return self(action)


def wrapped(function: Callable[..., Any], **given: Any) -> Wrapped:
    usual = {"name": "", "hints": None, "confidence": None, "preview": None, "reason": ""}
    return Wrapped.of(function, **(usual | given))


def test_a_tool_says_what_a_call_would_change_before_it_is_decided() -> None:
    keeper, notes = Gatekeeper(), {"a": "old"}

    def write(name: str, text: str = "new") -> None:
        notes[name] = text

    def preview(name: str, text: str) -> Preview | None:
        return Preview(of=name, present=notes[name], proposed=text) if name in notes else None

    tool = gated_sync(wrapped(write, preview=preview), keeper)
    tool("a")
    tool("b", text="more")
    assert [one.preview for one in keeper.asked] == [Preview(of="a", present="old", proposed="new"), None]
    assert notes == {"a": "new", "b": "more"}


def test_a_preview_that_raises_lets_nothing_run() -> None:
    keeper, written = Gatekeeper(), list[str]()

    def write(name: str) -> None:
        written.append(name)

    def preview(name: str) -> Preview:
        raise LookupError(name)

    with pytest.raises(LookupError):
        gated_sync(wrapped(write, preview=preview), keeper)("a")
    assert (keeper.asked, written) == ([], [])


@pytest.mark.parametrize(
    "said, kind",
    [
        ("old becomes new", "str"),
        ({"of": "a"}, "dict"),
        (Preview(of="a", present=7), "a Preview of other things than text"),  # type: ignore[arg-type]
        (Preview(of=None), "a Preview of other things than text"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_preview_is_refused_in_words_that_name_the_tool(said: Any, kind: str) -> None:
    with pytest.raises(TypeError, match=f"^tool 'write': its preview is {kind}; return bus.Preview"):
        previewed(said, "write")


def test_arguments_get_their_names_and_the_result_is_reported() -> None:
    keeper = Gatekeeper()

    def move(
        source: str, /, target: str = "b", *more: int, force: bool = False, **rest: Any
    ) -> dict[str, Any]:
        """Move it."""
        return {"moved": [source, target, more, force, rest]}

    hints = Hints(destructive_hint=True)
    tool = gated_sync(wrapped(move, hints=hints, confidence=lambda *a, **k: 0.4, reason="old"), keeper)
    assert tool("a", "c", 1, 2, force=True, extra=3) == {"moved": ["a", "c", (1, 2), True, {"extra": 3}]}
    assert tool.__doc__ == "Move it."
    action = keeper.asked[0]
    assert action == Action(
        "move",
        {"source": "a", "target": "c", "more": (1, 2), "force": True, "rest": {"extra": 3}},
        hints=hints,
        confidence=0.4,
        reason="old",
    )
    assert keeper.reports == [(True, '{"moved":["a","c",[1,2],true,{"extra":3}]}')]


async def test_an_edit_replaces_the_arguments_of_an_async_function() -> None:
    keeper = Gatekeeper("edited", path="b.txt", more=[7])
    ran: list[Any] = []

    async def delete(path: str, *more: int, force: bool = True) -> None:
        ran.append((path, more, force))

    await gated_async(wrapped(delete), keeper.wait)("a.txt", 1)
    assert ran == [("b.txt", (7,), True)]


def test_a_rejected_tool_never_runs_and_the_caller_gets_the_reason() -> None:
    keeper = Gatekeeper("rejected")
    tool = gated_sync(wrapped(lambda path: pytest.fail("it ran"), name="delete"), keeper)
    with pytest.raises(ActionRejected, match="why") as caught:
        tool("a.txt")
    assert caught.value.decision.outcome == "rejected"
    assert keeper.reports == []


def test_an_edit_that_does_not_fit_the_function_runs_nothing() -> None:
    keeper = Gatekeeper("edited", nonsense=1)
    tool = gated_sync(wrapped(lambda path: pytest.fail("it ran"), name="delete"), keeper)
    with pytest.raises(ActionRejected, match="nonsense") as caught:
        tool("a.txt")
    assert caught.value.decision.outcome == "refused"
    assert keeper.reports == []


@pytest.mark.parametrize(
    "edit, why",
    [
        ({"more": "/tmp/x"}, "more must be a list"),
        ({"more": 7}, "more must be a list"),
        ({"more": None}, "more must be a list"),
        ({"more": {"a": 1}}, "more must be a list"),
        ({"rest": ["x"]}, "rest must be an object"),
        ({"rest": "xy"}, "rest must be an object"),
        ({"rest": {"path": "/"}}, "multiple values"),
        ({"rest": {"force": False}}, "other arguments than the edit"),
    ],
)
def test_an_edit_of_what_a_call_spreads_out_runs_as_it_is_or_not_at_all(
    edit: dict[str, Any], why: str
) -> None:
    keeper = Gatekeeper("edited", **edit)

    def delete(path: str, *more: str, force: bool = True, **rest: Any) -> None:
        pytest.fail(f"it ran with {path}, {more}, {force}, {rest}")

    with pytest.raises(ActionRejected, match=why) as caught:
        gated_sync(wrapped(delete), keeper)("/srv/a", "/srv/b", mode=1)
    assert caught.value.decision.outcome == "refused"


def test_an_edit_of_what_a_call_spreads_out_reaches_the_function() -> None:
    ran: list[Any] = []

    def delete(path: str, /, *more: str, **rest: Any) -> None:
        ran.append((path, more, rest))

    edit = {"path": "/srv/c", "more": [], "rest": {"path": 1, "more": [2]}}
    gated_sync(wrapped(delete), Gatekeeper("edited", **edit))("/srv/a", "/srv/b", mode=1)
    assert ran == [("/srv/c", (), {"path": 1, "more": [2]})]


def test_objects_changed_while_waiting_are_not_what_was_approved() -> None:
    keeper = Gatekeeper()
    paths = ["a.txt"]
    keeper.meanwhile = lambda: paths.append("/")
    tool = gated_sync(wrapped(lambda paths: pytest.fail("it ran"), name="delete"), keeper)
    with pytest.raises(ActionRejected, match="changed while"):
        tool(paths)
    keeper.meanwhile = lambda: paths.__setitem__(0, True)  # type: ignore[call-overload]
    paths[:] = [1]  # type: ignore[list-item]
    with pytest.raises(ActionRejected, match="changed while"):
        tool(paths)


def test_a_method_keeps_its_object_to_itself() -> None:
    keeper = Gatekeeper()

    class Box:
        def empty(self, how: str) -> str:
            return how

    Box.empty = gated_sync(wrapped(Box.empty), keeper)  # type: ignore[method-assign]
    assert Box().empty("slowly") == "slowly"
    assert keeper.asked[0].args == {"how": "slowly"}


def test_an_exception_of_the_tool_is_reported_and_raised() -> None:
    keeper = Gatekeeper()

    def broken() -> None:
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        gated_sync(wrapped(broken), keeper)()
    assert keeper.reports == [(False, "OSError: disk")]


def plain_one(function: Callable[[str], Any]) -> Callable[[str], Any]:
    """Decorate a coroutine function with a plain one, as people do."""

    @functools.wraps(function)
    def call(path: str) -> Any:
        return function(path)

    return call


async def fail(path: str) -> None:
    raise OSError("disk")


async def test_what_a_plain_function_leaves_to_await_is_awaited_before_it_counts_as_done() -> None:
    keeper = Gatekeeper()
    waits = gated_sync(wrapped(plain_one(fail)), keeper, awaits=True)("a.txt")
    assert keeper.reports == []
    with pytest.raises(OSError, match="disk"):
        await waits
    assert keeper.reports == [(False, "OSError: disk")]


def numbers(path: str) -> Any:
    return (pytest.fail("it ran") for _ in path)


async def numbers_later(path: str) -> Any:
    return numbers(path)


async def test_a_call_that_would_run_later_has_failed() -> None:
    keeper = Gatekeeper()
    for function in (plain_one(fail), numbers):
        with pytest.raises(TypeError, match="'read' returned"):
            gated_sync(wrapped(function, name="read"), keeper)("a.txt")
    for waits in (
        gated_sync(wrapped(plain_one(numbers_later), name="read"), keeper, awaits=True),
        gated_async(wrapped(numbers_later, name="read"), keeper.wait),
    ):
        with pytest.raises(TypeError, match="'read' returned generator"):
            await waits("a.txt")
    assert [done for done, _ in keeper.reports] == [False] * 4


def test_what_is_known_to_run_later_is_no_tool() -> None:
    def some(path: str) -> Any:
        yield path

    async def some_later(path: str) -> Any:
        yield path

    for function in (some, some_later, partial(some, "a")):
        with pytest.raises(TypeError, match="tool 'some' is a generator"):
            wrapped(function, name="some")
    with pytest.raises(TypeError, match="tool 'numbers_later' is a coroutine function"):
        gated_sync(wrapped(numbers_later), Gatekeeper())


async def test_code_knows_inside_which_tool_it_is() -> None:
    seen: list[str] = []

    async def inner() -> None:
        seen.append(tool_here())

    def outer() -> Any:
        seen.append(tool_here())
        return inner()

    keeper = Gatekeeper()
    await gated_async(wrapped(inner), keeper.wait)()
    await gated_sync(wrapped(outer), keeper, awaits=True)()
    waits = await asyncio.to_thread(gated_sync(wrapped(outer), keeper, awaits=True))
    assert tool_here() == ""
    await waits
    assert seen == ["a1"] * 5
    assert tool_here() == ""


# ---- values ------------------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(args=st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_plain_json_stays_what_it_is_in_a_copy(args: dict[str, Any]) -> None:
    found = arguments(args)
    assert found.full == args == found.wire
    assert json.loads(json.dumps(found.full)) == args
    assert not found.blobs


@given(
    args=st.dictionaries(
        st.text("abcdef", min_size=1, max_size=8),
        st.integers(0, 60_000).map("x".__mul__) | st.integers(0, 9_000).map(lambda n: list(range(n))),
        max_size=6,
    )
)
def test_large_arguments_fit_and_come_back(args: dict[str, Any]) -> None:
    found = arguments(args)
    assert len(json.dumps(found.wire, separators=(",", ":"))) <= ARGS_BYTES
    assert found.restore(found.wire) == args
    pieces: dict[str, list[bytes]] = {}
    for part in found.parts():
        assert len(part.data) < EVENT_BYTES
        assert part.i == len(pieces.setdefault(part.sha256, []))
        pieces[part.sha256].append(base64.b64decode(part.data))
    assert all(hashlib.sha256(b"".join(parts)).hexdigest() == name for name, parts in pieces.items())


def test_what_is_almost_json_becomes_json() -> None:
    @dataclasses.dataclass
    class Point:
        x: int

    class Colour(enum.StrEnum):
        RED = "red"

    class Loud(str):
        __slots__ = ()

    given = {
        "p": Point(1),
        "t": (1, 2),
        "path": Path("a/b"),
        "day": dt.date(2026, 1, 2),
        "c": Colour.RED,
    }
    made = plain(given | {"s": Loud("hey"), "b": b"\x00"})
    assert made == {
        "p": {"x": 1}, "t": [1, 2], "path": "a/b", "day": "2026-01-02", "c": "red", "s": "hey", "b": "AA=="
    }  # fmt: skip
    assert type(made["s"]) is str


def test_what_is_no_json_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    for value in (object(), {1: 2}, loop, inspect, 1j, "\ud800" * 20_000):
        with pytest.raises(NotCanonicalError):
            arguments({"value": value})


def test_texts_are_cut_and_always_encodable() -> None:
    assert clip("abc", 3) == ("abc", False)
    assert clip("abcd", 3) == ("abc", True)
    assert clip("a\ud800b") == ("a?b", False)
    assert clip(17) == ("17", False)
    assert result_text({"a": 1}) == '{"a":1}'
    assert result_text(inspect).startswith("<module")


def test_a_confidence_is_a_probability() -> None:
    assert claim(None) is None
    assert claim(1) == Confidence(value=1.0, kind="stated")
    sampled = Confidence(value=0.5, kind="sampled")
    assert claim(sampled) is sampled
    for value in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="not between 0 and 1"):
            claim(value)


# ---- trust -------------------------------------------------------------------------------------------------------------


def test_the_first_key_that_signs_for_itself_is_kept() -> None:
    ours, other = PrivateKey.generate(), PrivateKey.generate()
    trust = PinnedTrust(None)
    kill = KillCommand(epoch="e", agent="a", run="r", id="k")

    def shows(signer: PrivateKey, shown: PrivateKey) -> bool:
        state = SupervisorState(status="up", epoch="e", instance="i", public_key=shown.public.line)
        payload = signer.sign(state)
        return trust.state(payload, state)

    assert not trust.command(ours.sign(kill))
    assert not shows(other, ours)
    assert shows(ours, ours)
    assert not shows(other, other)
    assert trust.command(ours.sign(kill))
    assert not trust.command(other.sign(kill))
    assert not trust.command(ours.sign(kill).replace(b'"k"', b'"j"'))


@pytest.mark.parametrize("how", ["file", "variable", "given", "first use"])
def test_a_supervisor_that_is_not_believed_is_named_with_what_to_do(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Both keys, where the pin is, once and then rarely; a state that its own key did not sign says nothing."""
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    home = Home(site="test", data=tmp_path, config=tmp_path)
    ours, other = PrivateKey.generate(), PrivateKey.generate()
    if how == "file":
        ours.save(home.supervisor_key)
    if how == "variable":
        monkeypatch.setenv(KEY_VARIABLE, ours.public.line)
    trust = PinnedTrust(pinned(home, ours.public.line if how == "given" else None))

    def shows(signer: PrivateKey, shown: PrivateKey) -> bool:
        state = SupervisorState(status="up", epoch="e", instance="i", public_key=shown.public.line)
        payload = signer.sign(state)
        return trust.state(payload, state)

    assert shows(ours, ours)
    caplog.clear()
    assert not shows(PrivateKey.generate(), other)
    assert caplog.messages == []
    for _ in range(9):
        assert not shows(other, other)
    where = {
        "file": (str(home.supervisor_public_key), f"put its {home.supervisor_public_key.name} there"),
        "variable": (KEY_VARIABLE, "set that to its key"),
        "given": ("supervisor=", "name its key there"),
        "first use": ("the first that was seen", f"pin its key with {KEY_VARIABLE}"),
    }[how]
    [said] = caplog.messages
    for words in (other.public.fingerprint, ours.public.fingerprint, *where, "and start this again"):
        assert words in said
    for _ in range(9, SAID_EVERY):
        assert not shows(other, other)
    assert len(caplog.messages) == 4


def test_where_a_pinned_key_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    home = Home(site="test", data=tmp_path, config=tmp_path)
    lines = [PrivateKey.generate().public.line for _ in range(2)]
    assert pinned(home) is None
    key = PrivateKey.generate()
    key.save(home.supervisor_key)
    found = [pinned(home)]
    monkeypatch.setenv(KEY_VARIABLE, lines[0])
    found += [pinned(home), pinned(home, lines[1])]
    assert [pin.key.line for pin in found if pin] == [key.public.line, *lines]
    with pytest.raises(KeyFileError, match="not an OpenSSH ed25519 public key"):
        pinned(home, "ssh-rsa AAAA")


@given(st.integers(0, 600), st.integers(0, 600))
def test_of_a_long_preview_the_lines_that_differ_are_sent(before: int, after: int) -> None:
    start, end = [f"line {n}\n" for n in range(before)], [f"rest {n}\n" for n in range(after)]
    old, new = "".join([*start, "old\n", *end]), "".join([*start, "new\n", *end])
    sent = previewed(Preview(of="a", present=old, proposed=new), "write")
    assert sent is not None
    assert sent.present is not None
    assert sent.proposed is not None
    assert max(len(sent.present), len(sent.proposed)) <= PREVIEW_BYTES
    assert sent.present.replace("old\n", "new\n") == sent.proposed
    assert "new\n" in sent.proposed
    assert sent.present in old
    assert sent.cut == (sent.present != old)
    if sent.cut:
        assert sent.present == "".join([*start[-PREVIEW_AROUND:], "old\n", *end[:PREVIEW_AROUND]])
    assert previewed(sent, "write") == sent

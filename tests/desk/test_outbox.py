"""What the supervisor wants to say: held back, signed when it is due, and none in the way of another."""

from __future__ import annotations

import pytest

from bus.codec import decode_command
from bus.messages import AnyCommand, KillCommand, PauseCommand, Signed, StoredCommand
from bus.signing import PrivateKey
from bus.topics import Topics
from console.supervisor.outbox import Out, Outbox

KEY = PrivateKey.generate()


def said(outs: list[Out]) -> list[AnyCommand]:
    assert all(KEY.public.verifies(out.payload) for out in outs)
    return [decode_command(out.payload) for out in outs]


def stored(seq: int) -> StoredCommand:
    return StoredCommand(epoch="e", agent="a", runs={"r": seq})


def outbox() -> Outbox:
    return Outbox(Topics("local"), KEY, lambda: 7)


@pytest.mark.parametrize("early", [True, False], ids=["signed meanwhile", "signed when due"])
def test_commands_leave_signed_in_their_order_once_what_they_speak_of_is_recorded(early: bool) -> None:
    out = outbox()
    for seq in (1, 2, 3):
        out.command(stored(seq))
    if early:
        out.sign()
    out.command(stored(4))
    assert out.ready(6) == []
    assert [one.runs["r"] for one in said(out.ready(7)) if isinstance(one, StoredCommand)] == [1, 2, 3, 4]
    assert out.ready(7) == []


def test_what_cannot_be_signed_is_never_sent_and_keeps_nothing_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    out, sign = outbox(), PrivateKey.sign

    def fails(key: PrivateKey, message: Signed) -> bytes:
        if message == stored(1):
            raise RuntimeError("no signature")
        return sign(key, message)

    monkeypatch.setattr(PrivateKey, "sign", fails)
    out.command(stored(1))
    out.command(stored(2))
    out.command(KillCommand(epoch="e", agent="a", id="k", run="r"), stops=True)
    assert [type(one) for one in said(out.ready(0, failing=True))] == [KillCommand]
    assert [one.runs for one in said(out.ready(7)) if isinstance(one, StoredCommand)] == [{"r": 2}]
    assert "cannot be signed and was not sent" in caplog.text


def test_what_stops_is_signed_when_it_is_queued() -> None:
    out = outbox()
    out.command(PauseCommand(epoch="e", agent="a", id="p", run="r"), stops=True)
    assert all(held.payload for held in out._held)

"""Orders of commands rise over everything that was ever sent, recorded or not."""

from __future__ import annotations

import json

from bus.events import RunStarted
from bus.messages import Intent, KillCommand, PauseCommand, ResumeCommand
from console.core.fleet.state import decode, encode
from tests.fixtures.desk import OPERATOR, TOPICS, Bench


def crashed(bench: Bench, *intents: str) -> tuple[bytes, list[str]]:
    """Let the recording fail, send commands unrecorded, and crash: what is recorded, and the emergency log."""
    recorded = encode(bench.desk.fleet)
    bench.desk.recording(failing=True)
    bench.let_go()
    before = len(bench.sent)
    for number, verb in enumerate(intents):
        bench.desk.receive(*_said(bench, verb, f"{verb}{number}"), bench.now)
        bench.let_go()
    sent = [out for out in bench.sent[before:] if out.stops]
    lines = [json.dumps({"topic": out.topic, "payload": out.payload.decode()}) for out in sent]
    assert len(lines) == len(intents)
    return recorded, lines


def _said(bench: Bench, verb: str, name: str) -> tuple[str, bytes]:
    intent = Intent(
        verb=verb,  # type: ignore[arg-type]
        id=name,
        operator="op-1",
        console="con",
        epoch=bench.desk.identity.epoch,
        agent="a",
        run="r1",
    )
    return TOPICS.intents("op-1"), OPERATOR.sign(intent)


def test_orders_rise_from_command_to_command_and_stay_when_one_is_repeated() -> None:
    bench = Bench()
    bench.event(1, RunStarted())
    for verb in ("pause", "resume", "pause"):
        bench.intent(verb, agent="a", run="r1")
    orders = [one.order for one in (*bench.commands(PauseCommand), *bench.commands(ResumeCommand))]
    assert len(set(orders)) == 3
    [_, last] = bench.commands(PauseCommand)
    bench.pass_time(3)
    assert bench.commands(PauseCommand)[-1].order == last.order == max(orders) == bench.desk.fleet.order


def test_orders_rise_above_what_a_dead_supervisor_sent_unrecorded() -> None:
    bench = Bench()
    bench.event(1, RunStarted())
    recorded, late = crashed(bench, "pause", "pause", "pause", "hold")
    unrecorded = [one.order for one in bench.commands() if one.order]
    again = Bench(decode(recorded), "epoch2", late=late)
    again.wall -= 3_600_000  # and the clock was set back
    again.intent("resume", agent="a", run="r1")
    [resume] = again.commands(ResumeCommand)
    assert resume.order > max(unrecorded)
    assert again.desk.fleet.order == resume.order


def test_orders_rise_above_late_commands_of_which_the_recording_knows_nothing() -> None:
    bench = Bench()
    bench.later(3_600)
    bench.event(1, RunStarted())
    _, late = crashed(bench, "pause")
    [pause] = bench.commands(PauseCommand)
    again = Bench(epoch="epoch2", late=late)
    again.ids = bench.ids
    again.event(1, RunStarted())
    again.intent("pause", agent="a", run="r1")
    assert again.commands(PauseCommand)[-1].order > pause.order


def test_orders_rise_even_if_no_disk_took_the_emergency_log() -> None:
    bench = Bench()
    bench.event(1, RunStarted())
    recorded, _ = crashed(bench, "pause", "kill", "pause", "hold", "pause")
    highest = max(one.order for one in bench.commands())
    assert highest > bench.commands(KillCommand)[0].order > 0
    again = Bench(decode(recorded), "epoch2")
    again.wall = bench.wall + 1_000
    again.intent("resume", agent="a", run="r1")
    assert again.commands(ResumeCommand)[0].order > highest

"""What detectors remember after a restart is what they remembered before it, by the recorded log alone."""

from __future__ import annotations

from pathlib import Path

from bus import codec
from bus.events import (
    ActionFinished,
    ActionProposed,
    ActionStarted,
    CommandAcknowledged,
    CommandEffective,
    Data,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
)
from bus.messages import DecisionCommand, PauseCommand, ResumeCommand
from console.core.fleet.state import Fleet, decode, encode
from console.core.health.stall import LEAST
from console.policy.load import Rulebook
from console.supervisor.watching.past import Past
from console.supervisor.watching.progress import BREATH
from tests.fixtures.desk import Bench


class Worker:
    """An agent that reports as the library does: answers to its decisions among its events."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.seqs = bench, dict[str, int]()

    def say(self, data: Data, run: str = "r1") -> None:
        self.seqs[run] = self.seqs.get(run, 0) + 1
        self.bench.event(self.seqs[run], data, run=run)

    def call(self, seconds: float, tool: str = "read_file", *, result: str = "", **args: object) -> None:
        name = f"{self.seqs['r1']}"
        self.say(ActionProposed(action=name, tool=tool, args=args))
        action = self.bench.run().actions[name]
        [decision] = [one for one in self.bench.commands(DecisionCommand) if one.action == name]
        self.say(CommandAcknowledged(command=decision.id))
        self.say(ActionStarted(action=name, digest=action.digest, decision=action.decision))
        self.say(CommandEffective(command=decision.id))
        if seconds:
            self.bench.pass_time(seconds)
        self.say(ActionFinished(action=name, outcome="done", text=result))

    def hang(self, tool: str) -> None:
        name = f"{self.seqs['r1']}"
        self.say(ActionProposed(action=name, tool=tool))
        action = self.bench.run().actions[name]
        [decision] = [one for one in self.bench.commands(DecisionCommand) if one.action == name]
        self.say(ActionStarted(action=name, digest=action.digest, decision=action.decision))
        self.say(CommandEffective(command=decision.id))
        self.bench.pass_time(LEAST + 2)


def reopened(bench: Bench) -> Bench:
    """Another supervisor that begins with what the first had recorded."""
    bench.commit()
    past = Past(Fleet(site="site"), bench.desk.health._polls)
    for entry in bench.log:
        past.take(codec.record(entry.pos, entry.at, codec.decode_envelope(entry.event)))
    assert encode(past.fleet) == encode(bench.desk.fleet)
    again = Bench(decode(encode(past.fleet)), "epoch2")
    again.now, again.wall = bench.now, bench.wall
    again.desk.health.remember(past)
    again.desk.health.progress.restore(again.now)
    again.desk.health.restore(again.now)
    return again


def test_the_answer_to_a_decision_is_no_end_of_the_call_that_it_allowed() -> None:
    worker = Worker(Bench())
    worker.say(RunStarted())
    for number in range(12):
        worker.call(2.0, n=number)
    worker.hang("read_file")
    alarm = worker.bench.desk.fleet.alarms["stalled/a/r1"]
    assert "12 earlier times read_file took 2.0 s in the middle, 2.0 s at most" in alarm.text


def test_events_in_one_breath_are_no_pauses() -> None:
    worker = Worker(Bench())
    worker.say(RunStarted())
    for number in range(1, 13):
        worker.bench.pass_time(4.0)
        worker.say(StepStarted(step=number))
        worker.bench.now += BREATH / 2
        worker.say(StepFinished(step=number, ok=True))
    worker.bench.pass_time(LEAST + 2)
    alarm = worker.bench.desk.fleet.alarms["stalled/a/r1"]
    assert "12 earlier times a pause between its calls took 4.0 s in the middle" in alarm.text


def test_how_long_an_agent_was_lost_says_nothing_about_its_work() -> None:
    bench = Bench()
    worker = Worker(bench)
    bench.status("online")
    worker.say(RunStarted())
    for number in range(1, 13):
        bench.pass_time(4.0)
        worker.say(StepStarted(step=number))
    bench.pass_time(29.0)  # silent for so long, it is lost
    assert bench.run().state == "lost"
    bench.status("online", connection="k2")
    worker.say(StepStarted(step=13))
    for _ in range(7):
        bench.pass_time(5.0)
        bench.status("alive", connection="k2")
    assert "4.0 s at most" in bench.desk.fleet.alarms["stalled/a/r1"].text


def test_a_pause_is_no_work() -> None:
    bench = Bench()
    worker = Worker(bench)
    worker.say(RunStarted())
    for number in range(1, 13):
        bench.pass_time(4.0)
        worker.say(StepStarted(step=number))
    bench.intent("pause", agent="a", run="r1")
    [pause] = bench.commands(PauseCommand)
    worker.say(CommandAcknowledged(command=pause.id))
    worker.say(CommandEffective(command=pause.id))
    bench.pass_time(300.0)
    bench.intent("resume", agent="a", run="r1")
    resume = bench.commands(ResumeCommand)[-1]
    worker.say(CommandAcknowledged(command=resume.id))
    worker.say(CommandEffective(command=resume.id))
    assert bench.run().state == "working"
    bench.pass_time(2.0)
    worker.say(StepStarted(step=13))
    bench.pass_time(LEAST + 2)
    assert "4.0 s at most" in bench.desk.fleet.alarms["stalled/a/r1"].text


def test_a_restart_forgets_no_duration() -> None:
    worker = Worker(Bench())
    worker.say(RunStarted())
    for number in range(12):
        worker.call(2.0, n=number)
    worker.bench = reopened(worker.bench)
    worker.say(StepStarted(step=1))
    worker.hang("read_file")
    assert "12 earlier times read_file took 2.0 s" in worker.bench.desk.fleet.alarms["stalled/a/r1"].text


def test_the_time_while_no_supervisor_was_there_is_no_duration() -> None:
    worker = Worker(Bench())
    worker.say(RunStarted())
    for number in range(1, 13):
        worker.bench.pass_time(4.0)
        worker.say(StepStarted(step=number))
    worker.bench.commit()
    first = worker.bench
    again = Bench(decode(encode(first.desk.fleet)), "epoch2")
    again.now, again.wall = first.now, first.wall + 500_000
    again.event(worker.seqs["r1"] + 1, StepStarted(step=13))
    past = Past(Fleet(site="site"), first.desk.health._polls)
    for entry in [*first.log, *again.log]:
        past.take(codec.record(entry.pos, entry.at, codec.decode_envelope(entry.event)))
    assert max(known.longest for known in past.progress._known.values()) == 4.0


def test_a_loop_that_was_paused_and_let_go_on_is_not_raised_anew_by_a_restart() -> None:
    worker = Worker(Bench())
    worker.say(RunStarted())
    for _ in range(6):
        worker.call(0.0, result="same")
    before = worker.bench.desk.fleet.alarms["loop/a/r1"]
    assert before.text.endswith("the run is paused")
    [pause] = worker.bench.commands(PauseCommand)
    worker.say(CommandEffective(command=pause.id))
    worker.bench.intent("resume", agent="a", run="r1")
    worker.say(CommandEffective(command=worker.bench.commands(ResumeCommand)[-1].id))
    worker.bench = reopened(worker.bench)
    assert worker.bench.run().state == "working"
    worker.call(0.0, result="same")
    after = worker.bench.desk.fleet.alarms["loop/a/r1"]
    assert (after.count, after.text) == (before.count, before.text)
    assert not worker.bench.commands(PauseCommand)


def test_repeats_before_a_restart_count_after_it() -> None:
    worker = Worker(Bench())
    worker.say(RunStarted())
    for _ in range(3):
        worker.call(0.0, result="same")
    assert not worker.bench.alarms()
    worker.bench = reopened(worker.bench)
    worker.call(0.0, result="same")
    assert worker.bench.alarms() == {"loop"}


def test_what_a_run_has_used_before_a_restart_is_used(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.toml"
    path.write_text('[tool.note]\nseverity = 1\neffect = "write"\n')
    worker = Worker(Bench(rules=Rulebook(path, None)))
    worker.say(RunStarted())
    worker.call(0.0, tool="note", url="https://a.example/x")
    worker.call(0.0, tool="note", url="https://b.example/x")
    health = reopened(worker.bench).desk.health
    memory = health._runs["a/r1"]
    assert (memory.usage.writes, memory.usage.destinations) == (2, {"a.example", "b.example"})


def test_a_run_that_is_over_is_not_remembered() -> None:
    worker = Worker(Bench())
    worker.say(RunStarted())
    worker.call(0.0)
    worker.say(RunFinished(outcome="completed"))
    assert reopened(worker.bench).desk.health._runs == {}

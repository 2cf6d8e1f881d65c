"""`python -m tests.judgement.rules_cost`: what a judged proposal costs under 0 and 50 rules, beside its decoding."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import msgspec
from msgspec.structs import replace

from bus.events import ActionProposed, MessageSeen
from console.core.fleet.circumstances import Circumstances
from console.core.provenance.trail import Trail
from console.policy.judge import Judge
from console.policy.load import Rulebook
from tests.fixtures.calls import QUIET

RUN = Circumstances(run="r1", control="gated", steps=9, calls=9, seconds=60.0, used=("get",))
CALL = replace(QUIET, tainted=True, circumstances=RUN)
ROUNDS, STEPS = 5, 400
PATTERNS = '[[rule]]\nid = "r{0}"\ntool = "update_*"\nargs = {{"note" = "*secret{0}*"}}\nraise = "ask"\nwhy = "Because."\n'
CONDITIONS = """
[[rule]]
id = "r{0}"
tool = "update_*"
when = 'has(args.note) && args.note.contains("secret{0}") && severity >= 2'
raise = "ask"
why = "Because."
fires = [{{ tool = "update_x", args = {{ note = "secret{0}" }}, severity = 3 }}]
silent = [{{ tool = "update_x" }}]
"""
LOOPS = """
[[rule]]
id = "r{0}"
tool = "update_*"
when = 'origins.exists(p, p.endsWith("to{0}") && origins[p] == "text")'
raise = "ask"
why = "Because."
fires = [{{ tool = "update_x", origins = {{ to{0} = "text" }} }}]
silent = [{{ tool = "update_x" }}]
"""
POLICIES = {
    "0 rules": "",
    "50 by patterns": "".join(PATTERNS.format(number) for number in range(50)),
    "50 with a condition": "".join(CONDITIONS.format(number) for number in range(50)),
    "50 with a loop": "".join(LOOPS.format(number) for number in range(50)),
    "1 with a condition": CONDITIONS.format(0),
}


def judges(folder: Path) -> dict[str, Judge]:
    found = {}
    for number, (name, text) in enumerate(POLICIES.items()):
        path = folder / f"policy{number}.toml"
        path.write_text(text)
        found[name] = Rulebook(None, path).judge
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        by_name = judges(Path(folder))
    spent: dict[str, list[float]] = {name: [] for name in by_name}
    decoding: list[float] = []
    reading: list[float] = []
    for turn in range(ROUNDS):
        trail = Trail()
        trail.said("Update the bookings of Ann Smith as the list says and mail ann@harbour.example when done")
        for step in range(STEPS):
            args = {
                "booking": f"B{turn}-{step:05d}",
                "note": f"as line {step} says",
                "to": "ann@harbour.example",
            }
            text = f"booking: B{turn}-{step + 1:05d}\nstate: open\nnote: 'The room of guest {step} must be quiet.'"
            raw = msgspec.json.encode(ActionProposed(action="a", tool="update_booking", args=args))
            result = msgspec.json.encode(MessageSeen(role="tool", name="get", text=text))
            began = time.perf_counter()
            proposal = msgspec.json.decode(raw, type=ActionProposed)
            msgspec.json.decode(result, type=MessageSeen)
            decoding.append((time.perf_counter() - began) * 5e5)
            for name, judge in by_name.items():
                began = time.perf_counter()
                suspicion = judge.suspect(trail, proposal.tool, proposal.args)
                judge.judge(proposal, replace(CALL, suspicion=suspicion))
                spent[name].append((time.perf_counter() - began) * 1e6)
            began = time.perf_counter()
            trail.read("get", text)
            reading.append((time.perf_counter() - began) * 1e6)
    print("microseconds a judged proposal, where its values came from included:")
    for name, times in spent.items():
        show(name, times)
    print("microseconds an event, half of them proposals and half results that are read:")
    for name, times in spent.items():
        show(name, times + reading)
    show("msgspec, an event", decoding)


def show(name: str, times: list[float]) -> None:
    print(
        f"  {name:<20} mean {statistics.mean(times):7.1f}   median {statistics.median(times):7.1f}   "
        f"p99 {sorted(times)[int(0.99 * len(times))]:7.1f}"
    )


if __name__ == "__main__":
    main()

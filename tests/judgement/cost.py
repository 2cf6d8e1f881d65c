"""`python -m tests.judgement.cost`: microseconds an event, early and late in a long run, beside its decoding."""

import statistics
import sys
import time
from pathlib import Path

import msgspec
from msgspec.structs import replace

from bus.events import ActionProposed, MessageSeen
from console.core.provenance.trail import Trail
from console.policy.load import Rulebook
from tests.fixtures.calls import QUIET

RULE = '[[rule]]\nid = "r{0}"\ntool = "update_*"\nargs = {{"note" = "*secret{0}*"}}\nraise = "ask"\nwhy = "Because."\n'
STEPS, RUNS = 400, 20
USED = [f"{verb}_{thing}" for verb in ("get", "update", "send", "delete") for thing in "abcdefghijklmnop"]
"""Tools that a run has used before, all undescribed: of each call it is asked what they may have read."""


def main() -> None:
    for rules in (0, 50):
        policy = Path(sys.argv[1] if len(sys.argv) > 1 else "/tmp") / f"judgement-cost-{rules}.toml"
        policy.write_text("".join(RULE.format(number) for number in range(rules)))
        judge = Rulebook(None, policy).judge
        policy.unlink()
        early: list[float] = []
        late: list[float] = []
        decoding: list[float] = []
        for run in range(RUNS):
            trail = Trail()
            trail.said(
                "Update the bookings of Ann Smith as the list says and mail ann@harbour.example when it is done"
            )
            for step in range(STEPS):
                args = {
                    "booking": f"B{run}-{step:05d}",
                    "note": f"as asked in line {step}",
                    "to": "ann@harbour.example",
                }
                note = f"Guest {step} wrote that the room must be quiet. Thanks."
                text = f"booking: B{run}-{step + 1:05d}\nstate: open\nnote: '{note}'"
                raw = msgspec.json.encode(ActionProposed(action="a", tool="update_booking", args=args))
                result = msgspec.json.encode(MessageSeen(role="tool", name="get", text=text))
                start = time.perf_counter()
                msgspec.json.decode(raw, type=ActionProposed)
                msgspec.json.decode(result, type=MessageSeen)
                decoded = time.perf_counter()
                suspicion = judge.suspect(trail, "update_booking", args)
                proposal = ActionProposed(action="a", tool="update_booking", args=args)
                judge.judge(proposal, replace(QUIET, tainted=True, suspicion=suspicion))
                trail.read("get", text)
                spent = time.perf_counter() - decoded
                decoding.append((decoded - start) * 5e5)
                if 10 <= step < 30:
                    early.append(spent * 5e5)
                elif step >= STEPS - 20:
                    late.append(spent * 5e5)
        mean, p99 = statistics.mean(late), sorted(late)[int(0.99 * len(late))]
        print(f"{rules} rules: mean {mean:.0f} us, p99 {p99:.0f} us an event at step {STEPS}")
        ratio = statistics.median(late) / statistics.median(early)
        print(f"  step 20: {statistics.mean(early):.0f} us; ratio of medians {ratio:.2f}")
        print(f"  decoding {statistics.mean(decoding):.1f} us")
        start = time.perf_counter()
        for _ in range(STEPS):
            for tool in USED:
                judge.reads(tool, None, by_name=True)
        spent = (time.perf_counter() - start) * 1e6 / STEPS
        print(f"  {len(USED)} tools used before: {spent:.0f} us more a proposal")


main()

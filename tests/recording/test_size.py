"""What an event takes on the disk. The texts are made up of words by chance, so that nothing repeats by itself."""

import json
import random
import sys
from pathlib import Path

import pytest

from console.recording.bodies import Row
from console.recording.writer import Recording
from tests.recording.rows import EMPTY, NOON_MS, Clock

EVENTS = 10_000
GOAL = 0.6
SYLLABLES = [
    a + b for a in "bcdfghklmnprstvw" for b in ("a", "e", "i", "o", "u", "an", "er", "ing", "ol", "est")
]


def words(chance: random.Random) -> list[str]:
    return ["".join(chance.choices(SYLLABLES, k=chance.randint(1, 4))) for _ in range(6_000)]


def body(
    chance: random.Random, lexicon: list[str], seq: int, agent: str, run: str, incarnation: str
) -> bytes:
    text = " ".join(
        lexicon[min(int(chance.paretovariate(0.9)), len(lexicon) - 1)] for _ in range(chance.randint(4, 60))
    )
    confidence = {"value": round(chance.random(), 3), "kind": "stated"}
    kind, data = chance.choice(
        [
            ("step.started", {"step": seq, "name": text[:40], "confidence": confidence}),
            ("message", {"role": "tool", "name": chance.choice(lexicon), "text": text, "step": seq}),
            ("action.proposed", {"action": f"a{seq}", "tool": chance.choice(lexicon), "args": {"to": text[:30], "re": text},
                                 "digest": chance.randbytes(32).hex(), "step": seq}),
            ("step.finished", {"step": seq, "ok": True, "text": text, "usage": {"input_tokens": chance.randrange(9_999)}}),
        ]
    )  # fmt: skip
    whole = {
        "specversion": "1.0", "id": f"{incarnation}.{seq}", "source": f"/agents/{agent}/runs/{run}", "type": kind,
        "time": f"2026-11-21T12:{seq % 60:02d}:{chance.randrange(60):02d}.{chance.randrange(10**6):06d}Z",
        "incarnation": incarnation, "seq": seq, "data": data,
    }  # fmt: skip
    return json.dumps(whole, separators=(",", ":")).encode()


@pytest.mark.slow
async def test_an_event_takes_at_most_six_tenths_of_its_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(7)
    lexicon = words(chance)
    agents = [(f"agent-{chance.choice(lexicon)}", chance.randbytes(8).hex()) for _ in range(12)]
    rows: list[Row] = []
    for pos in range(1, EVENTS + 1):
        (agent, incarnation), run = chance.choice(agents), f"run-{chance.randrange(60)}"
        rows.append(Row(pos, NOON_MS + pos, agent, run, body(chance, lexicon, pos, agent, run, incarnation)))
    sizes = [len(row.event) for row in rows]
    assert 250 < sum(sizes) / len(sizes) < 900
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        for first in range(0, EVENTS, 1_000):
            await recording.append(rows[first : first + 1_000])
    stored = recording.path.stat().st_size
    with capsys.disabled():
        sys.stdout.write(f"\n{sum(sizes) // EVENTS} bytes of JSON an event, {stored // EVENTS} stored\n")
    assert stored <= GOAL * sum(sizes)

"""A scripted floor on which an agent says what its action would change, after asks like it."""

from bus.events import Preview
from bus.records import OutcomeVerified
from tests.floor_fixture import Script, busy


def changing() -> Script:
    """An ask whose agent says what it would change, after others like it."""
    script = busy()
    for number, outcome in enumerate(("approved", "approved", "rejected", "expired")):
        script.start("scribe", f"old{number}", "Keep the list")
        script.ask("scribe", f"old{number}", f"x{number}", "write_file", {"path": "list.txt"}, severity=2)
        script.decide("scribe", f"old{number}", f"x{number}", outcome)
    verified = OutcomeVerified(
        action="x0", ok=True, by="op-2", version="1.0", tool="write_file", effect="write"
    )
    script.supervisor(verified, "scribe", "old0")
    script.start("scribe", "d1ff", "Add to the list what was said at breakfast")
    same = "".join(f"line {number}\n" for number in range(9))
    args = {"path": "lists/list.txt", "content": "milk\neggs\nhoney"}
    present, proposed = f"{same}milk\nbread\neggs\n", f"{same}milk\neggs\nhoney\n"
    script.ask(
        "scribe", "d1ff", "p1", "write_file", args, severity=2, within=30,
        reasons=("First use of 'write_file' by this version of the agent, at S2",), reason="breakfast", claim=0.8,
        preview=Preview(of="lists/list.txt", present=present, proposed=proposed),
    )  # fmt: skip
    return script

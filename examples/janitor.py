"""A whole agent: it deletes the `.tmp` files of a folder, one by one, each only after it was allowed to."""

import sys
from pathlib import Path

from bus import Action, main, run


async def tidy(folder: Path) -> None:
    async with run("janitor", goal=f"tidy {folder}") as job:
        found = sorted(folder.glob("*.tmp"))
        job.tool_result("list_folder", [str(path) for path in found])  # where each argument comes from
        for path in found:
            async with job.step(f"judge {path.name}", confidence=0.8):
                action = Action("delete_file", {"path": str(path)}, confidence=0.8, reason="looks temporary")
            decision = await job.gate(action)
            if decision.approved:
                try:
                    async with decision:
                        Path(decision.args["path"]).unlink()
                except OSError as error:
                    sys.exit(f"janitor.py: cannot delete: {error}")


if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
    print("usage: janitor.py FOLDER (it must exist)", file=sys.stderr)
    sys.exit(2)
main(tidy(Path(sys.argv[1])))

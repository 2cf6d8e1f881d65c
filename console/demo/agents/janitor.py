"""The janitor: tidies a folder of real files. Trash can be taken back; deleting waits for a person.

Trouble: once it is confidently wrong, and wants to delete the very file that its task says to keep, at 0.97.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bus.events import Preview
from bus.sdk.decision import Action, Decision
from bus.sdk.job import Run
from console.demo.script import Script
from console.demo.stage import DECIDE_WITHIN, Stage

KEEP: Final = "contract.pdf"
_CONTRACT: Final = "Lease of store room 4, from 1 March\nRent: EUR 240 a month\nSigned by both sides\n"
WRONG_EVERY: Final = 4
"""Its first run is the wrong one, and every fourth after that."""

_LITTER: Final = (
    "build.log",
    "cache.bin",
    "draft~",
    "core.1913",
    "old-export.csv",
    "thumbs.db",
    "session.tmp",
)


@dataclass(frozen=True, slots=True)
class Case:
    """A folder to tidy: what goes to the trash, what is deleted, and whether the file to keep is among that."""

    folder: str
    trash: tuple[str, ...]
    delete: tuple[tuple[str, float, str], ...]

    @property
    def goal(self) -> str:
        """What the user wants."""
        return f"Tidy {self.folder}. Keep {KEEP}, whatever it looks like."


def plan(script: Script) -> Case:
    """What the scripted model makes of a run."""
    litter = list(_LITTER)
    chosen = [litter.pop(script.whole(0, len(litter) - 1)) for _ in range(4)]
    delete = [(chosen[0], script.claim(0.82, 0.94), "is made anew by every build")]
    if script.turn % WRONG_EVERY == 1:
        delete.insert(0, (KEEP, 0.97, "looks like an old scan that nobody opened for a year"))
    return Case(f"box-{script.number}", tuple(chosen[1:]), tuple(delete))


def litter(stage: Stage, case: Case) -> None:
    """Put the files there that the run will find."""
    folder = stage.sandbox.files / case.folder
    folder.mkdir(parents=True, exist_ok=True)
    for name in (KEEP, *case.trash, *(name for name, _, _ in case.delete)):
        (folder / name).write_text(_CONTRACT if name == KEEP else f"nobody reads {name}\n", encoding="utf-8")


async def live(stage: Stage, job: Run, script: Script, case: Case) -> None:
    """Tidy one folder."""
    sandbox = stage.sandbox
    steps = 1 + len(case.trash) + len(case.delete)

    def list_folder(decision: Decision) -> object:
        return sorted(path.name for path in sandbox.inside(decision.args["path"], sandbox.files).iterdir())

    def move_to_trash(decision: Decision) -> object:
        path = sandbox.inside(decision.args["path"], sandbox.files)
        path.rename(sandbox.trash / f"{decision.action}-{path.name}")
        return "in the trash"

    def delete_file(decision: Decision) -> object:
        sandbox.inside(decision.args["path"], sandbox.files).unlink()
        return "deleted"

    def gone(path: str) -> Preview:
        """What deleting a file takes away."""
        return Preview(of=path, present=sandbox.inside(path, sandbox.files).read_text(encoding="utf-8"))

    litter(stage, case)
    async with job.step("look around", of=steps):
        await stage.pause(script.about(1.5))
        await stage.call(job, Action("list_folder", {"path": case.folder}), list_folder)
    for name, claim, thought in case.delete:
        async with job.step(f"delete {name}", confidence=claim, of=steps) as step:
            await stage.pause(script.about(2.5))
            action = Action(
                "delete_file",
                {"path": f"{case.folder}/{name}"},
                confidence=claim,
                reason=thought,
                decide_within=DECIDE_WITHIN,
                preview=gone(f"{case.folder}/{name}"),
            )
            called = await stage.call(job, action, delete_file)
            step.result(ok=called.ran or not called.decision.approved, text=called.value or called.refusal)
    for name in case.trash:
        claim = script.claim(0.78, 0.93)
        async with job.step(f"trash {name}", confidence=claim, of=steps):
            await stage.pause(script.about(2.5))
            action = Action("move_to_trash", {"path": f"{case.folder}/{name}"}, confidence=claim)
            await stage.call(job, action, move_to_trash)


async def main(stage: Stage) -> None:
    """Be the agent."""
    await stage.keep(plan, live, rest=28.0)

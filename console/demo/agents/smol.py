"""The small model at work: it tidies a folder of real files, by its own choice of tools. Only with `--llm`.

Trouble: it is a very small model. It takes the wrong tool, makes up names, and repeats itself; how sure it was of its words
says so more often than not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bus.events import Confidence
from bus.sdk.agent import Agent
from bus.sdk.decision import Action, Decision, RunKilled
from bus.sdk.job import Run
from console.demo.model import NAME, Choice, Model
from console.demo.sandbox import Sandbox
from console.demo.script import TURNS, Script
from console.demo.stage import DECIDE_WITHIN, VERSION, Stage

CALLS: Final = 6
"""Most calls of one run."""

REST: Final = 20.0

_SYSTEM: Final = "You work with files. Answer each message with one call of a tool, as JSON."
_EXAMPLES: Final = (
    ("Delete scan.bin for ever.", '{"tool":"delete_file","path":"scan.bin"}'),
    ("What is in the folder?", '{"tool":"list_folder","path":"."}'),
    ("Put old.log into the trash.", '{"tool":"move_to_trash","path":"old.log"}'),
    ("Look into notes.txt.", '{"tool":"read_file","path":"notes.txt"}'),
)
_TASKS: Final = (
    ("What is in the folder?", "Put {0} into the trash.", "Look into {1}."),
    ("Look into {0}.", "Put {1} into the trash.", "Delete {0} for ever."),
    ("What is in the folder?", "Delete {0} for ever.", "Put {1} into the trash."),
)
_FILES: Final = ("draft.txt", "report.txt", "cache.bin", "core.dump", "build.log", "list.csv")


@dataclass(frozen=True, slots=True)
class Case:
    """A folder, what is in it, and what the user says, one sentence after the other."""

    folder: str
    files: tuple[str, ...]
    asks: tuple[str, ...]

    @property
    def goal(self) -> str:
        """What the user wants."""
        return f"In {self.folder}: " + " ".join(self.asks)


def plan(script: Script) -> Case:
    """Which folder and which wishes a run is about: the script makes those, and nothing of what the model does."""
    files = list(_FILES)
    two = [files.pop(script.whole(0, len(files) - 1)) for _ in range(2)]
    asks = script.pick(_TASKS)
    return Case(f"smol-{script.number}", tuple(_FILES), tuple(ask.format(*two) for ask in asks))


def tools(sandbox: Sandbox, folder: str) -> dict[str, Callable[[Decision], object]]:
    """What the model may call. Paths are inside its folder, whatever it says."""

    def list_folder(decision: Decision) -> object:
        path = sandbox.inside(f"{folder}/{decision.args['path']}", sandbox.files)
        return sorted(one.name for one in path.iterdir())

    def read_file(decision: Decision) -> object:
        return sandbox.inside(f"{folder}/{decision.args['path']}", sandbox.files).read_text("utf-8")[:200]

    def move_to_trash(decision: Decision) -> object:
        path = sandbox.inside(f"{folder}/{decision.args['path']}", sandbox.files)
        path.rename(sandbox.trash / f"{decision.action}-{path.name}")
        return "in the trash"

    def delete_file(decision: Decision) -> object:
        sandbox.inside(f"{folder}/{decision.args['path']}", sandbox.files).unlink()
        return "deleted"

    return {one.__name__: one for one in (list_folder, read_file, move_to_trash, delete_file)}


async def live(stage: Stage, job: Run, case: Case, model: Model) -> None:
    """Let the model do what its user says, sentence by sentence."""
    folder = stage.sandbox.files / case.folder
    folder.mkdir(parents=True, exist_ok=True)
    for name in case.files:
        (folder / name).write_text(f"{name}\n" * 5, encoding="utf-8")
    can = tools(stage.sandbox, case.folder)
    talk = [{"role": "system", "content": _SYSTEM}]
    for ask, answer in _EXAMPLES:
        talk += [{"role": "user", "content": ask}, {"role": "assistant", "content": answer}]
    for number, ask in enumerate(case.asks[:CALLS], 1):
        said = [*talk, {"role": "user", "content": ask}]
        choice: Choice | None = None
        try:
            choice = await asyncio.to_thread(model.choose, said, list(can))
        except ValueError as error:
            job.message("assistant", f"(no call: {error})")
        if choice is None:
            continue
        sure = (
            None
            if choice.confidence is None
            else Confidence(value=round(choice.confidence, 3), kind="logprob")
        )
        async with job.step(f"{number}. {ask}", confidence=sure, of=len(case.asks)) as step:
            action = Action(
                choice.tool,
                {"path": choice.path},
                confidence=sure,
                reason=f"asked: {ask}",
                decide_within=DECIDE_WITHIN,
            )
            called = await stage.call(job, action, can[choice.tool])
            step.result(ok=called.ran or not called.decision.approved, text=called.value or called.refusal)
        await stage.pause(2.0)


async def main(stage: Stage) -> None:
    """Be the agent: one model, run after run."""
    model = await asyncio.to_thread(Model)
    labels = {"model": f"{NAME}, on this machine; its confidence is the probability of its tokens"}
    async with Agent(stage.name, version=VERSION) as agent:
        for turn in range(1, TURNS):
            script = stage.script(turn)
            case = plan(script)
            try:
                async with agent.run(case.goal, run_id=script.run_id, model=NAME, labels=labels) as job:
                    job.message("user", case.goal)
                    await live(stage, job, case, model)
            except RunKilled:
                pass  # that run is over; what comes is another
            await stage.pause(REST)

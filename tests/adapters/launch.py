"""Runs an example as a case wants it: `python -m tests.adapters.launch EXAMPLE FOLDER OPTIONS`, in the framework's environment."""

from __future__ import annotations

import json
import runpy
import sys
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import bus


def raising(call: object) -> float:
    raise RuntimeError("the hook is broken")


def main() -> None:
    example, folder, options = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
    sys.path.insert(0, str(example.parent))
    plan = import_module("plan")
    if "turns" in options:
        plan.TURNS = [[plan.Call(*call) for call in turn] for turn in options["turns"]]
    extra: dict[str, Any] = {"decide_within": options["within"]}
    if options.get("broken"):
        extra["stated"] = raising
    adapter = import_module(f"bus.adapters.{options['adapter']}")
    adapter.supervise = partial(adapter.supervise, **extra)
    for name in ("run", "run_sync"):
        renamed = partial(_renamed, getattr(bus, name), options["agent"])
        setattr(bus, name, renamed)
    sys.argv = [str(example), folder]
    runpy.run_path(str(example), run_name="__main__")


def _renamed(run: Any, name: str, _: str, **given: Any) -> Any:
    return run(name, close_within=2.0, **given)


if __name__ == "__main__":
    main()

"""Runs an example as a case wants it, in the framework's environment: `-m tests.adapters.launch EXAMPLE FOLDER OPTIONS`."""

from __future__ import annotations

import json
import runpy
import sys
import time
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import bus
from tests.adapters.bare import BARE


def raising(call: object) -> float:
    raise RuntimeError("the hook is broken")


def previewed(call: Any) -> bus.Preview:
    return bus.Preview(of=call.args["name"], proposed=call.args["text"])


def main() -> None:
    example, folder, options = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
    sys.path.insert(0, str(example.parent))
    plan: Any = import_module("plan")
    if "turns" in options:
        plan.TURNS = [[plan.Call(*call) for call in turn] for turn in options["turns"]]
    extra: dict[str, Any] = {}
    if options["gated"]:
        extra = {"decide_within": options["within"], "preview": previewed}
    if options.get("broken"):
        extra["stated"] = raising
    adapter: Any = import_module(f"bus.adapters.{options['adapter']}")
    adapter.supervise = (
        BARE[options["adapter"]] if options.get("bare") else partial(adapter.supervise, **extra)
    )
    times: list[float] = []
    if options.get("times"):
        plan.append = _timed(plan.append, times, options["settle"])
    for name in ("run", "run_sync"):
        renamed = partial(_renamed, getattr(bus, name), options["agent"])
        setattr(bus, name, renamed)
    sys.argv = [str(example), folder]
    try:
        runpy.run_path(str(example), run_name="__main__")
    finally:
        if times:
            print("TIMES", json.dumps(times), flush=True)


def _timed(append: Any, times: list[float], settle: float) -> Any:
    def timed(*args: Any) -> Any:
        times.append(time.perf_counter())
        if len(times) == 1:
            time.sleep(settle)
        return append(*args)

    return timed


def _renamed(run: Any, name: str, _: str, **given: Any) -> Any:
    return run(name, close_within=2.0, **given)


if __name__ == "__main__":
    main()

"""Imported first by each example: ends the program with one line where the framework of its adapter is not installed."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from bus.adapters.versions import FrameworkError

ALSO = {"opentelemetry": ["pydantic_ai"]}
"""What an example shows the adapter with."""


def check(program: str) -> None:
    """Require what `ADAPTER_agent.py` or `ADAPTER_sync_agent.py` needs; no other program needs anything."""
    adapter = Path(program).stem.removesuffix("_agent").removesuffix("_sync")
    if adapter == Path(program).stem:
        return
    try:
        for name in [adapter, *ALSO.get(adapter, [])]:
            import_module(f"bus.adapters.{name}").FRAMEWORK.require()
    except FrameworkError as error:
        print(error, file=sys.stderr)
        sys.exit(2)


check(sys.argv[0])

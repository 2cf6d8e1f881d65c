"""The interpreter's search for cyclic garbage, put off until a verb is loaded or the floor stands.

What is loaded at the start stays for good, and searching it again and again while it grew was a fifteenth of the time to the
first paint.
"""

from __future__ import annotations

import gc


def put_off() -> None:
    """Search for nothing until `resume`: call before much is imported."""
    gc.disable()


def resume() -> None:
    """Search again from now on, but never through what is there now. Changes nothing where it was not put off."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()

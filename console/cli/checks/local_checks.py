"""What `watchfloor doctor` can tell without a bus: folders, disk, keys, the site's files, the recording."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bus.home import Home
from console.cli.checks.finding import Finding, fail, ok, warn
from console.cli.options import SUPERVISOR, Place
from console.cli.verbs import keys
from console.core.amounts import size
from console.policy.catalogue import load_catalogue
from console.policy.files import PolicyFileError
from console.policy.rules import load_policy
from console.policy.site_file import was_there
from console.recording.files import session_paths
from console.recording.history import sessions
from console.recording.reader import Reader
from console.recording.schema import RecordingError, wal_lost
from console.recording.verify import verify, verify_folder
from console.supervisor.intents.operators import Operators, OperatorsFileError

MAY_ONLY: Final = "may only pause, hold, reject"
"""What is left to an operator whose signature does not count."""

DISK_LEAST: Final = 1_000_000_000
"""Free bytes below which a recording may soon fail."""


def folders(home: Home) -> Iterator[Finding]:
    """Look whether the site's folders can be written, are private, and have room."""
    for name, folder in (("data folder", home.data), ("config folder", home.config)):
        there = next(path for path in (folder, *folder.parents) if path.exists())
        try:
            with tempfile.TemporaryFile(dir=there):
                pass
        except OSError as error:
            advice = f"make {there} writable for this user, or set WATCHFLOOR_HOME"
            yield fail(name, f"{there} cannot be written: {error.strerror}", advice)
            continue
        if there != folder:
            yield ok(name, f"{folder} will be made in {there}")
        elif os.name == "posix" and stat.S_IMODE(folder.stat().st_mode) & 0o077:
            yield warn(name, f"{folder} is open to other users", f"chmod 700 {folder}")
        else:
            yield ok(name, str(folder))
    there = next(path for path in (home.data, *home.data.parents) if path.exists())
    free = shutil.disk_usage(there).free
    text = f"{size(free)} free for {home.data}"
    yield (
        ok("disk", text)
        if free >= DISK_LEAST
        else warn("disk", text, "make room: a full disk closes approvals")
    )


def key_files(place: Place, home: Home) -> Iterator[Finding]:
    """Look at the keys of this machine and who is enrolled."""
    if was_there(home.operators, home.in_force):
        yield _missing("operators file", home.operators)
        return
    try:
        enrolled = Operators.load(home.operators)
    except OperatorsFileError as error:
        yield fail("operators file", str(error), f"mend that line: {_UNTIL}")
        return
    supervisor_here = home.supervisor_key.exists()
    count = len(enrolled.keys)
    if count:
        yield ok("operators file", f"{count} {'operator' if count == 1 else 'operators'} in {home.operators}")
    elif supervisor_here:
        advice = "enrol somebody: watchfloor keys add NAME ssh-ed25519 AAAA..."
        yield fail("operators file", f"nobody is enrolled in {home.operators}: nobody may approve", advice)
    found = keys.held(home)
    mine = next((key for key in found if (key.name, key.role) == (place.who(), "operator")), None)
    for key in found:
        if key is not mine:
            yield _key(key, f"key {key.name}", here=supervisor_here)
    if mine is None:
        who = place.who()
        text = f"operator {who} has none at {home.operator_key(who)}: {MAY_ONLY}"
        yield warn("your key", text, f"watchfloor keys new {who}")
    else:
        yield _key(mine, "your key", here=supervisor_here)


def _key(key: keys.Held, check: str, *, here: bool) -> Finding:
    """How a key is, in one line: whether it signs, whether it may be handed over, whether it counts. `here`: it must."""
    named = (
        f"{key.fingerprint} {key.role}"
        if key.role != "operator"
        else f"operator {key.name}, {key.fingerprint}"
    )
    if not key.usable:
        return fail(check, key.problem, f"mend or remove that file: until then {key.name} {MAY_ONLY}")
    if key.problem:
        return warn(check, key.problem, f"watchfloor keys show {key.name}")
    if key.role == SUPERVISOR:
        return ok(check, named)
    if key.enrolled:
        return ok(check, f"{named}, enrolled here")
    if here:
        advice = f"watchfloor keys add {key.name} {key.path}.pub"
        return warn(check, f"{named}, is not enrolled here: {MAY_ONLY}", advice)
    return ok(check, f"{named}, to be enrolled where the supervisor runs")


def rules(home: Home) -> Iterator[Finding]:
    """Load the catalogue and the policy as the supervisor does."""
    for name, path, load in (
        ("tool catalogue", home.catalogue, _graded),
        ("policy", home.policy, _ruled),
    ):
        if was_there(path, home.in_force):
            yield _missing(name, path)
            continue
        try:
            yield ok(name, load(path) if path.exists() else f"no {path}: {_WITHOUT[name]}")
        except PolicyFileError as error:
            yield fail(name, str(error), f"mend that entry: {_UNTIL}")
    for path in (home.budgets, home.alarms, home.wrappers):
        if was_there(path, home.in_force):
            yield _missing(path.name, path)


_UNTIL: Final = (
    "the last good version stays in force; where there was none, nothing of it is, and no new site starts"
)


def _missing(name: str, path: Path) -> Finding:
    """A file that a supervisor here has had in force, and that is gone."""
    return fail(
        name, f"{path} is missing; what it said last is in force", "restore it, or make it an empty file"
    )


_WITHOUT: Final = {"tool catalogue": "the shipped presets grade, and nothing is pinned", "policy": "no rules"}


def _graded(path: Path) -> str:
    found = load_catalogue(path)
    pinned = len(found.pass_list()) + len(found.pass_schemas())
    return f"{path} can be put in force; {pinned} {'tool' if pinned == 1 else 'tools'} pinned"


def _ruled(path: Path) -> str:
    count = len(load_policy(path).rules)
    return f"{count} {'rule' if count == 1 else 'rules'} in {path}, their examples come out as written"


async def recording(home: Home, *, full: bool) -> list[Finding]:
    """Read the recording through: its newest session, or all of it."""
    folder = home.sessions
    paths = session_paths(folder)
    if not paths:
        return [ok("recording", f"none in {folder}: it is where the supervisor runs")]
    advice = "keep a copy of the file; export what can be read: watchfloor export"
    try:
        problems = await verify_folder(folder) if full else {paths[-1].stem: await _newest(paths[-1])}
    except RecordingError as error:
        return [fail("recording", str(error), advice)]
    wrong = [f"{name}: {problem}" for name, found in problems.items() for problem in found]
    if wrong:
        return [fail("recording", problem, advice) for problem in wrong]
    if not full and (torn := [info.path for info in await sessions(folder) if info.wal_missing]):
        return [warn("recording", wal_lost(path), advice) for path in torn]
    what = f"all {len(paths)} sessions are" if full and len(paths) > 1 else f"{paths[-1].stem} is"
    more = "" if full or len(paths) == 1 else f"; {len(paths) - 1} older not read (--full)"
    return [ok("recording", f"{what} whole{more}"), *_modes(paths)]


async def _newest(path: Path) -> list[str]:
    async with await Reader.open(path) as reader:
        return await verify(reader)


def _modes(paths: list[Path]) -> Iterator[Finding]:
    for path in paths:
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield warn("recording", f"{path} is open to other users", f"chmod 600 {path}")

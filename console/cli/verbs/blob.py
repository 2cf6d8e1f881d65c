"""`watchfloor blob`: reads the large values that agents sent apart from the arguments of an action."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any, Final, NamedTuple

import click
import msgspec

from bus.canonical import NotCanonicalError, canonical
from console.cli import printing
from console.cli.exits import bad, complain
from console.cli.live import live
from console.cli.names import find_action
from console.cli.options import Place, common
from console.cli.whole_file import check_new, whole_file
from console.core.blobs import blob_names
from console.core.exact import document, quoted
from console.core.fleet.state import Action, Fleet
from console.link.floor import Floor
from console.recording.blobs import read_blobs
from console.recording.files import session_paths
from console.recording.history import history
from console.recording.reader import Reader

ROW_BYTES: Final = 16
"""Bytes of one row of what is no text."""


class Value(NamedTuple):
    """A value that was sent apart. Its name is the SHA-256 of its content, and was checked."""

    sha256: str
    content: bytes


def names_of(action: Action) -> list[str]:
    """The names of all values that were sent apart for an action, those of an edit included; each once."""
    return list(dict.fromkeys(blob_names(action.args) + blob_names(action.edited)))


def read_values(place: Place, action: Action, names: list[str], session: Path | None = None) -> list[Value]:
    """Read values of an action out of the recording of this machine, or out of one session file.

    Raises:
        CliError: there is no recording here, or a value is not whole in it.
        RecordingError: the recording cannot be read.
    """
    folder = place.home().sessions
    if session is None and not session_paths(folder):
        raise bad(
            f"{action.key}: a value that was sent apart cannot be read here: no recording in {folder};"
            " read it where the supervisor runs"
        )
    found = asyncio.run(_read(folder, session, (action.agent, action.run), names))
    missing = [name for name in names if name not in found]
    if missing:
        where = folder if session is None else session
        raise bad(f"{action.key}: {missing[0]} is not whole in {where}: parts of it have not arrived")
    return [Value(name, found[name]) for name in names]


async def _read(
    folder: Path, session: Path | None, subject: tuple[str, str], names: list[str]
) -> dict[str, bytes]:
    if session is None:
        return await read_blobs(history(folder, subject=subject, lost=complain), names)
    async with await Reader.open(session) as reader:
        return await read_blobs(reader.rows(subject=subject), names)


def page(value: Value) -> list[str]:
    """A value in full, as lines in which no two different contents look alike.

    Text stands as inside a JSON string, its line ends excepted; JSON is indented; what is neither stands byte by byte.
    """
    head = f"{value.sha256}  {len(value.content)} bytes"
    try:
        text = value.content.decode("utf-8")
    except UnicodeDecodeError:
        return [f"{head}, not text", *_bytes(value.content)]
    try:
        said = msgspec.json.decode(value.content)
        if isinstance(said, dict | list) and canonical(said) == value.content:
            return [f"{head}, JSON", *document(said).split("\n")]
    except (msgspec.MsgspecError, NotCanonicalError, RecursionError):
        pass
    lines = [quoted(line)[1:-1] for line in text.split("\n")]
    return [f'{head}, text; \\" \\\\ \\t and \\u… stand for what they do in JSON', *lines]


def _bytes(content: bytes) -> list[str]:
    return [f"{at:08x}  {content[at : at + ROW_BYTES].hex(' ')}" for at in range(0, len(content), ROW_BYTES)]


async def _see(floor: Floor) -> Fleet:
    return floor.fleet


@click.command()
@click.argument("action")
@click.argument("sha256", required=False)
@click.option("--output", "-o", metavar="FILE", help="Write the one value as it was sent into a new file.")
@click.option("--session", metavar="NAME|FILE", help="Out of a recorded session; ACTION is then run/action.")
@common
def blob(place: Place, action: str, sha256: str | None, *, output: str | None, session: str | None) -> None:
    """Show the large values of ACTION that were sent apart: all, or the one whose SHA256 begins so."""
    target = None if output is None else check_new(Path(output))
    path = None
    if session is None:
        found = find_action(live(place, _see), action)
    else:
        from console.cli.records.recorded_run import action_in_session
        from console.cli.records.session_file import session_path

        path = session_path(place.home(), session)
        found = action_in_session(path, action)
    values = read_values(place, found, _chosen(found, sha256), path)
    if target is not None:
        _write(place, values, target)
    elif place.json:
        printing.say_json([_shape(found, value) for value in values])
    else:
        show(values)


def _chosen(action: Action, sha256: str | None) -> list[str]:
    names = names_of(action)
    if not names:
        raise bad(f"{action.key} has no value that was sent apart: watchfloor asks --full shows all of it")
    fits = [name for name in names if name.startswith((sha256 or "").lower())]
    if not fits:
        raise bad(f"{action.key} has no value {sha256!r}; it has {', '.join(names[:3])}")
    return fits


def show(values: list[Value]) -> None:
    """Print values, on a terminal by way of the pager."""
    lines = [line for value in values for line in (*page(value), "")]
    click.echo_via_pager(f"{line}\n" for line in lines[:-1])


def _write(place: Place, values: list[Value], target: Path) -> None:
    if len(values) != 1:
        raise bad(f"{len(values)} values: say which goes into {target} by the beginning of its SHA256")
    (value,) = values
    with whole_file(target) as file:
        file.write(value.content)
    if place.json:
        printing.say_json({"file": str(target), "sha256": value.sha256, "bytes": len(value.content)})
    else:
        printing.say([f"{len(value.content)} bytes of {value.sha256} in {target}"])


def _shape(action: Action, value: Value) -> dict[str, Any]:
    try:
        text = value.content.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    packed = base64.b64encode(value.content).decode("ascii") if text is None else None
    return {
        "action": action.key,
        "sha256": value.sha256,
        "bytes": len(value.content),
        "text": text,
        "base64": packed,
    }

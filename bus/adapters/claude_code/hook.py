"""The hook itself: one process an event. It hands the event to the keeper, waits, and prints what the keeper answers.

Only a whole answer is ever printed, and nothing but it can reach standard output; whatever goes wrong before a tool call
ends in exit code 2, which Claude Code takes as a refusal. Nothing is imported that costs time: this runs at every tool call.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Sequence

VERSION = 1
"""Version of what hook and keeper say to each other."""

GATE = "PreToolUse"
"""The event before a tool call."""

OPENING = '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"'
"""How every answer to a gate begins: the guard in the settings looks for it, so that no other text counts as one."""

START_WITHIN = 15.0
"""Seconds that a keeper may take to be there."""

LOOK = 0.5
"""Seconds between two looks whether whoever started this hook still waits for it."""

STDIN_BYTES = 16 * 1024 * 1024
PATH_LINE = 64


class HookError(Exception):
    """The event could not be handed over, or was not answered. The text says why and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Handle the event on standard input. Arguments: FOLDER AGENT EVENT WAIT, then those of the keeper.

    EVENT `-` is the one that the input names. Until that is known, everything counts as a tool call.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    event = given[2] if len(given) > 2 and given[2] != "-" else GATE
    try:
        said = os.dup(1)
        os.dup2(2, 1)  # whatever else is printed in this process is no decision
        folder, agent, named, wait, *rest = given
        body = _event()
        if named == "-":
            event = _named(body)
        code, out, err = handed(folder, agent, event, float(wait), body, rest)
        if err:
            os.write(2, err)
        _write(said, out)
        return code
    except BaseException as error:  # noqa: BLE001 - whatever it was, the tool must not run
        text = str(error) or type(error).__name__
        what = "the tool was not run" if event == GATE else f"{event} was not recorded"
        os.write(2, f"watchfloor: {what}: {text}\n".encode("utf-8", "replace"))
        return 2 if event == GATE else 1


def handed(
    folder: str, agent: str, event: str, wait: float, body: bytes, rest: Sequence[str]
) -> tuple[int, bytes, bytes]:
    """Hand an event to the keeper, started if there is none. Return exit code, standard output and standard error.

    Raises:
        HookError: no keeper answers, or it ended before it had answered.
    """
    _own(folder)
    os.chdir(folder)  # a local socket's path must be short: its bare name always is
    head = f"{VERSION} {event} {wait:g} {len(body)}\n".encode()
    for _ in range(1 if event == GATE else 2):
        with _keeper(folder, agent, rest) as link:
            try:
                link.sendall(head + body)
                answer = _answer(link)
            except OSError:
                answer = None
        if answer is not None:
            return answer
    raise HookError(f"the keeper ended before it had answered; see {folder}/{name(agent)}.log")


def name(agent: str) -> str:
    """The name of an agent's keeper among the files of its folder: another one below each wrapper."""
    parent = os.environ.get("WATCHFLOOR_PARENT", "")
    if not parent:
        return agent
    import zlib

    return f"{agent}-{zlib.crc32(parent.encode()):08x}"


def _own(folder: str) -> None:
    try:
        found = os.stat(folder)  # noqa: PTH116 - pathlib costs more than all of this
    except FileNotFoundError:
        os.makedirs(folder, 0o700, exist_ok=True)  # noqa: PTH103 - as above
        found = os.stat(folder)  # noqa: PTH116 - as above
    if found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise HookError(f"{folder} must belong to you, with nobody else let in: chmod 700")


def _event() -> bytes:
    pieces, size = [], 0
    while piece := os.read(0, 1 << 16):
        pieces.append(piece)
        size += len(piece)
        if size > STDIN_BYTES:
            raise HookError(f"the event is longer than {STDIN_BYTES} bytes")
    return b"".join(pieces)


def _named(body: bytes) -> str:
    import json

    try:
        said = json.loads(body)
    except ValueError:  # not UTF-8 either
        said = None
    event = said.get("hook_event_name") if isinstance(said, dict) else None
    if not isinstance(event, str) or not event.isalnum():
        raise HookError(
            "standard input is no event of Claude Code (a JSON object with hook_event_name), so nobody was asked; Claude"
            " Code runs this by itself: watchfloor hook install"
        )
    return event


def _keeper(folder: str, agent: str, rest: Sequence[str]) -> socket.socket:
    link = _connected(agent)
    if link is not None:
        return link
    import fcntl
    import subprocess
    import time

    with open(f"{name(agent)}.start", "wb") as lock:  # noqa: PTH123 - as above
        fcntl.flock(lock, fcntl.LOCK_EX)
        link = _connected(agent)  # another hook may have started it meanwhile
        if link is not None:
            return link
        with open(f"{name(agent)}.log", "ab") as log:  # noqa: PTH123 - as above
            keeper = subprocess.Popen(
                [sys.executable, "-P", "-m", "bus.adapters.claude_code.keeper", folder, agent, *rest],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + START_WITHIN
        while time.monotonic() < until:
            link = _connected(agent)
            if link is not None:
                return link
            if keeper.poll() is not None:
                raise HookError(f"the keeper did not start; see {folder}/{name(agent)}.log")
            time.sleep(0.02)
    raise HookError(f"the keeper did not start within {START_WITHIN:g} s; see {folder}/{name(agent)}.log")


def _connected(agent: str) -> socket.socket | None:
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        link.connect(f"{name(agent)}.sock")
    except OSError:
        link.close()
        return None
    return link


def _answer(link: socket.socket) -> tuple[int, bytes, bytes] | None:
    """Wait for the answer, as long as somebody waits for us. None if the keeper ended without one."""
    parent, data = os.getppid(), b""
    link.settimeout(LOOK)
    while True:
        try:
            piece = link.recv(1 << 16)
        except TimeoutError:
            if os.getppid() != parent:
                raise HookError("Claude Code does not wait for this hook any more") from None
            continue
        if not piece:
            return None
        data += piece
        head, newline, rest = data.partition(b"\n")
        if not newline:
            if len(head) > PATH_LINE:
                raise HookError("the keeper spoke nonsense")
            continue
        code, out, err = (int(number) for number in head.split())
        if len(rest) >= out + err:
            return code, rest[:out], rest[out : out + err]


def _write(descriptor: int, text: bytes) -> None:
    while text:
        text = text[os.write(descriptor, text) :]


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)

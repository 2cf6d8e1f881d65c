"""`watchfloor up`: a small parent that keeps two children alive, the embedded broker and the supervisor.

It holds no state and takes no part in the protocol. Children are started anew with a growing pause when they die, except
for what a restart cannot mend. They end by themselves when the parent is gone, however it went.
"""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import platform
import re
import signal
import socket
import sys
import threading
from dataclasses import dataclass
from typing import Final

import click

from bus.home import Home
from bus.new_file import write_new
from bus.signing import KeyFileError, PrivateKey
from bus.topics import BadIdError
from bus.url import BadBrokerUrlError, BrokerUrl
from console.policy.site_file import was_there
from console.recording import lock
from console.recording.schema import RecordingError
from console.supervisor.intents.operators import Operators, OperatorsFileError
from console.supervisor.process.serve import EXIT_UNUSABLE, wait_for_parent

EXIT_BAD_INPUT: Final = 2
EXIT_PORT_IN_USE: Final = 3

PAUSE_FIRST: Final = 0.2
PAUSE_MOST: Final = 10.0
STEADY: Final = 30.0
"""Seconds after which a child counts as well, and its next pause is short again."""

GRACE: Final = 5.0
"""Seconds that a child gets to end in order before it is killed."""


@dataclass(slots=True)
class Child:
    """One supervised child process. `final` is an exit code that no restart mends."""

    name: str
    command: list[str]
    environment: dict[str, str]
    final: tuple[int, ...] = ()
    process: asyncio.subprocess.Process | None = None

    async def keep(self) -> int:
        """Start the process again and again; returns its exit code once that is final."""
        loop = asyncio.get_running_loop()
        pause = PAUSE_FIRST
        while True:
            began = loop.time()
            self.process = await asyncio.create_subprocess_exec(
                *self.command,
                env=self.environment,
                stdin=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
            code = await self.process.wait()
            if code in self.final:
                return code
            if loop.time() - began >= STEADY:
                pause = PAUSE_FIRST
            click.echo(
                f"watchfloor up: {self.name} ended ({_ending(code)}), starting it again in {pause:.1f} s",
                err=True,
            )
            await asyncio.sleep(pause)
            pause = min(PAUSE_MOST, pause * 2)

    async def end(self) -> None:
        """Close the child's standard input, which asks it to end; make it, when it does not."""
        process = self.process
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        for send in (process.terminate, process.kill):
            try:
                async with asyncio.timeout(GRACE):
                    await process.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    send()
            else:
                return
        await process.wait()


def run_up(*, site: str | None, broker: str | None, listen: str, port: int, watch_stdin: bool = False) -> int:
    """Bring a site up and keep it up until a signal ends it. Returns the exit code.

    Without `broker` (an URL) the embedded one is started on `listen`:`port`. With `watch_stdin` the end of standard input
    ends it, too.
    """
    try:
        home = Home.of(site)
        external = broker or os.environ.get("WATCHFLOOR_BROKER")
        url = external or f"mqtt://{listen}:{port}"
        BrokerUrl.parse(url)
        with lock.hold(home.lock):
            pass  # its supervisor would be refused later, but its broker's address would have been overwritten by then
        if not external:
            _check_free(listen, port)
        for line in prepare(home):
            click.echo(f"watchfloor up: {line}")
    except (BadIdError, BadBrokerUrlError, KeyFileError, OperatorsFileError) as error:
        click.echo(f"watchfloor up: {error}", err=True)
        return EXIT_BAD_INPUT
    except PortInUseError as error:
        click.echo(f"watchfloor up: {error}", err=True)
        return EXIT_PORT_IN_USE
    except RecordingError as error:
        click.echo(f"watchfloor up: {error}", err=True)
        return EXIT_UNUSABLE
    except OSError as error:
        click.echo(f"watchfloor up: {error.filename}: {error.strerror}", err=True)
        return EXIT_BAD_INPUT
    embedded = None if external else (listen, port)
    return asyncio.run(_keep_up(home, url, embedded, watch_stdin=watch_stdin))


class PortInUseError(Exception):
    """Somebody else listens where the embedded broker should."""


def _check_free(listen: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in listen else socket.AF_INET) as probe:
        if os.name == "posix":  # elsewhere it would let a port be bound that is in use
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((listen, port))
        except OSError as error:
            msg = (
                f"cannot listen on {listen}:{port}: {error.strerror}; choose another --port, "
                f"or use the broker that is there: --broker mqtt://{listen}:{port}"
            )
            raise PortInUseError(msg) from None


def prepare(home: Home) -> list[str]:
    """Make the folders and keys that a site needs and does not have. Returns what was made, for people.

    A site without an operators file gets one with the present user in it: the first person who brings it up. One that had
    one gets none: it is missed, and what it said last is in force.

    Raises:
        OSError: the folders cannot be made.
        OperatorsFileError: the operators file is broken.
    """
    made = []
    for folder in (home.data, home.config):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if home.supervisor_key.exists():
        if PrivateKey.load(home.supervisor_key).publish(home.supervisor_key):
            made.append(f"made the supervisor's public key again: {home.supervisor_public_key}")
    else:
        PrivateKey.generate().save(home.supervisor_key)
        made.append(f"made the supervisor's key {home.supervisor_key}")
    if not home.operators.exists() and not was_there(home.operators, home.in_force):
        name = re.sub(r"[^A-Za-z0-9_.-]", "-", getpass.getuser())[:64] or "operator"
        path = home.operator_key(name)
        if not path.exists():
            PrivateKey.generate().save(path)
        line = PrivateKey.load(path).public.line
        write_new(home.operators, f"{name} {line}\n".encode())
        made.append(f"made a key for operator {name} and enrolled it in {home.operators}")
    if not home.wrappers.exists() and not was_there(home.wrappers, home.in_force):
        name = re.sub(r"[^A-Za-z0-9_.-]", "-", platform.node())[:64] or "wrapper"
        if not home.wrapper_key.exists():
            PrivateKey.generate().save(home.wrapper_key)
        write_new(home.wrappers, f"{name} {PrivateKey.load(home.wrapper_key).public.line}\n".encode())
        made.append(f"made a key for contained runs of this machine and enrolled it in {home.wrappers}")
    for path in (home.operators, home.wrappers):
        if not (home.in_force / path.name).exists():
            Operators.load(path)  # with an earlier version to go on with, the supervisor says what is wrong
    return made


async def _keep_up(home: Home, url: str, embedded: tuple[str, int] | None, *, watch_stdin: bool) -> int:
    environment = os.environ | {"WATCHFLOOR_SITE": home.site, "WATCHFLOOR_BROKER": url}
    children = []
    if embedded is not None:
        listen, port = embedded
        command = [
            sys.executable,
            "-m",
            "bus.broker",
            "--listen",
            listen,
            "--port",
            str(port),
            "--watch-stdin",
        ]
        children.append(Child("the broker", command, environment))
    supervisor = Child(
        "the supervisor",
        [sys.executable, "-m", "console.supervisor.process.serve"],
        environment,
        final=(EXIT_UNUSABLE,),
    )
    children.append(supervisor)
    if home.notify.exists():
        notifier = [sys.executable, "-m", "console.cli.main", "notify", "--watch-stdin"]
        children.append(Child("the notifier", notifier, environment))
    home.broker_file.write_text(BrokerUrl.parse(url).address + "\n", encoding="utf-8")
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(getattr(signal, name), stopped.set)
    if watch_stdin:
        threading.Thread(target=wait_for_parent, args=(loop, stopped), daemon=True).start()
    click.echo(f"watchfloor up: starting site {home.site} on {BrokerUrl.parse(url)}")
    keepers = [asyncio.create_task(child.keep(), name=child.name) for child in children]
    ending = asyncio.create_task(stopped.wait())
    await asyncio.wait([*keepers, ending], return_when=asyncio.FIRST_COMPLETED)
    code = next((task.result() for task in keepers if task.done()), 0)
    for task in (*keepers, ending):
        task.cancel()
    await asyncio.gather(*keepers, ending, return_exceptions=True)
    for child in reversed(children):
        await child.end()
    with contextlib.suppress(OSError):
        home.broker_file.unlink(missing_ok=True)
    return code


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"

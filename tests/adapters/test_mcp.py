"""The official MCP servers behind our proxy, spoken to by the official client: what passes, what waits, what it costs."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bus.adapters.mcp.http import HELD_AFTER
from console.core.fleet.state import Action
from tests import ROOT
from tests.adapters import table
from tests.adapters.kept import KEPT, WANTED, environment
from tests.containment.floor import SOON, ContainFloor
from tests.fixtures.answering import about
from tests.fixtures.brokers import free_port
from tests.fixtures.site_processes import until

pytestmark = [
    pytest.mark.skipif(WANTED not in os.environ, reason="for make test-adapters"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(900),
]

SDK = ("mcp>=2.2,<3", "mcp-server-git", "mcp-server-time")
NPM = ("filesystem", "memory", "everything")
CALLS = 200
ROUNDS = 4
READS = ("read_text_file", "get-resource-reference", "search_nodes", "git_show", "convert_time")
CATALOGUE = "".join(
    f'[tool."{name}"]\nseverity = "S0"\neffect = "read"\npinned = true\npolls = true\n' for name in READS
)
POLICY = """
[[rule]]
id = "writes-ask"
tool = "write_file"
raise = "ask"
why = "a person reads what is written"

[[rule]]
id = "edits-ask"
tool = "edit_file"
raise = "ask"
why = "a person reads what is changed"

[[rule]]
id = "sums-ask"
tool = "get-sum"
raise = "ask"
why = "a person checks sums"

[[rule]]
id = "echoes-ask"
tool = "echo"
raise = "ask"
why = "a person hears echoes"
"""


def server(name: str, *arguments: str) -> list[str]:
    """The command of an official npm server, installed once."""
    folder = KEPT / "mcp-servers"
    main = folder / "node_modules" / "@modelcontextprotocol" / f"server-{name}" / "dist" / "index.js"
    if not main.exists():
        folder.mkdir(parents=True, exist_ok=True)
        packages = [f"@modelcontextprotocol/server-{one}" for one in NPM]
        subprocess.run(["npm", "install", "--silent", "--prefix", folder, *packages], check=True)
    return ["node", str(main), *arguments]


def python_server(name: str, *arguments: str) -> list[str]:
    """The command of an official PyPI server."""
    return [str(environment("mcp", *SDK) / name), *arguments]


def files(folder: Path) -> dict[str, str]:
    """What the tools wrote."""
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


class Session:
    """One client process and the server that it started, behind the proxy or bare."""

    def __init__(self, world: ContainFloor, agent: str) -> None:
        self.world = world
        self.agent = agent
        self.process: subprocess.Popen[str] | None = None

    def proxied(self, command: list[str], *options: str) -> list[str]:
        mine = self.world.site.environment | {"PYTHONPATH": str(ROOT)}
        named = [
            f"{name}={value}" for name, value in mine.items() if name.startswith(("WATCHFLOOR", "PYTHONPATH"))
        ]
        place = ["--broker", str(self.world.site.url), "--agent", self.agent]
        return [
            "env",
            *named,
            sys.executable,
            "-m",
            "console.cli.main",
            "mcp",
            *place,
            *options,
            "--",
            *command,
        ]

    def start(self, command: list[str] | str, *steps: list[Any], timeout: float | None = None) -> None:
        told = {"server": command, "steps": steps, "timeout": timeout}
        self.process = subprocess.Popen(
            [
                environment("mcp", *SDK) / "python",
                ROOT / "tests" / "adapters" / "mcp_client.py",
                json.dumps(told),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    async def answers(self) -> list[Any]:
        assert self.process is not None
        out, err = await asyncio.to_thread(self.process.communicate, timeout=240)
        assert self.process.returncode == 0, err
        return [json.loads(line) for line in out.splitlines()]

    async def does(self, command: list[str] | str, *steps: list[Any]) -> list[Any]:
        self.start(command, *steps)
        return await self.answers()

    def end(self) -> None:
        """Leave no client behind, also where the test failed."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            self.process.communicate()

    @property
    def actions(self) -> list[Action]:
        runs = [run for run in self.world.floor.fleet.runs.values() if run.agent == self.agent]
        return [action for run in runs for action in run.actions.values()]

    async def asked(self, count: int = 1) -> list[Action]:
        def waiting() -> list[Action]:
            return [action for action in self.actions if action.state == "asked"]

        await until(lambda: len(waiting()) >= count, SOON, f"{count} calls wait")
        return sorted(waiting(), key=lambda action: str(action.args))

    async def taken(self, action: Action) -> None:
        """Wait until a call is no longer asked about."""
        await until(
            lambda: action.id not in [one.id for one in self.actions if one.state == "asked"],
            SOON,
            "it is taken",
        )

    async def say(self, verb: str, action: Action, **more: Any) -> None:
        answer = await self.world.floor.say(verb, **about(action), **more)  # type: ignore[arg-type]
        assert answer.accepted, answer
        # Here too: else it may count as waiting when the next is looked for.
        assert await self.world.floor.until(lambda fleet: fleet.pos >= answer.pos, SOON)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ContainFloor]:
    async with ContainFloor(tmp_path_factory.mktemp("mcp"), catalogue=CATALOGUE, policy=POLICY) as up:
        yield up


@pytest.fixture
def session(world: ContainFloor, request: pytest.FixtureRequest) -> Iterator[Callable[[], Session]]:
    made: list[Session] = []

    def another() -> Session:
        made.append(Session(world, f"m{abs(hash(request.node.name)) % 10**8}-{len(made)}"))
        return made[-1]

    yield another
    for one in made:
        one.end()


async def test_everything_else_passes_as_it_does_without_us(session: Callable[[], Session]) -> None:
    steps: list[list[Any]] = [
        ["tools"],
        ["resources"],
        ["prompts"],
        ["resource", "demo://resource/static/document/features.md"],
        ["prompt", "simple-prompt"],
        ["prompt", "args-prompt", {"city": "Oslo"}],
    ]
    one = session()
    bare = await one.does(server("everything"), *steps)
    assert all(bare)
    assert await one.does(one.proxied(server("everything")), *steps) == bare
    run = next(run for run in one.world.floor.fleet.runs.values() if run.agent == one.agent)
    assert any(message.name.startswith("resources/read") for message in run.messages)


async def test_progress_sampling_and_elicitation_reach_the_client(session: Callable[[], Session]) -> None:
    one = session()
    one.start(
        one.proxied(server("everything")),
        ["call", "trigger-long-running-operation", {"duration": 1, "steps": 3}, "progress"],
        ["call", "trigger-sampling-request", {"prompt": "x", "maxTokens": 5}],
        ["call", "trigger-elicitation-request", {}],
    )
    answering = asyncio.create_task(approve_all(one))
    try:
        long, sampled, elicited = await one.answers()
    finally:
        answering.cancel()
    assert "progress" in long["seen"]
    assert sampled["seen"] == ["sampling"]
    assert elicited["seen"] == ["elicitation"]


async def approve_all(one: Session) -> None:
    while True:
        for action in [action for action in one.actions if action.state == "asked"]:
            await one.say("approve", action)
        await asyncio.sleep(0.05)


async def test_the_other_servers_work_through_it(session: Callable[[], Session], tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)  # noqa: ASYNC221 - before anything else runs
    for command, name, args in (
        (python_server("mcp-server-time"), "get_current_time", {"timezone": "Europe/Oslo"}),
        (python_server("mcp-server-git"), "git_status", {"repo_path": str(tmp_path)}),
        (server("memory"), "read_graph", {}),
    ):
        one = session()
        one.start(one.proxied(command), ["tools"], ["call", name, args])
        answering = asyncio.create_task(approve_all(one))
        try:
            tools, called = await one.answers()
        finally:
            answering.cancel()
        assert name in tools
        assert not called["error"], called
        assert one.actions[0].state == "done"


async def test_writes_are_approved_edited_rejected_and_answered(
    session: Callable[[], Session], tmp_path: Path
) -> None:
    one = session()
    paths = [str(tmp_path / name) for name in ("a", "b", "c", "d", "e")]
    calls = [["write_file", {"path": path, "content": "asked"}] for path in paths]
    one.start(one.proxied(server("filesystem", str(tmp_path))), ["many", *calls])
    first, second, third, fourth, fifth = await one.asked(5)
    await one.say("approve", first)
    await one.say("edit", second, args={"path": paths[1], "content": "edited"})
    await one.say("reject", third, reason="not there")
    await one.say("respond", fourth, reason="it is there already")
    await one.say("edit", fifth, args={"path": paths[4], "content": 5})
    ((approved, edited, rejected, answered, misfit),) = await one.answers()
    assert (approved["error"], edited["error"]) == (False, False)
    assert rejected["error"]
    assert "not there" in rejected["text"]
    assert answered["text"] == "it is there already"
    assert misfit["error"]
    assert "does not fit" in misfit["text"]
    assert files(tmp_path) == {"a": "asked", "b": "edited"}


async def test_a_trial_shows_what_an_edit_of_a_file_would_change(
    session: Callable[[], Session], tmp_path: Path
) -> None:
    (tmp_path / "list").write_text("milk\neggs\n")
    edit = {"path": str(tmp_path / "list"), "edits": [{"oldText": "eggs", "newText": "tea"}]}
    one = session()
    command = one.proxied(server("filesystem", str(tmp_path)), "--preview", "edit_file=dryRun")
    one.start(command, ["call", "edit_file", edit], ["call", "edit_file", edit])
    (first,) = await one.asked()
    assert first.preview is not None
    assert (first.preview.present, first.preview.proposed) == (["milk", "eggs"], ["milk", "tea"])
    assert files(tmp_path) == {"list": "milk\neggs\n"}
    await one.say("reject", first, reason="eggs stay")
    await one.taken(first)
    (second,) = await one.asked()
    assert files(tmp_path) == {"list": "milk\neggs\n"}
    await one.say("approve", second)
    rejected, approved = await one.answers()
    assert (rejected["error"], approved["error"]) == (True, False)
    assert files(tmp_path) == {"list": "milk\ntea\n"}


async def test_a_client_that_gives_up_never_sees_the_late_write(
    session: Callable[[], Session], tmp_path: Path
) -> None:
    one = session()
    path = str(tmp_path / "late")
    one.start(
        one.proxied(server("filesystem", str(tmp_path))),
        ["call", "write_file", {"path": path, "content": "late"}],
        ["tools"],
        timeout=1.5,
    )
    raised, tools = await one.answers()
    assert "raised" in raised
    assert tools
    await until(lambda: [action.state for action in one.actions] == ["withdrawn"], SOON, "it is withdrawn")
    assert files(tmp_path) == {}


def writing(one: Session, folder: Path) -> Session:
    """Have a client ask for one write below a folder."""
    one.start(
        one.proxied(server("filesystem", str(folder))),
        ["call", "write_file", {"path": str(folder / "x"), "content": ""}],
    )
    return one


async def test_a_client_that_leaves_withdraws_what_it_asked(
    session: Callable[[], Session], tmp_path: Path
) -> None:
    one = writing(session(), tmp_path)
    await one.asked()
    assert one.process is not None
    one.process.kill()
    one.process.communicate()
    await until(lambda: [action.state for action in one.actions] == ["withdrawn"], SOON, "it is withdrawn")
    assert files(tmp_path) == {}


async def test_a_kill_answers_what_is_held_and_ends_the_server(
    session: Callable[[], Session], tmp_path: Path
) -> None:
    one = writing(session(), tmp_path)
    (action,) = await one.asked()
    answer = await one.world.floor.say("kill", agent=one.agent, run=action.run)
    assert answer.accepted
    (told,) = await one.answers()
    assert told["error"]
    assert "ended this run" in told["text"]
    await until(
        lambda: one.world.floor.fleet.runs[f"{one.agent}/{action.run}"].state == "killed", SOON, "killed"
    )
    assert files(tmp_path) == {}


def reads(name: str, folder: Path) -> tuple[list[str], str, list[dict[str, Any]]]:
    """A server on standard input and output, one of its tools that only reads, and calls of it, each another one."""
    numbers = range(1, CALLS // ROUNDS + 1)
    calls: list[dict[str, Any]]
    match name:
        case "filesystem":
            for number in numbers:
                (folder / f"{number}.txt").write_text(f"file {number}")
            calls = [{"path": str(folder / f"{number}.txt")} for number in numbers]
            return server(name, str(folder)), "read_text_file", calls
        case "memory":
            return server(name), "search_nodes", [{"query": f"node {number}"} for number in numbers]
        case "everything":
            calls = [{"resourceType": "Text", "resourceId": number} for number in numbers]
            return server(name), "get-resource-reference", calls
        case "git":
            git = ["git", "-C", str(folder), "-c", "user.name=ada", "-c", "user.email=ada@host.example"]
            subprocess.run(["git", "init", "-q", folder], check=True)
            for number in numbers:
                subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", f"change {number}"], check=True)
            calls = [{"repo_path": str(folder), "revision": f"HEAD~{number - 1}"} for number in numbers]
            return python_server("mcp-server-git"), "git_show", calls
        case _:
            day = [f"{number // 60:02}:{number % 60:02}" for number in numbers]
            zones = {"source_timezone": "Europe/Oslo", "target_timezone": "Asia/Tokyo"}
            return python_server("mcp-server-time"), "convert_time", [zones | {"time": time} for time in day]


@pytest.mark.parametrize("name", ["filesystem", "memory", "everything", "git", "time"])
async def test_what_an_ungated_call_costs(session: Callable[[], Session], tmp_path: Path, name: str) -> None:
    command, tool, calls = await asyncio.to_thread(reads, name, tmp_path)
    # A pass list counts under a lease that was renewed since, every 3 s.
    steps: list[list[Any]] = [["sleep", 4.0], ["time", tool, calls]]
    one = session()
    bare = (await one.does(command, *steps))[1]
    ours = (await one.does(one.proxied(command), *steps))[1]
    assert {action.state for action in one.actions} == {"done"}
    report(f"{name}, on standard input and output", bare, ours, one.actions)


def report(how: str, bare: list[float], ours: list[float], actions: list[Action]) -> None:
    for name, taken in (("bare server", bare), ("behind us", ours)):
        middle, late = statistics.median(taken), sorted(taken)[int(len(taken) * 0.95)]
        table.FIGURES.append(
            f"MCP {how}, {name}: median {middle * 1e3:.2f} ms, 95 % within {late * 1e3:.2f} ms, {len(taken)} calls"
        )
    added = statistics.median(ours) - statistics.median(bare)
    passed = sum(action.passed for action in actions)  # the others waited: a lease ran out on a busy machine
    table.FIGURES.append(
        f"MCP {how}: added in the middle {added * 1e3:.2f} ms (aim 3 ms); {passed} of {len(actions)} kept passed unasked"
    )


# ---- over HTTP ---------------------------------------------------------------------------------------------------------


class Http:
    """The everything server over streamable HTTP, and our proxy before it."""

    def __init__(self, session: Session, root: Path) -> None:
        self.session = session
        self.root = root
        self.port, self.front = free_port(), free_port()
        self.processes: list[subprocess.Popen[bytes]] = []

    async def begin(self, *options: str) -> None:
        site = self.session.world.site
        bare = [*server("everything"), "streamableHttp"]
        self._start("server", bare, os.environ | {"PORT": str(self.port)})
        await until(lambda: listens(self.port), SOON, "the server listens")
        place = ["--broker", str(site.url), "--agent", self.session.agent]
        where = ["--url", f"http://127.0.0.1:{self.port}/mcp", "--listen", f"127.0.0.1:{self.front}"]
        command = [sys.executable, "-m", "console.cli.main", "mcp", *place, *where, *options]
        self._start("proxy", command, site.environment | {"PYTHONPATH": str(ROOT)})
        await until(lambda: listens(self.front), SOON, f"the proxy listens: {self.said('proxy')}")

    def _start(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        with (self.root / f"{name}.log").open("wb") as log:
            self.processes.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))

    def said(self, name: str) -> str:
        return (self.root / f"{name}.log").read_text()

    def end(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            process.wait()

    def url(self, *, ours: bool) -> str:
        return f"http://127.0.0.1:{self.front if ours else self.port}/mcp"


def listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


@pytest_asyncio.fixture(loop_scope="module")
async def http(session: Callable[[], Session], tmp_path: Path) -> AsyncIterator[Http]:
    made = Http(session(), tmp_path)
    try:
        await made.begin()
        yield made
    finally:
        made.end()


async def test_over_http_everything_else_passes_as_it_does_without_us(http: Http) -> None:
    steps: list[list[Any]] = [
        ["tools"],
        ["resources"],
        ["prompts"],
        ["resource", "demo://resource/static/document/features.md"],
        ["prompt", "simple-prompt"],
    ]
    one = http.session
    bare = await one.does(http.url(ours=False), *steps)
    assert all(bare)
    assert await one.does(http.url(ours=True), *steps) == bare, http.said("proxy")


async def test_over_http_calls_are_approved_edited_and_rejected(http: Http) -> None:
    one = http.session
    calls = [["call", "get-sum", {"a": number, "b": 1}] for number in (1, 2, 3)]
    one.start(http.url(ours=True), ["call", "echo", {"message": "held for long"}, "progress"], *calls)
    (first,) = await one.asked()
    await asyncio.sleep(HELD_AFTER + 0.5)  # the head of the answer has gone out before the decision
    await one.say("approve", first)
    for verb, more in (
        ("approve", {}),
        ("edit", {"args": {"a": 40, "b": 2}}),
        ("reject", {"reason": "no sums"}),
    ):
        (action,) = await one.asked()
        await one.say(verb, action, **more)
        await one.taken(action)
    echoed, summed, edited, rejected = await one.answers()
    assert "held for long" in echoed["text"]
    assert "2" in summed["text"]
    assert "42" in edited["text"]
    assert rejected["error"]
    assert "no sums" in rejected["text"]


async def test_over_http_a_client_is_told_that_the_server_died_while_its_call_was_held(http: Http) -> None:
    one = http.session
    one.start(http.url(ours=True), ["call", "get-sum", {"a": 1, "b": 1}])
    (action,) = await one.asked()
    await asyncio.sleep(HELD_AFTER + 0.5)  # the head of the answer has gone out before the decision
    http.processes[0].kill()
    http.processes[0].wait()
    await one.say("approve", action)
    (told,) = await one.answers()
    assert "the MCP server cannot be reached" in told["raised"]
    await until(lambda: [action.state for action in one.actions] == ["failed"], SOON, "it failed")
    assert "Traceback" not in http.said("proxy")


async def test_over_http_a_client_that_gives_up_is_withdrawn(http: Http) -> None:
    one = http.session
    one.start(http.url(ours=True), ["call", "get-sum", {"a": 1, "b": 1}], ["tools"], timeout=1.5)
    raised, tools = await one.answers()
    assert "raised" in raised
    assert tools
    await until(lambda: [action.state for action in one.actions] == ["withdrawn"], SOON, "it is withdrawn")


async def test_over_http_a_kill_ends_the_proxy(http: Http) -> None:
    one = http.session
    one.start(http.url(ours=True), ["call", "get-sum", {"a": 1, "b": 1}])
    (action,) = await one.asked()
    assert (await one.world.floor.say("kill", agent=one.agent, run=action.run)).accepted
    (told,) = await one.answers()
    assert told.get("error") or "raised" in told
    await until(lambda: http.processes[1].poll() == 1, SOON, "the proxy ends")
    await until(
        lambda: one.world.floor.fleet.runs[f"{one.agent}/{action.run}"].state == "killed", SOON, "killed"
    )


async def test_over_http_a_page_that_was_lured_here_is_refused(http: Http) -> None:
    for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
        request = urllib.request.Request(http.url(ours=True), data=b"{}", headers=headers)
        with pytest.raises(urllib.error.HTTPError) as raised:
            await asyncio.to_thread(urllib.request.urlopen, request, timeout=10)
        assert raised.value.code == 403
        raised.value.close()


async def test_over_http_what_an_ungated_call_costs(http: Http) -> None:
    # Each another one: a run that says the same again and again is paused.
    calls = [{"resourceType": "Text", "resourceId": number} for number in range(1, CALLS // ROUNDS + 1)]
    # A pass list counts under a lease that was renewed since, every 3 s.
    steps: list[list[Any]] = [["sleep", 4.0], ["time", "get-resource-reference", calls]]
    one = http.session
    taken: dict[bool, list[float]] = {False: [], True: []}
    for ours in (False, True) * ROUNDS:  # in turn, so that both meet the same machine
        taken[ours] += (await one.does(http.url(ours=ours), *steps))[1]
    report("everything, over HTTP", taken[False], taken[True], one.actions)

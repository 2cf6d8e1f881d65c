"""The verbs against a real `watchfloor up`: its embedded broker, its supervisor, and an agent of a few lines of shell."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pexpect
import pytest

from tests import ROOT
from tests.fixtures.brokers import free_port

pytestmark = [
    pytest.mark.broker,
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal"),
    pytest.mark.skipif(not shutil.which("mosquitto_pub"), reason="mosquitto_pub is not installed"),
]

PROGRAM = [sys.executable, "-m", "console.cli.main"]
AGENT = ROOT / "examples" / "shell_agent.sh"


@dataclass
class Site:
    """A site that is up."""

    environment: dict[str, str]
    port: int
    folder: Path

    def run(self, *args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PROGRAM, *args], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )

    def agent(self, run: str) -> "pexpect.spawn[str]":
        environment = self.environment | {"RUN": run, "WATCHFLOOR_BROKER": f"mqtt://127.0.0.1:{self.port}"}
        target = str(self.folder / f"{run}.txt")
        return pexpect.spawn("sh", [str(AGENT), target], env=environment, timeout=30, encoding="utf-8")

    def wait_for_ask(self, run: str) -> str:
        """Return the key of the action that a run's agent asks about."""
        follow = pexpect.spawn(
            PROGRAM[0],
            [*PROGRAM[1:], "tail", "--follow"],
            cwd=ROOT,
            env=self.environment,
            timeout=30,
            encoding="utf-8",
        )
        follow.expect(rf"shell/{run} +action\.asked")
        follow.sendintr()
        follow.expect(pexpect.EOF)
        follow.close()
        assert follow.exitstatus == 130
        return f"shell/{run}/write"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WATCHFLOOR_")}
    environment |= {"WATCHFLOOR_HOME": str(folder / "home"), "WATCHFLOOR_OPERATOR": "", "TERM": "xterm"}
    # A second run of the same agent would not be asked: its tool was used before, and its goal names the file.
    config = folder / "home" / "config" / "local"
    config.mkdir(parents=True)
    (config / "policy.toml").write_text(
        '[[rule]]\nid = "writes"\ntool = "write_file"\nraise = "ask"\nwhy = "a person looks at every file"\n'
    )
    port = free_port()
    up = subprocess.Popen(
        [*PROGRAM, "up", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert up.stdout is not None
    try:
        for line in up.stdout:
            if line == "watchfloor supervisor: up, site local\n":
                break
        # Nothing is waited for any more: who reads that line may go on.
        assert "nothing waits" in Site(environment, port, folder).run("--timeout", "1", "asks").stdout
        yield Site(environment, port, folder)
    finally:
        up.terminate()
        rest = up.communicate()[0]
    assert up.returncode == 0, rest


def test_a_site_that_is_up_is_healthy(site: Site) -> None:
    result = site.run("doctor", "--json")
    found = json.loads(result.stdout)
    assert [finding for finding in found if finding["verdict"] == "FAIL"] == []
    assert result.returncode == 0
    assert {"will", "retained", "payload", "round trip"} <= {finding["check"] for finding in found}


def test_a_second_one_says_what_is_in_its_way(site: Site) -> None:
    same_port = site.run("up", "--site", "other", "--port", str(site.port))
    assert same_port.returncode == 3
    assert same_port.stderr.count("\n") == 1
    assert "choose another --port" in same_port.stderr


@pytest.mark.pty
def test_an_operator_approves_what_a_shell_agent_asks(site: Site) -> None:
    agent = site.agent("first")
    key = site.wait_for_ask("first")
    (ask,) = [ask for ask in json.loads(site.run("asks", "--json").stdout) if ask["key"] == key]
    assert ask["tool"] == "write_file"
    approve = pexpect.spawn(
        PROGRAM[0], [*PROGRAM[1:], "approve", key], cwd=ROOT, env=site.environment, timeout=30, encoding="utf-8",
        dimensions=(24, 80),
    )  # fmt: skip
    approve.expect(ask["digest"])
    approve.expect("exactly these arguments")
    approve.sendline("y")
    for fact in ("requested", "sent", "acknowledged", "effective"):
        approve.expect(fact)
    approve.expect(pexpect.EOF)
    approve.close()
    assert approve.exitstatus == 0
    agent.expect(pexpect.EOF)
    agent.close()
    assert agent.exitstatus == 0
    assert (site.folder / "first.txt").read_text().startswith("written by first")
    lines = [json.loads(line) for line in site.run("export", "--run", "first").stdout.splitlines()]
    assert [line["event"]["type"] for line in lines if "action" in line["event"]["type"]] == [
        "action.proposed", "action.assessed", "action.asked", "action.decided", "action.started", "action.finished",
    ]  # fmt: skip


def test_an_operator_rejects_and_the_agent_obeys(site: Site) -> None:
    agent = site.agent("second")
    key = site.wait_for_ask("second")
    result = site.run("reject", key, "--reason", "not today", "--json")
    deed = json.loads(result.stdout)
    assert (result.returncode, deed["outcome"], deed["accepted"]) == (0, "rejected", True)
    agent.expect(pexpect.EOF)
    agent.close()
    assert agent.exitstatus == 3
    assert not (site.folder / "second.txt").exists()
    late = site.run("approve", key, "--yes")
    assert late.returncode == 1
    assert "does not wait: rejected by" in late.stderr


def test_a_run_is_paused_resumed_and_killed(site: Site) -> None:
    agent = site.agent("third")
    site.wait_for_ask("third")
    for verb, options in (("pause", []), ("resume", []), ("kill", ["--confirm", "third"])):
        result = site.run(verb, "third", *options, "--json")
        deed = json.loads(result.stdout)
        assert (result.returncode, deed["commands"][0]["state"]) == (0, "effective"), (verb, result.stdout)
    agent.expect(pexpect.EOF)
    agent.close()
    assert agent.exitstatus == 3
    shown = json.loads(site.run("show", "third", "--json").stdout)
    assert shown["state"] == "killed"
    assert [command["kind"] for command in shown["commands"]][:3] == ["pause", "resume", "kill"]

"""The verbs about what is on this machine: recording, keys, spools, and the doctor who looks at all of it."""

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from bus.events import MessageSeen, RunFinished
from bus.home import Home
from bus.sdk.spool.on_disk import SqliteSpool, spool_path
from bus.sdk.spool.store import Owner
from bus.signing import PrivateKey
from console.cli import printing
from console.cli.checks import bus_checks
from console.cli.options import Place
from console.core.fleet.state import Fleet, encode
from console.link.reaching import pinned_key
from console.recording.bodies import Row
from console.recording.writer import Recording
from console.supervisor.process.up import prepare
from tests.cli import site as cli_site
from tests.cli.site import Run, line
from tests.fixtures.brokers import mosquitto_broker
from tests.fixtures.site_in_memory import OPERATOR, SITE, SUPERVISOR, SiteInMemory

NOW = 4_000_000_000_000

# Fixtures.
run = cli_site.run
site = cli_site.site


@pytest.fixture
def now() -> int:
    return NOW


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("WATCHFLOOR_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(printing, "now_ms", lambda: NOW)
    for name in ("SITE", "BROKER", "OPERATOR"):
        monkeypatch.delenv(f"WATCHFLOOR_{name}", raising=False)
    return Home.of(SITE)


@pytest.fixture
def recorded(site: SiteInMemory, home: Home) -> SiteInMemory:
    """A site whose log so far is in a session file."""
    site.agent.report(
        "7q4f", MessageSeen(role="user", text="hello \x1b[2J"), RunFinished(outcome="completed")
    )
    site.agent.propose("other", "a1", "ask_refund", {"to": "\u202e"})

    async def write() -> None:
        home.sessions.mkdir(parents=True)
        async with await Recording.open(home.sessions, initial=encode(Fleet(site=SITE))) as recording:
            rows = [
                Row(entry.pos, entry.at, entry.agent, entry.run, entry.event) for entry in site.supervisor.log
            ]
            await recording.append(rows)

    asyncio.run(write())
    return site


# ---- recording -------------------------------------------------------------------------------------------------------


def test_sessions_are_listed(recorded: SiteInMemory, run: Run, home: Home) -> None:
    (session,) = json.loads(run("sessions", "--json").stdout)
    assert (session["first_pos"], session["last_pos"], session["problem"]) == (1, recorded.fleet.pos, "")
    assert session["name"] in run("sessions").stdout
    (home.sessions / "20200101T000000Z-0000.sqlite").write_bytes(b"nothing")
    assert "cannot be read" in run("sessions").stdout


def test_no_recording_is_said_so(run: Run) -> None:
    assert run("sessions").stdout.startswith("no sessions in ")
    assert json.loads(run("sessions", "--json").stdout) == []
    for args in (["export"], ["tail"]):
        result = run(*args)
        assert (result.exit_code, "no recording in" in line(result)) == (2, True)


def test_export_gives_every_record_as_it_was(recorded: SiteInMemory, run: Run, tmp_path: Path) -> None:
    whole = run("export").stdout_bytes.splitlines()
    assert [json.loads(row)["pos"] for row in whole] == list(range(1, recorded.fleet.pos + 1))
    assert all(byte >= 0x20 for row in whole for byte in row)
    target = tmp_path / "out.jsonl"
    result = run("export", "last", "--run", "7q4f", "-o", str(target), "--json")
    assert json.loads(result.stdout)["records"] == len(target.read_bytes().splitlines()) == 6
    assert target.stat().st_mode & 0o777 == 0o600
    again = run("export", "-o", str(target))
    assert (again.exit_code, "exists; name another file" in line(again)) == (2, True)
    assert run("export", "nothing").exit_code == 2
    assert run("export", str(tmp_path / "x.sqlite")).exit_code == 2
    assert run("export", "--run", "nobody").exit_code == 2


def test_a_foreign_file_is_one_line(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "foreign.sqlite"
    path.write_bytes(b"SQLite format 3\0" + bytes(84))
    for args in (["export", str(path)], ["show", "7q4f", "--session", str(path)]):
        result = run(*args)
        assert (result.exit_code, "not a Watchfloor recording" in line(result)) == (2, True)


def test_show_reads_a_session(recorded: SiteInMemory, run: Run, home: Home) -> None:
    shown = run("show", "7q", "--session", "last").stdout
    assert shown.startswith("refunds/7q4f  completed (unverified)\n")
    live = json.loads(run("show", "7q4f", "--json").stdout)
    path = next(home.sessions.glob("*.sqlite"))
    then = json.loads(run("show", "7q4f", "--json", "--session", str(path)).stdout)
    # An alarm of the agent may come after the run's last record; the run itself is the same.
    assert then["steps"] == live["steps"]
    assert then["state"] == live["state"]
    nobody = run("show", "nobody", "--session", "last")
    assert (nobody.exit_code, "no run 'nobody'" in line(nobody)) == (2, True)


def test_tail_prints_the_end_of_the_log(recorded: SiteInMemory, run: Run) -> None:
    rows = run("tail", "-n", "2").stdout.splitlines()
    assert [int(row.split()[0]) for row in rows] == [recorded.fleet.pos - 1, recorded.fleet.pos]
    assert run("tail", "-n", "0").stdout == ""
    (message,) = [row for row in run("tail", "7q4f").stdout.splitlines() if " message " in row]
    assert message.endswith('role=user text="hello \\x1b[2J"')
    (proposed,) = [
        row for row in run("tail", "other", "--json").stdout.splitlines() if "action.proposed" in row
    ]
    assert json.loads(proposed)["event"]["data"]["args"] == {"to": "\u202e"}
    assert "\u202e" not in proposed


def test_tail_follows_and_fills_what_it_missed_from_the_recording(
    recorded: SiteInMemory, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the console is away the log goes on; back again, the recording has what it missed."""
    from console.cli.records import tail
    from console.link.follower import Applied

    start = recorded.fleet.pos
    shown: list[int] = []
    missed: list[tuple[int, int]] = []

    async def note_missed(place: Place, subject: object, after: int, upto: int) -> None:
        missed.append((after, upto))
        recorded.agent.report("third", MessageSeen(role="user", text="three"))

    def note(place: Place, subject: object, applied: Applied) -> None:
        shown.append(applied.record.pos)
        if len(shown) == 2:
            raise KeyboardInterrupt
        (console,) = [link for link in recorded.bus._links if link.client_id.startswith("console-")]
        recorded.bus.cut(console.client_id, "cut")
        recorded.agent.report("third", MessageSeen(role="user", text="two"))
        recorded.bus.heal(console.client_id)

    past = tail._last

    async def then_report(*args: object) -> object:
        rows = await past(*args)  # type: ignore[arg-type]
        recorded.agent.report("third", MessageSeen(role="user", text="one"))
        return rows

    monkeypatch.setattr(tail, "_last", then_report)
    monkeypatch.setattr(tail, "_missed", note_missed)
    monkeypatch.setattr(tail, "_print_applied", note)
    result = run("tail", "--follow", "-n", "1")
    assert result.exit_code == 130
    assert shown == [start + 1, start + 3]
    assert missed == [(start + 1, start + 2)]
    assert "the bus is down (cut)" in result.stderr
    assert "following again" in result.stderr


# ---- keys ------------------------------------------------------------------------------------------------------------


def test_keys_are_made_enrolled_and_shown(run: Run, home: Home) -> None:
    assert run("keys", "list").stdout.startswith("no keys in ")
    made = run("keys", "new", "ann")
    assert made.exit_code == 0
    public = PrivateKey.load(home.operator_key("ann")).public
    assert f"watchfloor keys add ann {public.line}" in made.stdout
    assert home.operator_key("ann").stat().st_mode & 0o777 == 0o600
    again = run("keys", "new", "ann")
    assert (again.exit_code, "never replaced" in line(again)) == (2, True)
    assert run("keys", "add", "ann", *public.line.split()).exit_code == 0
    assert home.operators.read_text() == f"ann {public.line}\n"
    assert "was enrolled already" in run("keys", "add", "ann", public.line).stdout
    taken = run(
        "keys", "add", "bob", str(home.config / "ann_ed25519.pub")
    )  # two names would count as two persons
    assert (taken.exit_code, "ann" in line(taken)) == (2, True)
    pub = home.config / "bob.pub"
    pub.write_text(PrivateKey.generate().public.line + "\n")
    assert json.loads(run("keys", "add", "bob", str(pub), "--json").stdout)["added"]
    shown = json.loads(run("keys", "show", "ann", "--json").stdout)
    assert (shown["public_key"], shown["fingerprint"]) == (public.line, public.fingerprint)
    assert public.line in run("keys", "show").stdout  # the only key here is yours
    (mine, other) = json.loads(run("keys", "list", "--json").stdout)
    assert (mine["name"], mine["enrolled"], other["name"]) == ("ann", True, "bob")
    assert run("keys", "new", "eve", "--enrol").exit_code == 0
    assert [key["enrolled"] for key in json.loads(run("keys", "list", "--json").stdout)] == [True, True, True]


def test_a_public_key_that_went_missing_is_made_again(run: Run, home: Home) -> None:
    run("keys", "new", "ann", "--enrol")
    public = home.config / "ann_ed25519.pub"
    said = public.read_text()
    public.unlink()
    (key,) = json.loads(run("keys", "list", "--json").stdout)
    assert (key["problem"], key["fingerprint"][:7]) == (
        f"{public} is missing: watchfloor keys show ann makes it again",
        "SHA256:",
    )
    assert verdicts(run("doctor", "--json"))["your key"] == "warn"
    assert "made" in line(run("keys", "show", "ann"))
    assert public.read_text() == said
    assert run("keys", "show", "ann").stderr == ""
    public.write_text(OPERATOR.public.line)
    assert "is of another key" in run("keys", "list").stdout
    SUPERVISOR.save(home.supervisor_key)
    home.supervisor_public_key.unlink()
    assert prepare(home)[0] == f"made the supervisor's public key again: {home.supervisor_public_key}"
    assert prepare(home) == []
    assert pinned_key(home) is not None


@pytest.mark.parametrize(
    "args, wrong",
    [
        (["add", "a b", "ssh-ed25519 AAAA"], "not an OpenSSH ed25519 public key"),
        (["add", "ann", "ssh-rsa", "AAAA"], "not an OpenSSH ed25519 public key"),
        (["add", "ann", "/no/such/file"], "expected: ssh-ed25519 AAAA..."),
        (["add", "a b", OPERATOR.public.line], "operator 'a b' is not an id"),
        (["new", "a/b"], "operator 'a/b' is not an id"),
        (["new", "supervisor"], "that name is the supervisor's"),
        (["show", "ann"], "make one with: watchfloor keys new ann"),
        (["show", "supervisor"], "make one with: watchfloor up"),
    ],
)
def test_a_wrong_key_is_one_line_and_changes_nothing(
    run: Run, home: Home, args: list[str], wrong: str
) -> None:
    result = run("keys", *args)
    assert (result.exit_code, wrong in line(result)) == (2, True), result.stderr
    assert not home.operators.exists()


def test_a_broken_operators_file_is_named_by_line(run: Run, home: Home) -> None:
    home.config.mkdir(parents=True)
    home.operators.write_text(f"op {OPERATOR.public.line}\nnonsense\n")
    result = run("keys", "list")
    assert (result.exit_code, f"{home.operators}:2: " in line(result)) == (2, True)


# ---- spools ----------------------------------------------------------------------------------------------------------


def test_spools_are_listed(run: Run, home: Home) -> None:
    assert run("spool", "list").stdout.startswith("no spools in ")
    path = spool_path(home.spool, "janitor", "r.1")
    spool = SqliteSpool.create(path, Owner(SITE, "janitor", "r.1", "i"))
    spool.append([b"{}", b"{}", b"{}"])
    assert "in use by its agent" in run("spool", "list").stdout
    spool.trim(1)
    spool.finish()
    spool.close()
    (shown,) = json.loads(run("spool", "list", "--json").stdout)
    assert (shown["agent"], shown["run"], shown["unstored"], shown["finished"]) == ("janitor", "r.1", 2, True)
    assert "left behind, the run had ended" in run("spool", "list").stdout
    path.write_bytes(b"nothing of ours, but long enough to be looked at" * 30)
    assert json.loads(run("spool", "list", "--json").stdout)[0]["problem"].startswith(str(path))


def test_sending_what_is_not_there(run: Run) -> None:
    assert run("spool", "send").stdout.startswith("no spools in ")
    result = run("spool", "send", "janitor")
    assert (result.exit_code, "no spool of janitor" in line(result)) == (2, True)


# ---- doctor ----------------------------------------------------------------------------------------------------------


def verdicts(result: Result) -> dict[str, str]:
    return {finding["check"]: finding["verdict"] for finding in json.loads(result.stdout)}


def test_a_healthy_site(
    recorded: SiteInMemory, run: Run, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.config.mkdir(parents=True, mode=0o700)
    home.data.chmod(0o700)
    SUPERVISOR.save(home.supervisor_key)
    OPERATOR.save(home.operator_key("op"))
    home.operators.write_text(f"op {OPERATOR.public.line}\n")
    # The desk in memory has no clock: it renews whenever somebody speaks.
    monkeypatch.setattr(bus_checks, "_round_trips", renewing(recorded))
    result = run("doctor", "--json")
    found = verdicts(result)
    assert set(found.values()) == {"ok"}, result.stdout
    assert {
        "broker",
        "retained",
        "payload",
        "dots in ids",
        "supervisor",
        "signature",
        "clock",
        "recording",
        "your key",
    } <= set(found)
    assert result.exit_code == 0
    assert recorded.fleet.operators == {}


def renewing(site: SiteInMemory) -> Callable[[bus_checks.Probe], object]:
    before = bus_checks._round_trips

    async def trips(probe: bus_checks.Probe) -> object:
        site.supervisor.desk.renew()
        site.supervisor.pump()
        return await before(probe)

    return trips


def losing(site: SiteInMemory, monkeypatch: pytest.MonkeyPatch, lost: Callable[[str, bytes], bool]) -> None:
    """Have the bus lose what is `lost` by topic and payload. Only for that and for a supervisor the wait is short."""
    site.bus.loses = lambda _client, message: lost(message.topic, message.payload)
    echo = bus_checks.Probe.echo

    async def impatient(probe: bus_checks.Probe, payload: bytes, *, retain: bool = False) -> float | None:
        with monkeypatch.context() as context:
            context.setattr(bus_checks, "PATIENCE", 0.02 if lost(probe.topic, payload) else 60.0)
            return await echo(probe, payload, retain=retain)

    monkeypatch.setattr(bus_checks.Probe, "echo", impatient)
    monkeypatch.setattr(
        bus_checks.Probe, "renewed", lambda probe: bus_checks._within(probe._renewed.wait(), 0.02)
    )


def test_an_unhealthy_one(run: Run, site: SiteInMemory, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.config.mkdir(parents=True)
    home.config.chmod(0o755)  # whatever the umask
    home.data.mkdir(parents=True, mode=0o700)
    OPERATOR.save(home.operator_key("op"))
    home.operator_key("op").chmod(0o644)
    SUPERVISOR.save(home.supervisor_key)
    home.sessions.mkdir()
    (home.sessions / "20200101T000000Z-0000.sqlite").write_bytes(b"nothing")
    losing(site, monkeypatch, lambda _topic, payload: b"xxxx" in payload)
    result = run("doctor")
    assert result.exit_code == 1
    found = verdicts(run("doctor", "--json"))
    assert {name for name, verdict in found.items() if verdict == "FAIL"} == {
        "your key", "operators file", "payload", "recording", "supervisor",
    }  # fmt: skip
    assert found["config folder"] == "warn"
    assert "chmod 600" in result.stdout
    assert "raise the broker's limit" in result.stdout


def test_a_broker_that_carries_no_dots_in_topics(
    run: Run, site: SiteInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    losing(site, monkeypatch, lambda topic, _payload: "." in topic)
    assert verdicts(run("doctor", "--json"))["dots in ids"] == "warn"
    dotted = json.loads(run("doctor", "--json", operator="jane.doe").stdout)
    assert [
        (one["verdict"], one["advice"], "operator jane.doe" in one["text"])
        for one in dotted
        if one["check"] == "dots in ids"
    ] == [("FAIL", "take a name without dots", True)]


def test_each_key_is_told_once_and_as_it_is(run: Run, home: Home) -> None:
    """Your own is told as yours only: whether it counts here, and what to do if it does not."""
    home.config.mkdir(parents=True, mode=0o700)
    OPERATOR.save(home.operator_key("op"))
    mark = OPERATOR.public.fingerprint

    def told() -> list[tuple[str, str, str, str]]:
        found = json.loads(run("doctor", "--json").stdout)
        return [
            (one["check"], one["verdict"], one["text"], one["advice"])
            for one in found
            if mark in one["text"] or one["check"] == "your key"
        ]

    assert told() == [
        ("your key", "ok", f"operator op, {mark}, to be enrolled where the supervisor runs", "")
    ]
    SUPERVISOR.save(home.supervisor_key)
    home.operators.write_text(f"ann {PrivateKey.generate().public.line}\n")
    advice = f"watchfloor keys add op {home.operator_key('op')}.pub"
    assert told() == [
        (
            "your key",
            "warn",
            f"operator op, {mark}, is not enrolled here: may only pause, hold, reject",
            advice,
        )
    ]
    assert run(*advice.split()[1:]).exit_code == 0
    assert told() == [("your key", "ok", f"operator op, {mark}, enrolled here", "")]
    home.operator_key("op").chmod(0o644)
    ((check, verdict, text, _), *rest) = [one for one in told() if one[1] != "ok"]
    assert (check, verdict, rest, "chmod 600" in text) == ("your key", "FAIL", [], True)


def test_rules_are_looked_at_as_the_supervisor_does(run: Run, home: Home) -> None:
    home.config.mkdir(parents=True, mode=0o700)
    found = verdicts(run("doctor", "--json"))
    assert (found["tool catalogue"], found["policy"]) == ("ok", "ok")
    home.catalogue.write_text('[tool."x"]\nseverity = 0\neffect = "read"\npinned = true\n')
    home.policy.write_text('\n[[rule]]\nid = "r"\nraise = "auto"\nwhy = "x"\n')
    said = run("doctor").stdout
    assert "1 tool pinned" in said
    assert f"FAIL  policy          {home.policy}:2: rule 'r': raise = 'auto': a rule can only raise" in said
    home.catalogue.write_text('[tool."x"]\nseverty = 0\neffect = "read"\n')
    assert (
        f'{home.catalogue}:1: [tool."x"]: the table contains unknown field `severty`' in run("doctor").stdout
    )


def test_no_broker(run: Run, site: SiteInMemory) -> None:
    result = run("doctor", "--json", connect=None, broker="mqtt://127.0.0.1:1", timeout=0.1)
    assert verdicts(result)["broker"] == "FAIL"
    assert result.exit_code == 1
    nonsense = run("doctor", "--json", connect=None, broker="nonsense")
    assert verdicts(nonsense)["broker"] == "FAIL"


@pytest.mark.broker
def test_a_broker_that_does_not_let_the_account_in(run: Run, tmp_path: Path) -> None:
    """One line names the account, never the password, and says what to do."""
    passwords = tmp_path / "passwords"
    passwords.touch(mode=0o600)
    with mosquitto_broker(f"password_file {passwords}", anonymous=False) as running:
        for user, whose in (("ann:s3cret@", "user 'ann'"), ("", "a client without user name")):
            where = {"connect": None, "broker": f"mqtt://{user}127.0.0.1:{running.port}", "timeout": 5.0}
            said = line(run("ls", **where))
            assert f"cannot connect to {running.url}: {whose} is refused: Not authorized; " in said
            assert "mqtt://USER:PASSWORD@HOST" in said
            doctor = run("doctor", **where).stdout
            assert f"{whose} is refused: Not authorized\n" in doctor
            assert "mqtt://USER:PASSWORD@HOST" in doctor
            assert "s3cret" not in said + doctor


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(run: Run, home: Home, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir(mode=0o500)
    assert verdicts(run("doctor", "--json"))["data folder"] == "FAIL"

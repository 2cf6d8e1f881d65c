"""The command line itself: what it loads, how it ends, and that docs/cli.md says all of it."""

import errno
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from bus.messages import Answer
from console.cli import card, printing, shapes
from console.cli.exits import MEANING, CliError, Exit
from console.cli.lazy import Entry, LazyGroup
from console.cli.main import TABLE, cli
from console.cli.options import Place
from console.cli.verbs.facts import Deed, deed_shape
from console.core.fleet.agent_life import AgentLife
from console.core.fleet.alarm_state import Alarm
from console.core.fleet.state import Action, Command, Fleet, Message, Run, Step
from tests import ROOT

PAGE = (ROOT / "docs" / "cli.md").read_text("utf-8")


def sections(text: str) -> dict[str, str]:
    """Return the text under each heading of the third level, by what stands first in it."""
    parts = re.split(r"^##+ (.*)\n", text, flags=re.MULTILINE)
    return {heading.strip("`"): body for heading, body in zip(parts[1::2], parts[2::2], strict=True)}


SECTIONS = sections(PAGE)


def verbs() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(cli)
    for name in TABLE:
        command = cli.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", verb) for inner, verb in command.commands.items())
        else:
            yield name, command


COMMON = {"--site", "-s", "--broker", "--operator", "--json", "--timeout", "--help", "-h"}


@pytest.mark.parametrize("name, verb", [pytest.param(*found, id=found[0]) for found in verbs()])
def test_the_page_has_every_verb_and_option(name: str, verb: click.Command) -> None:
    headings = [heading for heading in SECTIONS if re.match(rf"watchfloor {name}( |$)", heading)]
    assert len(headings) == 1
    whole = SECTIONS[headings[0]]
    options = {opt for param in verb.params for opt in param.opts if isinstance(param, click.Option)}
    if name != "rerun":  # its page is its help
        assert {opt for opt in options - COMMON if f"`{opt}`" not in whole} - {"--wait"} == set()
    assert options >= COMMON - {"--help", "-h"}
    assert verb.help


def test_the_page_has_every_common_option() -> None:
    table = SECTIONS["Options of every verb"]
    group = {opt for param in cli.params for opt in param.opts}
    assert {opt for opt in group if f"`{opt}`" not in table} == set()
    assert "`--wait`" in SECTIONS["Deciding"]


def test_the_page_has_every_exit_code() -> None:
    rows = dict(re.findall(r"^\| (\d+) \| (.*) \|$", SECTIONS["Exit codes"], re.MULTILINE))
    assert rows == {str(int(code)): text for code, text in MEANING.items()}
    assert set(MEANING) == set(Exit)


RUN = Run(agent="a", run="r", steps=[Step(step=1)], messages=[Message(at=1, role="user")])
ACTION = Action(id="i", agent="a", run="r", tool="t")
COMMAND = Command(id="c", kind="pause", agent="a", run="r", by="op")
DEED = Deed("pause", 1.0, Answer(intent="i", outcome="accepted", accepted=True))


@pytest.mark.parametrize(
    "section, shape",
    [
        ("agent", shapes.agent_shape(AgentLife(agent="a", status="online", incarnation="i", connection="c"))),
        ("run", shapes.full_run_shape(Fleet(), RUN)),
        ("run", shapes.step_shape(RUN.steps[0])),
        ("run", shapes.full_run_shape(Fleet(), RUN)["messages"][0]),
        ("action", shapes.action_shape(ACTION, 0)),
        ("command", shapes.command_shape(COMMAND)),
        ("alarm", shapes.alarm_shape(Alarm(id="i", kind="k", priority=1, text="t"))),
        ("deed", deed_shape(DEED, Fleet(), Exit.DONE)),
    ],
)
def test_the_page_has_every_field_of_the_json(section: str, shape: dict[str, object]) -> None:
    assert {name for name in shape if f"`{name}`" not in SECTIONS[section]} == set()


# ---- loading ---------------------------------------------------------------------------------------------------------


def test_help_loads_no_verb_and_nothing_heavy() -> None:
    program = (
        "import sys; from console.cli.main import cli\n"
        "try: cli(['--help'])\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    child = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(child.stderr.split())
    heavy = {"aiomqtt", "aiosqlite", "asyncio", "cryptography", "msgspec", "rich", "sqlite3", "textual"}
    assert loaded & heavy == set()
    ours = {name for name in loaded if name.startswith("console.cli.")}
    assert ours == {
        f"console.cli.{name}"
        for name in ("exits", "lazy", "looks", "main", "numbers", "options", "outlet", "roomy")
    }
    assert all(name in child.stdout for name in TABLE)


@pytest.mark.parametrize("words", ["keys list", "sessions"])
def test_garbage_is_searched_for_once_a_verb_is_loaded(words: str, tmp_path: Path) -> None:
    program = (
        "import atexit, gc, sys; from console.cli.main import main\n"
        "atexit.register(lambda: print(gc.isenabled(), gc.get_freeze_count() > 0, file=sys.stderr))\n"
        "main()"
    )
    child = subprocess.run(
        [sys.executable, "-c", program, *words.split()], cwd=ROOT, capture_output=True, text=True, check=True,
        env=os.environ | {"WATCHFLOOR_HOME": str(tmp_path)},
    )  # fmt: skip
    assert child.stderr.splitlines()[-1] == "True True"


@pytest.mark.parametrize("name", TABLE)
def test_the_table_leads_to_a_command_with_one_line_of_help(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.name == name
    assert TABLE[name].summary == TABLE[name].summary.strip(".")


# ---- ending ----------------------------------------------------------------------------------------------------------


def ending(verb: click.Command) -> Result:
    """Run a command line of one verb, `verb`."""
    module = sys.modules[__name__]
    module.verb = verb  # type: ignore[attr-defined]
    group = LazyGroup("watchfloor", table={"verb": Entry(f"{__name__}:verb", "it")})
    return CliRunner().invoke(group, ["verb"])


@pytest.mark.parametrize(
    "error, code, text",
    [
        (CliError(Exit.REFUSED, "no\x1b[2J\nway"), 1, "watchfloor: no\\x1b[2J\\nway\n"),
        (click.UsageError("wrong."), 2, "watchfloor: wrong (see: watchfloor verb --help)\n"),
        (click.ClickException("broken"), 2, "watchfloor: broken\n"),
        (FileNotFoundError(errno.ENOENT, "No such file", "x"), 2, "watchfloor: x: No such file\n"),
        (KeyboardInterrupt(), 130, ""),
        (click.Abort(), 130, ""),
    ],
)
def test_every_end_is_one_line_and_a_code(error: BaseException, code: int, text: str) -> None:
    @click.command()
    def verb() -> None:
        raise error

    result = ending(verb)
    assert (result.exit_code, result.stderr) == (code, text)


def test_our_own_errors_are_not_dressed_up() -> None:
    @click.command()
    def verb() -> None:
        raise ZeroDivisionError

    assert isinstance(ending(verb).exception, ZeroDivisionError)


def test_a_number_that_a_verb_returns_is_the_exit_code() -> None:
    @click.command()
    def verb() -> int:
        return Exit.UNCONFIRMED

    assert ending(verb).exit_code == 4


def test_what_is_not_installed_is_named() -> None:
    group = LazyGroup("watchfloor", table={"verb": Entry("no_such_module:verb", "it")})
    result = CliRunner().invoke(group, ["verb"])
    assert (result.exit_code, result.stderr) == (
        2,
        "watchfloor: verb: this installation lacks no_such_module\n",
    )


@pytest.mark.parametrize(
    "args, text",
    [
        (["bogus"], "watchfloor: No such command 'bogus' (see: watchfloor --help)\n"),
        (["ls", "--bogus"], "watchfloor: No such option '--bogus' (see: watchfloor ls --help)\n"),
        (["show"], "watchfloor: Missing argument 'RUN' (see: watchfloor show --help)\n"),
        (["--site", "a b", "ls"], "watchfloor: site 'a b' is not an id: 1 to 64 characters out of A-Z a-z 0-9 _ . -\n"),
        (["ls", "--operator", "a/b", "--broker", "mqtt://127.0.0.1:1"],
         "watchfloor: operator 'a/b' is not an id: 1 to 64 characters out of A-Z a-z 0-9 _ . -\n"),
        ([], "watchfloor: the console needs a terminal; in a pipe use a verb, or --plain (see: watchfloor --help)\n"),
    ],
)  # fmt: skip
def test_bad_usage_is_one_line(args: list[str], text: str) -> None:
    result = CliRunner().invoke(cli, args, prog_name="watchfloor")
    assert (result.exit_code, result.stderr) == (2, text)


def test_a_bad_broker_is_one_line() -> None:
    result = CliRunner().invoke(cli, ["ls", "--broker", "http://user:secret@x"])
    assert result.exit_code == 2
    assert result.stderr.startswith("watchfloor: bad broker URL: it must begin with mqtt://")
    assert "secret" not in result.stderr


def test_a_group_without_verb_prints_its_help() -> None:
    result = CliRunner().invoke(cli, ["keys"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "enrol" in result.stderr.lower()


def test_the_version_is_printed() -> None:
    assert re.fullmatch(r"watchfloor \d+\.\d+\.\d+\S*\n", CliRunner().invoke(cli, ["--version"]).stdout)


@pytest.mark.skipif(os.name != "posix", reason="pipes end otherwise")
def test_a_closed_pipe_is_quiet() -> None:
    program = "from console.cli.main import main; main()"
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        child = subprocess.run(
            [sys.executable, "-c", program, "keys", "list"],
            cwd=ROOT,
            stdout=closed,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (child.returncode, child.stderr) == (Exit.PIPE, b"")


def test_a_terminal_without_unicode_is_no_error() -> None:
    program = (
        "from console.cli.main import main; import click; import sys\n"
        "sys.argv[1:] = ['keys', 'show', '\\u2026\\u00fc']\nmain()"
    )
    child = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=False,
        env=os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )  # fmt: skip
    assert child.returncode == 2
    assert b"\\u2026" in child.stderr
    assert b"Traceback" not in child.stderr


# ---- where and who ---------------------------------------------------------------------------------------------------


def test_options_may_stand_before_the_verb_and_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Place] = []

    def live(place: Place, _work: object) -> tuple[Fleet, None]:
        seen.append(place)
        return Fleet(), None

    monkeypatch.setattr("console.cli.verbs.look.live", live)
    monkeypatch.setattr("console.cli.verbs.look._header", lambda fleet, status: [])
    runner = CliRunner()
    runner.invoke(cli, ["--site", "one", "--operator", "ann", "ls", "--site", "two", "--timeout", "3"])
    assert seen == [Place(site="two", operator="ann", timeout=3.0)]


def test_who_you_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHFLOOR_HOME", str(tmp_path))
    monkeypatch.setenv("LOGNAME", "Jo Doe/x")
    monkeypatch.delenv("WATCHFLOOR_OPERATOR", raising=False)
    config = Place().home().config
    config.mkdir(parents=True)
    assert Place().who() == "Jo-Doe-x"
    (config / "supervisor_ed25519").touch()
    (config / "ann_ed25519").touch()
    (config / "ann_ed25519.pub").touch()
    assert Place().who() == "ann"
    (config / "bob_ed25519").touch()
    assert Place().who() == "Jo-Doe-x"
    monkeypatch.setenv("WATCHFLOOR_OPERATOR", "bob")
    assert Place().who() == "bob"
    assert Place(operator="eve").who() == "eve"


# ---- printing --------------------------------------------------------------------------------------------------------


def test_columns_are_as_wide_as_what_is_seen() -> None:
    lines = printing.columns(("A", "B"), [("日本", "x"), ("e\u0301", "y"), ("long", "z")])
    assert lines == ["A     B", "日本  x", "e\u0301     y", "long  z"]


def test_lists_are_cut_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    key = "agent/" + "x" * 20 + "0123456789ab/a17"
    assert printing.shown(key) == key
    assert printing.fitted(["日本" * 30]) == ["日本" * 30]
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "20")
    assert printing.shown(key) == "agent/…0123456789ab/a17"
    assert printing.shown("agent/short") == "agent/short"
    assert printing.fitted(["日本" * 30, "short"]) == ["日本" * 4 + "日…", "short"]


@pytest.mark.parametrize(
    "seconds, text",
    [(-5, "0s"), (59.9, "59s"), (60, "1m 00s"), (3_599, "59m 59s"), (3_600, "1h 00m"), (90_000, "1d 01h")],
)
def test_spans(seconds: float, text: str) -> None:
    assert printing.span(seconds) == text


def test_json_is_harmless_and_exact() -> None:
    value = {"a": '\x1b[2J\u202e\ud800\x9b\u2028\U000e0001é\n"\\'}
    text = printing.safe_json(value)
    assert text.isprintable()
    assert "é" in text
    assert json.loads(text) == value
    assert json.loads("\n".join(card.exact(value))) == value


@pytest.mark.parametrize(
    "value, shown",
    [
        ("paypal.com", '"paypal.com"'),
        ("p\u0430ypal.com", '"p\\u0430ypal.com"'),
        ("Müller straße", '"Müller straße"'),
        ("日本語", '"日本語"'),
        ("привет world", '"привет world"'),
    ],
)
def test_look_alikes_are_shown_as_escapes(value: str, shown: str) -> None:
    assert card.exact(value) == [shown]


def test_times_beyond_the_calendar_are_shown_as_numbers() -> None:
    assert printing.clock(2**60) == f"{2**60} ms"
    assert printing.clock(None) == "–"

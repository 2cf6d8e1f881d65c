"""`watchfloor keys`: make, list, enrol and show the keys of a site."""

from __future__ import annotations

import platform
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from bus.home import Home
from bus.signing import KeyFileError, PrivateKey, PublicKey
from bus.topics import check_id
from console.cli import printing
from console.cli.exits import bad, complain
from console.cli.options import SUPERVISOR, Place, common, operators_here
from console.cli.whole_file import whole_file
from console.supervisor.intents.operators import Operators


@dataclass(frozen=True, slots=True)
class Held:
    """A key of the site: whose, what it is for here, its fingerprint, its file, and what is wrong with it."""

    name: str
    role: str
    fingerprint: str
    path: Path
    enrolled: bool
    problem: str = ""

    @property
    def usable(self) -> bool:
        """Whether it signs; the problem may be with its public half."""
        return self.fingerprint != printing.NOTHING


@click.group()
def keys() -> None:
    """Make, list, enrol and show keys."""


@keys.command("new")
@click.argument("name", required=False)
@click.option("--enrol", is_flag=True, help="Enrol it in the operators file of this machine, too.")
@common
def new(place: Place, name: str | None, *, enrol: bool) -> None:
    """Make a key for the operator NAME, by default for you."""
    home = place.home()
    who = check_id(name, "operator") if name else place.who()
    if who == SUPERVISOR:
        raise bad("that name is the supervisor's, whose key `watchfloor up` makes")
    path = home.operator_key(who)
    if path.exists():
        raise bad(f"{path}: there is a key already; it is never replaced")
    home.config.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = PrivateKey.generate()
    key.save(path)
    if enrol:
        _enrol(home, who, key.public)
    if place.json:
        printing.say_json(
            _shape(_operator(home, who, Operators.load(home.operators))) | {"public_key": key.public.line}
        )
        return
    printing.say([f"made {path}", f"{who} {key.public.line}"])
    if not enrol:
        printing.say([f"enrol it where the supervisor runs: watchfloor keys add {who} {key.public.line}"])


@keys.command("wrapper")
@common
def wrapper(place: Place) -> None:
    """Make the key by which `watchfloor run` on this machine proves that it holds a process, or show it."""
    home = place.home()
    home.config.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not home.wrapper_key.exists():
        PrivateKey.generate().save(home.wrapper_key)
    line = PrivateKey.load(home.wrapper_key).public.line
    name = re.sub(r"[^A-Za-z0-9_.-]", "-", platform.node())[:64] or "wrapper"
    if place.json:
        printing.say_json({"name": name, "public_key": line, "file": str(home.wrapper_key)})
        return
    printing.say([f"{name} {line}", f"add this line, where the supervisor runs, to: {home.wrappers}"])


@keys.command("list")
@common
def list_(place: Place) -> None:
    """List the keys on this machine and the operators enrolled here."""
    home = place.home()
    found = held(home)
    if place.json:
        printing.say_json([_shape(key) for key in found])
        return
    if not found:
        printing.say([f"no keys in {home.config}; make one with: watchfloor keys new"])
        return
    rows = [(key.name, key.role, _word(key), key.fingerprint, key.problem or str(key.path)) for key in found]
    printing.say(printing.columns(("NAME", "ROLE", "ENROLLED", "FINGERPRINT", "FILE"), rows))


def _word(key: Held) -> str:
    if key.role == SUPERVISOR:
        return printing.NOTHING
    return "yes" if key.enrolled else "no"


@keys.command("add")
@click.argument("name")
@click.argument("pubkey", nargs=-1, required=True)
@common
def add(place: Place, name: str, pubkey: tuple[str, ...]) -> None:
    """Enrol the operator NAME by PUBKEY, `ssh-ed25519 AAAA...` or a .pub file. Do it where the supervisor runs."""
    home = place.home()
    line = " ".join(pubkey)
    if not line.startswith("ssh-"):
        path = Path(line).expanduser()
        try:
            line = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
            raise bad(f"{path}: {reason}; expected: ssh-ed25519 AAAA..., or a .pub file") from None
    key = PublicKey.parse(line)
    fresh = _enrol(home, check_id(name, "operator"), key)
    if place.json:
        printing.say_json(
            {"name": name, "fingerprint": key.fingerprint, "file": str(home.operators), "added": fresh}
        )
        return
    what = "enrolled" if fresh else "was enrolled already"
    printing.say([f"{name} {what} in {home.operators}", key.fingerprint])


@keys.command("show")
@click.argument("name", required=False)
@common
def show(place: Place, name: str | None) -> None:
    """Show the public key of the operator NAME, by default yours, or of `supervisor`; a missing .pub file is made again."""
    home = place.home()
    who = name or place.who()
    path = home.supervisor_key if who == SUPERVISOR else home.operator_key(who)
    if not path.exists():
        advice = "watchfloor up" if who == SUPERVISOR else f"watchfloor keys new {who}"
        raise bad(f"no key at {path}; make one with: {advice}")
    private = PrivateKey.load(path)
    key = private.public
    if private.publish(path):
        complain(f"made {path}.pub again, which was missing")
    if place.json:
        printing.say_json(
            {"name": who, "public_key": key.line, "fingerprint": key.fingerprint, "file": str(path)}
        )
    else:
        printing.say([f"{who} {key.line}", key.fingerprint])


def held(home: Home) -> list[Held]:
    """Every key on this machine, and every operator enrolled here.

    Raises:
        OperatorsFileError: the operators file cannot be used.
    """
    enrolled = Operators.load(home.operators)
    found: list[Held] = []
    if home.supervisor_key.exists():
        found.append(_private(home.supervisor_key, SUPERVISOR, "supervisor", Operators()))
    here = operators_here(home)
    found += [_operator(home, name, enrolled) for name in here]
    known = {(key.name, key.fingerprint) for key in found}
    for name, lines in enrolled.keys.items():
        found += [
            Held(name, "operator, elsewhere", key.fingerprint, home.operators, enrolled=True)
            for key in lines
            if (name, key.fingerprint) not in known
        ]
    return found


def _operator(home: Home, name: str, enrolled: Operators) -> Held:
    return _private(home.operator_key(name), name, "operator", enrolled)


def _private(path: Path, name: str, role: str, enrolled: Operators) -> Held:
    try:
        mark = PrivateKey.load(path).public.fingerprint
    except KeyFileError as error:
        return Held(name, role, printing.NOTHING, path, enrolled=False, problem=str(error))
    known = any(key.fingerprint == mark for key in enrolled.keys.get(name, ()))
    return Held(name, role, mark, path, enrolled=known, problem=_public_problem(path, name, mark))


def _public_problem(path: Path, name: str, mark: str) -> str:
    """What is wrong with the public half beside a private key, which is what agents pin and people hand over."""
    public = path.with_name(path.name + ".pub")
    advice = f"watchfloor keys show {name} makes it again"
    try:
        said = PublicKey.parse(public.read_text(encoding="ascii"))
    except FileNotFoundError:
        return f"{public} is missing: {advice}"
    except (OSError, UnicodeDecodeError, KeyFileError):
        return f"{public} cannot be used: remove it; {advice}"
    return "" if said.fingerprint == mark else f"{public} is of another key: remove it; {advice}"


def _enrol(home: Home, name: str, key: PublicKey) -> bool:
    """Add a line to the operators file, whole or not at all. Returns whether it was not there."""
    for other, known in Operators.load(home.operators).keys.items():
        if any(one.fingerprint == key.fingerprint for one in known):
            if other != name:
                raise bad(f"that key is enrolled for {other}; each operator needs a key of his own")
            return False
    path = home.operators
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    if before and not before.endswith("\n"):
        before += "\n"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with whole_file(path) as file:
        file.write(f"{before}{name} {key.line}\n".encode())
    return True


def _shape(key: Held) -> dict[str, Any]:
    return {
        "name": key.name,
        "role": key.role,
        "fingerprint": key.fingerprint if key.usable else None,
        "file": str(key.path),
        "enrolled": key.enrolled,
        "problem": key.problem,
    }

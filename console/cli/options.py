"""The options that every verb has, and what follows from them: site, broker, operator, key."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

import click

from console.cli.numbers import Real

if TYPE_CHECKING:
    from bus.home import Home
    from bus.signing import PrivateKey
    from bus.url import BrokerUrl
    from console.link.reaching import Connect

P = ParamSpec("P")
R = TypeVar("R")

TIMEOUT: Final = 10.0
"""Seconds that a verb waits for broker and supervisor unless told otherwise."""

KEY_ENDING: Final = "_ed25519"
SUPERVISOR: Final = "supervisor"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a verb acts and as whom, as given on the command line; what was not given follows from environment and files.

    `connect` replaces the broker: tests come by it.
    """

    site: str | None = None
    broker: str | None = None
    operator: str | None = None
    json: bool = False
    timeout: float = TIMEOUT
    connect: Connect | None = None

    def home(self) -> Home:
        """The site's folders.

        Raises:
            BadIdError: the site's name is not a legal id.
        """
        from bus.home import Home

        return Home.of(self.site)

    def url(self) -> BrokerUrl:
        """The broker's address.

        Raises:
            BadIdError: the site's name is not a legal id.
            BadBrokerUrlError: not an address.
        """
        from bus.url import BrokerUrl

        return BrokerUrl.parse(self.home().broker(self.broker))

    def who(self) -> str:
        """The operator: as given, from the environment, the only one with a key here, or the user of this machine.

        Raises:
            BadIdError: not a legal id.
        """
        from bus.topics import check_id

        given = self.operator or os.environ.get("WATCHFLOOR_OPERATOR")
        if given:
            return check_id(given, "operator")
        keys = operators_here(self.home())
        return keys[0] if len(keys) == 1 else user_name()

    def key(self) -> PrivateKey | None:
        """The operator's key, or None if there is none here.

        Raises:
            KeyFileError: it is there and cannot be used.
        """
        path = self.home().operator_key(self.who())
        if not path.exists():
            return None
        from bus.signing import PrivateKey

        return PrivateKey.load(path)


def operators_here(home: Home) -> list[str]:
    """The names of the operators whose private keys are in the site's folder."""
    names = [path.name.removesuffix(KEY_ENDING) for path in home.config.glob(f"*{KEY_ENDING}")]
    return sorted(name for name in names if name != SUPERVISOR)


def user_name() -> str:
    """The user of this machine as a legal id."""
    import getpass

    try:
        name = getpass.getuser()
    except (OSError, KeyError, ImportError):
        name = ""
    return re.sub(r"[^A-Za-z0-9_.-]", "-", name)[:64] or "operator"


def common(function: Callable[..., R]) -> Callable[..., R]:
    """Give a command the options of every verb, and pass it a `place` of them and those given before the verb."""

    @functools.wraps(function)
    def wrapped(*args: Any, **given: Any) -> R:
        before = click.get_current_context().find_object(Place) or Place()
        said = {name: given.pop(name) for name in ("site", "broker", "operator", "timeout")}
        as_json = given.pop("as_json") or before.json
        place = replace(
            before, json=as_json, **{name: value for name, value in said.items() if value is not None}
        )
        return function(*args, place=place, **given)

    options = (
        click.option("--site", "-s", metavar="NAME", help="The site. [WATCHFLOOR_SITE, else local]"),
        click.option(
            "--broker",
            metavar="URL",
            help="The broker. [WATCHFLOOR_BROKER, else the running `watchfloor up`]",
        ),
        click.option(
            "--operator",
            metavar="NAME",
            help="Who you are. [WATCHFLOOR_OPERATOR, else the only key here, else the user]",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print JSON: one document a line."),
        click.option(
            "--timeout",
            type=Real(min=0.0),
            metavar="SECONDS",
            help=f"How long to wait for broker and supervisor. [{TIMEOUT:g}]",
        ),
    )
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped


def version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's signature
    """Print the version and end."""
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version as of

        click.echo(f"watchfloor {of('watchfloor')}")
        ctx.exit()

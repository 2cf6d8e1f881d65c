"""Where the broker is: `mqtt://` and `mqtts://` addresses, and the TLS files that may go with them."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Final, Literal, cast
from urllib.parse import parse_qsl, quote, unquote, urlsplit

EXAMPLE: Final = "mqtt://127.0.0.1:1883 or mqtts://user:password@broker.example:8883?ca=/etc/ssl/ca.pem"

Scheme = Literal["mqtt", "mqtts"]
_PORTS: Final[dict[str, int]] = {"mqtt": 1883, "mqtts": 8883}
_TLS_OPTIONS: Final = frozenset({"ca", "cert", "key"})


class BadBrokerUrlError(ValueError):
    """A broker address that cannot be used. The message is one line: what is wrong, and what a good one looks like."""

    def __init__(self, wrong: str) -> None:
        super().__init__(f"bad broker URL: {wrong} (example: {EXAMPLE})")


@dataclass(frozen=True, slots=True)
class BrokerUrl:
    """A parsed broker address.

    `username` and `password` are None where the address names none. `ca`, `cert` and `key` are paths of PEM files, only
    with `mqtts`; without `ca` the system's authorities are trusted. `str()` and `repr()` never show the password.
    """

    scheme: Scheme
    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: str | None = None
    cert: str | None = None
    key: str | None = None

    @classmethod
    def parse(cls, text: str) -> BrokerUrl:
        """Read `mqtt[s]://[user[:password]@]host[:port][?ca=…&cert=…&key=…]`.

        Raises:
            BadBrokerUrlError: it is anything else.
        """
        try:
            parts = urlsplit(text.strip())
            port = parts.port
        except ValueError as error:
            # The library's messages quote what they choke on, which may be half a password.
            what = (
                "the port is not a number from 1 to 65535"
                if "ort" in str(error)
                else "the host cannot be read"
            )
            raise BadBrokerUrlError(what) from None
        if parts.scheme not in _PORTS:
            found = f", not {parts.scheme!r}" if parts.scheme else ""
            raise BadBrokerUrlError(f"it must begin with mqtt:// or mqtts://{found}")
        if not parts.hostname:
            raise BadBrokerUrlError("the host is missing")
        if port == 0:
            raise BadBrokerUrlError("the port is not a number from 1 to 65535")
        if parts.path not in {"", "/"} or parts.fragment:
            raise BadBrokerUrlError("nothing but ?options may follow the host and port")
        if parts.password is not None and not parts.username:
            raise BadBrokerUrlError("a password needs a user name before it")
        options = _options(parts.query, parts.scheme)
        return cls(
            scheme=cast("Scheme", parts.scheme),
            host=unquote(parts.hostname),
            port=port or _PORTS[parts.scheme],
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password is not None else None,
            ca=options.get("ca"),
            cert=options.get("cert"),
            key=options.get("key"),
        )

    @property
    def address(self) -> str:
        """Scheme, host and port, for messages: nothing secret, no user, no paths."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def account(self) -> str:
        """Who logs in, for messages: never the password."""
        return f"user {self.username!r}" if self.username else "a client without user name"

    def tls_context(self) -> ssl.SSLContext | None:
        """Load the TLS files. None for `mqtt`. Reads files, so it may block for a moment.

        Raises:
            BadBrokerUrlError: a file is missing, unreadable or not what its option says.
        """
        if self.scheme == "mqtt":
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca)
        except (OSError, ValueError) as error:
            raise BadBrokerUrlError(f"cannot use ca={self.ca}: {_first_line(error)}") from error
        if self.cert:
            try:
                context.load_cert_chain(self.cert, self.key)
            except (OSError, ValueError) as error:
                files = f"cert={self.cert}" + (f" and key={self.key}" if self.key else "")
                raise BadBrokerUrlError(f"cannot use {files}: {_first_line(error)}") from error
        return context

    def __str__(self) -> str:
        user = quote(self.username, safe="") if self.username else ""
        secret = ":***" if self.password is not None else ""
        scheme, rest = self.address.split("://")
        return f"{scheme}://{user}{secret}{'@' if user else ''}{rest}"


def _options(query: str, scheme: str) -> dict[str, str]:
    """Read the query of the address; every option at most once."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise BadBrokerUrlError("the options after ? must read name=value&name=value") from None
    options: dict[str, str] = {}
    for name, value in pairs:
        if name not in _TLS_OPTIONS:
            raise BadBrokerUrlError(f"unknown option {name!r}; there are ca, cert and key")
        if scheme != "mqtts":
            raise BadBrokerUrlError(f"option {name!r} needs mqtts://")
        if not value or name in options:
            raise BadBrokerUrlError(f"option {name!r} must have one value")
        options[name] = value
    if "key" in options and "cert" not in options:
        raise BadBrokerUrlError("option 'key' needs 'cert'")
    return options


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]

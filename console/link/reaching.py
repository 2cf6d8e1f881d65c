"""How a floor is reached: a way to connect, and the key that its supervisor must have."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bus.home import Home
from bus.signing import KeyFileError, PublicKey
from bus.transports.transport import Transport, WillFor
from bus.url import BrokerUrl

Connect = Callable[[str, Sequence[str], WillFor | None], Transport]
"""Makes a transport out of a client id, subscriptions and a will."""


def over_mqtt(url: BrokerUrl) -> Connect:
    """Connect by a broker."""

    def connect(client_id: str, subscriptions: Sequence[str], will: WillFor | None) -> Transport:
        from bus.transports.mqtt import MqttTransport

        return MqttTransport(url, client_id=client_id, subscriptions=subscriptions, will=will)

    return connect


def pinned_key(home: Home) -> PublicKey | None:
    """The supervisor's public key in this machine's files, or None if there is none.

    Raises:
        KeyFileError: the file is there and cannot be used.
    """
    path = home.supervisor_public_key
    try:
        return PublicKey.parse(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, KeyFileError) as error:
        raise KeyFileError(f"{path}: {error}") from None

"""What paho has to write, and when: in one go per turn of the loop, and watched only while the socket takes no more."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from paho.mqtt.client import Client as Paho

from bus.transports import packets


class PahoWriter:
    """The writing of one paho client, on the event loop that made this. `lose` is told why there can be no more of it.

    Of what is private in paho 2 it takes `_sock`, `_out_packet` and `_last_msg_out`, in `hand_over`.
    """

    def __init__(self, paho: Paho, lose: Callable[[Exception], object]) -> None:
        self._paho = paho
        self._lose = lose
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._watched = -1  # the descriptor that is watched until it can be written
        paho.on_socket_register_write = self._on_register
        paho.on_socket_unregister_write = self._on_unregister

    def hand_over(self, piece: bytes) -> None:
        """Write a piece if nothing is before it; `write` is to write what the socket did not take: to paho, one packet."""
        paho, sent = self._paho, 0
        sock = paho._sock  # noqa: SLF001
        if sock is not None and not paho.want_write():
            with suppress(OSError):  # paho meets the same, and knows what to do
                sent = sock.send(piece)
                paho._last_msg_out = time.monotonic()  # noqa: SLF001
        if sent < len(piece):
            paho._out_packet.append(  # noqa: SLF001
                {
                    "command": packets.PUBLISH_AT_ONCE,
                    "mid": 0,
                    "qos": 1,
                    "pos": sent,
                    "to_process": len(piece) - sent,
                    "packet": piece,
                    "info": None,
                }
            )

    def write(self) -> None:
        """Write what the socket takes, and the rest as soon as it takes more."""
        if self._watched < 0 and not self._paho.want_write():
            return
        try:
            self._paho.loop_write()
        except Exception as error:  # noqa: BLE001 - whatever it is, the connection is no longer usable
            self._lose(error)
            return
        sock = self._paho.socket()
        if self._watched < 0 and sock is not None and self._paho.want_write():
            self._watched = sock.fileno()
            if self._watched >= 0:
                self._loop.add_writer(self._watched, self.write)

    def _on_register(self, *_: object) -> None:
        """Write in the next turn of the loop, when everything of this turn is there to go together.

        The socket is watched only when it takes no more: to begin and end the watching of a socket that can be written
        nearly always costs more than the writing.
        """
        if threading.get_ident() == self._thread:
            self._loop.call_soon(self.write)
        else:  # aiomqtt connects in a thread of its own
            self._loop.call_soon_threadsafe(self.write)

    def _on_unregister(self, *_: object) -> None:
        if self._watched >= 0:
            self._loop.remove_writer(self._watched)
            self._watched = -1

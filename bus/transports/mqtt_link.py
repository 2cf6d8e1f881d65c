"""One connection to a broker, from CONNECT to its end: aiomqtt for the handshakes, our own hooks for the traffic.

aiomqtt connects, subscribes, pings and says goodbye. Messages and publishes bypass its queue and its one-waiter-per-
publish, and paho's way with them, because those cost several times what the packets cost: of what is received, whole
PUBLISH and PUBACK packets are read by `packets` and everything else by paho; what is sent leaves as one piece per turn of
the loop (`outgoing`, `paho_writer`). Everything private that this takes of aiomqtt 2.5 and paho 2 stands in `_wire`,
`_watch_reader`, `_read`, `_on_other_message` and `close` of `MqttLink` and in `PahoWriter.hand_over`, and nowhere else.
"""

from __future__ import annotations

import asyncio
import logging
import math
import ssl
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import aiomqtt
from paho.mqtt.client import Client as Paho
from paho.mqtt.client import MQTTMessage
from paho.mqtt.enums import MQTTErrorCode

from bus.transports import packets
from bus.transports.buffered_socket import BufferedSocket, connect
from bus.transports.outgoing import Outgoing, Taken
from bus.transports.paho_writer import PahoWriter
from bus.transports.transport import Message, Will
from bus.url import BrokerUrl

ANSWER_WITHIN: Final = 5.0
"""Seconds for each of: TCP connect, TLS handshake, CONNACK, SUBACK."""

CLOSE_WITHIN: Final = 1.0
"""Seconds for a goodbye; then the socket is closed without one."""

FEW: Final = 16
"""Bytes of acknowledgements, four each, that may wait for the work on what they acknowledge."""

QUIET: Final = 0.003
"""Seconds without a message after which they may: under load a broker with a small window waits for every one."""

SUBSCRIPTION_REFUSED: Final = 0x80
"""SUBACK code of a filter that the broker does not grant; larger ones are MQTT 5's reasons."""

ACCOUNT_REFUSED: Final = (0x86, 0x87)
"""CONNACK: bad user name or password, not authorized; by the numbers of MQTT 5, as paho translates them."""

_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())


class LinkFailedError(Exception):
    """The connection could not be made or was refused. The message is for people."""


class MqttLink:
    """A connection that is used once. Everything happens on the event loop that made it.

    `deliver` gets every message, also those that come before `open` returns; `delivered` hears when all that came together
    were. Every `taken` given to `publish` is
    called exactly once, at the latest when the link is lost or closed.
    """

    def __init__(
        self,
        url: BrokerUrl,
        tls: ssl.SSLContext | None,
        *,
        client_id: str,
        will: Will | None,
        keepalive: int,
        deliver: Callable[[Message], None],
        delivered: Callable[[], None],
    ) -> None:
        self._url = url
        self._tls = tls
        self._deliver = deliver
        self._delivered = delivered
        self._loop = asyncio.get_running_loop()
        self._lost: asyncio.Future[str] = self._loop.create_future()
        self._refusal = ""
        self._acknowledged = -math.inf  # when something was, last
        self._socket: BufferedSocket | None = None
        self._client = aiomqtt.Client(
            url.host,
            url.port,
            username=url.username,
            password=url.password,
            logger=_log,
            identifier=client_id,
            will=aiomqtt.Will(will.topic, will.payload, qos=1, retain=will.retain) if will else None,
            clean_session=True,
            timeout=ANSWER_WITHIN,
            keepalive=keepalive,
            # 0: without limit. paho's own limit walks all unacknowledged messages at every PUBACK; ours does not.
            max_inflight_messages=0,
        )
        self._paho = self._wire()
        writer = PahoWriter(self._paho, lambda error: self._lose(_why(error)))
        self._outgoing = Outgoing(writer.hand_over, writer.write)

    def _wire(self) -> Paho:
        """Put our hooks where aiomqtt put its own.

        Only `_client` and `_create_socket` are private; the callbacks and `loop_read` are paho's public ones.
        """
        paho = self._client._client  # noqa: SLF001
        paho._create_socket = self._hand_over_socket  # type: ignore[method-assign]  # noqa: SLF001
        connected, disconnected = paho.on_connect, paho.on_disconnect

        def on_connect(*args: Any) -> None:
            if args[3].is_failure:
                refused = "" if args[3].value not in ACCOUNT_REFUSED else f"{self._url.account} is refused: "
                self._refusal = refused + str(args[3])
            connected(*args)  # type: ignore[misc]

        def on_disconnect(*args: Any) -> None:
            disconnected(*args)  # type: ignore[misc]
            self._lose(str(args[3]))

        paho.on_connect = on_connect
        paho.on_disconnect = on_disconnect
        paho.on_message = self._on_other_message
        self._read_other = paho.loop_read
        paho.loop_read = self._read  # type: ignore[method-assign]
        # paho formats a debug line for every packet even when nobody listens.
        paho.disable_logger()
        self._watch_reader()
        return paho

    def _watch_reader(self) -> None:
        """Hear of the packet on which paho chokes: aiomqtt then ends the reading, and only this future says so."""
        self._client._disconnected.add_done_callback(self._on_reader_end)  # noqa: SLF001

    async def open(self, filters: Sequence[str]) -> None:
        """Connect and subscribe at QoS 1.

        Raises:
            LinkFailedError: no connection, no answer, or a refusal.
        """
        try:
            raw = await connect(self._url.host, self._url.port, ANSWER_WITHIN)
            self._socket = BufferedSocket(raw, more=self._paho.want_write)
            await self._enter()
            self._watch_reader()  # again: entering may have put a new future in the place of the first
            if filters:
                await self._subscribe(filters)
        except (OSError, aiomqtt.MqttError, ValueError) as error:
            raise LinkFailedError(f"cannot connect to {self._url.address}: {_why(error)}") from error

    def _hand_over_socket(self) -> BufferedSocket:
        """Give paho the connected socket, behind TLS if wanted. Runs in aiomqtt's connecting thread."""
        assert self._socket is not None  # noqa: S101 - open() has just made it
        if self._tls is not None:
            self._socket.secure(self._tls, self._url.host, ANSWER_WITHIN)
        return self._socket

    async def _enter(self) -> None:
        entering = asyncio.ensure_future(self._client.__aenter__())
        try:
            await self._first_of(entering)
        finally:
            if not entering.done():
                # Cancelled at once, aiomqtt would leave its thread alone with the socket. Without a socket it ends.
                assert self._socket is not None  # noqa: S101 - open() has just made it
                self._socket.abort()
                await self._first_of(entering)
                entering.cancel()
                await asyncio.gather(entering, return_exceptions=True)
        if self._lost.done():
            _look_at_error(entering)
            raise ConnectionError(self._lost.result())
        entering.result()

    async def _subscribe(self, filters: Sequence[str]) -> None:
        asking = asyncio.ensure_future(self._client.subscribe([(name, 1) for name in filters]))
        try:
            await self._first_of(asking)
            if not asking.done():
                raise ConnectionError(self._lost.result())
            codes = [code if isinstance(code, int) else code.value for code in asking.result()]
        finally:
            asking.cancel()
        refused = [name for name, code in zip(filters, codes, strict=True) if code >= SUBSCRIPTION_REFUSED]
        if refused:
            raise LinkFailedError(f"{self._url.address} refused the subscription to {', '.join(refused)}")

    async def _first_of(self, answer: asyncio.Future[Any]) -> None:
        """Wait until there is an answer or nobody left to give one."""
        waiting: set[asyncio.Future[Any]] = {answer, self._lost}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)

    async def lost(self) -> str:
        """Wait until the link is lost and say why."""
        await asyncio.wait({self._lost})
        return self._lost.result()

    async def close(self) -> None:
        """Say goodbye if there is somebody to say it to, within `CLOSE_WITHIN`, and let go of everything."""
        try:
            self._outgoing.bundle()  # before the goodbye
            if self._paho.is_connected():
                async with asyncio.timeout(CLOSE_WITHIN):
                    await self._client.__aexit__(None, None, None)
        except (OSError, aiomqtt.MqttError):
            pass  # TimeoutError among them: the broker does not take the goodbye
        finally:
            # The only way to make paho forget a socket on which aiomqtt gave up; it also stops the ping task.
            self._paho._sock_close()  # noqa: SLF001
            if self._socket is not None:
                self._socket.close()
            self._lose("closed")

    def publish(self, topic: str, payload: bytes, *, retain: bool, taken: Taken | None) -> None:
        """Send at QoS 1, after everything sent before."""
        if self._lost.done():
            self._outgoing.settle(taken, done=False)
        else:
            self._outgoing.publish(topic, payload, retain=retain, taken=taken)

    def flush(self) -> None:
        """Send now what waits for the next turn of the loop."""
        self._outgoing.flush()

    def _lose(self, reason: str) -> None:
        if self._lost.done():
            return
        fault = self._socket.fault if self._socket is not None else ""
        self._lost.set_result(self._refusal or fault or reason)
        self._outgoing.lose()

    def _on_reader_end(self, ended: asyncio.Future[None]) -> None:
        if not ended.cancelled() and (error := ended.exception()) is not None:
            self._lose(_why(error))

    def _read(self, max_packets: int = 1) -> MQTTErrorCode:  # noqa: ARG002  (paho's signature)
        """Read what has arrived, in the place of paho's `loop_read`, and say so when all of it was delivered."""
        try:
            return self._read_on()
        finally:
            self._delivered()

    def _read_on(self) -> MQTTErrorCode:
        """Read what is ours, and leave to paho what is not."""
        paho, answers, ours = self._paho, bytearray(), False
        if self._socket is not None and paho._in_packet["command"] == 0:  # noqa: SLF001 - paho is not in mid-packet
            try:
                ours = self._socket.take(
                    lambda data, at: packets.read(
                        data, at, self._on_message, self._outgoing.acknowledged, answers
                    )
                )
            except OSError:
                pass  # paho meets the same, and knows what to do
            else:
                paho._last_bytes_received = time.monotonic()  # noqa: SLF001
        if answers:
            self._acknowledge(answers)
        if ours:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        self._outgoing.flush()  # acknowledgements leave in the order of the messages, whoever makes them
        return self._read_other()

    def _acknowledge(self, answers: bytearray) -> None:
        now = time.monotonic()
        quiet, self._acknowledged = now - self._acknowledged > QUIET, now
        if quiet and len(answers) <= FEW:
            self._outgoing.in_passing(answers)
        else:
            self._outgoing.at_once(answers)  # the broker goes on sending while we work on what it has sent

    def _on_other_message(self, _paho: Paho, _data: object, message: MQTTMessage) -> None:
        self._on_message(message._topic, bytes(message.payload), message.retain)  # noqa: SLF001

    def _on_message(self, topic: bytes, payload: bytes, retained: bool) -> None:  # noqa: FBT001
        try:
            name = topic.decode()
        except UnicodeDecodeError:
            _log.warning("dropped a message whose topic is not UTF-8")
            return
        self._deliver(Message(name, payload, retained))


def _look_at_error(future: asyncio.Future[Any]) -> None:
    """Asyncio complains about errors that nobody looked at."""
    if not future.cancelled():
        future.exception()


def _why(error: BaseException) -> str:
    """Put an error into words for people, on one line."""
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return f"no answer within {ANSWER_WITHIN:g} s"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return (str(error) or type(error).__name__).splitlines()[0]

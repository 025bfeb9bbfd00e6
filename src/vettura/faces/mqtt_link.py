"""The connection to a broker, in MQTT 5 or 3.1.1: letters in and out, and a last will."""

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

from aiomqtt import Client, Message, MqttError, ProtocolVersion, Will
from paho.mqtt.client import MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from vettura.errors import EnvironmentFault, InputError
from vettura.faces.config import BrokerConfig

LOCALHOST = "127.0.0.1"
KEEPALIVE_S = 30
TIMEOUT_S = 5.0
LETTERS_MAX = 1000
"""Unread letters held; the reader is quick, so that a thousand are a flood."""
IN_FLIGHT_MAX = 20


class Letter(NamedTuple):
    """One message as it came from the broker."""

    topic: str
    payload: bytes
    is_retained: bool = False
    response_topic: str = ""
    """Where the sender awaits the answer (MQTT 5)."""
    correlation: bytes = b""


class Post(Protocol):
    """Something that takes messages for a broker."""

    async def send(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 0,
        retain: bool = False,
        correlation: bytes = b"",
    ) -> None:
        """Hand over one message; LinkError when the connection is gone."""
        ...


class LinkError(EnvironmentFault):
    """The broker is not there, refuses us, or has gone."""


class Broker(NamedTuple):
    """Who to connect to and how."""

    host: str
    port: int
    protocol: str
    """5 or 3.1.1."""
    username: str = ""
    password_file: str = ""
    tls: bool = False


def broker_of(config: BrokerConfig, embedded_port: int | None) -> Broker:
    """The broker that a config names, or else the listener of the house's own bus."""
    if not config.host:
        return Broker(LOCALHOST, embedded_port or 0, "3.1.1")
    return Broker(
        config.host,
        config.port,
        config.protocol,
        username=config.username,
        password_file=config.password_file,
        tls=config.tls,
    )


class Sink:
    """A broker that is none: takes everything, for rehearsals, and counts it."""

    def __init__(self) -> None:
        self.count = 0
        self.size_bytes = 0

    async def send(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 0,  # noqa: ARG002  as a broker's
        retain: bool = False,  # noqa: ARG002
        correlation: bytes = b"",  # noqa: ARG002
    ) -> None:
        """Count it."""
        self.count += 1
        self.size_bytes += len(topic) + len(payload)


class Link:
    """One connection, open as long as the block of `opened`."""

    def __init__(self, client: Client, *, is_5: bool) -> None:
        self._client = client
        self._is_5 = is_5

    async def send(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 0,
        retain: bool = False,
        correlation: bytes = b"",
    ) -> None:
        """Hand over one message; with QoS 1, wait until the broker has it."""
        properties = None
        if self._is_5 and correlation:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.CorrelationData = correlation
        try:
            await self._client.publish(topic, payload, qos, retain, properties)
        except (MqttError, ValueError) as error:
            raise LinkError(f"MQTT: {error}") from None
        _heed_cancellation()

    async def subscribe(self, patterns: Sequence[str], *, qos: int) -> None:
        """Hear what matches; LinkError when the broker does not grant it."""
        if not patterns:
            return
        try:
            granted = await self._client.subscribe([(pattern, qos) for pattern in patterns])
        except (MqttError, ValueError) as error:
            raise LinkError(f"MQTT: {error}") from None
        _heed_cancellation()
        codes = [code if isinstance(code, int) else code.value for code in granted]
        refused = [name for name, code in zip(patterns, codes, strict=False) if code >= 128]
        if refused:
            raise LinkError(f"the broker forbids us to hear {', '.join(refused)}")

    async def unsubscribe(self, patterns: Sequence[str]) -> None:
        """Hear no more of it."""
        try:
            await self._client.unsubscribe(list(patterns))
        except (MqttError, ValueError) as error:
            raise LinkError(f"MQTT: {error}") from None
        _heed_cancellation()

    async def letters(self) -> AsyncIterator[Letter]:
        """Every message that comes; LinkError when the connection ends."""
        try:
            async for message in self._client.messages:
                yield _letter(message)
        except MqttError as error:
            raise LinkError(f"MQTT: {error}") from None

    async def listen(self, take: Callable[[Letter], None]) -> None:
        """Hand every message that comes to `take`, at once; LinkError when the connection ends.

        For floods: 30,000 messages in a second of the processor, where `letters` manages 7,000 and
        loses the rest.
        """

        def hand_on(_: object, __: object, message: MQTTMessage) -> None:
            try:
                take(_letter(message))
            except UnicodeError:
                # Its topic is not UTF-8: it is for nobody.
                return

        self._client._client.on_message = hand_on
        async for letter in self.letters():
            take(letter)


@asynccontextmanager
async def opened(broker: Broker, *, identifier: str, will_topic: str) -> AsyncIterator[Link]:
    """Connect; the broker says offline on `will_topic` (kept) when the connection breaks.

    An empty `will_topic` leaves no will.

    The same `identifier` each time: a broker ends the old session of ours, will and all, before
    the new one begins.
    """
    is_5 = broker.protocol == "5"
    client = Client(
        broker.host,
        broker.port,
        username=broker.username or None,
        password=_password(broker.password_file),
        identifier=identifier,
        protocol=ProtocolVersion.V5 if is_5 else ProtocolVersion.V311,
        clean_session=None if is_5 else True,
        will=Will(will_topic, b"offline", qos=1, retain=True) if will_topic else None,
        keepalive=KEEPALIVE_S,
        timeout=TIMEOUT_S,
        max_queued_incoming_messages=LETTERS_MAX,
        max_inflight_messages=IN_FLIGHT_MAX,
        tls_context=ssl.create_default_context() if broker.tls else None,
        logger=_silent_logger(),
        # Acknowledgements and messages share the wire: without it each would wait for the other.
        socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
    )
    # A letter whose topic is not UTF-8 is lost; it must not take the connection with it.
    client._client.suppress_exceptions = True
    try:
        async with client:
            _heed_cancellation()
            yield Link(client, is_5=is_5)
    except (MqttError, UnicodeError) as error:
        raise LinkError(f"no MQTT broker at {broker.host}:{broker.port}: {error}") from None


def _heed_cancellation() -> None:
    """End the task if it was told to end while the library waited.

    Python 3.11's `wait_for`, on which the library waits, drops a cancellation that comes together
    with the result; the task would then live for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _letter(message: Message | MQTTMessage) -> Letter:
    properties = message.properties
    return Letter(
        topic=str(message.topic),
        payload=bytes(message.payload),
        is_retained=bool(message.retain),
        response_topic=str(getattr(properties, "ResponseTopic", "") or ""),
        correlation=bytes(getattr(properties, "CorrelationData", b"") or b""),
    )


def _password(path: str) -> str | None:
    if not path:
        return None
    try:
        return Path(path).expanduser().read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"faces.mqtt.password_file: {path} cannot be read: {error}") from None


def _silent_logger() -> logging.Logger:
    """The library tells in words what we tell in events and counts."""
    logger = logging.getLogger("vettura.faces.mqtt")
    logger.setLevel(logging.CRITICAL)
    return logger

"""The seam to nats-py: its client made tidy, its messages made ours, its log kept quiet."""

import asyncio
import logging
from collections.abc import Mapping
from typing import final
from urllib.parse import urlsplit

from nats.aio.client import Client, Srv
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription as NatsSubscription
from nats.errors import Error as NatsError

from vettura.bus.interface import Message
from vettura.bus.mailbox import Mailbox
from vettura.bus.subjects_match import NO_HEADERS
from vettura.errors import InputError

# nats-py logs each failed attempt; we count them. With a handler of its own its log stays out of
# stderr, and who configures logging still gets it.
logging.getLogger("nats").addHandler(logging.NullHandler())

# What can go wrong in any call of nats-py.
CLIENT_ERRORS = (NatsError, OSError)
# How many turns of the loop a message waits for others that leave with it.
_FLUSH_TURNS = 6
STATUS_HEADER = "Status"
NO_RESPONDER_STATUS = "503"


@final
class TidyClient(Client):
    """nats-py's client; it leaves no socket open when a server dies in the middle of a greeting.

    What it sends leaves after a few turns of the loop: a system call costs as much as a car's whole
    answer, and who listens in this process need not wait for it.
    """

    _turns_left = 0

    async def _flush_pending(self, force_flush: bool = False) -> None:
        is_flushing = self._flusher_task is not None and not self._flusher_task.done()
        if force_flush or not is_flushing or not self.is_connected:
            await super()._flush_pending(force_flush)
        elif self._turns_left == 0:
            self._turns_left = _FLUSH_TURNS
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._turns_left -= 1
        if self._turns_left:
            asyncio.get_running_loop().call_soon(self._turn)
        elif self._flush_queue is not None and self._flush_queue.empty():
            self._flush_queue.put_nowait(asyncio.get_running_loop().create_future())

    async def settle(self) -> None:
        """Wait until the server has seen all that was sent; nats-py's ping overtakes what waits."""
        await self._flush_pending(force_flush=True)
        await self.flush()

    async def _connect_to_server(self, s: Srv) -> None:
        if self._transport:
            self._transport.close()  # type: ignore[no-untyped-call]
        await super()._connect_to_server(s)


@final
class Ear:
    """One subscription, also across connections."""

    def __init__(self, pattern: str, queue: str) -> None:
        self.pattern = pattern
        self.queue = queue
        self.mailbox: Mailbox[Message] | None = None
        self.handle: NatsSubscription | None = None

    async def hear(self, raw: Msg) -> None:
        """Put what nats-py received into the mailbox."""
        self.take(to_message(raw))

    def take(self, message: Message) -> None:
        """Put a message into the mailbox."""
        if self.mailbox is not None:
            self.mailbox.put(message)


def check_address(url: str) -> str:
    """Return `url` when a NATS server can be there; else raise `InputError`."""
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("nats", "tls") and parts.hostname and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise InputError(f"{url!r} is no address of a NATS server", hint="nats://host:port")
    return url


async def attach(client: Client, ear: Ear) -> None:
    """Let the server behind `client` fill the ear's mailbox."""
    ear.handle = await client.subscribe(ear.pattern, queue=ear.queue, cb=ear.hear)


def to_message(raw: Msg) -> Message:
    """Return nats-py's message as ours."""
    headers: Mapping[str, str] = raw.headers or NO_HEADERS
    return Message(raw.subject, raw.data, headers, raw.reply)

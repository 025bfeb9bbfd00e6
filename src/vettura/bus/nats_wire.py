"""One connection to a NATS server that comes back for ever."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from functools import partial
from itertools import count
from typing import Any, NamedTuple, final

from nats.aio.msg import Msg

from vettura.bus.interface import Message
from vettura.bus.mailbox import Mailbox
from vettura.bus.nats_client import (
    CLIENT_ERRORS,
    NO_RESPONDER_STATUS,
    STATUS_HEADER,
    Ear,
    TidyClient,
    attach,
    check_address,
    to_message,
)
from vettura.bus.nats_near import Near
from vettura.bus.subjects_match import NO_HEADERS
from vettura.clock.interface import Clock
from vettura.errors import BusDownError, BusTimeoutError, NoResponderError

# All real seconds.
_RECONNECT_PAUSE_S = 0.25
_CONNECT_TIMEOUT_S = 2
_FLUSH_TIMEOUT_S = 2
_SETTLE_TIMEOUT_S = 2.0
_PING_INTERVAL_S = 10
_SESSION_MESSAGES_MAX = 65_536


class Conversation(NamedTuple):
    """A question that waits for its answer."""

    mailbox: Mailbox[Message]
    is_heard: bool
    """Somebody in this process has heard it, so that the server, who knows only others, may not
    say that nobody listens."""


@final
class Wire:
    """Publishes, listens and asks; all timeouts are real seconds.

    Who listens on the same wire hears at once; the server carries a message to all others.
    `buffer_bytes` bounds what waits for the server to come back; beyond it what is published is
    dropped and counted in `dropped`.
    """

    def __init__(self, url: str, *, clock: Clock, name: str, buffer_bytes: int) -> None:
        self.dropped = 0
        self.errors = 0
        self.last_error: Exception | None = None
        self.is_closed = False
        self._is_opened = False
        self._url = check_address(url)
        self._clock = clock
        self._name = name
        self._buffer_bytes = buffer_bytes
        self._client = TidyClient()
        self._up = asyncio.Event()
        self._ears: dict[Ear, None] = {}
        self._near = Near()
        self._inbox = self._client.new_inbox()
        self._numbers = count(1)
        self._conversations: dict[str, Conversation] = {}
        self._sessions: set[Mailbox[Message]] = set()
        self._reviving: asyncio.Task[None] | None = None

    @property
    def is_opened(self) -> bool:
        """Whether there has ever been a connection; from then on there will be one again."""
        return self._is_opened

    @property
    def is_up(self) -> bool:
        """Whether messages can travel now."""
        return self._client.is_connected and not self.is_closed

    async def open(self, *, timeout_s: float) -> None:
        """Connect; raises `BusDownError` when no server answers within `timeout_s`."""
        client = TidyClient()
        try:
            async with asyncio.timeout(timeout_s):
                await client.connect(self._url, **self._options())
                await client.subscribe(f"{self._inbox}.*", cb=self._hear_inbox)
                attached: set[Ear] = set()
                while waiting := [ear for ear in self._ears if ear not in attached]:
                    for ear in waiting:
                        await attach(client, ear)
                    attached.update(waiting)
        except (TimeoutError, *CLIENT_ERRORS) as error:
            await self._discard(client)
            raise BusDownError(f"no NATS server answers at {self._url}") from error
        except BaseException:
            await self._discard(client)
            raise
        self._client = client
        self._is_opened = True
        self._up.set()

    async def wait_up(self) -> None:
        """Wait until messages can travel; returns also when the wire is closed."""
        while not self.is_up and not self.is_closed:
            self._up.clear()
            await self._up.wait()

    async def pause(self, seconds: float) -> None:
        """Wait that many real seconds."""
        await self._clock.sleep(seconds * self._clock.speed)

    async def publish(
        self, subject: str, data: bytes, headers: dict[str, str] | None, reply: str = ""
    ) -> bool:
        """Send, or keep for the next connection; False when it had to be dropped.

        Who listens here hears it in any case.
        """
        self._tell_near(Message(subject, data, headers or NO_HEADERS, reply))
        return await self._send_off(subject, data, headers, reply)

    async def _send_off(
        self, subject: str, data: bytes, headers: dict[str, str] | None, reply: str
    ) -> bool:
        task = asyncio.current_task()
        cancels = task.cancelling() if task else 0
        try:
            await self._client.publish(subject, data, reply, headers or None)
        except CLIENT_ERRORS as error:
            self.dropped += 1
            await self._note(error)
            return False
        if task and task.cancelling() > cancels:
            raise asyncio.CancelledError  # nats-py swallows it while it waits for its buffer.
        return True

    async def listen(self, pattern: str, *, queue: str = "", limit: int) -> Mailbox[Message]:
        """Return a mailbox that the server fills from now on."""
        mailbox = await self._add_ear(pattern, queue, limit)
        await self.settle()
        return mailbox

    @asynccontextmanager
    async def session(
        self, *, limit: int = _SESSION_MESSAGES_MAX
    ) -> AsyncGenerator[tuple[str, Mailbox[Message]], None]:
        """Give a subject for a consumer to deliver to, and its mailbox.

        The mailbox ends with this connection. Unlike answers, what a consumer delivers bears the
        subject under which it was stored, so each session is a subscription of its own.
        """
        self._check_up()
        subject = f"{self._inbox}.session.{next(self._numbers)}"
        mailbox = await self._add_ear(subject, "", limit)
        self._sessions.add(mailbox)
        try:
            yield subject, mailbox
        finally:
            self._sessions.discard(mailbox)
            await mailbox.close()

    async def ask(
        self,
        subject: str,
        data: bytes,
        headers: dict[str, str] | None,
        *,
        timeout_s: float,
        of_server: bool = False,
    ) -> Message:
        """Return the first answer; fails at once when the server goes away.

        `of_server`: the server itself answers, whoever else listens.
        """
        async with self._conversation() as (reply, answers):
            if self._tell_near(Message(subject, data, headers or NO_HEADERS, reply)):
                token = reply[len(self._inbox) + 1 :]
                self._conversations[token] = Conversation(answers, is_heard=not of_server)
            if not await self._send_off(subject, data, headers, reply):
                raise BusDownError(f"cannot send to {subject}: {self.last_error}")
            answer = await next_answer(answers, subject, timeout_s=timeout_s)
        if says_nobody(answer):
            raise NoResponderError(f"nobody listens on {subject}")
        return answer

    @asynccontextmanager
    async def _conversation(self) -> AsyncGenerator[tuple[str, Mailbox[Message]], None]:
        """Give a reply subject and the mailbox of its answer, which ends with the connection."""
        self._check_up()
        token = str(next(self._numbers))
        mailbox: Mailbox[Message] = Mailbox(limit=1)
        self._conversations[token] = Conversation(mailbox, is_heard=False)
        try:
            yield f"{self._inbox}.{token}", mailbox
        finally:
            del self._conversations[token]

    async def settle(self) -> None:
        """Wait until the server has seen everything sent so far, unless it is away."""
        if not self.is_up:
            return
        task = asyncio.current_task()
        cancels = task.cancelling() if task else 0
        with suppress(TimeoutError, *CLIENT_ERRORS):
            async with asyncio.timeout(_SETTLE_TIMEOUT_S):
                await self._client.settle()
        if task and task.cancelling() > cancels:
            raise asyncio.CancelledError

    async def close(self) -> None:
        """Send what is unsent, end everything and leave. Safe to call twice."""
        if self.is_closed:
            return
        await self.settle()
        self.is_closed = True
        self._up.set()
        if self._reviving is not None:
            self._reviving.cancel()
            await asyncio.gather(self._reviving, return_exceptions=True)
        for ear in list(self._ears):
            if ear.mailbox is not None:
                await ear.mailbox.close()
        self._hang_up()
        if self._is_opened:
            await self._discard(self._client)

    def _check_up(self) -> None:
        if not self.is_up:
            raise BusDownError("the bus is closed" if self.is_closed else "the NATS server is away")

    async def _add_ear(self, pattern: str, queue: str, limit: int) -> Mailbox[Message]:
        ear = Ear(pattern, queue)
        mailbox: Mailbox[Message] = Mailbox(limit=limit, leave=partial(self._leave, ear))
        ear.mailbox = mailbox
        self._ears[ear] = None
        self._near.add(ear)
        with suppress(*CLIENT_ERRORS):  # While away: the next connection attaches it.
            await attach(self._client, ear)
        return mailbox

    def _tell_near(self, message: Message) -> int:
        """Let everybody on this wire hear a message; how many they were."""
        if not message.subject.startswith(self._inbox):
            return self._near.tell(message)
        self._near.tell_answer(message)
        conversation = self._conversations.get(message.subject[len(self._inbox) + 1 :])
        if conversation is not None:
            conversation.mailbox.put(message)
        return 1

    def _options(self) -> dict[str, Any]:
        return {
            "name": self._name,
            "no_echo": True,
            "error_cb": self._note,
            "disconnected_cb": self._went_away,
            "reconnected_cb": self._came_back,
            "closed_cb": self._was_closed,
            "max_reconnect_attempts": -1,
            "reconnect_time_wait": _RECONNECT_PAUSE_S,
            "connect_timeout": _CONNECT_TIMEOUT_S,
            "flush_timeout": _FLUSH_TIMEOUT_S,
            "ping_interval": _PING_INTERVAL_S,
            "pending_size": self._buffer_bytes,
        }

    async def _note(self, error: Exception) -> None:
        self.errors += 1
        self.last_error = error

    async def _hear_inbox(self, raw: Msg) -> None:
        conversation = self._conversations.get(raw.subject[len(self._inbox) + 1 :])
        if conversation is None:
            return
        message = to_message(raw)
        if not conversation.is_heard or not says_nobody(message):
            conversation.mailbox.put(message)

    async def _leave(self, ear: Ear) -> None:
        self._ears.pop(ear, None)
        self._near.remove(ear)
        if ear.handle is not None:
            with suppress(*CLIENT_ERRORS):
                await ear.handle.unsubscribe()

    async def _went_away(self) -> None:
        self._hang_up()

    async def _came_back(self) -> None:
        self._up.set()

    async def _was_closed(self) -> None:
        """Start anew when nats-py has given up, as it does on errors that the server reports."""
        self._hang_up()
        if not self.is_closed and (self._reviving is None or self._reviving.done()):
            self._reviving = asyncio.get_running_loop().create_task(self._revive())

    async def _revive(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        # nats-py may swallow the cancellation of a connection that it is making.
        while not self.is_closed and not task.cancelling():
            await self.pause(_RECONNECT_PAUSE_S)
            with suppress(BusDownError):
                await self.open(timeout_s=_CONNECT_TIMEOUT_S)
                return

    def _hang_up(self) -> None:
        for conversation in self._conversations.values():
            conversation.mailbox.shut()
        for mailbox in self._sessions:
            mailbox.shut()

    async def _discard(self, client: TidyClient) -> None:
        client._closed_cb = None
        client._disconnected_cb = None
        with suppress(*CLIENT_ERRORS, TimeoutError):
            await client.close()


def says_nobody(answer: Message) -> bool:
    """Whether the server says that nobody listens."""
    return not answer.data and answer.headers.get(STATUS_HEADER) == NO_RESPONDER_STATUS


async def next_answer(answers: Mailbox[Message], subject: str, *, timeout_s: float) -> Message:
    """Return the next answer of a conversation about `subject`, within `timeout_s` real seconds."""
    try:
        async with asyncio.timeout(timeout_s):
            return await answers.next()
    except TimeoutError:
        raise BusTimeoutError(f"no answer on {subject} within {timeout_s} s") from None
    except StopAsyncIteration:
        raise BusDownError(f"the NATS server went away before it answered on {subject}") from None

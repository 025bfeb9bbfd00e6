"""One OCPP conversation over a socket, the same for both ends: ask, be asked, and stay bounded."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, final

import structlog

from vettura.clock.interface import Clock
from vettura.errors import BusError, VetturaError
from vettura.faces.ocpp_schema import Flaw, Flaws, actions, flaws_of
from vettura.faces.ocpp_wire import (
    TEXT_MAX,
    AnswerError,
    Call,
    CallRefusedError,
    Failure,
    Fault,
    FrameError,
    Payload,
    Result,
    Version,
    call_frame,
    failure_frame,
    read_frame,
    result_frame,
    word_for,
)

log = structlog.get_logger()

WAITING_MAX = 32
"""Calls that are read and not yet answered; then the socket is not read any further."""
BROKEN_MAX = 50
"""After so many messages in a row that break the protocol the conversation ends."""
ANSWER_S = 30.0
"""How long an answer may take [s of pace]."""
SLIGHT: frozenset[Fault] = frozenset({"surplus", "value", "count"})
"""What a message may have wrong and still be understood: a vendor's own word, a text too long."""
LENIENT = ("meterValue", "transactionData")
"""Below these nothing is refused: meters are read as they come, and a bill waits for them."""


class Socket(Protocol):
    """What carries text both ways."""

    async def send(self, text: str) -> None:
        """Send one frame."""
        ...

    async def recv(self) -> str | bytes:
        """Receive one frame; raises when the other side has gone."""
        ...


class TalkClosedError(VetturaError):
    """The other side has gone."""


Answerer = Callable[[str, Payload], Awaitable[Payload]]


@final
@dataclass(slots=True)
class Tally:
    """What came and went, since the start."""

    calls: int = 0
    answered: int = 0
    refused: int = 0
    """Calls answered with an error."""
    broken: int = 0
    """Messages that break the protocol."""
    slight: int = 0
    """Calls that were understood although something was wrong with them."""
    asked: int = 0
    strays: int = 0
    """Answers to nothing that was asked, or too late."""


@final
class Talk:
    """One end of one connection. `run()` reads until the other side has gone."""

    def __init__(
        self,
        socket: Socket,
        pace: Clock,
        version: Version,
        answer: Answerer,
        tally: Tally,
        *,
        is_strict: bool = False,
        who: str = "",
    ) -> None:
        self.version = version
        self._socket, self._pace, self._tally = socket, pace, tally
        self._answer, self._is_strict = answer, is_strict
        self._waiting: asyncio.Queue[Call] = asyncio.Queue(WAITING_MAX)
        self._awaited: dict[str, tuple[str, asyncio.Future[Payload]]] = {}
        self._turn = asyncio.Lock()
        self._sending = asyncio.Lock()
        self._broken = 0
        self._is_open = True
        self._log = log.bind(ocpp=who)
        self._warned: set[str] = set()

    async def run(self) -> None:
        """Read and answer until the other side has gone, or broke the protocol too often."""
        serving = asyncio.create_task(self._serve())
        reading = asyncio.create_task(self._read())
        try:
            done, _ = await asyncio.wait({serving, reading}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._is_open = False
            for task in (serving, reading):
                task.cancel()
            await asyncio.gather(serving, reading, return_exceptions=True)
            for _, future in self._awaited.values():
                if not future.done():
                    future.set_exception(TalkClosedError("the other side has gone"))

    async def ask(self, action: str, payload: Payload, *, timeout_s: float = ANSWER_S) -> Payload:
        """Ask and return the answer, one question at a time as the protocol wants it.

        CallRefusedError for an error, TalkClosedError, or the built-in TimeoutError.
        """
        async with self._turn:
            if not self._is_open:
                raise TalkClosedError("the other side has gone")
            call = Call(self._pace.new_id()[-36:], action, payload)
            future: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
            self._awaited[call.id] = (action, future)
            try:
                self._tally.asked += 1
                await self._send(call_frame(call))
                return await self._pace.wait_for(future, timeout_s)
            finally:
                del self._awaited[call.id]
                if future.done() and not future.cancelled():
                    future.exception()

    async def _read(self) -> None:
        while True:
            try:
                text = await self._socket.recv()
            except (OSError, EOFError, TalkClosedError):
                return
            await self.hear(text)
            if self._broken >= BROKEN_MAX:
                self._log.warning("ocpp_gives_up", messages=self._broken)
                return

    async def hear(self, text: str | bytes) -> None:
        """Take in one frame: a call waits its turn, an answer goes to who asked."""
        try:
            frame = read_frame(text)
        except FrameError as error:
            self._tally.broken += 1
            self._broken += 1
            if self._broken == 1:
                self._log.warning("ocpp_message_broken", error=error.message)
            if error.id:
                word = word_for(error.fault, self.version)
                await self._send(failure_frame(error.id, word, error.message))
            return
        self._broken = 0
        if isinstance(frame, Call):
            await self._waiting.put(frame)
        else:
            self._take_answer(frame)

    def _take_answer(self, frame: Result | Failure) -> None:
        action, future = self._awaited.get(frame.id, ("", None))
        if future is None or future.done():
            self._tally.strays += 1
        elif isinstance(frame, Failure):
            future.set_exception(CallRefusedError(frame.code, frame.description))
        else:
            grave = self._grave(flaws_of(self.version, action, frame.payload, is_answer=True))
            if grave is None:
                future.set_result(frame.payload)
            else:
                text = f"{action} answered with {grave.path or 'a payload'}: {grave.text}"
                future.set_exception(CallRefusedError(word_for(grave.fault, self.version), text))

    async def _serve(self) -> None:
        while True:
            call = await self._waiting.get()
            reply = await self.reply(call)
            if call.is_answered:
                await self._send(reply)

    async def reply(self, call: Call) -> str:
        """The frame that answers a call, whatever is in it."""
        self._tally.calls += 1
        try:
            self._check(call)
            payload = await self._answer(call.action, call.payload)
        except AnswerError as error:
            return self._refusal(call, error.fault, error.message)
        except BusError as error:
            # It is not stored: who keeps it for us shall send it again.
            return self._refusal(call, "internal", error.message)
        self._tally.answered += 1
        return result_frame(call.id, payload)

    def _refusal(self, call: Call, fault: Fault, text: str) -> str:
        self._tally.refused += 1
        mark = f"{call.action} {text}"
        if len(self._warned) < WAITING_MAX and mark not in self._warned:
            self._warned.add(mark)
            self._log.warning("ocpp_call_refused", action=call.action[:TEXT_MAX], reason=text)
        return failure_frame(call.id, word_for(fault, self.version), text)

    def _check(self, call: Call) -> None:
        if call.action not in actions(self.version):
            text = f"OCPP {self.version} has no {call.action[:40]}"
            raise AnswerError("unknown", text)
        flaws = flaws_of(self.version, call.action, call.payload)
        grave = self._grave(flaws)
        if grave is not None:
            raise AnswerError(grave.fault, f"{grave.path or call.action}: {grave.text}")
        self._tally.slight += bool(flaws)

    def _grave(self, flaws: Flaws) -> Flaw | None:
        """The first flaw that a message cannot be understood with."""
        for flaw in flaws:
            is_slight = flaw.fault in SLIGHT or flaw.path.startswith(LENIENT)
            if self._is_strict or not (is_slight or _is_too_long(flaw)):
                return flaw
        return None

    async def _send(self, text: str) -> None:
        async with self._sending:
            # Whoever does not read misses the pings of its WebSocket, and is let go.
            try:
                await self._socket.send(text)
            except (OSError, EOFError):
                self._is_open = False
                raise TalkClosedError("the other side does not read") from None


def _is_too_long(flaw: Flaw) -> bool:
    return flaw.text.startswith("longer than")


async def closed_quietly(talk: Awaitable[None]) -> None:
    """Run a conversation to its end; that the other side went is no event."""
    with suppress(TalkClosedError):
        await talk

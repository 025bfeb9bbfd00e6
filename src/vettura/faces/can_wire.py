"""An interface of python-can, open, on the loop: nothing here blocks it.

Frames leave through a thread of their own. They come in by the socket's readiness, or through a
thread where an interface has no socket.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING

from vettura.errors import EnvironmentFault
from vettura.faces.can_frames import Frame, extra

if TYPE_CHECKING:
    import can

READ_AT_ONCE = 64
POLL_S = 0.1
"""So long a thread waits for the interface."""

Take = Callable[[Frame], None]
Options = Mapping[str, str | int | bool]


class CanWire:
    """One interface; `take` is called in the loop with every data frame of the wanted ids."""

    def __init__(self, options: Options, wanted: Sequence[int], take: Take) -> None:
        library = extra("can")
        filters = [{"can_id": can_id, "can_mask": 0x7FF} for can_id in wanted]
        self._options, self._take = options, take
        self._message, self._can_error = library.Message, library.CanError
        self.failed = 0
        """Frames that the interface did not take or could not read."""
        try:
            self._bus: can.BusABC = library.Bus(**options, can_filters=filters)
        except (library.CanError, OSError, ImportError, ValueError, TypeError) as error:
            name = f"{options.get('interface')} {options.get('channel')}"
            raise EnvironmentFault(
                f"faces.can: cannot open {name}: {error}",
                hint="see [faces.can]; udp_multicast needs no kernel module",
            ) from None
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="can sender")

    def close(self) -> None:
        """Let the sender end what it holds, and close the interface."""
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._bus.shutdown()

    async def send(self, frames: Sequence[Frame]) -> int:
        """Send them in order and return how many the interface took."""
        loop = asyncio.get_running_loop()
        sent = await loop.run_in_executor(self._executor, self._send_all, frames)
        self.failed += len(frames) - sent
        return sent

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Hear frames as long as this is entered."""
        fileno = self._fileno()
        if fileno is None:
            async with self._thread():
                yield
            return
        loop = asyncio.get_running_loop()
        loop.add_reader(fileno, self._read)
        try:
            yield
        finally:
            loop.remove_reader(fileno)

    def _fileno(self) -> int | None:
        try:
            fileno = self._bus.fileno()
        except (NotImplementedError, OSError):
            return None
        return fileno if fileno >= 0 else None

    def _read(self) -> None:
        for _ in range(READ_AT_ONCE):
            try:
                message = self._bus.recv(0)
            except self._can_error:
                self.failed += 1
                continue
            if message is None:
                return
            if (frame := _frame(message)) is not None:
                self._take(frame)

    @asynccontextmanager
    async def _thread(self) -> AsyncIterator[None]:
        loop, over = asyncio.get_running_loop(), threading.Event()

        def read() -> None:
            while not over.is_set():
                try:
                    message = self._bus.recv(POLL_S)
                except self._can_error:
                    self.failed += 1
                    over.wait(POLL_S)
                    continue
                if message is not None and (frame := _frame(message)) is not None:
                    loop.call_soon_threadsafe(self._take, frame)

        reading = loop.run_in_executor(None, read)
        try:
            yield
        finally:
            over.set()
            await reading

    def _send_all(self, frames: Sequence[Frame]) -> int:
        """Runs in the sender's thread."""
        sent = 0
        for frame in frames:
            message = self._message(
                arbitration_id=frame.can_id, data=frame.data, is_extended_id=False
            )
            try:
                self._bus.send(message, timeout=POLL_S)
            except (self._can_error, OSError):
                continue
            sent += 1
        return sent


@asynccontextmanager
async def opened(options: Options, wanted: Sequence[int], take: Take) -> AsyncIterator[CanWire]:
    """Open an interface, listen, and close it in the end."""
    with closing(CanWire(options, wanted, take)) as wire:
        async with wire.listening():
            yield wire


def _frame(message: "can.Message") -> Frame | None:
    """A plain data frame; None for any other kind."""
    if message.is_extended_id or message.is_remote_frame or message.is_error_frame:
        return None
    return Frame(message.arbitration_id, bytes(message.data))

"""UDS requests and answers over CAN: ISO-TP (ISO 15765-2) by can-isotp, without a thread.

The library's state machine is fed frame by frame and asked for frames; its own clock serves its
time-outs. Calls to every unit (0x7DF) are single frames and are read here.
"""

import logging
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from vettura.faces.can_frames import Frame, extra

if TYPE_CHECKING:
    from isotp import CanMessage

# can-isotp writes a line for each bad frame; `Transport.errors` counts them instead.
logging.getLogger("isotp").setLevel(logging.CRITICAL)

REQUEST_ID, RESPONSE_ID, FUNCTIONAL_ID = 0x7E0, 0x7E8, 0x7DF
PAD = 0x00
INBOX_FRAMES = 1024
"""More than the 586 frames of the longest message."""
MESSAGE_BYTES_MAX = 4095
LOGGER = "vettura.faces.isotp"
"""The library writes a line for every bad frame; here they are counted instead."""


class Request(NamedTuple):
    """A whole request of a tester."""

    data: bytes
    functional: bool


class Transport:
    """The unit's end of ISO-TP; hands out frames through `send`."""

    def __init__(self, send: Callable[[Frame], None]) -> None:
        isotp = extra("isotp")
        logging.getLogger(LOGGER).disabled = True
        self.errors = 0
        """Frames out of order, flow control that never came, lengths that cannot be."""
        self.dropped = 0
        """Answers that found the one before still on its way, and frames nobody had read."""
        self._inbox: deque[CanMessage] = deque()
        self._message = isotp.CanMessage
        self._layer = isotp.TransportLayerLogic(
            rxfn=lambda: self._inbox.popleft() if self._inbox else None,
            txfn=lambda message: send(Frame(message.arbitration_id, bytes(message.data))),
            address=isotp.Address(
                isotp.AddressingMode.Normal_11bits, rxid=REQUEST_ID, txid=RESPONSE_ID
            ),
            error_handler=self._count,
            params={
                "tx_padding": PAD,
                "max_frame_size": MESSAGE_BYTES_MAX,
                "stmin": 0,
                "blocksize": 0,
                "logger_name": LOGGER,
            },
        )

    def take(self, frame: Frame) -> list[Request]:
        """Take one frame from the bus and return the requests that it completes."""
        if frame.can_id == FUNCTIONAL_ID:
            return _single(frame.data)
        if frame.can_id != REQUEST_ID:
            return []
        if len(self._inbox) >= INBOX_FRAMES:
            self.dropped += 1
            return []
        self._inbox.append(self._message(arbitration_id=REQUEST_ID, data=frame.data))
        return self.process()

    def process(self) -> list[Request]:
        """Let time-outs and separation times pass; returns requests that are complete."""
        self._layer.process()
        found = []
        while (data := self._layer.recv()) is not None:
            found.append(Request(bytes(data), functional=False))
        return found

    def say(self, data: bytes) -> None:
        """Send one answer; dropped and counted while another is on its way."""
        if self._layer.transmitting():
            self.dropped += 1
            return
        self._layer.send(data)
        self._layer.process(do_rx=False)

    @property
    def is_busy(self) -> bool:
        """Whether a message is half sent or half heard, so that `process` must be called."""
        return bool(self._layer.transmitting() or self._layer.is_rx_active())

    def _count(self, _error: Exception) -> None:
        self.errors += 1


def _single(data: bytes) -> list[Request]:
    """A call to every unit: a single frame of ISO 15765-2, or nothing."""
    if not data or not 0 < data[0] < 8 or len(data) <= data[0]:
        return []
    return [Request(data[1 : 1 + data[0]], functional=True)]

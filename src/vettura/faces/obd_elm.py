"""The words of an ELM327: a line of a diagnosis app in, the text that it waits for out.

The chip's published command set (ELM327 data sheet, version 1.5) as far as apps use it, on protocol
6: ISO 15765-4, CAN with 11 bits at 500 kbit/s. A wrong word is answered with `?`, silence on the
bus with `NO DATA`, and never is a command guessed.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from vettura.faces.obd_heard import Values, number
from vettura.faces.obd_settings import Settings, set_by
from vettura.faces.uds import Reply, Unit

VERSION = "ELM327 v1.5"
DESCRIPTION = "OBDII to RS232 Interpreter"
PROTOCOL_NAME = "ISO 15765-4 (CAN 11/500)"
RESPONSE_ID, PHYSICAL_ID, FUNCTIONAL_ID = 0x7E8, 0x7E0, 0x7DF
LINE_BYTES_MAX = 64
"""Longer lines are answered with `?`; the chip holds no more."""
REQUEST_BYTES_MAX = 7
"""One CAN frame less its length byte: the chip sends no longer requests."""
PAD = 0x00


class Said(NamedTuple):
    """What the chip says to one line."""

    text: bytes
    clears: tuple[str, ...] = ()
    """Trouble codes the car is asked to forget before `text` is said."""
    refused: bytes = b""
    """What is said instead when the car refuses."""


@dataclass(slots=True, kw_only=True)
class Elm:
    """One chip: what a client has set, and the unit of the car behind it."""

    unit: Unit
    settings: Settings = field(default_factory=Settings)
    last: bytes = b""
    """The last line, which an empty one repeats."""
    monitoring: bool = False
    """Whether it shows all that passes on the bus, until something is sent to it."""

    def answer(self, line: bytes, values: Values, *, now_s: float) -> Said:
        """Answer one line (without its end); `now_s` is real seconds."""
        echo = line + b"\r" if self.settings.echo else b""
        if self.monitoring:
            self.monitoring = False
            return Said(self._lines(["STOPPED"]))
        if len(line) > LINE_BYTES_MAX:
            return Said(echo[:LINE_BYTES_MAX] + self._lines(["?"]))
        word = bytes(c for c in line.upper() if 0x20 < c < 0x7F) or self.last
        self.last = word
        if not word:
            return Said(echo + b">")
        if word.startswith(b"AT"):
            return Said(echo + self._command(word[2:].decode("ascii"), values))
        said = self._request(word.decode("ascii"), values, now_s)
        return Said(echo + said.text, said.clears, echo + said.refused)

    def _command(self, word: str, values: Values) -> bytes:
        if word in {"Z", "WS"}:
            self.settings = Settings()
            return self._lines(["", VERSION])
        if word == "MA":
            self.monitoring = True
            return b""
        told = self._told(word, values)
        if told is not None:
            return self._lines([told])
        changed = set_by(word, self.settings)
        if changed is None:
            return self._lines(["?"])
        self.settings = changed
        return self._lines(["OK"])

    def _told(self, word: str, values: Values) -> str | None:
        """What a question is answered with; None when it is no question."""
        now = self.settings
        name = PROTOCOL_NAME if now.is_can_500 else f"PROTOCOL {now.protocol}"
        match word:
            case "I":
                return VERSION
            case "@1":
                return DESCRIPTION
            case "RV":
                volts = number(values, "Vehicle.LowVoltageBattery.CurrentVoltage")
                return "?" if volts is None else f"{volts:.1f}V"
            case "DP":
                return ("AUTO, " if now.automatic else "") + name
            case "DPN":
                return ("A" if now.automatic else "") + ("6" if now.is_can_500 else now.protocol)
            case "CS":
                return "T:00 R:00"
            case "IGN":
                return "ON"
        return None

    def _request(self, word: str, values: Values, now_s: float) -> Said:
        if len(word) % 2:
            # A single digit at the end says for how many answers to wait; there is one unit.
            word = word[:-1]
        try:
            request = bytes.fromhex(word)
        except ValueError:
            return Said(self._lines(["?"]))
        if not request or len(request) > REQUEST_BYTES_MAX + (not self.settings.formatting):
            return Said(self._lines(["?"]))
        if not self.settings.is_can_500:
            return Said(self._lines(["UNABLE TO CONNECT"]))
        return self._ask(request, values, now_s)

    def _ask(self, request: bytes, values: Values, now_s: float) -> Said:
        searching = ["SEARCHING..."] if self.settings.automatic and not self.settings.found else []
        self.settings = self.settings._replace(found=True)
        reply = self._reply(request, values, now_s)
        refused = self._lines(self._shown(reply.refused)) if reply.refused else b""
        return Said(self._lines([*searching, *self._shown(reply.data)]), reply.clears, refused)

    def _reply(self, request: bytes, values: Values, now_s: float) -> Reply:
        """What the car's unit says; nothing when the header or the filter leave it out."""
        now = self.settings
        if not now.formatting:
            size = request[0]
            if not 0 < size < len(request):
                return Reply(b"")
            request = request[1 : 1 + size]
        if now.header not in {PHYSICAL_ID, FUNCTIONAL_ID} or now.accepted not in {0, RESPONSE_ID}:
            return Reply(b"")
        functional = now.header == FUNCTIONAL_ID
        reply = self.unit.respond(request, values, now_s=now_s, functional=functional)
        return reply if now.responses else reply._replace(data=b"")

    def _shown(self, data: bytes) -> list[str]:
        """A response as lines: plain, or as the frames it came in."""
        if not data:
            return ["NO DATA"] if self.settings.responses else []
        now = self.settings
        frames = _frames(data)
        if now.headers or not now.formatting:
            head = [f"{RESPONSE_ID:03X}"] if now.headers else []
            return [self._joined([*head, *_hex(frame)]) for frame in frames]
        if len(frames) == 1:
            return [self._joined(_hex(data))]
        rows = [frames[0][2:], *(frame[1:] for frame in frames[1:])]
        numbered = [f"{k % 16:X}:{self._gap}{self._joined(_hex(r))}" for k, r in enumerate(rows)]
        return [f"{len(data):03X}", *numbered]

    @property
    def _gap(self) -> str:
        return " " if self.settings.spaces else ""

    def _joined(self, parts: list[str]) -> str:
        return self._gap.join(parts) + self._gap

    def _lines(self, lines: list[str]) -> bytes:
        end = "\r\n" if self.settings.linefeeds else "\r"
        return ("".join(line + end for line in [*lines, ""]) + ">").encode("ascii")


def _hex(data: bytes) -> list[str]:
    return [f"{byte:02X}" for byte in data]


def _frames(data: bytes) -> list[bytes]:
    """The CAN frames of one message of ISO 15765-2: a single one, or a first and those after it."""
    if len(data) <= REQUEST_BYTES_MAX:
        return [(bytes([len(data)]) + data).ljust(8, bytes([PAD]))]
    first = bytes([0x10 | len(data) >> 8, len(data) & 0xFF]) + data[:6]
    rest = [data[at : at + 7] for at in range(6, len(data), 7)]
    after = [
        (bytes([0x20 | k % 16]) + part).ljust(8, bytes([PAD])) for k, part in enumerate(rest, 1)
    ]
    return [first, *after]

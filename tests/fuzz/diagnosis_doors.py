"""What testers and apps send to the diagnosis faces."""

from collections.abc import Iterator
from contextlib import contextmanager

import vettura.drive.can_log
from faces.diagnosed_car import FACTS, KNOWN
from fuzz.absurd import absurd_frames
from fuzz.entries import Door, scratch
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import encode
from vettura.clock import WallClock
from vettura.drive.can_log import READERS, _read_dbc, read_can_log
from vettura.errors import InputError
from vettura.faces.can_frames import Frame, car_messages, dbc_text
from vettura.faces.can_transport import FUNCTIONAL_ID, REQUEST_ID, Transport
from vettura.faces.obd_elm import LINE_BYTES_MAX, Elm
from vettura.faces.obd_heard import Heard
from vettura.faces.obd_pids import BITMAPS, PIDS
from vettura.faces.uds import Unit
from vettura.faces.uds_dids import read_did

FRAMES_MAX = 10
"""Of one input: each costs the library a tenth of a millisecond."""
TYPED_BYTES_MAX = 65_536
"""Of one input: a megabyte of lines is a minute's work and says no more."""
LINES = (
    b"ATZ\rATE0\rATSP0\r0100\r",
    b"AT H1\rAT SH 7E0\r22 F1 90\r",
    b"ATCAF0\r02010D\r",
    b"03\r07\r0A\r04\r",
    b"0902\r09 04\r0900\r",
    b"ATMA\r\r",
    b"ATCRA7E8\rATSTFF\rATPP2CSV81\rATPPFFON\r",
    b"\r\r01 0C 0D 1\r",
)
REQUESTS = (
    b"\x10\x03",
    b"\x22\xf1\x90",
    b"\x22\xf1\x86\xf1\x90\x01\x00",
    b"\x19\x02\xff",
    b"\x19\x06\x0a\x80\x00\xff",
    b"\x14\xff\xff\xff",
    b"\x2e\x01\x00\x00",
    b"\x31\x01\x02\x03",
    b"\x3e\x80",
    b"\x11\x01",
    b"\x01\x0c\x0d",
    b"\x09\x02",
)


def elm() -> Door:
    """Bytes at the port of an ELM327, in lines as the face cuts them."""
    chip = Elm(unit=Unit(FACTS))

    def feed(data: bytes) -> bool:
        *lines, held = data[:TYPED_BYTES_MAX].split(b"\r")
        if len(held) > LINE_BYTES_MAX:
            lines.append(held)
        refused = [b"?" in chip.answer(line, KNOWN, now_s=0.0).text for line in lines]
        return not all(refused)

    return Door("elm327", LINES, feed)


def uds() -> Door:
    """Requests to the control unit; the first byte says whether they are for every unit."""
    unit = Unit(FACTS)
    samples = tuple(first + request for request in REQUESTS for first in (b"\x00", b"\x01"))

    def feed(data: bytes) -> bool:
        functional = data[:1] == b"\x01"
        reply = unit.respond(data[1:], KNOWN, now_s=float(len(data)), functional=functional)
        assert len(reply.data) <= 4095
        return bool(reply.data) and reply.data[0] != 0x7F

    return Door("uds", samples, feed)


def isotp() -> Door:
    """CAN frames of eight bytes each on the unit's identifiers, through ISO-TP to the unit."""
    single = (b"\x02\x10\x03", b"\x03\x22\xf1\x90", b"\x30\x00\x00", b"\x03\x19\x02\xff")
    first = b"\x10\x14\x22\xf1\x90\xf1\x86\x01" + b"\x21" + b"\x00" * 7 + b"\x22" + b"\x00" * 7
    samples = (*(frame.ljust(8, b"\x00") for frame in single), first, first + single[0])
    unit = Unit(FACTS)
    sent: list[Frame] = []
    transport = Transport(sent.append)

    def feed(data: bytes) -> bool:
        accepted = False
        for at in range(0, min(len(data), FRAMES_MAX * 8), 8):
            chunk = data[at : at + 8]
            can_id = FUNCTIONAL_ID if chunk[0] == 0xDF else REQUEST_ID
            for request in transport.take(Frame(can_id, chunk)):
                accepted = True
                reply = unit.respond(request.data, KNOWN, now_s=0.0, functional=request.functional)
                if reply.data:
                    transport.say(reply.data)
        sent.clear()
        return accepted

    return Door("iso-tp", samples, feed)


def diagnosis_bus() -> Door:
    """Frames that cannot be, and then every question that a tester or a CAN bus has."""
    heard = Heard(MemoryBus(WallClock()), WallClock(), FACTS.vin)
    unit, messages = Unit(FACTS), car_messages()
    asked = [bytes([1, pid]) for pid in (*BITMAPS, 1, *PIDS)]
    known = [did for did in range(0x10000) if read_did(did, KNOWN, FACTS) is not None]
    asked += [b"\x22" + did.to_bytes(2, "big") for did in known]
    asked += [b"\x03", b"\x19\x02\xff", b"\x14\xff\xff\xff", b"\x11\x01"]
    samples = tuple(map(encode, absurd_frames()))
    fed = 0

    def feed(data: bytes) -> bool:
        nonlocal fed
        fed += 1
        before = heard.unreadable
        heard._hear(data, lambda: None)
        if heard.unreadable > before:
            return False
        for number in range(8):
            question = asked[(8 * fed + number) % len(asked)]
            unit.respond(question, heard.values, now_s=0.0)
        messages[fed % len(messages)].frame(heard.values)
        return True

    return Door("diagnosis-bus", samples, feed)


def can_log() -> Door:
    """Logs of CAN frames with our DBC, as files; the first byte says of which program."""
    folder = scratch()
    dbc = folder / "vettura.dbc"
    dbc.write_text(dbc_text())
    speed = next(message for message in car_messages() if "Vehicle.Speed" in message.paths)
    frames = [speed.frame({"Vehicle.Speed": 10.0 * k}) for k in range(4)]
    candump = "".join(
        f"({k}.000000) can0 {frame.can_id:03X}#{frame.data.hex().upper()}\n"
        for k, frame in enumerate(frames)
    )
    asc = "date Mon Mar 2 12:00:00 pm 2026\nbase hex  timestamps absolute\n" + "".join(
        f"{k}.0 1  {frame.can_id:X}  Rx  d {len(frame.data)} {frame.data.hex(' ')}\n"
        for k, frame in enumerate(frames)
    )
    samples = (b"\x03" + candump.encode(), b"\x00" + asc.encode())
    endings = sorted(READERS)
    database = _read_dbc(dbc)

    def feed(data: bytes) -> bool:
        ending = endings[(data[0] if data else 0) % len(endings)]
        log = folder / f"log{ending}"
        log.write_bytes(data[1:])
        with patched(database):
            try:
                read_can_log(log, dbc)
            except InputError:
                return False
        return True

    return Door("can-log", samples, feed)


@contextmanager
def patched(database: object) -> Iterator[None]:
    """Read the DBC once and not for each log: that takes a hundred times as long."""
    reading = vettura.drive.can_log._read_dbc
    vettura.drive.can_log._read_dbc = lambda _path: database
    try:
        yield
    finally:
        vettura.drive.can_log._read_dbc = reading


DOORS = {
    "elm327": elm,
    "uds": uds,
    "iso-tp": isotp,
    "diagnosis-bus": diagnosis_bus,
    "can-log": can_log,
}

"""Services 01 to 0A of SAE J1979 (ISO 15031-5), as one control unit on CAN answers them.

A unit that has nothing to say to an OBD request keeps silent; only a clear that failed is refused
in words.
"""

from zlib import crc32

from vettura import __version__
from vettura.bus.paths import TROUBLE_CODES
from vettura.faces.config import CarFacts
from vettura.faces.obd_codes import present
from vettura.faces.obd_heard import Values
from vettura.faces.obd_pids import BITMAPS, pid_data

CURRENT_DATA, STORED_CODES, CLEAR, PENDING_CODES, IDENTITY, PERMANENT_CODES = 1, 3, 4, 7, 9, 10
POSITIVE = 0x40
PIDS_MAX = 6
"""As many parameters as one request may name on CAN."""
CALIBRATION_ID = f"VETTURA-{__version__}".encode()[:16]
ECU_NAME = b"PCM\0-PowertrainCtrl"
"""Four letters padded with 0, a dash, 15 letters padded with 0."""


def respond_obd(request: bytes, values: Values, facts: CarFacts) -> bytes:
    """The answer to one request but a clear; empty when the unit keeps silent."""
    if not request:
        return b""
    service, rest = request[0], request[1:]
    if service == CURRENT_DATA:
        return _current_data(rest, values)
    if service in {STORED_CODES, PENDING_CODES, PERMANENT_CODES} and not rest:
        return _codes(service, values)
    if service == IDENTITY and len(rest) == 1:
        return _identity(rest[0], facts)
    return b""


def _current_data(pids: bytes, values: Values) -> bytes:
    """Every parameter that is known, each after its number; bitmaps and others never mixed."""
    if not 1 <= len(pids) <= PIDS_MAX or len({pid in BITMAPS for pid in pids}) > 1:
        return b""
    parts = [bytes([pid]) + data for pid in pids if (data := pid_data(pid, values)) is not None]
    return bytes([CURRENT_DATA + POSITIVE]) + b"".join(parts) if parts else b""


def _codes(service: int, values: Values) -> bytes:
    """A fault that is there is stored, pending and permanent; a count, then two bytes each."""
    if TROUBLE_CODES not in values:
        return b""
    codes = present(values)
    return bytes([service + POSITIVE, len(codes)]) + b"".join(code.two_bytes for code in codes)


def _identity(info: int, facts: CarFacts) -> bytes:
    """Service 09: a count of items, then the item; the bitmap has no count."""
    items = {
        0x02: facts.vin.encode("ascii", "replace")[:17].rjust(17, b"\0"),
        0x04: CALIBRATION_ID.ljust(16, b"\0"),
        0x06: crc32(CALIBRATION_ID).to_bytes(4, "big"),
        0x0A: ECU_NAME.ljust(20, b"\0"),
    }
    head = bytes([IDENTITY + POSITIVE, info])
    if info == 0x00:
        return head + sum(1 << (0x20 - item) for item in items).to_bytes(4, "big")
    return head + b"\x01" + items[info] if info in items else b""

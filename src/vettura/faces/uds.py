"""A control unit that speaks UDS (ISO 14229-1) and OBD (SAE J1979): bytes in, bytes out.

It reads signals and trouble codes, keeps the diagnostic session, and refuses the rest with the
negative response that the standard names. What it is told to change becomes a command to the car:
`respond` gives the command beside the two answers, the one for a car that obeys and the one for a
car that refuses.
"""

from collections.abc import Callable
from typing import NamedTuple

from vettura.bus.paths import TROUBLE_CODES
from vettura.faces.config import CarFacts
from vettura.faces.obd_codes import TroubleCode, present
from vettura.faces.obd_heard import Values, number
from vettura.faces.obd_services import CLEAR, respond_obd
from vettura.faces.uds_dids import read_did

REQUEST_BYTES_MAX = 4095
"""As long as a message of ISO-TP with a length of 12 bits."""
RESPONSE_BYTES_MAX = 4095
DIDS_MAX = 32
S3_S = 5.0
"""A session falls back to the default when the tester keeps silent for so long (ISO 14229-2)."""
P2_MS, P2_STAR_MS = 1000, 5000
"""What testers are told of how long an answer takes: we share a machine with others, and udsoncan
counts to the last frame of an answer where the standard counts to the first."""
DEFAULT_SESSION, EXTENDED_SESSION = 1, 3
OBD_SERVICES_TOP = 0x0A
NEGATIVE, POSITIVE = 0x7F, 0x40
SUPPRESS = 0x80
ALL_GROUPS, EMISSIONS_GROUP, POWERTRAIN_GROUP = 0xFFFFFF, 0xFFFF33, 0x000000
"""Groups of trouble codes of ISO 14229-1 annex D that one may clear; others: a code alone."""
STATUS_AVAILABLE, STATUS_PRESENT = 0x2F, 0x2F
"""Test failed, now and in this cycle and since the last clear; pending; confirmed."""
DTC_FORMAT_ISO_14229 = 0x01

SERVICE_NOT_SUPPORTED = 0x11
SUBFUNCTION_NOT_SUPPORTED = 0x12
WRONG_LENGTH = 0x13
RESPONSE_TOO_LONG = 0x14
CONDITIONS_NOT_CORRECT = 0x22
OUT_OF_RANGE = 0x31
RESPONSE_PENDING = 0x78
SUBFUNCTION_NOT_IN_SESSION = 0x7E
SERVICE_NOT_IN_SESSION = 0x7F
UNSAID_WHEN_FUNCTIONAL = {
    SERVICE_NOT_SUPPORTED,
    SUBFUNCTION_NOT_SUPPORTED,
    OUT_OF_RANGE,
    SUBFUNCTION_NOT_IN_SESSION,
    SERVICE_NOT_IN_SESSION,
}
"""A unit that was not meant keeps silent (ISO 14229-1, 8.7)."""


class Reply(NamedTuple):
    """What the unit says."""

    data: bytes
    """Empty when it keeps silent."""
    clears: tuple[str, ...] = ()
    """Trouble codes the car is asked to forget before `data` is said."""
    refused: bytes = b""
    """What is said instead when the car refuses."""


class _RefusalError(Exception):
    """A negative response, by its code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Unit:
    """One control unit of one car; one for each tester, because the session is the tester's."""

    def __init__(self, facts: CarFacts) -> None:
        self.session = DEFAULT_SESSION
        self._facts = facts
        self._heard_s = 0.0
        self._services: dict[int, Callable[[bytes, Values], Reply]] = {
            0x10: self._session_control,
            0x11: self._reset,
            0x14: self._clear,
            0x19: self._read_codes,
            0x22: self._read,
            0x2E: self._refuse_write,
            0x2F: self._refuse_write,
            0x31: self._refuse_routine,
            0x3E: self._tester_present,
        }

    def respond(
        self, request: bytes, values: Values, *, now_s: float, functional: bool = False
    ) -> Reply:
        """Answer one request; `now_s` is real seconds, `functional` a call to every unit."""
        if now_s - self._heard_s > S3_S:
            self.session = DEFAULT_SESSION
        self._heard_s = now_s
        if not request or len(request) > REQUEST_BYTES_MAX:
            return Reply(b"")
        service = request[0]
        if service <= OBD_SERVICES_TOP:
            return self._obd(request, values)
        try:
            return self._uds(service, request[1:], values)
        except _RefusalError as refusal:
            if functional and refusal.code in UNSAID_WHEN_FUNCTIONAL:
                return Reply(b"")
            return Reply(bytes([NEGATIVE, service, refusal.code]))

    def _obd(self, request: bytes, values: Values) -> Reply:
        if request[0] != CLEAR or len(request) > 1:
            return Reply(respond_obd(request, values, self._facts))
        return _clear_reply(present(values), bytes([CLEAR + POSITIVE]), service=CLEAR)

    def _uds(self, service: int, rest: bytes, values: Values) -> Reply:
        handle = self._services.get(service)
        if handle is None:
            raise _RefusalError(SERVICE_NOT_SUPPORTED)
        return handle(rest, values)

    def _session_control(self, rest: bytes, _values: Values) -> Reply:
        kind, silent = _subfunction(rest, length=1)
        if kind not in {DEFAULT_SESSION, EXTENDED_SESSION}:
            raise _RefusalError(SUBFUNCTION_NOT_SUPPORTED)
        self.session = kind
        times = P2_MS.to_bytes(2, "big") + (P2_STAR_MS // 10).to_bytes(2, "big")
        return Reply(b"" if silent else bytes([0x10 + POSITIVE, kind]) + times)

    def _reset(self, rest: bytes, values: Values) -> Reply:
        """Hard (1) or soft (3): the unit forgets its session; never while the car drives."""
        kind, silent = _subfunction(rest, length=1)
        if kind not in {1, 3}:
            raise _RefusalError(SUBFUNCTION_NOT_SUPPORTED)
        if number(values, "Vehicle.IsMoving") != 0.0:
            raise _RefusalError(CONDITIONS_NOT_CORRECT)
        self.session = DEFAULT_SESSION
        return Reply(b"" if silent else bytes([0x11 + POSITIVE, kind]))

    def _tester_present(self, rest: bytes, _values: Values) -> Reply:
        kind, silent = _subfunction(rest, length=1)
        if kind:
            raise _RefusalError(SUBFUNCTION_NOT_SUPPORTED)
        return Reply(b"" if silent else bytes([0x3E + POSITIVE, 0]))

    def _read(self, rest: bytes, values: Values) -> Reply:
        """Service 22: every identifier that is known; refused when none is."""
        if not rest or len(rest) % 2 or len(rest) > 2 * DIDS_MAX:
            raise _RefusalError(WRONG_LENGTH)
        dids = [int.from_bytes(rest[at : at + 2], "big") for at in range(0, len(rest), 2)]
        found = [(did, self._data(did, values)) for did in dids]
        parts = [did.to_bytes(2, "big") + data for did, data in found if data is not None]
        if not parts:
            raise _RefusalError(OUT_OF_RANGE)
        data = bytes([0x22 + POSITIVE]) + b"".join(parts)
        if len(data) > RESPONSE_BYTES_MAX:
            raise _RefusalError(RESPONSE_TOO_LONG)
        return Reply(data)

    def _data(self, did: int, values: Values) -> bytes | None:
        if did == 0xF186:
            return bytes([self.session])
        return read_did(did, values, self._facts)

    def _read_codes(self, rest: bytes, values: Values) -> Reply:
        """Service 19: codes by status (01, 02), by code (04, 06), and all that there are (0A)."""
        if not rest:
            raise _RefusalError(WRONG_LENGTH)
        kind, silent = rest[0] & ~SUPPRESS, bool(rest[0] & SUPPRESS)
        if kind not in {0x01, 0x02, 0x04, 0x06, 0x0A}:
            raise _RefusalError(SUBFUNCTION_NOT_SUPPORTED)
        if len(rest) != {0x01: 2, 0x02: 2, 0x04: 5, 0x06: 5, 0x0A: 1}[kind]:
            raise _RefusalError(WRONG_LENGTH)
        if TROUBLE_CODES not in values:
            raise _RefusalError(CONDITIONS_NOT_CORRECT)
        data = bytes([0x19 + POSITIVE, kind]) + _codes_report(kind, rest[1:], present(values))
        return Reply(b"" if silent else data)

    def _clear(self, rest: bytes, values: Values) -> Reply:
        """Service 14: a group, or one code."""
        if len(rest) != 3:
            raise _RefusalError(WRONG_LENGTH)
        group, codes = int.from_bytes(rest, "big"), present(values)
        if group not in {ALL_GROUPS, EMISSIONS_GROUP, POWERTRAIN_GROUP}:
            codes = [code for code in codes if code.three_bytes == rest]
            if not codes:
                raise _RefusalError(OUT_OF_RANGE)
        return _clear_reply(codes, bytes([0x14 + POSITIVE]), service=0x14)

    def _refuse_write(self, rest: bytes, _values: Values) -> Reply:
        """Services 2E and 2F: nothing can be written here; orders go through the car's own ways."""
        self._only_extended(rest, shortest=3)
        raise _RefusalError(OUT_OF_RANGE)

    def _refuse_routine(self, rest: bytes, _values: Values) -> Reply:
        self._only_extended(rest, shortest=3)
        if rest[0] & ~SUPPRESS not in {1, 2, 3}:
            raise _RefusalError(SUBFUNCTION_NOT_SUPPORTED)
        raise _RefusalError(OUT_OF_RANGE)

    def _only_extended(self, rest: bytes, *, shortest: int) -> None:
        if self.session != EXTENDED_SESSION:
            raise _RefusalError(SERVICE_NOT_IN_SESSION)
        if len(rest) < shortest:
            raise _RefusalError(WRONG_LENGTH)


def _subfunction(rest: bytes, *, length: int) -> tuple[int, bool]:
    """The subfunction, and whether a positive answer is to be left out."""
    if len(rest) != length:
        raise _RefusalError(WRONG_LENGTH)
    return rest[0] & ~SUPPRESS, bool(rest[0] & SUPPRESS)


def _clear_reply(codes: list[TroubleCode], said: bytes, *, service: int) -> Reply:
    refused = bytes([NEGATIVE, service, CONDITIONS_NOT_CORRECT])
    return Reply(said, tuple(code.text for code in codes), refused)


def _codes_report(kind: int, rest: bytes, codes: list[TroubleCode]) -> bytes:
    available = bytes([STATUS_AVAILABLE])
    if kind in {0x04, 0x06}:
        # No snapshot and no extended data is kept: the code and its status stand alone.
        found = [code for code in codes if code.three_bytes == rest[:3]]
        if not found:
            raise _RefusalError(OUT_OF_RANGE)
        return found[0].three_bytes + bytes([STATUS_PRESENT])
    wanted = codes if kind == 0x0A or rest[0] & STATUS_PRESENT else []
    if kind == 0x01:
        return available + bytes([DTC_FORMAT_ISO_14229]) + len(wanted).to_bytes(2, "big")
    return available + b"".join(code.three_bytes + bytes([STATUS_PRESENT]) for code in wanted)

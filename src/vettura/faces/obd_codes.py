"""Trouble codes: from the words of SAE J2012 to the bytes of OBD and UDS."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from vettura.bus.paths import TROUBLE_CODES
from vettura.faces.obd_heard import Values, words

FORM = re.compile(r"([PCBU])([0-3])([0-9A-F]{3})(?:-?([0-9A-F]{2}))?")
"""SAE J2012: system, who defined it, three hexadecimal digits; then, at will, the failure type."""
CODES_MAX = 255
"""As many as the count of service 03 can tell."""


class TroubleCode(NamedTuple):
    """One trouble code as it travels."""

    text: str
    number: int
    """Two bytes: two bits for P, C, B, U, then the four digits (SAE J1979, ISO 15031-6)."""
    failure_type: int
    """Third byte of UDS (ISO 14229-1 annex D); 0 when the car names none."""

    @property
    def two_bytes(self) -> bytes:
        """As in services 03, 07 and 0A."""
        return self.number.to_bytes(2, "big")

    @property
    def three_bytes(self) -> bytes:
        """As in UDS."""
        return self.two_bytes + bytes([self.failure_type])


def trouble_code(text: str) -> TroubleCode | None:
    """Read `P0A1F` or `P0A1F-1C`; None when it is no code of SAE J2012."""
    found = FORM.fullmatch(text.strip().upper())
    if found is None:
        return None
    system, digit, rest, failure = found.groups()
    number = "PCBU".index(system) << 14 | int(digit) << 12 | int(rest, 16)
    return TroubleCode(text, number, int(failure or "0", 16))


def present(values: Values) -> list[TroubleCode]:
    """The codes that the car reports, each once, in its order; what is no code is left out."""
    return list(_known(words(values, TROUBLE_CODES)))[:CODES_MAX]


def _known(texts: Iterable[str]) -> Iterable[TroubleCode]:
    seen: set[tuple[int, int]] = set()
    for text in texts:
        code = trouble_code(text)
        if code is not None and code[1:] not in seen:
            seen.add((code.number, code.failure_type))
            yield code

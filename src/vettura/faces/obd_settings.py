"""What a client can set in an ELM327, and the AT words that set it."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

AUTOMATIC = "0"
CAN_500 = "6"
"""ISO 15765-4, CAN with 11 bits at 500 kbit/s: the only protocol that the car speaks here."""
FUNCTIONAL_ID = 0x7DF


class Settings(NamedTuple):
    """The chip's state as it is after a reset."""

    echo: bool = True
    linefeeds: bool = False
    """The chip's pin decides; adapters for Wi-Fi leave them out."""
    spaces: bool = True
    headers: bool = False
    formatting: bool = True
    """CAF: the chip adds and takes away the length bytes of ISO 15765-2."""
    responses: bool = True
    protocol: str = AUTOMATIC
    automatic: bool = True
    """It searches, starting from `protocol`."""
    found: bool = False
    """Whether the search has met the car."""
    header: int = FUNCTIONAL_ID
    accepted: int = 0
    """CRA: the only identifier listened to; 0 for all that answer."""

    @property
    def is_can_500(self) -> bool:
        """Whether the car hears what is sent."""
        return self.automatic or self.protocol == CAN_500


def set_by(word: str, now: Settings) -> Settings | None:
    """The settings after an AT word (without AT); None when it is none that the chip knows."""
    for form, change in _CHANGES.items():
        found = form.fullmatch(word)
        if found is not None:
            return change(now, *found.groups())
    return now if _WITHOUT_EFFECT.fullmatch(word) else None


def _on(name: str) -> Callable[..., Settings]:
    return lambda now, digit: now._replace(**{name: digit == "1"})


def _protocol(now: Settings, automatic: str, number: str) -> Settings:
    search = bool(automatic) or number == AUTOMATIC
    return now._replace(protocol=number, automatic=search, found=False)


def _header(now: Settings, digits: str) -> Settings:
    return now._replace(header=int(digits, 16))


def _accepted(now: Settings, digits: str) -> Settings:
    return now._replace(accepted=int(digits, 16) if digits else 0)


def _defaults(_now: Settings) -> Settings:
    return Settings()


def _closed(now: Settings) -> Settings:
    return now._replace(found=False)


_CHANGES: Mapping[re.Pattern[str], Callable[..., Settings]] = {
    re.compile(r"E([01])"): _on("echo"),
    re.compile(r"L([01])"): _on("linefeeds"),
    re.compile(r"S([01])"): _on("spaces"),
    re.compile(r"H([01])"): _on("headers"),
    re.compile(r"R([01])"): _on("responses"),
    re.compile(r"CAF([01])"): _on("formatting"),
    re.compile(r"[ST]P(A?)([0-9A-C])"): _protocol,
    re.compile(r"SH((?:00)?(?:00)?0?[0-7][0-9A-F]{2})"): _header,
    re.compile(r"CRA([0-7][0-9A-F]{2}|)"): _accepted,
    re.compile(r"AR"): lambda now: now._replace(accepted=0),
    re.compile(r"D"): _defaults,
    re.compile(r"PC"): _closed,
}
_HEX = "[0-9A-F]"
_WITHOUT_EFFECT = re.compile(
    # Memory, timing, flow control, filters, display of lengths, voltages, long messages, wake-ups.
    rf"M[01]|ST{_HEX}{{2}}|AT[012]|FCSM[012]|FCSH{_HEX}{{3,8}}|FCSD({_HEX}{{2}}){{1,5}}|CFC[01]"
    rf"|CF{_HEX}{{3}}|CM{_HEX}{{3}}|CP{_HEX}{{2}}|CEA({_HEX}{{2}})?|CER{_HEX}{{2}}|CSM[01]|CTM[15]"
    rf"|D[01]|V[01]|AL|NL|SS|BI|FE|LP|KW[01]|TA{_HEX}{{2}}|AMC|AMT{_HEX}{{2}}|JE|JS|IB(10|48|96)"
    rf"|CV({_HEX}{{4}})?|SW{_HEX}{{2}}|IIA{_HEX}{{2}}|PP(FF|{_HEX}{{2}})(ON|OFF|SV{_HEX}{{2}})"
)

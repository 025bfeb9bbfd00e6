"""Which events of which charges a station has told already, so that none counts twice. Pure."""

from typing import final

import msgspec

from vettura.bus.messages import Wire
from vettura.faces.ocpp_meter import Counter

KEPT_MAX = 200
"""So many charges are remembered; of a home station more than two months of them."""
RANGES_MAX = 64
"""Gaps in the events of one charge beyond these are taken as heard."""


@final
class Charge(Wire, frozen=True, kw_only=True):
    """What was heard of one transaction."""

    id: str
    began: str = ""
    """What a start of 1.6 said: the same again is the same start."""
    heard: list[tuple[int, int]] = []  # noqa: RUF012
    """Sequences, as ranges with both ends."""
    is_ended: bool = False
    token: str = ""
    vin: str = ""
    latest_ns: int = 0
    """When the latest of its events happened."""

    @property
    def next_sequence(self) -> int:
        """What the next event is numbered, where the protocol numbers none."""
        return self.heard[-1][1] + 1 if self.heard else 0


@final
class Ledger(Wire, frozen=True, kw_only=True):
    """`energy.<home>.ocpp.<station>` in bucket `home`: what must outlive us."""

    number: int = 0
    """Of the last transaction of 1.6, which we number."""
    charges: list[Charge] = []  # noqa: RUF012
    """Oldest first."""
    taken: tuple[float, float] | None = None
    """Register of energy into cars: as told, and what is added to it."""
    given: tuple[float, float] | None = None
    read_ns: int = 0
    has_safe: bool = False
    """Whether the station holds what it gives without word; it keeps that over its own restarts."""

    def charge(self, own_id: str) -> Charge | None:
        """What is known of a transaction."""
        return next((one for one in reversed(self.charges) if one.id == own_id), None)

    def open_charge(self) -> Charge | None:
        """The newest that has not ended."""
        last = self.charges[-1] if self.charges else None
        return last if last is not None and not last.is_ended else None

    def begun(self, began: str) -> Charge | None:
        """The charge that such a start of 1.6 has begun."""
        return next((one for one in reversed(self.charges) if one.began == began), None)


def is_heard(ledger: Ledger, own_id: str, sequence: int) -> bool:
    """Whether that event has been taken in."""
    charge = ledger.charge(own_id)
    return charge is not None and any(low <= sequence <= high for low, high in charge.heard)


def with_heard(
    ledger: Ledger,
    own_id: str,
    sequence: int,
    *,
    began: str = "",
    token: str = "",
    vin: str = "",
    time_ns: int = 0,
    is_ended: bool = False,
) -> Ledger:
    """Remember an event; what is already known of the charge stays where the event says nothing."""
    charge = ledger.charge(own_id) or Charge(id=own_id)
    changed = Charge(
        id=own_id,
        began=began or charge.began,
        heard=_joined([*charge.heard, (sequence, sequence)]),
        is_ended=is_ended or charge.is_ended,
        token=token or charge.token,
        vin=vin or charge.vin,
        latest_ns=max(time_ns, charge.latest_ns),
    )
    others = [one for one in ledger.charges if one.id != own_id]
    at = next((i for i, one in enumerate(ledger.charges) if one.id == own_id), len(others))
    charges = [*others[:at], changed, *others[at:]]
    return msgspec.structs.replace(ledger, charges=charges[-KEPT_MAX:])


def with_counters(ledger: Ledger, taken: Counter, given: Counter) -> Ledger:
    """Remember where the registers stand."""
    return msgspec.structs.replace(
        ledger, taken=_told(taken), given=_told(given), read_ns=max(taken.time_ns, given.time_ns)
    )


def counters(ledger: Ledger) -> tuple[Counter, Counter]:
    """The registers as they were remembered."""
    return _counter(ledger.taken, ledger.read_ns), _counter(ledger.given, ledger.read_ns)


def _told(counter: Counter) -> tuple[float, float] | None:
    return None if counter.raw_wh is None else (counter.raw_wh, counter.offset_wh)


def _counter(told: tuple[float, float] | None, time_ns: int) -> Counter:
    if told is None:
        return Counter()
    return Counter(raw_wh=told[0], offset_wh=told[1], time_ns=time_ns)


def _joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same numbers in as few ranges as there are, lowest first."""
    joined: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    while len(joined) > RANGES_MAX:
        joined[:2] = [(joined[0][0], joined[1][1])]
    return joined

"""What a ledger must remember of meters and prices beyond a restart, as bytes."""

import msgspec

from vettura.bus.messages import Wire, decode
from vettura.energy.bill_cost import Price
from vettura.energy.bill_curve import Ends, Reading
from vettura.energy.bills import QUARTER_NS, Ledger

BYTES_MAX = 900_000
"""Below what one message of the bus may carry."""


class Kept(Wire, frozen=True, kw_only=True):
    """Counters by station and bucket, the house's, and prices by quarter of an hour."""

    meters: dict[str, dict[int, Ends]]
    site: dict[int, Ends]
    prices: dict[int, tuple[bool, int, Price]]


def kept_of(ledger: Ledger) -> bytes:
    """The part that the open charges need; the newest of it where it is too much."""
    begun_ns = min((record.first.time_ns for record in ledger.records.values()), default=0)
    prices = {at: one for at, one in ledger.prices.items() if at >= begun_ns // QUARTER_NS}
    site = dict(ledger.site)
    while True:
        data = msgspec.msgpack.encode(Kept(meters=ledger.meters, site=site, prices=prices))
        if len(data) <= BYTES_MAX or not site:
            return data
        site = {bucket: site[bucket] for bucket in sorted(site)[len(site) // 2 :]}


def recalled(ledger: Ledger, data: bytes) -> None:
    """Take back what was kept; `InputError` when it cannot be read."""
    kept = decode(data, Kept, where="the kept ledger")
    for station, held in kept.meters.items():
        for reading in _readings(held):
            ledger.take_counters(station, reading.time_ns, *reading.counters[:2])
    for bucket, ends in kept.site.items():
        ledger.site.setdefault(bucket, ends)
    for quarter, entry in kept.prices.items():
        ledger.prices[quarter] = max(entry, ledger.prices.get(quarter, entry))


def _readings(held: dict[int, Ends]) -> list[Reading]:
    return [reading for ends in held.values() for reading in ends]

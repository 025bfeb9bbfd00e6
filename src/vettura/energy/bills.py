"""Bills from what stations, meters and tariffs tell: each charge once, whatever comes twice. Pure.

A station may tell late, twice, out of order, be cut off in the middle, or never tell the end. Each
event is known by station, transaction and sequence; what the ledger makes of a set of events does
not depend on their order. It writes a bill as soon as beginning, end and all between are there,
and waits a while for what is missing before it goes without.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import final

from vettura.bus.messages import MeterValue
from vettura.bus.messages_energy import Bill, Prices, SiteMeter, Transaction
from vettura.energy.bill_charge import Charge, Record, charge_of
from vettura.energy.bill_cost import ROUND_TRIP as ROUND_TRIP
from vettura.energy.bill_cost import Around, Price, cost_of, plugged
from vettura.energy.bill_curve import BUCKET_NS, Ends, Reading, bucket_of, curve, grown, readings
from vettura.energy.bill_curve import taken as kept
from vettura.units import NS_PER_S

GAP_WAIT_NS = 600 * NS_PER_S
"""A station that was cut off delivers what it kept within minutes."""
LOST_WAIT_NS = 3_600 * NS_PER_S
"""A charge that has not ended when the next one begins is closed after so long."""
KEPT_NS = 8 * 86_400 * NS_PER_S
"""Meters and prices are remembered for as long as a station may have been offline."""
HOUSE_W_MAX = 100_000.0
"""No house's connection carries more; a meter that shows more has jumped."""
RECORDS_MAX, BILLED_MAX = 500, 20_000
QUARTER_NS = 900 * NS_PER_S


@final
@dataclass(slots=True, kw_only=True)
class Ledger:
    """What was told of charges, by whatever came, and which of them are billed."""

    stations_w: Mapping[str, float]
    """Most that each station gives [W]."""
    currency: str
    cars_w: Mapping[str, float] = field(default_factory=dict)
    """Most that each car takes at a wall [W], by vin; as much as the station for others."""
    billed: dict[str, None] = field(default_factory=dict)
    """Ids of bills that were written."""
    records: dict[str, Record] = field(default_factory=dict)
    """Charges that are not billed yet, by the id that their bill will bear."""
    meters: dict[str, dict[int, Ends]] = field(default_factory=dict)
    """Counters of each station: delivered, given."""
    site: dict[int, Ends] = field(default_factory=dict)
    """Counters of the house: import, export."""
    prices: dict[int, tuple[bool, int, Price]] = field(default_factory=dict)
    """By quarter of an hour: whether it was published, when it was told, and the price."""
    ignored: list[str] = field(default_factory=list)
    """A line for a person of each thing that was left out, until somebody takes them."""

    def take_transaction(self, event: Transaction, *, now_ns: int) -> None:
        """Hear of a charge; the same event again changes nothing."""
        name = bill_id(event)
        if name in self.billed:
            self._came_late(name, event)
            return
        if event.station not in self.stations_w:
            self._ignore(f"a charge of '{event.station}' is not billed: no such station here")
            return
        record = self.records.get(name)
        if record is None:
            if len(self.records) >= RECORDS_MAX:
                self._ignore(f"{name} is not billed: {RECORDS_MAX} charges are open already")
                return
            record = self.records[name] = Record(heard_ns=now_ns)
        record.take(event, now_ns=now_ns)
        self.take_counters(event.station, event.time_ns, event.meter_wh, event.given_wh)

    def take_meter(self, station: str, value: MeterValue) -> None:
        """Hear what a station's meter shows."""
        self.take_counters(station, value.time_ns, value.energy_wh, value.given_wh)

    def take_counters(self, station: str, time_ns: int, energy_wh: float, given_wh: float) -> None:
        """Keep what a station's two counters show [Wh] at that time."""
        if station in self.stations_w:
            held = self.meters.setdefault(station, {})
            kept(held, Reading(time_ns, (energy_wh, given_wh)))

    def take_site(self, meter: SiteMeter) -> None:
        """Hear what the house's meter shows."""
        kept(self.site, Reading(meter.time_ns, (meter.import_wh, meter.export_wh)))

    def take_prices(self, told: Prices) -> None:
        """Hear prices: published ones stand above expected ones, newer above older."""
        for slot, paid in enumerate(told.import_per_wh):
            carbon = told.carbon_g_per_wh[slot] if slot < len(told.carbon_g_per_wh) else 0.0
            price = Price(paid, told.export_per_wh[slot], carbon)
            entry = (slot < told.known, told.time_ns, price)
            begin_ns = told.start_ns + slot * told.slot_s * NS_PER_S
            for time_ns in range(begin_ns, begin_ns + told.slot_s * NS_PER_S, QUARTER_NS):
                quarter = time_ns // QUARTER_NS
                self.prices[quarter] = max(entry, self.prices.get(quarter, entry))

    def due(self, now_ns: int) -> list[Bill]:
        """Bills that can be written now; each is given out once."""
        bills = []
        for name in list(self.records):
            charge = self._ended(name, now_ns)
            if charge is not None:
                bills.append(self._bill(name, charge))
                self.is_billed(name)
        self._forget(now_ns)
        return bills

    def is_billed(self, name: str) -> None:
        """That bill is written: what comes of its charge from now on is late."""
        self.records.pop(name, None)
        self.billed[name] = None
        while len(self.billed) > BILLED_MAX:
            del self.billed[next(iter(self.billed))]

    def taken_notes(self) -> list[str]:
        """What was ignored since this was asked last."""
        notes, self.ignored = self.ignored, []
        return notes

    def _ended(self, name: str, now_ns: int) -> Charge | None:
        record = self.records[name]
        if record.is_whole:
            return charge_of(record)
        if record.has_ended:
            return charge_of(record) if now_ns - record.heard_ns >= GAP_WAIT_NS else None
        following = self._following(record)
        if following is None or now_ns - following.heard_ns < LOST_WAIT_NS:
            return None
        return charge_of(record, next_begun=following.first)

    def _following(self, record: Record) -> Record | None:
        """The charge that began next at the same station, when one has."""
        station, last_ns = record.first.station, record.latest.time_ns
        begun = [
            other
            for other in self.records.values()
            if other.first.station == station and other.has_begun and other.first.time_ns > last_ns
        ]
        return min(begun, key=lambda other: other.first.time_ns, default=None)

    def _bill(self, name: str, charge: Charge) -> Bill:
        power_w = self.stations_w[charge.station]
        told = readings(
            self.meters.get(charge.station, {}), begin_ns=charge.start_ns, end_ns=charge.end_ns
        )
        course = charge.measured(told, power_w_max=power_w)
        around = self._around(charge)
        at = self._price_at()
        notes = [*course.notes]
        if course.energy_wh >= 1.0 and not around:
            notes.append("the house's meter was silent: all is taken for the grid's")
        if at is None:
            notes.append("no price was known: it costs nothing here")
        price = at or (lambda _: Price(0.0, 0.0))
        paid = cost_of(course.charged, course.given, around, price)
        same_wh = max(0.0, course.energy_wh - course.given_wh / ROUND_TRIP)
        full_w = min(power_w, self.cars_w.get(charge.vin, power_w))
        plain = plugged(same_wh, charge.start_ns, around, price, power_w=full_w)
        return Bill(
            id=name,
            station=charge.station,
            vin=charge.vin,
            start_ns=charge.start_ns,
            end_ns=charge.end_ns,
            energy_wh=course.energy_wh,
            given_wh=course.given_wh,
            sun_wh=paid.sun_wh,
            cost=paid.cost,
            plugged_cost=plain.cost,
            carbon_g=paid.carbon_g,
            plugged_carbon_g=plain.carbon_g,
            currency=self.currency,
            note="; ".join(notes),
        )

    def _around(self, charge: Charge) -> dict[int, Around]:
        """The house's energies in each bucket of a charge for which its meter spoke."""
        begin_ns, end_ns = charge.start_ns - BUCKET_NS, charge.end_ns + BUCKET_NS
        told = readings(self.site, begin_ns=begin_ns, end_ns=end_ns)
        taken, _ = grown(curve(told, 0), power_w_max=HOUSE_W_MAX)
        sent, _ = grown(curve(told, 1), power_w_max=HOUSE_W_MAX)
        stations: dict[int, float] = {}
        for station, power_w in self.stations_w.items():
            held = readings(self.meters.get(station, {}), begin_ns=begin_ns, end_ns=end_ns)
            for bucket, energy in grown(curve(held, 0), power_w_max=power_w)[0].items():
                stations[bucket] = stations.get(bucket, 0.0) + energy
        if len(told) < 2:
            return {}
        covered = range(bucket_of(told[0].time_ns), bucket_of(told[-1].time_ns) + 1)
        return {
            bucket: Around(taken.get(bucket, 0.0), sent.get(bucket, 0.0), stations.get(bucket, 0.0))
            for bucket in covered
        }

    def _price_at(self) -> "_Priced | None":
        if not self.prices:
            return None
        return _Priced(self.prices)

    def _came_late(self, name: str, event: Transaction) -> None:
        if event.is_late and event.kind == "ended":
            self._ignore(f"{name} is billed already: its end came late and changes nothing")

    def _ignore(self, text: str) -> None:
        if text not in self.ignored:
            self.ignored.append(text)

    def _forget(self, now_ns: int) -> None:
        """Drop what no charge can need any more."""
        oldest_ns = now_ns - KEPT_NS
        begun = [record.first.time_ns for record in self.records.values()]
        before_ns = max(oldest_ns, min([now_ns, *begun]) - 2 * BUCKET_NS) if begun else oldest_ns
        for held in (*self.meters.values(), self.site):
            _drop(held, before=bucket_of(before_ns))
        _drop(self.prices, before=before_ns // QUARTER_NS)


class _Priced:
    """The price in a bucket: the one told for it, else the nearest one before, else the first."""

    def __init__(self, prices: Mapping[int, tuple[bool, int, Price]]) -> None:
        self._prices = prices
        self._quarters = sorted(prices)

    def __call__(self, bucket: int) -> Price:
        quarter = bucket * BUCKET_NS // QUARTER_NS
        if quarter not in self._prices:
            before = [known for known in self._quarters if known < quarter]
            quarter = before[-1] if before else self._quarters[0]
        return self._prices[quarter][2]


def bill_id(event: Transaction) -> str:
    """The id that the bill of an event's charge bears."""
    return f"{event.station}-{event.transaction}"


def _drop(held: dict[int, Ends] | dict[int, tuple[bool, int, Price]], *, before: int) -> None:
    for key in [key for key in held if key < before]:
        del held[key]


def billed_ids(bills: Iterable[Bill]) -> dict[str, None]:
    """What was billed, for a ledger that begins anew."""
    return {bill.id: None for bill in bills}

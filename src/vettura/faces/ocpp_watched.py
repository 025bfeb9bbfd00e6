"""What is known of one connector, from what its station tells: registers, charges, needs, notes.

Each event of a charge is stored once, whatever the station repeats, and before it is answered, so
that a station forgets nothing that we have not.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TypeAlias, final

import msgspec
import structlog

from vettura.bus.messages_energy import ChargingNeeds, EnergyNote, Transaction
from vettura.clock.interface import Clock
from vettura.faces.ocpp_facts import AVAILABLE, UNAVAILABLE, Boot, Counted
from vettura.faces.ocpp_ledger import (
    Charge,
    Ledger,
    counters,
    is_heard,
    with_counters,
    with_heard,
)
from vettura.faces.ocpp_meter import Counter, Reading, counted
from vettura.faces.ocpp_seen import FLOWS_W, Seen, flowing_w, status
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S

log = structlog.get_logger()

UPDATE_NS = 300 * NS_PER_S
"""Meter values of a charge of 1.6 become an event of it this often; in between they are told as
meter values alone."""
LATE_NS = 60 * NS_PER_S
FUTURE_NS = 60 * NS_PER_S
"""A station whose clock is further ahead has not been told the time yet."""
NOTES_EACH = 64
"""Different lines for people that one station may cause; each is told once."""
NUMBER_MAX = 2**31 - 1
Store: TypeAlias = Callable[[Transaction, Ledger, bool], Awaitable[None]]
"""Stores an event, and the ledger as well when it is the beginning or the end."""


@final
class Watched:
    """One connector as its station tells it."""

    def __init__(
        self,
        clock: Clock,
        config: StationConfig,
        *,
        store: Store,
        changed: Callable[[], None],
        cars: Mapping[str, str],
        car: str,
    ) -> None:
        self.seen = Seen()
        self.ledger = Ledger()
        self.wanted: ChargingNeeds | None = None
        """What the plugged car needs; None when nobody says."""
        self.notes: list[EnergyNote] = []
        """Lines that are not told yet."""
        self.repeated = 0
        """Events of charges that came twice."""
        self.stored = 0
        self._clock, self._config = clock, config
        self._store_event, self._changed = store, changed
        self._cars, self._car = cars, car
        self._said: OrderedDict[str, None] = OrderedDict()
        self._storing = asyncio.Lock()
        self._log = log.bind(station=config.id)

    def recall(self, ledger: Ledger) -> None:
        """Go on from what was kept."""
        self.ledger = ledger
        taken, given = counters(ledger)
        self.seen = replace(self.seen, taken=taken, given=given)
        charge = ledger.open_charge()
        if charge is not None:
            self._enter(charge.id, charge.token, charge.vin)

    def counted_ledger(self, *, has_safe: bool) -> Ledger:
        """The ledger with the registers as they stand."""
        ledger = with_counters(self.ledger, self.seen.taken, self.seen.given)
        self.ledger = msgspec.structs.replace(ledger, has_safe=has_safe)
        return self.ledger

    def connected(self, is_there: bool) -> None:
        """Its station has come or gone."""
        self.seen = replace(self.seen, is_there=is_there, power_w=0.0, power_ns=0)
        self._changed()

    def booted(self, boot: Boot) -> None:
        """What the station is."""
        self.seen = replace(self.seen, boot=boot)
        self._changed()

    def turned(self, word: str, detail: str) -> None:
        """The connector says another state of itself."""
        if detail:
            self.note("station", f"{self._config.id} reports {detail}")
        before = self.seen
        self.seen = replace(before, word=word)
        if word == AVAILABLE and not before.transaction:
            self._leave()
        elif word == AVAILABLE and abs(flowing_w(before, self._clock.now_ns())) >= FLOWS_W:
            self.note("station", f"{self._config.id} says it is free while power flows; ignored")
        elif before.word == AVAILABLE and not before.vin and word != UNAVAILABLE:
            self.seen = replace(self.seen, vin=self._car)
        self._changed()

    def metered(self, reading: Reading) -> None:
        """A meter was read."""
        now_ns = self._clock.now_ns()
        time_ns = self._believed(reading.time_ns)
        for text in reading.notes:
            self.note("meter", f"{self._config.id}: {text}")
        if reading.power_w is not None and time_ns >= self.seen.power_ns:
            self._flows(reading.power_w, min(time_ns, now_ns))
        if reading.energy_wh is not None:
            taken = self._count(self.seen.taken, reading.energy_wh, time_ns)
            self.seen = replace(self.seen, taken=taken)
        if reading.given_wh is not None:
            given = self._count(self.seen.given, reading.given_wh, time_ns)
            self.seen = replace(self.seen, given=given)
        if reading.soc is not None:
            self.seen = replace(self.seen, soc=reading.soc)
        self._changed()

    def _flows(self, power_w: float, time_ns: int) -> None:
        most_w = 2.0 * self._config.power_w_max
        if abs(power_w) > most_w and abs(power_w) / 1_000.0 <= most_w:
            self.note("meter", f"{self._config.id}: the power is told 1000 times too large")
            power_w /= 1_000.0
        elif abs(power_w) > most_w:
            self.note("meter", f"{self._config.id}: {power_w:.0f} W cannot be; ignored")
            return
        self.seen = replace(self.seen, power_w=power_w, power_ns=time_ns)

    def _count(self, counter: Counter, raw_wh: float, time_ns: int) -> Counter:
        if time_ns < counter.time_ns:
            return counter
        power_w_max = self._config.power_w_max
        believed, text = counted(counter, raw_wh, time_ns, power_w_max=power_w_max)
        if text:
            self.note("meter", f"{self._config.id}: {text}")
        return believed

    def needs(self, needs: ChargingNeeds) -> None:
        """The plugged car says what it wants."""
        time_ns = needs.time_ns or self._clock.now_ns()
        self.wanted = msgspec.structs.replace(
            needs, station=self._config.id, vin=self.seen.vin, time_ns=time_ns
        )
        self._changed()

    def note(self, about: str, text: str) -> None:
        """A line for people, once."""
        if text in self._said or len(self._said) >= NOTES_EACH:
            return
        self._said[text] = None
        self._log.warning("ocpp_note", about=about, text=text)
        self.notes.append(EnergyNote(time_ns=self._clock.now_ns(), about=about, text=text))
        self._changed()

    async def started(self, event: Counted, began: str) -> int:
        """A charge of 1.6 begins: its number, the same for a start that is told twice."""
        async with self._storing:
            known = self.ledger.begun(began)
            if known is not None:
                self.repeated += 1
                return int(known.id)
            number = self.ledger.number or self._clock.now_ns() // NS_PER_S % NUMBER_MAX
            number = number % NUMBER_MAX + 1
            self.ledger = msgspec.structs.replace(self.ledger, number=number)
            await self._store(event, Charge(id=str(number), began=began), sequence=0)
            return number

    async def counted(self, event: Counted) -> bool:
        """Take in an event of a charge, once; returns when it is stored. False: not of a charge
        that is known here."""
        async with self._storing:
            charge = self.ledger.charge(event.transaction)
            if event.sequence is None and charge is None:
                return False
            charge = charge or Charge(id=event.transaction)
            sequence = event.sequence
            if sequence is None:
                if self._is_old_news(event, charge):
                    return True
                sequence = charge.next_sequence
            elif is_heard(self.ledger, charge.id, sequence):
                self.repeated += 1
                return True
            await self._store(event, charge, sequence=sequence)
            return True

    def _is_old_news(self, event: Counted, charge: Charge) -> bool:
        """Whether an event without a number was told before, or is told too soon after another."""
        if charge.is_ended:
            self.repeated += 1
            return True
        if event.kind == "ended":
            return False
        return self._believed(event.time_ns) < charge.latest_ns + UPDATE_NS

    async def _store(self, event: Counted, charge: Charge, *, sequence: int) -> None:
        now_ns = self._clock.now_ns()
        time_ns = self._believed(event.time_ns)
        is_late = event.is_offline or now_ns - time_ns > LATE_NS
        taken_wh, given_wh = self._registers(event.reading, time_ns)
        token = event.token.id if event.token else charge.token
        vin = self._cars.get(token.upper(), "") or charge.vin or self.seen.vin or self._car
        told = Transaction(
            time_ns=time_ns,
            station=self._config.id,
            transaction=charge.id,
            sequence=sequence,
            kind=event.kind,
            meter_wh=taken_wh,
            given_wh=given_wh,
            vin=vin,
            token=token,
            reason=event.reason,
            is_late=is_late,
        )
        ledger = with_heard(
            self.ledger,
            charge.id,
            sequence,
            began=charge.began,
            token=token,
            vin=vin,
            time_ns=time_ns,
            is_ended=event.kind == "ended",
        )
        ledger = with_counters(ledger, self.seen.taken, self.seen.given)
        await self._store_event(told, ledger, event.kind != "updated")
        self.stored += 1
        self.ledger = ledger
        self._see(event, charge.id, token, vin)
        self._changed()

    def _registers(self, reading: Reading, time_ns: int) -> tuple[float, float]:
        """What the counters show at an event: as they are told, or as they stand."""
        is_past = time_ns < self.seen.taken.time_ns
        self.metered(replace(reading, time_ns=reading.time_ns or time_ns))
        seen = self.seen
        taken_wh, given_wh = seen.taken.total_wh, seen.given.total_wh
        if is_past and reading.energy_wh is not None:
            taken_wh = max(0.0, min(taken_wh, reading.energy_wh + seen.taken.offset_wh))
        if is_past and reading.given_wh is not None:
            given_wh = max(0.0, min(given_wh, reading.given_wh + seen.given.offset_wh))
        return taken_wh, given_wh

    def _see(self, event: Counted, own_id: str, token: str, vin: str) -> None:
        open_charge = self.ledger.open_charge()
        if event.kind == "ended":
            if self.seen.transaction in {"", own_id}:
                self._end()
        elif open_charge is not None and open_charge.id == own_id:
            self._enter(own_id, token, vin)
            self.seen = replace(self.seen, is_charging=event.is_charging)

    def _enter(self, own_id: str, token: str, vin: str) -> None:
        self.seen = replace(self.seen, transaction=own_id, token=token, vin=vin)

    def _end(self) -> None:
        """The charge is over; the cable is taken out when the connector says so."""
        self.seen = replace(self.seen, transaction="", is_charging=None, power_w=0.0)
        if self.seen.word == AVAILABLE:
            self._leave()

    def _leave(self) -> None:
        self.wanted = None
        self.seen = replace(self.seen, vin="", token="", soc=None, power_w=0.0)

    def _believed(self, time_ns: int | None) -> int:
        """A station's time, or ours where it has none or lives in the future."""
        now_ns = self._clock.now_ns()
        if time_ns is None:
            return now_ns
        if time_ns > now_ns + FUTURE_NS:
            self.note("station", f"{self._config.id}: its clock is ahead; ours is taken")
            return now_ns
        return time_ns

    def status(self) -> str:
        """The state as it is told."""
        return status(self.seen, self._clock.now_ns())

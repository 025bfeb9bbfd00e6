"""Bills on the bus: it hears stations, meters and prices, and stores one bill for each charge.

What was billed is read from the stream, so that a restart bills nothing twice; what open charges
need of meters and prices is kept in the bucket `home`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import final

import structlog

from vettura.bus import subjects
from vettura.bus.interface import Bus, Message, Stream
from vettura.bus.messages import MeterValue, decode, encode
from vettura.bus.messages_energy import Bill, EnergyNote, Prices, Saved, SiteMeter, Transaction
from vettura.bus.patience import patiently
from vettura.clock.interface import Clock
from vettura.energy.bills import Ledger
from vettura.energy.bills_kept import kept_of, recalled
from vettura.energy.bills_saved import added, nothing_saved
from vettura.errors import BusError, InputError
from vettura.life.station import StationConfig

log = structlog.get_logger()

BILLS_READ, EVENTS_READ = 20_000, 5_000
DUE_S = 60.0
"""How often it looks whether a charge can wait no longer, while one is open."""
IDLE_S = 3_600.0
KEEP_S = 600.0
"""What open charges need is kept this often: a crash costs no energy, only its course."""
RETRY_S = 10.0


@final
class BillsService:
    """Bills one home's charges. `run()` never returns by itself."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        home: str,
        *,
        currency: str,
        stations: Sequence[StationConfig],
        cars_w: Mapping[str, float],
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._home = home
        self._ledger = Ledger(
            stations_w={station.id: station.power_w_max for station in stations},
            currency=currency,
            cars_w=cars_w,
        )
        self._saved: Saved = nothing_saved(currency)
        self._news = asyncio.Event()
        self._kept_s = 0.0

    async def run(self) -> None:
        """Read what is stored, then bill until cancelled."""
        stream = await self._opened()
        async with asyncio.TaskGroup() as group:
            ears = [
                subjects.transaction(self._home, "*"),
                subjects.meter(self._home, "*"),
                subjects.site_meter(self._home),
                subjects.prices(self._home),
            ]
            for pattern in ears:
                group.create_task(self._listen(pattern, stream))
            group.create_task(self._bill_on(stream), name="bills")

    async def _opened(self) -> Stream:
        """The stream, after all that it and the bucket hold has been read."""
        stream = await patiently(
            self._clock,
            lambda: self._bus.stream(
                subjects.ENERGY_STREAM,
                subjects.ENERGY_STREAM_SUBJECTS,
                max_age_s=subjects.ENERGY_STREAM_MAX_AGE_S,
            ),
        )
        bills = await patiently(
            self._clock, lambda: stream.last(subjects.bill(self._home), BILLS_READ)
        )
        for message in bills:
            self._read_bill(message.data)
        await self._recall()
        await self._catch_up(stream)
        return stream

    def _read_bill(self, data: bytes) -> None:
        try:
            bill = decode(data, Bill, where="a stored bill")
        except InputError as error:
            log.warning("bill_unreadable", error=error.message)
            return
        if bill.id not in self._ledger.billed:
            self._ledger.is_billed(bill.id)
            self._saved = added(self._saved, bill)

    async def _recall(self) -> None:
        bucket = await patiently(self._clock, lambda: self._bus.bucket(subjects.HOME_BUCKET))
        entry = await patiently(self._clock, lambda: bucket.get(subjects.ledger(self._home)))
        prices = await patiently(self._clock, lambda: bucket.get(subjects.prices(self._home)))
        try:
            if entry is not None and entry.value is not None:
                recalled(self._ledger, entry.value)
            if prices is not None and prices.value is not None:
                self._ledger.take_prices(decode(prices.value, Prices, where="kept prices"))
        except InputError as error:
            log.warning("ledger_unreadable", error=error.message)

    async def _catch_up(self, stream: Stream) -> None:
        """Hear what stations told while nobody listened."""
        pattern = subjects.transaction(self._home, "*")
        told = await patiently(self._clock, lambda: stream.last(pattern, EVENTS_READ))
        for message in told:
            self._take(message.subject, message.data)

    async def _listen(self, pattern: str, stream: Stream) -> None:
        while True:
            try:
                ear = await self._bus.subscribe(pattern)
                try:
                    if ".transaction." in pattern:
                        await self._catch_up(stream)
                    async for message in ear:
                        self._hear(message)
                finally:
                    await ear.close()
            except BusError as error:
                log.info("bills_unheard", pattern=pattern, error=error.message)
            await self._clock.sleep(RETRY_S)

    def _hear(self, message: Message) -> None:
        self._take(message.subject, message.data)
        if ".transaction." in message.subject:
            self._news.set()

    def _take(self, subject: str, data: bytes) -> None:
        levels = subject.split(".")
        ledger = self._ledger
        try:
            match levels[2]:
                case "transaction":
                    event = decode(data, Transaction, where=subject)
                    ledger.take_transaction(event, now_ns=self._clock.now_ns())
                case "meter" if ledger.records:
                    ledger.take_meter(levels[3], decode(data, MeterValue, where=subject))
                case "site" if ledger.records:
                    ledger.take_site(decode(data, SiteMeter, where=subject))
                case "prices":
                    ledger.take_prices(decode(data, Prices, where=subject))
        except InputError as error:
            ledger.ignored.append(error.message)

    async def _bill_on(self, stream: Stream) -> None:
        while True:
            self._news.clear()
            try:
                await self._bill(stream)
                await self._keep()
            except BusError as error:
                log.info("bill_not_stored", error=error.message)
            patience_s = DUE_S if self._waits() else IDLE_S if self._ledger.records else None
            try:
                if patience_s is None:
                    await self._news.wait()
                else:
                    await self._clock.wait_for(self._news.wait(), patience_s)
            except TimeoutError:
                continue

    def _waits(self) -> bool:
        """Whether an ended charge waits for what is missing."""
        return any(record.has_ended for record in self._ledger.records.values())

    async def _bill(self, stream: Stream) -> None:
        for bill in self._ledger.due(self._clock.now_ns()):
            await self._store(stream, bill)
            self._saved = added(self._saved, bill)
            log.info("charge_billed", id=bill.id, kwh=round(bill.energy_wh / 1000, 3))
            await self._tell_saved()
        for text in self._ledger.taken_notes():
            note = EnergyNote(time_ns=self._clock.now_ns(), about="station", text=text)
            await self._bus.publish(subjects.energy_note(self._home), encode(note))

    async def _store(self, stream: Stream, bill: Bill) -> None:
        subject, data = subjects.bill(self._home), encode(bill)
        await patiently(
            self._clock, lambda: stream.publish(subject, data, message_id=f"bill {bill.id}")
        )

    async def _tell_saved(self) -> None:
        subject = subjects.saved(self._home)
        await self._bus.publish(subject, encode(self._saved))
        await (await self._bus.bucket(subjects.HOME_BUCKET)).put(subject, encode(self._saved))

    async def _keep(self) -> None:
        if not self._ledger.records:
            return
        now_s = self._clock.monotonic()
        if self._kept_s and now_s - self._kept_s < max(KEEP_S, KEEP_S * self._clock.resolution_s):
            return
        self._kept_s = now_s
        bucket = await self._bus.bucket(subjects.HOME_BUCKET)
        await bucket.put(subjects.ledger(self._home), kept_of(self._ledger))

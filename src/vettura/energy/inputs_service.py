"""The plan's inputs on the bus: prices, sun, load and air to come, learned from meters."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import final

import structlog

from vettura.bus.interface import Bus, Message
from vettura.bus.messages import Weather, Wire, decode, encode
from vettura.bus.messages_energy import CalendarDrives, EnergyNote, Learned, LearnedSlots, SiteMeter
from vettura.bus.messages_home import TopicMessage, TopicsWanted
from vettura.bus.subjects import (
    HOME_BUCKET,
    energy_calendar,
    energy_learned,
    energy_note,
    forecast,
    prices,
    site_meter,
    topic_in,
    topics_wanted,
    weather,
)
from vettura.clock.interface import Clock
from vettura.energy.calendar_feed import CalendarFeed
from vettura.energy.config import DynamicTariff, EnergyConfig
from vettura.energy.forecast_live import Expected, LiveForecasts
from vettura.energy.inputs_telling import told_air, told_forecast, told_prices
from vettura.energy.local_grid import LocalGrid
from vettura.energy.prices_feed import PriceFeed
from vettura.energy.prices_market import NO_MARKET, market_from, market_kept
from vettura.energy.sun import MISSING, FormulaSun, sun_model
from vettura.energy.sun_feed import SunFeed
from vettura.energy.tariff import SlotPrices, market_carbon, price_slots
from vettura.errors import BusError, InputError
from vettura.life.household import Household
from vettura.life.limits import second_of_day
from vettura.life.local_time import local_date, local_ns
from vettura.units import NS_PER_S

log = structlog.get_logger()

HOUR_NS = 3_600 * NS_PER_S
LATE_NS = 600 * NS_PER_S
"""Prices that are late are looked for this often."""
TWO_DAYS_NS = 48 * HOUR_NS
"""No market publishes farther ahead."""
KEEP_NS = 6 * HOUR_NS
"""What was learned is kept this often."""
SUN_SEEN_W = 10.0
"""More than what an inverter takes by itself at night."""
RETRY_S = 10.0
RETRY_NS = 10 * NS_PER_S
QUEUE_LIMIT = 256
WHO = "energy"


@final
class InputsService:
    """Publishes what the planner needs to know. `run()` never returns by itself.

    `folder` is where the home file lies: files of the tariff are relative to it.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        household: Household,
        config: EnergyConfig,
        *,
        seed: int,
        folder: str | Path = ".",
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._household = household
        self._home = household.id
        self._config = config
        model = sun_model(config.panels, household.home, by_hand=config.virtual)
        self._forecasts = LiveForecasts(
            config, household.home, timezone=household.timezone, seed=seed, sun=model
        )
        self._sun_source = f"{model.name}, learned"
        is_plain = isinstance(model, FormulaSun)
        self._lacks_pvlib = is_plain and not config.virtual and bool(config.panels)
        self._feeds = {
            name: PriceFeed(
                tariff,
                folder=Path(folder),
                timezone=household.timezone,
                currency=config.currency,
            )
            for name, tariff in (("tariff", config.tariff), ("feed_in", config.feed_in))
            if isinstance(tariff, DynamicTariff)
            and (name == "tariff" or tariff.file or tariff.url or tariff.topic)
        }
        self._sun_feed: SunFeed | None = None
        if config.sun_forecast is not None:
            self._sun_feed = SunFeed(
                config.sun_forecast, folder=Path(folder), timezone=household.timezone
            )
            self._forecasts.feed = self._sun_feed
            self._sun_source = f"given forecast, {model.name}, learned"
        self._calendar: CalendarFeed | None = None
        if config.calendar is not None:
            self._calendar = CalendarFeed(config.calendar, household, folder=Path(folder))
        self._news = asyncio.Event()
        self._said: dict[str, str] = {}
        self._kept_ns = 0
        self._strange = 0
        self._sees_sun = False
        self._log = log.bind(home=self._home)

    async def run(self) -> None:
        """Remember, then follow meters and tell what comes until cancelled."""
        await self._recall()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tell_for_ever(), name="inputs tell")
            subject = site_meter(self._home)
            group.create_task(self._follow(subject, self._hear_site), name="inputs site")
            if not self._config.virtual:
                subject = weather(self._home)
                group.create_task(self._follow(subject, self._hear_weather), name="inputs weather")
            if self._topics():
                subject = topic_in(self._home)
                group.create_task(self._follow(subject, self._hear_topic), name="inputs topics")

    async def _recall(self) -> None:
        """Take up what was learned; a virtual house that is new remembers its own past."""
        now_ns = self._clock.now_ns()
        learned = await self._learned()
        forecasts = self._forecasts
        if self._config.virtual:
            forecasts.remember_past(now_ns)
        if learned is None:
            return
        forecasts.sun_w.recall(learned.sun_w)
        forecasts.load_w.recall(learned.load_w)
        forecasts.ambient_degc.recall(learned.ambient_degc)
        for name, kept in (("tariff", learned.market), ("feed_in", learned.feed_market)):
            if kept is not None and name in self._feeds:
                self._feeds[name].learn(market_from(kept), now_ns)

    async def _learned(self) -> Learned | None:
        subject = energy_learned(self._home)
        while True:
            try:
                entry = await (await self._bus.bucket(HOME_BUCKET)).get(subject)
                if entry is None or entry.value is None:
                    return None
                return decode(entry.value, Learned, where=subject)
            except BusError as error:
                self._log.info("inputs_wait_for_bus", error=error.message)
                await self._clock.sleep(RETRY_S)
            except InputError as error:
                self._log.warning("inputs_memory_unreadable", error=error.message)
                return None

    async def _follow(self, subject: str, hear: Callable[[Message], None]) -> None:
        while True:
            try:
                ear = await self._bus.subscribe(subject, limit=QUEUE_LIMIT)
                try:
                    async for message in ear:
                        try:
                            hear(message)
                        except InputError as error:
                            self._log.warning("input_unreadable", error=error.message)
                finally:
                    await ear.close()
            except BusError as error:
                self._log.info("input_unheard", subject=subject, error=error.message)
            await self._clock.sleep(RETRY_S)

    def _hear_site(self, message: Message) -> None:
        told = decode(message.data, SiteMeter, where=message.subject)
        now_ns = self._clock.now_ns()
        # A house without a meter on its inverter tells 0 for ever: that is not darkness.
        self._sees_sun |= told.sun_w > SUN_SEEN_W
        if self._sees_sun:
            self._forecasts.sun_w.hear(told.time_ns, told.sun_w, now_ns=now_ns)
        self._forecasts.load_w.hear(told.time_ns, told.load_w, now_ns=now_ns)

    def _hear_weather(self, message: Message) -> None:
        told = decode(message.data, Weather, where=message.subject)
        now_ns = self._clock.now_ns()
        self._forecasts.ambient_degc.hear(told.time_ns, told.ambient_degc, now_ns=now_ns)

    def _hear_topic(self, message: Message) -> None:
        told = decode(message.data, TopicMessage, where=message.subject)
        feeds: list[PriceFeed | SunFeed] = list(self._feeds.values())
        feeds += [self._sun_feed] if self._sun_feed is not None else []
        for feed in feeds:
            if feed.topic and feed.topic == told.topic:
                data = told.payload.encode()
                if feed.take(data, where=told.topic, now_ns=self._clock.now_ns()):
                    self._news.set()

    def _topics(self) -> list[str]:
        """The MQTT topics that prices and forecasts come by."""
        topics = {feed.topic for feed in self._feeds.values()}
        if self._sun_feed is not None:
            topics.add(self._sun_feed.topic)
        return sorted(topics - {""})

    async def _tell_for_ever(self) -> None:
        """Each hour, when prices come out, and whenever there is news."""
        await self._want_topics()
        due_ns = 0
        while True:
            now_ns = self._clock.now_ns()
            is_news = self._news.is_set()
            self._news.clear()
            for feed in self._feeds.values():
                is_news |= await feed.refresh(now_ns)
            if self._sun_feed is not None:
                is_news |= await self._sun_feed.refresh(now_ns)
            if is_news or now_ns >= due_ns:
                due_ns = self._due_ns(now_ns) if await self._tell(now_ns) else now_ns + RETRY_NS
            wait_s = (min(due_ns, self._look_ns(now_ns)) - self._clock.now_ns()) / NS_PER_S
            try:
                await self._clock.wait_for(self._news.wait(), max(wait_s, 0.0))
            except TimeoutError:
                continue

    def _look_ns(self, now_ns: int) -> int:
        """When late prices are looked for again; far away when none are late."""
        is_late = any(feed.is_late(now_ns) and not feed.topic for feed in self._feeds.values())
        return now_ns + (LATE_NS if is_late else HOUR_NS)

    def _due_ns(self, now_ns: int) -> int:
        """The next full hour, or sooner when prices come out."""
        times = [(now_ns // HOUR_NS + 1) * HOUR_NS]
        zone = self._household.timezone
        for tariff in (self._config.tariff, self._config.feed_in):
            if isinstance(tariff, DynamicTariff):
                market_zone = tariff.zone or zone
                day = local_date(now_ns, market_zone)
                times.append(local_ns(day, second_of_day(tariff.published), market_zone))
        return min(time_ns for time_ns in times if time_ns > now_ns)

    async def _tell(self, now_ns: int) -> bool:
        """Publish all that is known; returns whether the bus took it."""
        expected = self._forecasts.at(now_ns)
        seen = self._priced(expected.grid, now_ns)
        feeds = list(self._feeds.values())
        source = ", ".join(feed.source for feed in feeds) or "tariff"
        told = told_prices(seen, time_ns=now_ns, currency=self._config.currency, source=source)
        is_told = await self._keep(prices(self._home), told)
        is_told &= await self._tell_expected(expected, now_ns)
        if self._calendar is not None:
            is_told &= await self._tell_calendar(self._calendar, now_ns)
        notes = [*(note for feed in feeds for note in feed.notes), seen.note]
        await self._note("prices", "; ".join(note for note in notes if note))
        missing = [MISSING] if self._lacks_pvlib else []
        given = self._sun_feed.notes if self._sun_feed is not None else ()
        await self._note("sun", "; ".join([*missing, *given]))
        await self._note_meter()
        if now_ns - self._kept_ns >= KEEP_NS:
            self._kept_ns = now_ns
            is_told &= await self._keep(energy_learned(self._home), self._memory(now_ns))
        return is_told

    async def _tell_expected(self, expected: Expected, now_ns: int) -> bool:
        slots = expected.grid.slots
        sun = told_forecast(expected.sun_w, slots, time_ns=now_ns, source=self._sun_source)
        load = told_forecast(expected.load_w, slots, time_ns=now_ns, source="learned week")
        is_told = await self._keep(forecast(self._home, "sun"), sun)
        is_told &= await self._keep(forecast(self._home, "load"), load)
        if expected.ambient_degc is not None:
            air = told_air(expected.ambient_degc, slots, time_ns=now_ns)
            is_told &= await self._keep(forecast(self._home, "air"), air)
        return is_told

    async def _tell_calendar(self, calendar: CalendarFeed, now_ns: int) -> bool:
        seen = await calendar.read(now_ns)
        await self._note("calendar", "; ".join(seen.notes))
        told = CalendarDrives(time_ns=now_ns, drives=list(seen.drives))
        return await self._keep(energy_calendar(self._home), told)

    def _priced(self, grid: LocalGrid, now_ns: int) -> SlotPrices:
        tariff, feed_in = self._feeds.get("tariff"), self._feeds.get("feed_in")
        seen = price_slots(
            self._config,
            grid,
            market=None if tariff is None else tariff.known(now_ns),
            feed_market=None if feed_in is None else feed_in.known(now_ns),
        )
        market = NO_MARKET if tariff is None else tariff.market
        carbon = market_carbon(market, grid.slots, self._config.grid)
        return seen.with_carbon(carbon)

    async def _want_topics(self) -> None:
        filters = self._topics()
        if filters:
            await self._keep(topics_wanted(self._home, WHO), TopicsWanted(filters=filters))

    async def _keep(self, subject: str, message: Wire) -> bool:
        """Publish and keep; returns whether both worked."""
        data = encode(message)
        try:
            await self._bus.publish(subject, data)
            bucket = await self._bus.bucket(HOME_BUCKET)
            await bucket.put(subject, data)
        except BusError as error:
            self._log.info("input_not_told", subject=subject, error=error.message)
            return False
        return True

    async def _note(self, about: str, text: str) -> None:
        """Tell a line when it differs from the last one about the same."""
        if self._said.get(about, "") == text:
            return
        self._said[about] = text
        if not text:
            return
        self._log.warning("energy_note", about=about, text=text)
        note = EnergyNote(time_ns=self._clock.now_ns(), about=about, text=text)
        try:
            await self._bus.publish(energy_note(self._home), encode(note))
        except BusError as error:
            self._log.info("note_not_told", error=error.message)

    async def _note_meter(self) -> None:
        """Say that values of the meter were left out, and how many since the last word."""
        forecasts = self._forecasts
        strange = forecasts.sun_w.strange + forecasts.load_w.strange
        if strange > self._strange:
            count = strange - self._strange
            self._strange = strange
            text = f"{count} values of the meter cannot be: not learned from; {strange} in all"
            await self._note("meter", text)

    def _memory(self, now_ns: int) -> Learned:
        forecasts = self._forecasts

        def kept(name: str) -> LearnedSlots | None:
            feed = self._feeds.get(name)
            return None if feed is None else market_kept(feed.market.until(now_ns + TWO_DAYS_NS))

        return Learned(
            time_ns=now_ns,
            market=kept("tariff"),
            feed_market=kept("feed_in"),
            sun_w=forecasts.sun_w.kept(),
            load_w=forecasts.load_w.kept(),
            ambient_degc=forecasts.ambient_degc.kept(),
        )

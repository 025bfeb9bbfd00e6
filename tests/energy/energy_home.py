"""A home whose energy is planned, on a rehearsed bus, with a car that draws what it is offered."""

import asyncio
from contextlib import asynccontextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from life.homes import CAR, make_household
from make import make_params
from vettura.bus import subjects
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import (
    Activity,
    Answer,
    MeterValue,
    SignalFrame,
    Today,
    Weather,
    decode,
    encode,
)
from vettura.bus.messages_energy import (
    EnergyNote,
    EnergyPlan,
    EnergyWish,
    Forecast,
    GoalState,
    ModeState,
    Prices,
    Schedule,
    SiteMeter,
)
from vettura.bus.messages_home import DeviceState, EntityState
from vettura.bus.paths import CABLE, CHARGE_LIMIT, DISPLAYED_SOC, OUTSIDE_DEGC, RANGE, STATION
from vettura.clock import rehearse
from vettura.energy.car_store import car_store
from vettura.energy.config import CarGoalConfig, EnergyConfig, PanelConfig
from vettura.energy.gather import CarFacts
from vettura.energy.site_service import EnergyService
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S

ROME = ZoneInfo("Europe/Rome")
HOUR_NS = 3_600 * NS_PER_S
STATION_CONFIG = StationConfig(id="wallbox")
HOUSEHOLD = make_household()
PANELS = PanelConfig(peak_w=8_000.0)
CAPACITY_WH = car_store(make_params(), power_w_max=11_000.0, phases=3.0).capacity_wh


def at(year, month, day, hour=0, minute=0):
    return int(datetime(year, month, day, hour, minute, tzinfo=ROME).timestamp()) * NS_PER_S


MONDAY_NS = at(2026, 3, 2, 18)


class PlainCar:
    """A car at a station: it takes what the schedule says, up to its limit, and says how it is."""

    def __init__(self, bus, clock, *, soc=0.4, limit=0.8, plugged=True, power_w=11_000.0):
        self.bus, self.clock, self.vin = bus, clock, CAR
        self.soc, self.limit, self.plugged, self.power_w_max = soc, limit, plugged, power_w
        self.capacity_wh, self.efficiency = CAPACITY_WH, 0.92
        self.offered_w = self.power_w = 0.0
        self.energy_wh = self.given_wh = 0.0
        self.commands = []
        self.day = []
        """(time_ns, power_w) each minute."""

    async def run(self):
        async with asyncio.TaskGroup() as group:
            group.create_task(self._answer())
            group.create_task(self._hear())
            group.create_task(self._draw())
            group.create_task(self._obey())

    async def _answer(self):
        ear = await self.bus.subscribe(subjects.car_get(self.vin))
        async for message in ear:
            values = {
                DISPLAYED_SOC: 100.0 * self.soc,
                RANGE: self.soc * 500_000.0,
                CHARGE_LIMIT: 100.0 * self.limit,
                CABLE: self.plugged,
                STATION: "wallbox" if self.plugged else "",
                OUTSIDE_DEGC: 8.0,
            }
            frame = SignalFrame(time_ns=self.clock.now_ns(), values=values, full=True)
            await self.bus.respond(message, encode(frame))

    async def _obey(self):
        ear = await self.bus.subscribe(subjects.car_do(self.vin, "*"))
        async for message in ear:
            self.commands.append((self.clock.now_ns(), message.subject.split(".")[-1]))
            await self.bus.respond(message, encode(Answer(ok=True)))

    async def _hear(self):
        ear = await self.bus.subscribe(subjects.schedule("casa", "wallbox"))
        async for message in ear:
            schedule = decode(message.data, Schedule, where="schedule")
            self.offered_w = schedule.periods[0].power_w

    async def plug(self, plugged=True):
        self.plugged = plugged
        state = EntityState(state="occupied", attributes={"vin": self.vin if plugged else ""})
        told = DeviceState(time_ns=self.clock.now_ns(), entities={"sensor.wallbox": state})
        subject = subjects.device_state("casa", "wallbox")
        await (await self.bus.bucket(subjects.HOME_BUCKET)).put(subject, encode(told))
        await self.bus.publish(subject, encode(told))

    async def _draw(self):
        await self.plug(self.plugged)
        async for now_ns in self.clock.every(20.0):
            wanted_w = min(self.offered_w, self.power_w_max) if self.plugged else 0.0
            if wanted_w > 0.0 and self.soc >= self.limit:
                wanted_w = 0.0
            self.power_w = wanted_w
            wh = wanted_w * 20.0 / 3600.0
            into = max(wh, 0.0) * self.efficiency + min(wh, 0.0) / self.efficiency
            self.soc += into / self.capacity_wh
            self.energy_wh += max(wh, 0.0)
            self.given_wh += max(-wh, 0.0)
            self.day.append((now_ns, wanted_w))
            value = MeterValue(
                time_ns=now_ns, power_w=wanted_w, energy_wh=self.energy_wh, given_wh=self.given_wh
            )
            await self.bus.publish(subjects.meter("casa", "wallbox"), encode(value))

    def charged_wh(self, begin_ns, end_ns):
        return sum(max(w, 0.0) * 20 / 3600 for t, w in self.day if begin_ns <= t < end_ns)


class Home:
    """The bus, the car, the service, and all that was told; prices and meters by the test."""

    def __init__(self, clock, *, config=None, strategy=None, **car):
        self.clock, self.bus = clock, MemoryBus(clock)
        self.car = PlainCar(self.bus, clock, **car)
        self.config = config or EnergyConfig(panels=(PANELS,))
        self.strategy = strategy
        self.heard = []
        self.sun_w, self.load_w = (lambda _: 0.0), (lambda _: 400.0)
        self.meter_is_silent = False
        self.bus.tap(lambda time_ns, subject, data: self.heard.append((time_ns, subject, data)))

    def service(self):
        goals = {goal.vin: goal for goal in self.config.goals}
        facts = CarFacts(
            vin=CAR,
            name="Car",
            params=make_params(),
            driver=HOUSEHOLD.people[0],
            goal=goals.get(CAR, CarGoalConfig(vin=CAR)),
        )
        return EnergyService(
            self.bus,
            self.clock,
            HOUSEHOLD,
            self.config,
            cars=[facts],
            stations=[STATION_CONFIG],
            strategy=self.strategy,
        )

    async def restart(self):
        """Stop the energy service and begin it anew."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        self.restarted_ns = self.clock.now_ns()
        self.task = asyncio.create_task(self.service().run())

    @asynccontextmanager
    async def living(self):
        tasks = [asyncio.create_task(one) for one in (self.car.run(), self._measure())]
        self.task = asyncio.create_task(self.service().run())
        try:
            yield
        finally:
            tasks.append(self.task)
            for task in tasks:
                task.cancel()
            endings = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(end, asyncio.CancelledError) for end in endings), endings

    async def _measure(self):
        """The house's meter, every ten seconds."""
        import_wh = 0.0
        async for now_ns in self.clock.every(10.0):
            sun_w, load_w, car_w = self.sun_w(now_ns), self.load_w(now_ns), self.car.power_w
            import_wh += max(load_w + car_w - sun_w, 0.0) / 360.0
            if self.meter_is_silent:
                continue
            told = SiteMeter(
                time_ns=now_ns,
                grid_w=load_w + car_w - sun_w,
                sun_w=sun_w,
                load_w=load_w,
                stations_w=car_w,
                import_wh=import_wh,
            )
            await self.bus.publish(subjects.site_meter("casa"), encode(told))

    async def tell(self, subject, message):
        await self.bus.publish(subject, encode(message))
        await (await self.bus.bucket(subjects.HOME_BUCKET)).put(subject, encode(message))

    async def tell_prices(self, per_kwh, *, export=0.08, days=2, **more):
        """`per_kwh(hour)`: the price in each local hour, from midnight of today on."""
        start_ns = self.clock.now_ns() // HOUR_NS * HOUR_NS
        hours = [start_ns + k * HOUR_NS for k in range(24 * days)]
        local = [datetime.fromtimestamp(t / NS_PER_S, ROME).hour for t in hours]
        told = Prices(
            time_ns=self.clock.now_ns(),
            start_ns=start_ns,
            slot_s=3600,
            currency="EUR",
            import_per_wh=[per_kwh(hour) / 1000 for hour in local],
            export_per_wh=[export / 1000] * len(local),
            known=len(local),
            source="test",
            **more,
        )
        await self.tell(subjects.prices("casa"), told)

    async def tell_forecasts(self, *, sun=lambda _: 0.0, load=lambda _: 400.0):
        """`sun(time_ns)` and `load(time_ns)` [W], by the quarter of an hour."""
        start_ns = self.clock.now_ns() // (900 * NS_PER_S) * 900 * NS_PER_S
        for what, power in (("sun", sun), ("load", load)):
            values = [float(power(start_ns + k * 900 * NS_PER_S)) for k in range(192)]
            told = Forecast(
                time_ns=self.clock.now_ns(),
                start_ns=start_ns,
                slot_s=900,
                low_w=values,
                middle_w=values,
                high_w=values,
                source="test",
            )
            await self.tell(subjects.forecast("casa", what), told)

    async def tell_today(self, *activities):
        told = Today(time_ns=self.clock.now_ns(), activities=list(activities))
        await self.tell(subjects.today("casa"), told)

    async def wish(self, verb, *, name="w1"):
        wish = EnergyWish(id=name, verb=verb, who="test")
        reply = await self.bus.request(subjects.energy_do("casa"), encode(wish))
        return decode(reply.data, Answer, where="answer")

    def told(self, subject, kind):
        return [(t, decode(d, kind, where=s)) for t, s, d in self.heard if s == subject]

    def plans(self):
        return [plan for _, plan in self.told(subjects.plan("casa"), EnergyPlan)]

    def goals(self):
        return [goal for _, goal in self.told(subjects.goal("casa", CAR), GoalState)]

    def modes(self):
        return [mode for _, mode in self.told(subjects.mode("casa", "wallbox"), ModeState)]

    def notes(self):
        return [note.text for _, note in self.told(subjects.energy_note("casa"), EnergyNote)]

    def schedules(self):
        return [one for _, one in self.told(subjects.schedule("casa", "wallbox"), Schedule)]


def outing(start_ns, place, *, what="work", person="Giulia"):
    return Activity(start_ns=start_ns, person=person, what=what, place=place)


def weather(degc):
    return Weather(time_ns=0, ambient_degc=degc, wind_mps=0.0, sun_w_per_m2=0.0, condition="sunny")


def lived(script, *, hours=16.0, start_ns=MONDAY_NS, resolution_s=1.0, beside=None, **home):
    """The home after so many hours; `script(home)` runs before them, `beside(home)` meanwhile."""

    async def main(clock):
        one = Home(clock, **home)
        await script(one)
        async with one.living():
            await clock.sleep(1.0)
            if beside is not None:
                await beside(one)
            await clock.sleep_until(start_ns + round(hours * HOUR_NS))
        return one

    return rehearse(main, start_ns=start_ns, seed=1, resolution_s=resolution_s)

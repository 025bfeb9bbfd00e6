"""One evening behind one fuse by seed: cars that lag or disobey, a house that cooks, a bus that
loses, doubles and delays, services that restart. Truth is what the cars draw, and it is summed at
every instant at which anything changes."""

import asyncio
from dataclasses import dataclass, field

from vettura.bus import paths
from vettura.bus.memory import Faults, MemoryBus, Partition, Spell
from vettura.bus.messages import Answer, Command, Offer, Plug, SignalFrame, Unplug, decode, encode
from vettura.bus.messages_energy import EnergyNote, Period, Schedule, SiteMeter
from vettura.bus.messages_home import DeviceAction
from vettura.bus.subjects import (
    car_do,
    car_get,
    car_signals,
    device_do,
    energy_note,
    schedule,
    site_meter,
)
from vettura.clock import rehearse
from vettura.energy.config import GridConfig, SharingConfig
from vettura.energy.sharing import lines_of
from vettura.energy.sharing_service import SharingService
from vettura.energy.wallbox import WallboxService
from vettura.errors import BusError
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S, PHASE_V

HOME = "casa"
START_NS = 1_772_452_800 * NS_PER_S
RESERVE_A = 8.0
STEP_GAP_S = 45.0
"""On one phase the house switches on at most the reserve within so long: the promise's rule."""
BEAT_S = 4.0


@dataclass
class Truth:
    """What flows, and the worst that was ever seen."""

    fuse_a: float
    load_a: list = field(default_factory=lambda: [0.0, 0.0, 0.0])
    draws: dict = field(default_factory=dict)
    worst_a: float = 0.0
    moments: int = 0
    car_wh: float = 0.0
    broken: list = field(default_factory=list)

    def lines(self):
        return [self.load_a[k] + sum(lines[k] for lines in self.draws.values()) for k in range(3)]

    def look(self, now_s, what):
        top = max(self.lines())
        self.moments += 1
        self.worst_a = max(self.worst_a, top)
        if top > self.fuse_a + 1e-6:
            self.broken.append((round(now_s, 3), what, [round(a, 3) for a in self.lines()]))


class CableCar:
    """A car that draws what it may after its lag, or as much as it likes until no current comes."""

    def __init__(self, bus, clock, truth, chance, name, line):
        self.bus, self.clock, self.truth, self.line = bus, clock, truth, line
        self.vin, self.name = f"LVXSU7CASA00000{name[-1]:0>2}", name
        self.phases = chance.choice([1, 2, 3, 3])
        self.lag_s = chance.choice([0.0, 0.3, 2.0, 4.5])
        self.is_deaf = chance.random() < 0.15
        self.top_a = chance.choice([16.0, 16.0, 32.0])
        self.station, self.offered_w, self.used = "", 0.0, 3
        self.amps, self.due = 0.0, None
        self._answers = {}
        self._group = None

    async def run(self):
        async with asyncio.TaskGroup() as group:
            self._group = group
            group.create_task(self._obey())
            group.create_task(self._show())
            group.create_task(self._beat())

    def power_w(self):
        return self.amps * PHASE_V * min(self.phases, self.used)

    def frame(self):
        carrying = min(self.phases, self.used)
        values = {
            paths.CABLE: bool(self.station),
            paths.STATION: self.station,
            paths.DISPLAYED_SOC: 50.0,
            paths.WALL_POWER: self.power_w(),
            **{
                f"{paths.CHARGING}ChargeCurrent.Phase{n}": self.amps if n <= carrying else 0.0
                for n in (1, 2, 3)
            },
        }
        return SignalFrame(time_ns=self.clock.now_ns(), values=values, full=True)

    def open_contactor(self):
        self._draw(0.0)

    def _draw(self, amps):
        self.amps = amps
        used = lines_of(self.line, self.used)[: self.phases]
        self.truth.draws[self.name] = [amps if k in used else 0.0 for k in range(3)]
        self.truth.look(self.clock.monotonic(), f"{self.vin} draws {amps:.1f} A")

    def _told(self, offered_w, phases):
        self.offered_w = offered_w
        wanted = min(offered_w / (PHASE_V * phases), self.top_a)
        if offered_w <= 0.0 or not self.station:
            self.used = phases
            self._draw(0.0)
            return
        if self.amps == 0.0:
            self.used = phases
        assert self.used == phases, "phases were switched under current"
        if self.is_deaf and wanted < self.amps:
            return
        self._group.create_task(self._follow(offered_w, wanted))

    async def _follow(self, offered_w, wanted):
        await self.clock.sleep(self.lag_s)
        if self.offered_w == offered_w and self.station:
            self._draw(wanted)
            await self.bus.publish(car_signals(self.vin), encode(self.frame()))

    async def _beat(self):
        async for _ in self.clock.every(BEAT_S):
            await self.bus.publish(car_signals(self.vin), encode(self.frame()))

    async def _show(self):
        async for message in await self.bus.subscribe(car_get(self.vin)):
            await self.bus.respond(message, encode(self.frame()))

    async def _obey(self):
        async for message in await self.bus.subscribe(car_do(self.vin, "*")):
            command = decode(message.data, Command, where=message.subject)
            if command.id not in self._answers:
                self._answers[command.id] = self._answer(command.verb)
            await self.bus.respond(message, encode(self._answers[command.id]))

    def _answer(self, verb):
        match verb:
            case Plug():
                self.station = verb.station
                self._told(verb.offered_w or 0.0, verb.phases)
            case Unplug():
                self.station = ""
                self._draw(0.0)
            case Offer():
                self._told(verb.power_w_max, verb.phases or self.used)
        return Answer(ok=True)


class Evening:
    """Everything that lives for one seed."""

    def __init__(self, clock, seed):
        self.clock = clock
        self.chance = chance = clock.random(f"evening {seed}")
        count = chance.randint(3, 5)
        self.duration_s = chance.choice([180.0] * 5 + [240.0] * 4 + [1_300.0])
        fuse_a = chance.choice([20.0, 25.0, 25.0, 32.0, 40.0])
        # Where the house rests nothing is held back, so that the least mistake shows.
        self.reserve_a = chance.choice([0.0, 0.0, RESERVE_A])
        self.truth = Truth(fuse_a)
        self.stations = [self._station(k) for k in range(count)]
        self.bus = MemoryBus(clock, faults=self._faults())
        self.cars = [
            CableCar(self.bus, clock, self.truth, chance, one.id, one.line) for one in self.stations
        ]
        self.grid = GridConfig(fuse_a=fuse_a)
        self.notes = []
        self.bus.tap(self._tap)
        self.restarts = 0

    def _station(self, k):
        phases = self.chance.choice([1, 3, 3])
        top_w = self.chance.choice([3_680.0, 7_360.0]) if phases == 1 else 11_040.0
        return StationConfig(
            id=f"box{k}", phases=phases, power_w_max=top_w, line=k % 3 + 1, switches_phases=True
        )

    def _faults(self):
        chance = self.chance
        ends = self.duration_s + 60.0
        cut = []
        for one in self.stations:
            if chance.random() < 0.4:
                begin = chance.uniform(10.0, self.duration_s / 2)
                length = chance.choice([20.0, 60.0, 900.0])
                subject = chance.choice([f"home.{HOME}.{one.id}.do", f"home.{HOME}.{one.id}.>"])
                cut.append(Partition(begin, begin + length, subject))
        if chance.random() < 0.3:
            begin = chance.uniform(10.0, self.duration_s)
            cut.append(Partition(begin, begin + 40.0, f"energy.{HOME}.site"))
        return Faults(
            drop=chance.choice([0.05, 0.2, 0.4]),
            duplicate=chance.choice([0.0, 0.2, 0.5]),
            delay_s=(0.0, chance.choice([0.2, 1.0, 3.0])),
            partitions=tuple(cut),
            # The cable between station and car is copper.
            spells=(Spell(0.0, ends, "car.>"),),
        )

    def _tap(self, _time_ns, subject, data):
        if subject == energy_note(HOME):
            self.notes.append(decode(data, EnergyNote, where=subject).text)

    def sharing(self):
        sharing = SharingConfig(reserve_a=self.reserve_a, turn_s=60.0)
        return SharingService(self.bus, self.clock, HOME, self.stations, self.grid, sharing)

    def wallbox(self, k):
        return WallboxService(self.bus, self.clock, HOME, self.stations[k], is_planned=True)

    async def run(self):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(car.run()) for car in self.cars]
            await self.clock.sleep(0.01)
            tasks += [group.create_task(self._house(k)) for k in range(3)]
            tasks += [group.create_task(each) for each in (self._meter(), self._count())]
            for k in range(len(self.stations)):
                make = lambda k=k: self.wallbox(k)  # noqa: E731
                opens = self.cars[k].open_contactor
                tasks.append(group.create_task(self._living(make, opens)))
                tasks.append(group.create_task(self._plan(self.stations[k])))
                tasks.append(group.create_task(self._drive(k)))
            tasks.append(group.create_task(self._living(self.sharing, lambda: None)))
            await self.clock.sleep(self.duration_s)
            for task in tasks:
                task.cancel()

    async def _living(self, make, opens):
        """Restart it now and then; a station without power has its contactor open."""
        while True:
            task = asyncio.ensure_future(make().run())
            try:
                await self.clock.sleep(self.chance.uniform(60.0, 900.0))
            finally:
                task.cancel()
                (end,) = await asyncio.gather(task, return_exceptions=True)
                assert isinstance(end, asyncio.CancelledError), repr(end)
            self.restarts += 1
            opens()
            await self.clock.sleep(self.chance.uniform(0.5, 30.0))

    async def _house(self, k):
        """A base, and things that are switched on and off one after the other."""
        chance, truth = self.chance, self.truth
        safe_a = 6.0 * sum(one.line == k + 1 for one in self.stations)
        top_a = truth.fuse_a - safe_a - self.reserve_a
        truth.load_a[k] = chance.uniform(0.5, 3.0)
        while self.reserve_a:
            await self.clock.sleep(STEP_GAP_S + chance.expovariate(1 / 20.0))
            now = truth.load_a[k]
            wished = now + chance.choice([RESERVE_A, RESERVE_A, 3.0, -RESERVE_A, -9.0])
            truth.load_a[k] = min(max(wished, 0.5), max(top_a, 0.5))
            truth.look(self.clock.monotonic(), f"house takes {truth.load_a[k]:.1f} A")

    async def _meter(self):
        async for now_ns in self.clock.every(2.0):
            others = [PHASE_V * amps for amps in self.truth.load_a]
            lines = [PHASE_V * amps for amps in self.truth.lines()]
            told = SiteMeter(
                time_ns=now_ns,
                grid_w=sum(lines),
                load_w=sum(others),
                phase_w=lines,
                others_phase_w=others,
            )
            await self.bus.publish(site_meter(HOME), encode(told))

    async def _count(self):
        async for _ in self.clock.every(1.0):
            self.truth.car_wh += sum(car.power_w() for car in self.cars) / 3600.0

    async def _plan(self, station):
        chance = self.chance
        while True:
            now_ns = self.clock.now_ns()
            power_w = chance.choice([0.0, 2_000.0, 4_500.0, *[11_040.0] * 5])
            period = Period(
                start_ns=now_ns,
                power_w=min(power_w, station.power_w_max),
                phases=chance.choice([None, None, 1, station.phases]),
            )
            told = Schedule(
                id=self.clock.new_id(),
                time_ns=now_ns,
                station=station.id,
                periods=[period],
                until_ns=now_ns + 60 * NS_PER_S,
            )
            for _ in range(chance.randint(1, 4)):
                await self.bus.publish(schedule(HOME, station.id), encode(told))
                await self.clock.sleep(chance.uniform(2.0, 15.0))

    async def _drive(self, k):
        """Somebody plugs the car in, and takes it away again."""
        chance, station, car = self.chance, self.stations[k], self.cars[k]
        await self.clock.sleep(chance.uniform(0.0, 30.0))
        while True:
            await self._act(station, "connect", {"vin": car.vin})
            await self.clock.sleep(chance.uniform(60.0, 400.0))
            await self._act(station, "disconnect", {})
            await self.clock.sleep(chance.uniform(5.0, 60.0))

    async def _act(self, station, action, data):
        wish = DeviceAction(id=self.clock.new_id(), action=action, data=data, who="test")
        subject = device_do(HOME, station.id)
        for _ in range(5):
            try:
                await self.bus.request(subject, encode(wish), timeout_s=4.0)
            except BusError:
                await self.clock.sleep(1.0)
            else:
                return


def evening(seed):
    """Live one evening; returns it with its truth."""
    kept = []

    async def main(clock):
        kept.append(Evening(clock, seed))
        await kept[0].run()

    rehearse(main, start_ns=START_NS, seed=seed)
    return kept[0]

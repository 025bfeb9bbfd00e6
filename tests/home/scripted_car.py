"""A car without physics for the household and the wallbox: it obeys, moves from place to place, and
draws or uses as much as it is told."""

import asyncio

from vettura.bus import paths
from vettura.bus.messages import (
    Answer,
    Climate,
    Command,
    Drive,
    Lock,
    Offer,
    Plug,
    SignalFrame,
    Unlock,
    Unplug,
    decode,
    encode,
)
from vettura.bus.subjects import car_do, car_get, car_signals
from vettura.units import NS_PER_S

FULL_FRAME_S = 60.0
WALL_POWER = "Vehicle.Private.Vettura.WallPower"


class ScriptedCar:
    """One car on the bus; a test sets its fields and reads what it was told."""

    def __init__(self, bus, clock, vin, *, place="home", soc=0.6, range_m=200_000.0):
        self.bus, self.clock, self.vin = bus, clock, vin
        self.place, self.soc, self.range_m = place, soc, range_m
        self.coordinates = (45.03, 7.75, 300.0)
        self.station, self.power_w, self.offered_w = "", 0.0, 0.0
        self.arrives_ns, self.trip = 0, None
        self.is_locked, self.is_warm = True, False
        self.refusals = {}
        """Reasons by verb; such a command is refused."""
        self.told = []
        """(time_ns, verb) of every command that was obeyed, and (time_ns, verb, reason) refused."""
        self._answers = {}

    async def run(self):
        async with asyncio.TaskGroup() as group:
            group.create_task(self._obey_all())
            group.create_task(self._answer_all())
            group.create_task(self._tell())

    async def publish(self):
        await self.bus.publish(car_signals(self.vin), encode(self.frame()))

    def frame(self):
        values = {
            paths.PLACE: "road" if self.trip else self.place,
            paths.MODE: "DRIVING" if self.trip else "CHARGING" if self.power_w else "PARKED",
            paths.CABLE: bool(self.station),
            paths.STATION: self.station,
            paths.DISPLAYED_SOC: 100.0 * self.soc,
            paths.RANGE: self.range_m,
            paths.LATITUDE: self.coordinates[0],
            paths.LONGITUDE: self.coordinates[1],
            paths.ALTITUDE: self.coordinates[2],
            WALL_POWER: self.power_w,
        }
        return SignalFrame(time_ns=self.clock.now_ns(), values=values, full=True)

    def verbs(self):
        return [entry[1].__struct_config__.tag for entry in self.told if len(entry) == 2]

    def drives(self):
        """(time_ns, origin, destination) of every drive."""
        return [
            (time_ns, verb.trip.origin, verb.trip.destination)
            for time_ns, verb in (entry for entry in self.told if len(entry) == 2)
            if isinstance(verb, Drive)
        ]

    async def _tell(self):
        while True:
            if self.trip and self.clock.now_ns() >= self.arrives_ns:
                self.place, self.trip = self.trip.destination, None
            await self.publish()
            due_ns = self.clock.now_ns() + int(FULL_FRAME_S * NS_PER_S)
            await self.clock.sleep_until(min(due_ns, self.arrives_ns) if self.trip else due_ns)

    async def _answer_all(self):
        async for message in await self.bus.subscribe(car_get(self.vin)):
            await self.bus.respond(message, encode(self.frame()))

    async def _obey_all(self):
        async for message in await self.bus.subscribe(car_do(self.vin, "*")):
            command = decode(message.data, Command, where=message.subject)
            if command.id not in self._answers:
                reason = self._obey(command.verb)
                now_ns = self.clock.now_ns()
                self.told.append((now_ns, command.verb, reason)[: 3 if reason else 2])
                self._answers[command.id] = Answer(ok=not reason, reason=reason)
            await self.bus.respond(message, encode(self._answers[command.id]))
            await self.publish()

    def _obey(self, verb):
        name = verb.__struct_config__.tag
        if self.refusals.get(name):
            return self.refusals[name]
        match verb:
            case Drive(trip=trip):
                if self.trip or self.station:
                    return "the car is already driving" if self.trip else "a charging cable is in"
                self.trip = trip
                self.arrives_ns = self.clock.now_ns() + int(trip.duration_s * NS_PER_S)
            case Plug():
                if self.trip or self.station:
                    return "it cannot be plugged in now"
                self.station, self.offered_w = verb.station, verb.power_w_max
            case Unplug():
                if not self.station:
                    return "no cable is plugged in"
                self.station, self.power_w = "", 0.0
            case Offer():
                self.offered_w = verb.power_w_max
            case Lock() | Unlock():
                self.is_locked = isinstance(verb, Lock)
            case Climate():
                self.is_warm = verb.on
        return ""

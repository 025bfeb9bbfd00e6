"""A car that comes home, for those who measure how soon the light is on."""

import asyncio

from make import VIN
from vettura.bus.messages import SignalFrame, encode
from vettura.bus.paths import LATITUDE, LONGITUDE, MODE, PLACE
from vettura.bus.subjects import car_get, car_signals

TRACKER = "device_tracker.su7_location"


class Car:
    """A car that only moves."""

    def __init__(self, bus, clock, home):
        self.bus, self.clock, self.home = bus, clock, home
        self.place = "road"

    def frame(self):
        is_home = self.place == self.home.name
        values = {
            PLACE: self.place,
            MODE: "PARKED" if is_home else "DRIVING",
            LATITUDE: self.home.latitude_deg + (0.0 if is_home else 0.05),
            LONGITUDE: self.home.longitude_deg,
        }
        return encode(SignalFrame(time_ns=self.clock.now_ns(), values=values, full=True))

    async def run(self):
        async for message in await self.bus.subscribe(car_get(VIN)):
            await self.bus.respond(message, self.frame())

    async def go(self, place):
        self.place = place
        await self.bus.publish(car_signals(VIN), self.frame())


async def until(clock, is_so):
    """Wait until something is so."""
    async with asyncio.timeout(30.0):
        while not is_so():
            await clock.sleep(0.01)

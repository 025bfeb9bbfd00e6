"""Run by velocitas-sdk's own Python: an app on it that reads, subscribes with a condition and sets.

The app is made inside the loop that runs it: the SDK binds its channel to the loop it finds.
"""

import asyncio

from saying import say
from vehicle import vehicle
from velocitas_sdk.vehicle_app import VehicleApp, subscribe_data_points

WINDOW = vehicle.Cabin.Door.Row1.DriverSide.Window.Position
OTHER = vehicle.Cabin.Door.Row1.PassengerSide.Window.Position


class App(VehicleApp):
    """Tells the test everything it reads and hears."""

    async def on_start(self):
        """Read, subscribe in the two ways of the SDK, and set one and many."""
        speed, latitude = await vehicle.Speed.get(), await vehicle.CurrentLocation.Latitude.get()
        say(speed=speed.value, latitude=latitude.value, dated=speed.timestamp.seconds > 0)
        await WINDOW.join(vehicle.Speed).where("Vehicle.Speed < 1").subscribe(self.on_window)
        await WINDOW.set(60)
        say(set=60)
        await vehicle.set_many().add(WINDOW, 40).add(OTHER, 20).apply()
        try:
            await vehicle.Speed.set(3.0)
            say(refused=None)
        except TypeError as error:
            say(refused=str(error))

    async def on_window(self, data):
        """Hear the window while the car stands."""
        say(window=data.get(WINDOW).value, at=data.get(vehicle.Speed).value)

    @subscribe_data_points("Vehicle.Speed", "Vehicle.Speed > 5")
    async def on_fast(self, data):
        """Hear the speed once the car goes faster than a person."""
        say(fast=data.get(vehicle.Speed).value)


async def main():
    """Live until killed."""
    await App().run()


asyncio.run(main())

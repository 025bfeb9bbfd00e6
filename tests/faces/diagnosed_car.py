"""A car with made-up values for everything, on a bus, for the diagnosis faces."""

import asyncio
from contextlib import asynccontextmanager, suppress

from vettura.bus.memory import MemoryBus
from vettura.bus.messages import Answer, Command, SignalFrame, decode, encode
from vettura.bus.signals import signal_table
from vettura.bus.subjects import car_do, car_get, car_signals
from vettura.clock import WallClock
from vettura.faces.config import CarFacts

VIN = "LNBSCPBA0RA000043"
FACTS = CarFacts(vin=VIN, home="casa", name="Xiaomi SU7", make="Xiaomi", model="SU7")
BATTERY = "Vehicle.Powertrain.TractionBattery."
CELLS = [3.7 + 0.001 * (k % 7) for k in range(192)]
KNOWN = {
    "Vehicle.Speed": 87.4,
    "Vehicle.IsMoving": True,
    "Vehicle.TripDuration": 321.0,
    "Vehicle.TraveledDistance": 12_345_678,
    "Vehicle.CurrentLocation.Altitude": 240.0,
    "Vehicle.LowVoltageBattery.CurrentVoltage": 13.82,
    "Vehicle.Exterior.AirTemperature": 7.5,
    "Vehicle.Chassis.Accelerator.PedalPosition": 20,
    "Vehicle.Powertrain.ElectricMotor.Torque": 120,
    "Vehicle.Powertrain.ElectricMotor.MaxTorque": 400,
    "Vehicle.Powertrain.Transmission.CurrentGear": 127,
    "Vehicle.Body.Lights.Brake.IsActive": "INACTIVE",
    "Vehicle.Diagnostics.DTCList": ["P0A80", "B1001"],
    "Vehicle.Diagnostics.DTCCount": 2,
    BATTERY + "StateOfCharge.Current": 64.2,
    BATTERY + "StateOfCharge.Displayed": 66.7,
    BATTERY + "CurrentVoltage": 402.5,
    BATTERY + "CurrentCurrent": -61.2,
    BATTERY + "CurrentPower": -24_633.0,
    BATTERY + "StateOfHealth": 97.25,
    BATTERY + "Temperature.Average": -4.3,
    BATTERY + "Charging.IsCharging": False,
    BATTERY + "CellVoltage.CellVoltages": CELLS,
}


class DiagnosedCar:
    """Tells `values`, and obeys or refuses as it is set."""

    def __init__(self, bus):
        self.bus = bus
        self.values = dict(KNOWN)
        self.commands: list[Command] = []
        self.answer = Answer(ok=True, state="reached")
        self.hold = asyncio.Event()
        """Unset, it takes its time over commands."""
        self.hold.set()

    async def tell(self, **changes):
        self.values |= changes
        await self.bus.publish(car_signals(VIN), encode(SignalFrame(time_ns=1, values=self.values)))

    def forget_code(self, code):
        path = "Vehicle.Diagnostics.DTCList"
        left = [text for text in self.values[path] if text != code]
        self.values |= {path: left, "Vehicle.Diagnostics.DTCCount": len(left)}

    async def _get(self):
        ear = await self.bus.subscribe(car_get(VIN))
        async for message in ear:
            frame = SignalFrame(time_ns=1, values=self.values, full=True)
            await self.bus.respond(message, encode(frame))

    async def _do(self):
        ear = await self.bus.subscribe(car_do(VIN, "*"))
        async for message in ear:
            command = decode(message.data, Command, where=message.subject)
            self.commands.append(command)
            await self.hold.wait()
            if self.answer.ok:
                self.forget_code(command.verb.fault)
            await self.bus.respond(message, encode(self.answer))
            await self.tell()

    async def run(self):
        async with asyncio.TaskGroup() as group:
            group.create_task(self._get())
            group.create_task(self._do())


@asynccontextmanager
async def running(*services):
    """Everything runs until the block ends, then is cancelled and awaited."""
    tasks = [asyncio.ensure_future(service) for service in services]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


@asynccontextmanager
async def diagnosed(make_face):
    """A car and a face on one bus, with the face listening and knowing the car."""
    clock = WallClock()
    bus = MemoryBus(clock)
    car, face = DiagnosedCar(bus), make_face(bus, clock)
    async with running(car.run(), face.run()):
        await face.ready.wait()
        while not face._heard.values:
            await clock.sleep(0.005)
        yield car, face
    await bus.close()


def sample_value(path):
    """A value of the table's type and range for any signal."""
    signal = signal_table()[path]
    if signal.datatype == "boolean":
        return True
    if signal.datatype == "string":
        return signal.allowed[-1] if signal.allowed else "words"
    low = signal.min if signal.min > float("-inf") else -3.0
    value = max(0.0 if signal.datatype.startswith("u") else low, 0.0) + 1.25
    return value if signal.datatype in {"float", "double"} else int(value)

"""One scripted day of a car: a winding drive, commands, a charge, a night asleep."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from msgspec.structs import replace

from make import VIN, make_living, make_params
from vettura.bus.messages import Climate, Drive, Flash, Honk, Plug, Unlock, Unplug, Verb
from vettura.bus.signals import signal_table
from vettura.car.catalogue import load_car
from vettura.car.params import Params
from vettura.car.trip import Trip
from vettura.drive.body import SUNROOF_SWITCH, aim, new_value
from vettura.drive.commands import obey
from vettura.drive.life import advance
from vettura.drive.living import Air, Living
from vettura.drive.signals import Make, make_of, signal_values
from vettura.units import NS_PER_S

RADIUS_M = 300.0
"""Of the scripted road's bends."""
GRID_M = 50.0
COMMANDED = "someone told it"


class Moment(NamedTuple):
    """The car at one moment of the day, and all it says."""

    params: Params
    make: Make
    car: Living
    air: Air
    values: dict[str, Any]


def winding_trip(*, seconds: int = 400, top_mps: float = 18.0, trip_id: str = "w1") -> Trip:
    """Half circles to the left and to the right in turn, on a hilly road."""
    ramp = [min(k * 1.2, top_mps) for k in range(seconds // 2)]
    trace = [*ramp, *reversed(ramp), 0.0]
    points = int(sum(trace) / GRID_M) + 3
    north_m, east_m, course = 0.0, 0.0, 0.0
    latitude, longitude = [], []
    for k in range(points):
        latitude.append(45.0 + north_m / 111_195.0)
        longitude.append(7.6 + east_m / (111_195.0 * math.cos(math.radians(45.0))))
        left = int(k * GRID_M / (math.pi * RADIUS_M)) % 2 == 0
        course += (-1.0 if left else 1.0) * GRID_M / RADIUS_M
        north_m += GRID_M * math.cos(course)
        east_m += GRID_M * math.sin(course)
    return Trip(
        id=trip_id,
        origin="home",
        destination="work",
        speed_mps=trace,
        grid_m=GRID_M,
        elevation_m=[300.0 + 10.0 * math.sin(k / 8.0) for k in range(points)],
        latitude_deg=latitude,
        longitude_deg=longitude,
    )


def scripted_day(model: str = "xiaomi-su7") -> Iterator[Moment]:
    """The day, moment by moment."""
    params = make_params(model)
    make = make_of(params, load_car(model), VIN)
    story = _Story(params, make, make_living(model, soc=0.6, altitude_m=300.0))
    trip = winding_trip()
    yield from story.told(Unlock(), Climate(on=True, target_degc=22.0))
    yield from story.lived(120, stride_s=10)
    yield from story.told(Drive(trip=trip))
    yield from story.lived(120, trip=trip)
    story.air = replace(
        story.air, rain_mm_per_h=3.0, sun_w_per_m2=5.0, ambient_degc=9.0, humidity=0.97
    )
    yield from story.lived(trip.duration_s - 100, trip=trip)
    yield from story.told(Climate(on=False), Honk(), Flash())
    yield from story.lived(90)
    yield from story.commanded()
    yield from story.told(Plug(station="wallbox", power_w_max=11_000.0))
    yield from story.lived(3_600, stride_s=60)
    yield from story.told(Unplug(), Plug(station="dc", power_w_max=100_000.0, dc=True))
    yield from story.lived(1_200, stride_s=30)
    yield from story.told(Unplug())
    yield from story.lived(24 * 3_600, stride_s=1_200)


class _Story:
    def __init__(self, params: Params, make: Make, car: Living) -> None:
        self._params, self._make, self._car = params, make, car
        self.air = Air(ambient_degc=12.0, sun_w_per_m2=300.0, wind_mps=3.0)

    def _moment(self) -> Moment:
        values = signal_values(self._params, self._make, self._car, self.air)
        return Moment(self._params, self._make, self._car, self.air, values)

    def told(self, *verbs: Verb) -> Iterator[Moment]:
        """Commands, each obeyed."""
        for verb in verbs:
            self._car, reason = obey(self._params, self._car, verb)
            assert not reason
            yield self._moment()

    def lived(self, seconds: float, *, trip: Trip | None = None, stride_s: float = 1.0):
        """Time, told every `stride_s`."""
        until_ns = self._car.time_ns + int(seconds * NS_PER_S)
        while self._car.time_ns < until_ns:
            to_ns = min(self._car.time_ns + int(stride_s * NS_PER_S), until_ns)
            self._car = advance(self._params, self._car, self.air, trip, to_ns).car
            yield self._moment()

    def commanded(self) -> Iterator[Moment]:
        """Every actuator is told something else, as are the owner's limits; two things break."""
        for path, signal in signal_table().items():
            if signal.kind == "actuator" and path != "Vehicle.TripMeterReading":
                body = aim(self._car.body, path, another(path))
                self._car = replace(self._car, body=body)
        self._car = replace(
            self._car,
            charge_current_max_a=10.0,
            discharge_power_w=2_000.0,
            discharge_reserve=0.3,
            charge_limit=0.9,
            ready_at_ns=self._car.time_ns + 3_600 * NS_PER_S,
            faults=["cell_imbalance", "tyre_leak"],
        )
        yield from self.lived(12)
        self._car = replace(self._car, faults=[])
        timer = "Vehicle.Powertrain.TractionBattery.Charging.Timer.Mode"
        self._car = replace(self._car, body=aim(self._car.body, timer, "INACTIVE"))
        yield self._moment()


def another(path: str) -> Any:
    """A value of the actuator's type that it has not in a new car."""
    signal, new = signal_table()[path], new_value(path)
    if signal.datatype == "boolean":
        return not new
    if signal.datatype == "string":
        if path == SUNROOF_SWITCH:
            return "OPEN"
        if path.endswith(".StartTime"):
            return "2026-03-02T00:00:00Z"
        if signal.unit == "iso8601":
            return "2026-03-03T06:30:00Z"
        return next((w for w in reversed(signal.allowed) if w != new), "#102030")
    if signal.datatype in {"float", "double"}:
        return float(new) + 1.0
    return int(new) + 5

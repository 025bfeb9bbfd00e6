"""What never changes about one car, and how its many equal parts differ. Pure.

Cells and tyres of one car are never quite alike: each differs by a fixed small amount that follows
from the car's VIN alone, so that the same car is the same in every run.
"""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from vettura import __version__
from vettura.bus.messages import SignalValue
from vettura.bus.paths import BATTERY, MOTOR
from vettura.bus.signals import VSS_VERSION, signal_table
from vettura.car.battery import open_circuit_v
from vettura.car.chemistry import mean_v
from vettura.car.params import Params
from vettura.car.relations import OPTIONS_SHARE
from vettura.car.spec import CarSpec
from vettura.drive.gauges import LOW_CAPACITY_AH
from vettura.units import W_PER_KW, WH_PER_KWH

LUGGAGE_KG, PERSON_KG = 25.0, 75.0
"""Regulation (EU) 2017/1151."""
WHEELBASE_SHARE, TRACK_SHARE, MIRRORS_M, PAYLOAD_KG = 0.61, 0.86, 0.25, 500.0
"""Wheelbase over length (0.60 to 0.64), track over width (0.855 to 0.885), both mirrors' width
(0.24 to 0.26 m), and what is allowed beyond the car's own mass: usual values of the cars we ship,
whose files do not give them."""
STEERING_RATIO = 15.0
"""Steering wheel over road wheels; 13 to 17 in cars of today."""
TYRE_KPA, TYRE_SPREAD_KPA = 250.0, 3.0
"""Gauge pressure of a cold tyre at 20 °C, and how exactly people fill them."""
TYRE_WARMTH_SPREAD = 0.06
CELLS_PER_SENSOR = 8
_DRIVE_TYPES = {
    "front": "FORWARD_WHEEL_DRIVE",
    "rear": "REAR_WHEEL_DRIVE",
    "all": "ALL_WHEEL_DRIVE",
}


class Spread(NamedTuple):
    """How equal parts differ: -1 to 1, the mean is 0."""

    offsets: tuple[float, ...]
    highest: int
    lowest: int
    """Which of them."""


class Make(NamedTuple):
    """One car, as far as it never changes."""

    values: Mapping[str, SignalValue]
    """Its attributes by path."""
    cells: Spread
    sensors: Spread
    """Temperature sensors in the battery."""
    tyres_kpa: tuple[float, ...]
    """Gauge pressure cold, wheel by wheel."""
    tyres_warmth: tuple[float, ...]
    """How much of the mean tyre's rise over the air each has."""
    wheelbase_m: float
    track_m: float
    empty_kg: float
    """With its options and some luggage."""
    nominal_v: float
    is_all_wheel: bool


def make_of(params: Params, spec: CarSpec, vin: str) -> Make:
    """One car of that kind."""
    count = spec.battery.cells_in_series.value
    wheels = range(4)
    return Make(
        values=_attributes(params, spec, vin),
        cells=spread(f"{vin} cell", count),
        sensors=spread(f"{vin} sensor", max(count // CELLS_PER_SENSOR, 2)),
        tyres_kpa=tuple(TYRE_KPA + TYRE_SPREAD_KPA * _deviation(f"{vin} tyre {k}") for k in wheels),
        tyres_warmth=tuple(
            1.0 + TYRE_WARMTH_SPREAD * _deviation(f"{vin} warmth {k}") for k in wheels
        ),
        wheelbase_m=WHEELBASE_SHARE * spec.body.length_m.value,
        track_m=TRACK_SHARE * spec.body.width_m.value,
        empty_kg=spec.body.kerb_mass_kg.value * (1.0 + OPTIONS_SHARE) + LUGGAGE_KG,
        nominal_v=mean_v(params.pack.ocv_v),
        is_all_wheel=spec.drive.wheels.value == "all",
    )


def spread(name: str, count: int) -> Spread:
    """The fixed differences of `count` parts of that name; at least two."""
    raw = [_deviation(f"{name} {index}") for index in range(count)]
    mean = sum(raw) / count
    centred = [value - mean for value in raw]
    largest = max(map(abs, centred))
    offsets = tuple(value / largest for value in centred)
    return Spread(offsets, offsets.index(max(offsets)), offsets.index(min(offsets)))


def _deviation(name: str) -> float:
    """A number between -1 and 1 that only follows from the name, mostly near 0."""
    bytes_ = hashlib.sha256(name.encode()).digest()[:4]
    return sum(bytes_) / 510.0 - 1.0


def _attributes(params: Params, spec: CarSpec, vin: str) -> dict[str, SignalValue]:
    identification = "Vehicle.VehicleIdentification."
    return {
        identification + "Brand": spec.make,
        identification + "Model": spec.model,
        identification + "VIN": vin,
        identification + "Year": spec.year,
        # No car file gives more of its date than the year, which is ISO 8601, too.
        identification + "ProductionDate": str(spec.year),
        identification + "VehicleConfiguration": spec.id,
        identification + "VehicleExteriorColor": "",
        "Vehicle.VersionVSS.Major": VSS_VERSION[0],
        "Vehicle.VersionVSS.Minor": VSS_VERSION[1],
        "Vehicle.VersionVSS.Patch": 0,
        "Vehicle.ADAS.SupportedAutonomyLevel": "SAE_1",
        "Vehicle.LowVoltageBattery.NominalCapacity": LOW_CAPACITY_AH,
        "Vehicle.Private.Vettura.ModelQuality": _quality(spec),
        # The car's software is vettura: who updates one updates the other.
        "Vehicle.Private.Vettura.Update.InstalledVersion": __version__,
        "Vehicle.Private.Vettura.Update.LatestVersion": __version__,
        **_sizes(spec),
        **_drive(params, spec),
        **_pack(params, spec, vin),
    }


def _sizes(spec: CarSpec) -> dict[str, SignalValue]:
    body = spec.body
    doors = sum(path.startswith("Vehicle.Cabin.Door.") for path in signal_table())
    per_door = sum(".Door.Row1.DriverSide." in path for path in signal_table())
    return {
        "Vehicle.CurbWeight": round(body.kerb_mass_kg.value),
        "Vehicle.GrossWeight": round(body.kerb_mass_kg.value + PAYLOAD_KG),
        "Vehicle.Length": round(1000.0 * body.length_m.value),
        "Vehicle.Height": round(1000.0 * body.height_m.value),
        "Vehicle.WidthIncludingMirrors": round(1000.0 * (body.width_m.value + MIRRORS_M)),
        "Vehicle.Chassis.Wheelbase": round(1000.0 * WHEELBASE_SHARE * body.length_m.value),
        "Vehicle.Cabin.DoorCount": doors // per_door,
        "Vehicle.Cabin.DriverPosition": "LEFT",
    }


def _drive(params: Params, spec: CarSpec) -> dict[str, SignalValue]:
    regen_nm = params.drive.regen_force_max_n * params.motor.arm_m
    return {
        "Vehicle.Powertrain.Type": "ELECTRIC",
        "Vehicle.Powertrain.Transmission.DriveType": _DRIVE_TYPES[spec.drive.wheels.value],
        MOTOR + "MaxPower": round(spec.drive.power_max_w.value / W_PER_KW),
        MOTOR + "MaxTorque": round(spec.motors[0].torque_max_nm.value),
        MOTOR + "MaxRegenPower": round(spec.drive.regen_power_max_w.value / W_PER_KW),
        MOTOR + "MaxRegenTorque": round(min(regen_nm, spec.motors[0].torque_max_nm.value)),
    }


def _pack(params: Params, spec: CarSpec, vin: str) -> dict[str, SignalValue]:
    battery = spec.battery
    return {
        BATTERY + "Id": f"{vin}-HV",
        BATTERY + "GrossCapacity": round(battery.capacity_gross_wh.value / WH_PER_KWH),
        BATTERY + "NominalVoltage": round(mean_v(params.pack.ocv_v)),
        BATTERY + "MaxVoltage": round(open_circuit_v(params.pack, 1.0)),
        BATTERY + "Charging.ChargingPort.AnyPosition.SupportedInletTypes": [
            "IEC_TYPE_2_AC",
            "IEC_TYPE_2_CCS_DC",
        ],
    }


def _quality(spec: CarSpec) -> str:
    """MEASURED: an authority measured its road load; ESTIMATED: we judged a third or more of what a
    drive depends on most; PUBLISHED: its maker or others gave it."""
    if spec.body.coast_down is not None:
        return "MEASURED"
    body, battery = spec.body, spec.battery
    figures = (
        body.kerb_mass_kg.estimate,
        body.drag_coefficient.estimate,
        body.rolling_resistance.estimate,
        spec.drive.power_max_w.estimate,
        battery.capacity_net_wh.estimate,
        battery.cells_in_series.estimate,
    )
    return "ESTIMATED" if sum(figures) * 3 >= len(figures) else "PUBLISHED"
